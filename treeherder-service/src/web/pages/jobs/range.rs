//! Which pushes a page shows (§11.2, §11.4).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use treeherder_ingest::store::entity::repository;
use treeherder_ingest::store::{Comparison, PushCondition, PushQuery, PushSummary, Store, StoreError};

use crate::web::pages::query::Query;

/// Pushes that a page begins with, how many a range with a beginning has, and most of them.
const PUSHES: u64 = 10;
const PUSHES_OF_RANGE: u64 = 100;
const MOST_PUSHES: u64 = 100;

/// Parameters that restrict which pushes are shown, with words for people; others say which of their jobs are.
pub(super) const RESTRICTIONS: [(&str, &str); 6] = [
    ("revision", "Revision"),
    ("author", "Author"),
    ("fromchange", "From"),
    ("tochange", "To"),
    ("startdate", "Since"),
    ("enddate", "Until"),
];

/// Most pushes of which a page can ask for changes.
const MOST_SHOWN: usize = 1000;

/// Reads the pushes of a URL, the newest first; none when it names a push that there is not.
pub(super) async fn read(
    store: &Store,
    repository: &repository::Model,
    query: &Query,
) -> Result<Vec<PushSummary>, StoreError> {
    match conditions(store, repository, query).await? {
        Some(conditions) => pushes(store, repository, conditions, count(query)).await,
        None => Ok(Vec::new()),
    }
}

/// Reads pushes of a URL that are older (`before`) or newer (`after`) than those that the page has.
pub(super) async fn read_further(
    store: &Store,
    repository: &repository::Model,
    query: &Query,
) -> Result<Vec<PushSummary>, StoreError> {
    let time =
        |name: &str| query.get(name).and_then(|seconds| DateTime::from_timestamp(seconds.parse().ok()?, 0));
    let further = [
        // A push may have happened within the second.
        time("before").map(|time| PushCondition::Time(Comparison::Less, time + TimeDelta::seconds(1))),
        time("after").map(|time| PushCondition::Time(Comparison::GreaterOrEqual, time)),
    ];
    let Some(mut conditions) = conditions(store, repository, query).await? else { return Ok(Vec::new()) };
    let before = conditions.len();
    conditions.extend(further.into_iter().flatten());
    if conditions.len() == before {
        return Ok(Vec::new());
    }
    let known = shown(query);
    let wanted = count(query);
    let mut found = pushes(store, repository, conditions, wanted + known.len() as u64).await?;
    found.retain(|push| !known.contains(&push.id));
    found.truncate(usize::try_from(wanted).unwrap_or_default());
    Ok(found)
}

/// Returns the pushes that the page has.
pub(super) fn shown(query: &Query) -> Vec<i32> {
    query.list("shown").iter().filter_map(|id| id.parse().ok()).take(MOST_SHOWN).collect()
}

/// Returns how many pushes there are on the page of which `more` are further ones.
pub(super) fn count_with(shown: usize, more: usize) -> u64 {
    ((shown + more) as u64).min(MOST_PUSHES)
}

async fn pushes(
    store: &Store,
    repository: &repository::Model,
    conditions: Vec<PushCondition>,
    limit: u64,
) -> Result<Vec<PushSummary>, StoreError> {
    store.pushes(&PushQuery { repository_id: Some(repository.id), conditions, offset: 0, limit }).await
}

fn count(query: &Query) -> u64 {
    let begins = query.get("fromchange").is_some() || query.get("startdate").is_some();
    let usual = if begins { PUSHES_OF_RANGE } else { PUSHES };
    query.get("count").and_then(|count| count.parse().ok()).unwrap_or(usual).clamp(1, MOST_PUSHES)
}

/// Reads the range of a URL; nothing when it cannot hold any push.
async fn conditions(
    store: &Store,
    repository: &repository::Model,
    query: &Query,
) -> Result<Option<Vec<PushCondition>>, StoreError> {
    let mut conditions = Vec::new();
    if let Some(revision) = query.get("revision") {
        conditions.push(PushCondition::Revision(revision.to_owned()));
    }
    if let Some(author) = query.get("author") {
        conditions.push(match author.strip_prefix('-') {
            Some(author) => PushCondition::NotAuthor(author.to_owned()),
            None => PushCondition::Author(author.to_owned()),
        });
    }
    for (name, comparison) in
        [("fromchange", Comparison::GreaterOrEqual), ("tochange", Comparison::LessOrEqual)]
    {
        let Some(revision) = query.get(name) else { continue };
        let times = store.push_times(repository.id, revision).await?;
        let Some(time) = times.first() else { return Ok(None) };
        conditions.push(PushCondition::Time(comparison, *time));
    }
    if let Some(text) = query.get("startdate") {
        let Some(day) = midnight(text) else { return Ok(None) };
        conditions.push(PushCondition::Time(Comparison::GreaterOrEqual, day));
    }
    if let Some(text) = query.get("enddate") {
        let Some(day) = midnight(text) else { return Ok(None) };
        conditions.push(PushCondition::Time(Comparison::Less, day + TimeDelta::days(1)));
    }
    Ok(Some(conditions))
}

fn midnight(text: &str) -> Option<DateTime<Utc>> {
    let day: NaiveDate = text.get(..10)?.parse().ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight() {
        assert_eq!(midnight("2026-01-02").map(|time| time.timestamp()), Some(1_767_312_000));
        assert_eq!(midnight("2026-01-02T10:00:00"), midnight("2026-01-02"));
        assert_eq!(midnight("yesterday"), None);
        assert_eq!(midnight("ééééééé"), None);
    }

    #[test]
    fn counts_are_bounded() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            count(&Query::new(pairs.collect()))
        };
        assert_eq!(of(&[]), 10);
        assert_eq!(of(&[("count", "9999")]), 100);
        assert_eq!(of(&[("count", "0")]), 1);
        assert_eq!(of(&[("fromchange", "abc")]), 100);
    }
}

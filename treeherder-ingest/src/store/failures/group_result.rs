//! Results of test groups as they are stored (`spec/ingest.md` §5.8.5).

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend,
    EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::text::storable_text;
use crate::store::StoreError;
use crate::store::batch::batches;
use crate::store::entity::{group, group_status};

/// Characters that a group's name may have.
const NAME_LIMIT: usize = 255;
/// A duration above two hours is not believed.
const MAX_MILLISECONDS: f64 = 7_200_000.0;
/// Key of the PostgreSQL advisory lock that lets one transaction at a time make new groups.
const GROUP_LOCK: i64 = 0x7472_6565_6772_6f75;

/// How a test group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum GroupStatus {
    /// All tests passed.
    Ok = 1,
    /// Some test failed.
    Error = 2,
    /// Nothing was run.
    Skip = 3,
    /// Anything else.
    Unsupported = 10,
}

impl GroupStatus {
    /// Reads the status as written in an error summary.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "OK" => Self::Ok,
            "ERROR" => Self::Error,
            "SKIP" => Self::Skip,
            _ => Self::Unsupported,
        }
    }

    /// Returns the number in the `group_status.status` column.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }
}

/// A `group_result` line of an error summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupResultRow {
    /// Path of the manifest, or `default`.
    pub group: String,
    /// Status as written in the summary, `OK` for example.
    pub status: String,
    /// Milliseconds; `None` when there is no number.
    pub duration: Option<f64>,
}

/// A group status without its group's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupOutcome {
    name: String,
    status: i16,
    seconds: i16,
}

impl GroupResultRow {
    /// What is stored for this row; `None` for a path that no manifest has (backslashes, more than 255 characters).
    pub(super) fn outcome(&self) -> Option<GroupOutcome> {
        let name = storable_text(&self.group);
        let is_path = !name.contains('\\') && name.chars().count() <= NAME_LIMIT;
        is_path.then(|| GroupOutcome {
            name: name.into_owned(),
            status: GroupStatus::from_text(&self.status).code(),
            seconds: seconds(self.duration),
        })
    }
}

/// Whole seconds of a duration in milliseconds, 0 for one that cannot be.
fn seconds(milliseconds: Option<f64>) -> i16 {
    let whole = milliseconds.unwrap_or(0.0).trunc();
    if !(0.0..=MAX_MILLISECONDS).contains(&whole) {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 7200")]
    let seconds = (whole / 1000.0) as i16;
    seconds
}

/// Stores the outcomes that the log does not have yet and returns how many these are.
///
/// The same group may have ended several times in one log, so outcomes are counted: only what goes beyond the number of
/// equal rows is added.
pub(super) async fn store_outcomes(
    transaction: &DatabaseTransaction,
    job_log_id: i32,
    outcomes: &[GroupOutcome],
) -> Result<u64, StoreError> {
    if outcomes.is_empty() {
        return Ok(0);
    }
    let ids = group_ids(transaction, outcomes).await?;
    let stored = group_status::Entity::find()
        .filter(group_status::Column::JobLogId.eq(job_log_id))
        .all(transaction)
        .await?;
    let mut known: HashMap<(i64, i16, i16), usize> = HashMap::new();
    for row in stored {
        *known.entry((row.group_id, row.status, row.duration)).or_default() += 1;
    }
    let mut missing = Vec::new();
    for outcome in outcomes {
        let group_id = *ids
            .get(outcome.name.as_str())
            .ok_or_else(|| StoreError::NotFound { what: "group", key: outcome.name.clone() })?;
        match known.get_mut(&(group_id, outcome.status, outcome.seconds)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push((group_id, outcome)),
        }
    }
    for batch in batches(&missing, |_| 0) {
        let models = batch.iter().map(|(group_id, outcome)| group_status::ActiveModel {
            status: Set(outcome.status),
            job_log_id: Set(job_log_id),
            group_id: Set(*group_id),
            duration: Set(outcome.seconds),
            ..Default::default()
        });
        group_status::Entity::insert_many(models).exec_without_returning(transaction).await?;
    }
    Ok(missing.len() as u64)
}

/// The ids of all groups named, new ones made in the order of the file.
async fn group_ids<'a>(
    transaction: &DatabaseTransaction,
    outcomes: &'a [GroupOutcome],
) -> Result<HashMap<&'a str, i64>, StoreError> {
    let mut names: Vec<&str> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    names.extend(outcomes.iter().map(|outcome| outcome.name.as_str()).filter(|name| seen.insert(*name)));
    let mut ids = HashMap::with_capacity(names.len());
    find_groups(transaction, &names, &mut ids).await?;
    names.retain(|name| !ids.contains_key(name));
    if names.is_empty() {
        return Ok(ids);
    }
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Two transactions that make the same groups in different orders would wait for each other for ever.
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({GROUP_LOCK})")).await?;
    }
    for batch in batches(&names, |name| name.len()) {
        let models = batch
            .iter()
            .map(|name| group::ActiveModel { name: Set((*name).to_owned()), ..Default::default() });
        group::Entity::insert_many(models)
            .on_conflict_do_nothing_on([group::Column::Name])
            .exec_without_returning(transaction)
            .await?;
    }
    find_groups(transaction, &names, &mut ids).await?;
    Ok(ids)
}

async fn find_groups<'a>(
    transaction: &DatabaseTransaction,
    names: &[&'a str],
    ids: &mut HashMap<&'a str, i64>,
) -> Result<(), StoreError> {
    let wanted: HashMap<&str, &'a str> = names.iter().map(|name| (*name, *name)).collect();
    for batch in batches(names, |name| name.len()) {
        let found: Vec<(i64, String)> = group::Entity::find()
            .select_only()
            .columns([group::Column::Id, group::Column::Name])
            .filter(group::Column::Name.is_in(batch.iter().copied()))
            .into_tuple()
            .all(transaction)
            .await?;
        for (id, name) in found {
            if let Some(name) = wanted.get(name.as_str()) {
                ids.insert(name, id);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_believable_seconds() {
        for (milliseconds, expected) in [
            (None, 0),
            (Some(0.0), 0),
            (Some(999.0), 0),
            (Some(3141.0), 3),
            (Some(3999.9), 3),
            (Some(7_200_000.0), 7200),
            (Some(7_200_000.9), 7200),
            (Some(7_200_001.0), 0),
            (Some(-0.5), 0),
            (Some(-5000.0), 0),
            (Some(f64::NAN), 0),
            (Some(f64::INFINITY), 0),
        ] {
            assert_eq!(seconds(milliseconds), expected, "{milliseconds:?}");
        }
    }

    #[test]
    fn unknown_statuses_are_unsupported() {
        let codes = ["OK", "ERROR", "SKIP", "ok", "", "PASS"].map(|text| GroupStatus::from_text(text).code());
        assert_eq!(codes, [1, 2, 3, 10, 10, 10]);
    }

    #[test]
    fn paths_that_no_manifest_has_are_left_out() {
        for (path, kept) in [
            ("dom/base/test/browser.ini", true),
            ("a.ini:b.ini", true),
            ("default", true),
            ("dom\\base\\browser.ini", false),
            (&"x".repeat(255), true),
            (&"x".repeat(256), false),
            (&"é".repeat(255), true),
        ] {
            let row = GroupResultRow { group: path.to_owned(), ..Default::default() };
            assert_eq!(row.outcome().is_some(), kept, "{path}");
        }
    }
}

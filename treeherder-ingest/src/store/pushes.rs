//! Storing pushes with their commits (`spec/ingest.md` §3.6).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait as _, QueryTrait as _};

use super::entity::{commit, push, repository};
use super::error::{StoreError, check_text};
use super::{EventPush, Store};
use crate::events::Event;
use crate::push::{LoadedPush, Revision};
use crate::writer::WriteTransaction;

/// Characters of a full commit id.
pub(super) const FULL_REVISION: usize = 40;

/// Characters of an author, of a push and of a commit.
pub(super) const AUTHOR_LENGTH: usize = 150;

/// Rows per insert statement: far below every database's limit of bound values.
const ROWS_PER_STATEMENT: usize = 1000;

/// What changes of a push that is stored already, beside its author.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed {
    /// Its time.
    pub(super) time: bool,
    /// Its branch.
    pub(super) branch: bool,
    /// Its commits: those given are added or changed.
    pub(super) commits: bool,
}

impl Changed {
    /// Where pushes come from tells all of them.
    const ALL: Self = Self { time: true, branch: true, commits: true };

    /// Columns that are updated.
    fn columns(self) -> impl Iterator<Item = &'static str> {
        let others = [("time", self.time), ("branch", self.branch)];
        std::iter::once("author").chain(others.into_iter().filter(|(_, is)| *is).map(|(column, _)| column))
    }
}

impl Store {
    /// Stores a push with its commits and returns its id; storing it again updates author, time, branch and messages.
    ///
    /// # Errors
    /// When the revision is missing, a value does not fit its column, or the database fails.
    pub async fn store_push(&self, repository_id: i32, push: &LoadedPush) -> Result<i32, StoreError> {
        let ids = self.store_pushes(repository_id, std::slice::from_ref(push)).await?;
        ids.first().copied().ok_or_else(|| not_stored(&push.revision))
    }

    /// Stores pushes of one repository in one transaction and returns their ids in the order given. Events tell of those
    /// that are new.
    ///
    /// # Errors
    /// As [`Store::store_push`]; then none of them is stored.
    pub async fn store_pushes(
        &self,
        repository_id: i32,
        pushes: &[LoadedPush],
    ) -> Result<Vec<i32>, StoreError> {
        self.store_changed_pushes(repository_id, pushes, Changed::ALL).await
    }

    /// Stores pushes of one repository as [`Store::store_pushes`]; of those that are stored already, only what is `changed`.
    pub(super) async fn store_changed_pushes(
        &self,
        repository_id: i32,
        pushes: &[LoadedPush],
        changed: Changed,
    ) -> Result<Vec<i32>, StoreError> {
        // By revision: the last one counts, and writers that meet take their locks in the same order.
        let mut rows = BTreeMap::new();
        let mut commits: BTreeMap<&str, IndexMap<&str, &Revision>> = BTreeMap::new();
        for push in pushes {
            rows.insert(push.revision.as_str(), checked_row(repository_id, push)?);
            let commits = commits.entry(&push.revision).or_default();
            for revision in &push.revisions {
                check_commit(revision)?;
                commits.insert(&revision.revision, revision);
            }
        }
        let transaction = self.begin_write().await?;
        let known = known_revisions(&transaction, repository_id, rows.keys().copied().collect()).await?;
        let ids = upsert_pushes(&transaction, rows.into_values().collect(), changed).await?;
        let mut commit_rows = Vec::new();
        commits.retain(|revision, _| changed.commits || !known.contains(*revision));
        for (revision, commits) in commits {
            let push_id = *ids.get(revision).ok_or_else(|| not_stored(revision))?;
            commit_rows.extend(commits.into_values().map(|commit| commit::ActiveModel {
                push_id: Set(push_id),
                revision: Set(commit.revision.clone()),
                author: Set(commit.author.clone()),
                comments: Set(commit.comment.clone()),
                ..Default::default()
            }));
        }
        upsert_commits(&transaction, commit_rows, changed).await?;
        let events = told(&transaction, repository_id, pushes, &known, &ids).await?;
        let appended = self.event_log().append(&transaction, &events).await?;
        transaction.commit().await?;
        appended.announce();
        pushes
            .iter()
            .map(|push| ids.get(&push.revision).copied().ok_or_else(|| not_stored(&push.revision)))
            .collect()
    }

    /// Tells whether the repository has a push with this revision, or with one that begins so if it is shorter than
    /// 40 characters.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_exists(&self, repository: &str, revision: &str) -> Result<bool, StoreError> {
        let mut select = Query::select();
        select
            .expr(Expr::val(1))
            .from("push")
            .inner_join("repository", Expr::col(("repository", "id")).equals(("push", "repository_id")))
            .and_where(Expr::col(("repository", "name")).eq(repository))
            .limit(1);
        filter_revision(&mut select, self.backend(), revision);
        Ok(self.connection().query_one(&select).await?.is_some())
    }
}

fn not_stored(revision: &str) -> StoreError {
    StoreError::NotFound { what: "push", key: revision.to_owned() }
}

fn checked_row(repository_id: i32, push: &LoadedPush) -> Result<push::ActiveModel, StoreError> {
    if push.revision.is_empty() {
        return Err(StoreError::Value("push without a revision".to_owned()));
    }
    check_text("push", "revision", FULL_REVISION, &push.revision)?;
    check_text("push", "author", AUTHOR_LENGTH, &push.author)?;
    if let Some(branch) = &push.branch {
        check_text("push", "branch", 255, branch)?;
    }
    let time = time(push.push_timestamp).ok_or_else(|| {
        let (revision, timestamp) = (&push.revision, push.push_timestamp);
        StoreError::Value(format!("push {revision}: {timestamp} is no time"))
    })?;
    Ok(push::ActiveModel {
        repository_id: Set(repository_id),
        revision: Set(push.revision.clone()),
        author: Set(push.author.clone()),
        time: Set(time),
        branch: Set(push.branch.clone()),
        ..Default::default()
    })
}

fn check_commit(commit: &Revision) -> Result<(), StoreError> {
    check_text("commit", "revision", FULL_REVISION, &commit.revision)?;
    check_text("commit", "author", AUTHOR_LENGTH, &commit.author)?;
    check_text("commit", "comments", usize::MAX, &commit.comment)?;
    Ok(())
}

/// Seconds since the epoch to the microsecond, which is what both databases keep.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn time(seconds: f64) -> Option<DateTime<Utc>> {
    let microseconds = (seconds * 1e6).round();
    // About the years 1 to 9999, the range in which text sorts as time on SQLite.
    (-6.2e16..2.5e17)
        .contains(&microseconds)
        .then_some(microseconds as i64)
        .and_then(DateTime::from_timestamp_micros)
}

/// Those of the revisions that the repository has.
async fn known_revisions(
    transaction: &WriteTransaction,
    repository_id: i32,
    revisions: Vec<&str>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut known = BTreeSet::new();
    for chunk in revisions.chunks(ROWS_PER_STATEMENT) {
        let mut select = Query::select();
        select
            .column("revision")
            .from("push")
            .and_where(Expr::col("repository_id").eq(repository_id))
            .and_where(Expr::col("revision").is_in(chunk.iter().copied()));
        for row in transaction.query_all(&select).await? {
            known.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(known)
}

/// The events that tell of the pushes that were not known: polls find pushes again of which messages have told.
async fn told(
    transaction: &WriteTransaction,
    repository_id: i32,
    pushes: &[LoadedPush],
    known: &BTreeSet<String>,
    ids: &BTreeMap<String, i32>,
) -> Result<Vec<Event>, StoreError> {
    let mut new = IndexMap::new();
    for push in pushes.iter().filter(|push| !known.contains(&push.revision)) {
        new.insert(push.revision.as_str(), push);
    }
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let repository = repository::Entity::find_by_id(repository_id).one(transaction).await?;
    let branch = repository.map(|repository| repository.name).unwrap_or_default();
    let told = |(revision, push): (&str, &LoadedPush)| {
        let id = *ids.get(revision).ok_or_else(|| not_stored(revision))?;
        Ok(Event::push(&EventPush { id, branch: branch.clone(), author: push.author.clone() }))
    };
    new.into_iter().map(told).collect()
}

async fn upsert_pushes(
    transaction: &WriteTransaction,
    rows: Vec<push::ActiveModel>,
    changed: Changed,
) -> Result<BTreeMap<String, i32>, StoreError> {
    let mut ids = BTreeMap::new();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut insert = push::Entity::insert_many(chunk.iter().cloned())
            .on_conflict(
                OnConflict::columns(["repository_id", "revision"])
                    .update_columns(changed.columns())
                    .to_owned(),
            )
            .into_query();
        insert.returning(Query::returning().columns(["id", "revision"]));
        for row in transaction.query_all(&insert).await? {
            ids.insert(row.try_get_by_index(1)?, row.try_get_by_index(0)?);
        }
    }
    Ok(ids)
}

/// Commits keep the order of the source, so that their ids tell it.
async fn upsert_commits(
    transaction: &WriteTransaction,
    rows: Vec<commit::ActiveModel>,
    changed: Changed,
) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut on_conflict = OnConflict::columns(["push_id", "revision"]);
        if changed.commits {
            on_conflict.update_columns(["author", "comments"]);
        } else {
            // Somebody else has stored the push since it was looked up and not found.
            on_conflict.do_nothing();
        }
        commit::Entity::insert_many(chunk.iter().cloned())
            .on_conflict(on_conflict)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Restricts a statement on `push` to a revision, or to those that begin with it if it is not a full one.
pub(super) fn filter_revision(select: &mut SelectStatement, backend: DbBackend, revision: &str) {
    let column = || Expr::col(("push", "revision"));
    if revision.chars().count() >= FULL_REVISION {
        select.and_where(column().eq(revision));
    } else if backend == DbBackend::Postgres {
        let mut pattern = String::with_capacity(revision.len() + 1);
        for character in revision.chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        select.and_where(column().like(pattern));
    } else {
        // SQLite compares bytewise, so that a range says "begins with" and uses the index.
        select.and_where(column().gte(revision)).and_where(column().lt(format!("{revision}\u{10ffff}")));
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn fractions_are_kept_and_impossible_times_are_not() {
        assert_eq!(time(1_500_000_000.25).unwrap().to_rfc3339(), "2017-07-14T02:40:00.250+00:00");
        for impossible in [f64::NAN, f64::INFINITY, 1e12, -1e12] {
            assert_eq!(time(impossible), None, "{impossible}");
        }
    }
}

//! Results of test groups as they are stored (`spec/ingest.md` §5.8.5).

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, QueryFilter as _,
    QueryResult, QuerySelect as _, QueryTrait as _, Statement,
};

use treeherder_logparse::errorsummary::{GroupResult, GroupStatus};

use super::text::storable_text;
use crate::store::StoreError;
use crate::store::batch::batches;
use crate::store::entity::{group, group_status};
use crate::writer::WriteTransaction;

/// Characters that a group's name may have.
const NAME_LIMIT: usize = 255;
/// Key of the PostgreSQL advisory lock that lets one transaction at a time make new groups.
const GROUP_LOCK: i64 = 0x7472_6565_6772_6f75;

/// A `group_result` line of an error summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupResultRow {
    /// Path of the manifest, or `default`.
    pub group: String,
    /// How the group ended.
    pub status: GroupStatus,
    /// Whole seconds, 0 when not known.
    pub seconds: u16,
}

impl From<GroupResult> for GroupResultRow {
    fn from(result: GroupResult) -> Self {
        Self { group: result.group, status: result.status, seconds: result.duration }
    }
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
            status: self.status.code(),
            // The parser believes two hours at most, so a longer one is not known either.
            seconds: i16::try_from(self.seconds).unwrap_or(0),
        })
    }
}

/// The statements that insert the outcomes which the log does not have yet; `stored` are those that it has.
///
/// The same group may have ended several times in one log, so outcomes are counted: only what goes beyond the number of
/// equal rows is added.
pub(super) fn insert_outcomes(
    backend: DbBackend,
    job_log_id: i32,
    groups: &KnownGroups,
    stored: &[group_status::Model],
    outcomes: &[GroupOutcome],
) -> Result<Vec<Statement>, StoreError> {
    let mut known: HashMap<(i64, i16, i16), usize> = HashMap::new();
    for row in stored {
        *known.entry((row.group_id, row.status, row.duration)).or_default() += 1;
    }
    let mut missing = Vec::new();
    for outcome in outcomes {
        let group_id = groups.id(&outcome.name)?;
        match known.get_mut(&(group_id, outcome.status, outcome.seconds)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push((group_id, outcome)),
        }
    }
    let insert = |batch: &[(i64, &GroupOutcome)]| {
        let models = batch.iter().map(|(group_id, outcome)| group_status::ActiveModel {
            status: Set(outcome.status),
            job_log_id: Set(job_log_id),
            group_id: Set(*group_id),
            duration: Set(outcome.seconds),
            ..Default::default()
        });
        group_status::Entity::insert_many(models).build(backend)
    };
    Ok(batches(&missing, |_| 0).map(insert).collect())
}

/// The groups that outcomes name, in the order of the file, with the ids of those that are known.
#[derive(Debug)]
pub(super) struct KnownGroups {
    names: Vec<String>,
    ids: HashMap<String, i64>,
}

impl KnownGroups {
    /// The groups of the outcomes, of which none is known yet.
    pub(super) fn of(outcomes: &[GroupOutcome]) -> Self {
        let mut seen = HashSet::new();
        let names = outcomes.iter().map(|outcome| outcome.name.as_str()).filter(|name| seen.insert(*name));
        Self { names: names.map(str::to_owned).collect(), ids: HashMap::new() }
    }

    /// The selections of groups that are not known yet, whose rows go to [`take`](Self::take).
    pub(super) fn selects(&self, backend: DbBackend) -> Vec<Statement> {
        let unknown = self.unknown();
        let select = |batch: &[&str]| {
            group::Entity::find()
                .select_only()
                .columns([group::Column::Id, group::Column::Name])
                .filter(group::Column::Name.is_in(batch.iter().copied()))
                .build(backend)
        };
        batches(&unknown, |name| name.len()).map(select).collect()
    }

    /// Takes the rows that one of the [`selects`](Self::selects) returned.
    pub(super) fn take(&mut self, rows: &[QueryResult]) -> Result<(), StoreError> {
        for row in rows {
            self.ids.insert(row.try_get_by_index(1)?, row.try_get_by_index(0)?);
        }
        Ok(())
    }

    /// Makes the groups that are not known, in the order of the file.
    pub(super) async fn make_unknown(&mut self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        let unknown = self.unknown();
        if unknown.is_empty() {
            return Ok(());
        }
        let backend = transaction.get_database_backend();
        if backend == DbBackend::Postgres {
            // Two transactions that make the same groups in different orders would wait for each other for ever.
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({GROUP_LOCK})")).await?;
        }
        let insert = |batch: &[&str]| {
            let models = batch
                .iter()
                .map(|name| group::ActiveModel { name: Set((*name).to_owned()), ..Default::default() });
            let known = OnConflict::column("name").do_nothing().to_owned();
            group::Entity::insert_many(models).on_conflict(known).build(backend)
        };
        let mut statements: Vec<Statement> = batches(&unknown, |name| name.len()).map(insert).collect();
        statements.extend(self.selects(backend));
        for done in transaction.run_together(statements).await? {
            self.take(&done.rows)?;
        }
        Ok(())
    }

    fn unknown(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).filter(|name| !self.ids.contains_key(*name)).collect()
    }

    fn id(&self, name: &str) -> Result<i64, StoreError> {
        let id = self.ids.get(name).copied();
        id.ok_or_else(|| StoreError::NotFound { what: "group", key: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let row = GroupResultRow { group: path.to_owned(), status: GroupStatus::Ok, seconds: 0 };
            assert_eq!(row.outcome().is_some(), kept, "{path}");
        }
    }
}

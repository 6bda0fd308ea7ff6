//! Results of test groups as they are stored (`spec/ingest.md` §5.8.5).

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend,
    EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use treeherder_logparse::errorsummary::{GroupResult, GroupStatus};

use super::text::storable_text;
use crate::store::StoreError;
use crate::store::batch::batches;
use crate::store::entity::{group, group_status};

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

//! The logs that job messages refer to (`spec/ingest.md` §4.9.5).

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _,
    Iterable as _, QueryFilter as _, QueryTrait as _,
};

use super::outcome::StoredLog;
use super::prepared::PreparedLog;
use super::write::ROWS_PER_STATEMENT;
use crate::job::LogStatus;
use crate::store::entity::job_log;
use crate::store::error::StoreError;
use crate::writer::WriteTransaction;

/// The logs of a batch, by job, name and URL.
pub(super) type Logs = HashMap<(i64, String, String), job_log::Model>;

/// Adds the logs that the jobs do not have yet, and returns them; those they have keep their status.
pub(super) async fn write_logs(
    transaction: &WriteTransaction,
    logs: &[(i64, PreparedLog<'_>)],
) -> Result<Logs, StoreError> {
    let mut seen = BTreeSet::new();
    let models: Vec<job_log::ActiveModel> = logs
        .iter()
        .filter(|(job_id, log)| seen.insert((*job_id, log.name, log.url)))
        .map(|(job_id, log)| job_log::ActiveModel {
            job_id: Set(*job_id),
            name: Set(log.name.to_owned()),
            url: Set(log.url.to_owned()),
            status: Set(log.status.code()),
            ..Default::default()
        })
        .collect();
    let mut added = Logs::new();
    for chunk in models.chunks(ROWS_PER_STATEMENT) {
        let mut insert = job_log::Entity::insert_many(chunk.iter().cloned()).into_query();
        insert.on_conflict(OnConflict::columns(["job_id", "name", "url"]).do_nothing().to_owned());
        insert.returning(Query::returning().columns(job_log::Column::iter()));
        for row in transaction.query_all(&insert).await? {
            let row = job_log::Model::from_query_result(&row, "")?;
            added.insert((row.job_id, row.name.clone(), row.url.clone()), row);
        }
    }
    Ok(added)
}

/// Reads all logs of the jobs.
pub(super) async fn read_logs(
    transaction: &WriteTransaction,
    job_ids: BTreeSet<i64>,
) -> Result<Logs, StoreError> {
    let mut logs = Logs::new();
    let job_ids: Vec<i64> = job_ids.into_iter().collect();
    for chunk in job_ids.chunks(ROWS_PER_STATEMENT) {
        let rows = job_log::Entity::find()
            .filter(job_log::Column::JobId.is_in(chunk.iter().copied()))
            .all(transaction)
            .await?;
        logs.extend(rows.into_iter().map(|row| ((row.job_id, row.name.clone(), row.url.clone()), row)));
    }
    Ok(logs)
}

/// Tells whether all logs that a message refers to are among these.
pub(super) fn has_all(logs: &Logs, job_id: i64, references: &[PreparedLog<'_>]) -> bool {
    references.iter().all(|log| logs.contains_key(&key(job_id, log)))
}

fn key(job_id: i64, log: &PreparedLog<'_>) -> (i64, String, String) {
    (job_id, log.name.to_owned(), log.url.to_owned())
}

/// The stored logs of one message.
pub(super) fn logs_of_message(logs: &Logs, job_id: i64, references: &[PreparedLog<'_>]) -> Vec<StoredLog> {
    let stored = |log: &PreparedLog<'_>| {
        let row = logs.get(&key(job_id, log))?;
        Some(StoredLog {
            id: row.id,
            kind: log.kind,
            name: row.name.clone(),
            url: row.url.clone(),
            // A status of another number is no reason to parse again.
            status: LogStatus::from_code(row.status).unwrap_or(LogStatus::Failed),
        })
    };
    references.iter().filter_map(stored).collect()
}

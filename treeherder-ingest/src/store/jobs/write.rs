//! Writing a plan: job rows and Taskcluster ids (`spec/ingest.md` §4.9.4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SubsecRound as _, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryTrait as _,
};

use super::lookup::Place;
use super::plan::{Origin, Plan, PlannedRow, StoredJob};
use super::prepared::PreparedJob;
use super::reference::Resolved;
use crate::store::entity::{job, taskcluster_metadata};
use crate::store::error::StoreError;
use crate::store::seed::NOT_CLASSIFIED;
use crate::writer::WriteTransaction;

/// Rows per statement: 26 columns each stay below SQLite's 32,766 bound values.
pub(super) const ROWS_PER_STATEMENT: usize = 1000;

/// Columns of a job that a later message sets again; repository, owner, reason and classification stay (§4.9.4).
const UPDATED: [&str; 17] = [
    "guid",
    "signature_id",
    "build_platform_id",
    "machine_platform_id",
    "machine_id",
    "option_collection_hash",
    "job_type_id",
    "job_group_id",
    "product_id",
    "result",
    "state",
    "submit_time",
    "start_time",
    "end_time",
    "last_modified",
    "tier",
    "push_id",
];

/// The messages of a batch that belong to a push.
#[derive(Debug)]
pub(super) struct Batch<'batch> {
    pub(super) jobs: Vec<&'batch PreparedJob<'batch>>,
    pub(super) places: Vec<Place>,
}

/// A written row.
#[derive(Debug)]
pub(super) enum Written {
    /// Stored under this id.
    Stored(i64),
    /// Another process had come further with the job before us; this is what it stored.
    Overtaken(StoredJob),
}

/// Reads the jobs of these guids and keeps other processes from changing them until the transaction ends.
pub(super) async fn lock_jobs(
    transaction: &WriteTransaction,
    guids: &BTreeSet<&str>,
) -> Result<Vec<StoredJob>, StoreError> {
    let guids: Vec<&str> = guids.iter().copied().collect();
    let mut jobs = Vec::new();
    for chunk in guids.chunks(ROWS_PER_STATEMENT) {
        let mut select = Query::select();
        select
            .columns(["id", "guid", "state", "result", "submit_time"])
            .from("job")
            .and_where(Expr::col("guid").is_in(chunk.iter().copied()))
            // One order for all, so that two batches never wait for each other.
            .order_by("guid", sea_orm::sea_query::Order::Asc)
            .lock(LockType::NoKeyUpdate);
        for row in transaction.query_all(&select).await? {
            jobs.push(StoredJob {
                id: row.try_get_by_index(0)?,
                guid: row.try_get_by_index(1)?,
                state: row.try_get_by_index(2)?,
                result: row.try_get_by_index(3)?,
                submit_time: row.try_get_by_index(4)?,
            });
        }
    }
    Ok(jobs)
}

/// Writes the planned rows and returns what became of each.
pub(super) async fn write_rows(
    transaction: &WriteTransaction,
    plan: &Plan,
    batch: &Batch<'_>,
    references: &Resolved,
) -> Result<Vec<Written>, StoreError> {
    let now = Utc::now().trunc_subsecs(6);
    let mut models = BTreeMap::new();
    let mut ids: HashMap<String, i64> = HashMap::new();
    for (position, row) in plan.rows.iter().enumerate() {
        let mut model = model(plan, position, batch, references, now)?;
        match row.origin {
            Origin::SameGuid => drop(models.insert(row.guid.as_str(), model)),
            Origin::TakeOver(id) => {
                model.id = Unchanged(id);
                take_over(transaction, model).await?;
                ids.insert(row.guid.clone(), id);
            }
        }
    }
    let models: Vec<job::ActiveModel> = models.into_values().collect();
    for chunk in models.chunks(ROWS_PER_STATEMENT) {
        let mut insert =
            job::Entity::insert_many(chunk.iter().cloned()).on_conflict(on_conflict()).into_query();
        insert.returning(Query::returning().columns(["id", "guid"]));
        for row in transaction.query_all(&insert).await? {
            ids.insert(row.try_get_by_index(1)?, row.try_get_by_index(0)?);
        }
    }
    if !plan.superseded.is_empty() {
        supersede(transaction, &plan.superseded, now).await?;
    }
    let written = with_overtaken(transaction, &plan.rows, &ids).await?;
    write_taskcluster(transaction, plan, batch, &written).await?;
    Ok(written)
}

fn model(
    plan: &Plan,
    position: usize,
    batch: &Batch<'_>,
    references: &Resolved,
    now: DateTime<Utc>,
) -> Result<job::ActiveModel, StoreError> {
    let row = &plan.rows[position];
    let (first, last) = (batch.jobs[row.first], batch.jobs[row.last]);
    let ids = references.of(last)?;
    Ok(job::ActiveModel {
        repository_id: Set(batch.places[row.first].repository_id),
        guid: Set(row.guid.clone()),
        project_specific_id: Set(None),
        autoclassify_status: Set(0),
        coalesced_to_guid: Set(None),
        signature_id: Set(ids.signature),
        build_platform_id: Set(ids.build_platform),
        machine_platform_id: Set(ids.machine_platform),
        machine_id: Set(ids.machine),
        option_collection_hash: Set(last.option_collection_hash.clone()),
        job_type_id: Set(ids.job_type),
        job_group_id: Set(ids.job_group),
        product_id: Set(ids.product),
        failure_classification_id: Set(NOT_CLASSIFIED),
        who: Set(first.who.to_owned()),
        reason: Set(first.reason.to_owned()),
        result: Set(plan.planned_result(position, &batch.jobs).to_owned()),
        state: Set(plan.planned_state(position, &batch.jobs).to_owned()),
        submit_time: Set(row.submit_time),
        start_time: Set(last.start_time),
        end_time: Set(last.end_time),
        last_modified: Set(now),
        running_eta: Set(None),
        tier: Set(last.tier),
        push_id: Set(batch.places[row.last].push_id),
        ..Default::default()
    })
}

/// The rule of §4.9.1 once more, in SQL: on PostgreSQL another process may have stored the job since it was looked up
/// and not found.
fn on_conflict() -> OnConflict {
    let stored = || Expr::col(("job", "state"));
    let incoming = || Expr::col(("excluded", "state"));
    let running_back = stored().eq("running").and(incoming().is_in(["pending", "unscheduled"]));
    let pending_back = stored().eq("pending").and(incoming().eq("unscheduled"));
    OnConflict::column("guid")
        .update_columns(UPDATED)
        .action_cond_where(
            Condition::all().add(stored().ne("completed")).add(running_back.not()).add(pending_back.not()),
        )
        .to_owned()
}

async fn take_over(transaction: &WriteTransaction, model: job::ActiveModel) -> Result<(), StoreError> {
    let changes = job::ActiveModel {
        repository_id: NotSet,
        who: NotSet,
        reason: NotSet,
        failure_classification_id: NotSet,
        project_specific_id: NotSet,
        autoclassify_status: NotSet,
        coalesced_to_guid: NotSet,
        running_eta: NotSet,
        ..model
    };
    job::Entity::update(changes).exec(transaction).await?;
    Ok(())
}

async fn supersede(
    transaction: &WriteTransaction,
    ids: &BTreeSet<i64>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids: Vec<i64> = ids.iter().copied().collect();
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        job::Entity::update_many()
            .col_expr(job::Column::Result, Expr::val("superseded"))
            .col_expr(job::Column::State, Expr::val("completed"))
            .col_expr(job::Column::LastModified, Expr::val(now))
            .filter(job::Column::Id.is_in(chunk.iter().copied()))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

async fn with_overtaken(
    transaction: &WriteTransaction,
    rows: &[PlannedRow],
    ids: &HashMap<String, i64>,
) -> Result<Vec<Written>, StoreError> {
    let missing: BTreeSet<&str> =
        rows.iter().map(|row| row.guid.as_str()).filter(|guid| !ids.contains_key(*guid)).collect();
    let overtaking: HashMap<String, StoredJob> =
        lock_jobs(transaction, &missing).await?.into_iter().map(|job| (job.guid.clone(), job)).collect();
    let written = |row: &PlannedRow| match (ids.get(&row.guid), overtaking.get(&row.guid)) {
        (Some(id), _) => Ok(Written::Stored(*id)),
        (None, Some(job)) => Ok(Written::Overtaken(job.clone())),
        (None, None) => Err(StoreError::NotFound { what: "job", key: row.guid.clone() }),
    };
    rows.iter().map(written).collect()
}

/// The first task and run of a job stay.
async fn write_taskcluster(
    transaction: &WriteTransaction,
    plan: &Plan,
    batch: &Batch<'_>,
    written: &[Written],
) -> Result<(), StoreError> {
    let mut models = BTreeMap::new();
    for (row, written) in plan.rows.iter().zip(written) {
        let Written::Stored(job_id) = written else { continue };
        let taskcluster = row.taskcluster.and_then(|message| batch.jobs[message].taskcluster);
        if let Some((task_id, retry_id)) = taskcluster {
            let model = taskcluster_metadata::ActiveModel {
                job_id: Set(*job_id),
                task_id: Set(task_id.to_owned()),
                retry_id: Set(retry_id),
            };
            models.insert(*job_id, model);
        }
    }
    let models: Vec<_> = models.into_values().collect();
    for chunk in models.chunks(ROWS_PER_STATEMENT) {
        let mut insert = taskcluster_metadata::Entity::insert_many(chunk.iter().cloned()).into_query();
        insert.on_conflict(OnConflict::column("job_id").do_nothing().to_owned());
        transaction.execute(&insert).await?;
    }
    Ok(())
}

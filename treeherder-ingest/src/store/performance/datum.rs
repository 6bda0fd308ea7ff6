//! Rows of `performance_datum` with their single measurements (`spec/api.md` §6.3).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::signature::Ids;
use crate::perf::Series;
use crate::store::StoreError;
use crate::store::batch::batches;
use crate::store::entity::{perf_multicommitdatum, performance_datum, performance_datum_replicate};
use crate::writer::WriteTransaction;

/// What all points of one artifact have in common.
#[derive(Clone, Copy)]
pub(super) struct PointScope<'a> {
    pub(super) repository_id: i32,
    pub(super) job_id: i64,
    pub(super) push_id: i32,
    pub(super) push_timestamp: DateTime<Utc>,
    pub(super) application_version: Option<&'a str>,
    pub(super) os_name: Option<&'a str>,
    pub(super) platform_version: Option<&'a str>,
    /// Whether the time is that of a commit instead of the push.
    pub(super) multi_commit: bool,
}

/// Stores the points that are not there yet and returns the ids of their series.
///
/// The rows of the series have to be locked: then no other transaction can store the same points meanwhile.
pub(super) async fn store_points(
    transaction: &WriteTransaction,
    scope: PointScope<'_>,
    points: &[Series<'_>],
    ids: &Ids<'_>,
) -> Result<HashSet<i32>, StoreError> {
    let mut seen = HashSet::with_capacity(points.len());
    let mut missing: Vec<(i32, &Series<'_>)> = Vec::with_capacity(points.len());
    for point in points {
        let id = *ids.get(point.signature_hash.as_str()).ok_or_else(|| StoreError::NotFound {
            what: "performance_signature",
            key: point.signature_hash.clone(),
        })?;
        // Of two points of one series the first one's value counts.
        if seen.insert(id) {
            missing.push((id, point));
        }
    }
    let stored = stored_series(transaction, scope, &missing).await?;
    missing.retain(|(id, _)| !stored.contains(id));
    for batch in batches(&missing, |_| 0) {
        let models = batch.iter().map(|(id, point)| model(scope, *id, point.value));
        performance_datum::Entity::insert_many(models).exec_without_returning(transaction).await?;
    }
    let has_replicates = missing.iter().any(|(_, point)| !point.replicates.is_empty());
    if has_replicates || scope.multi_commit {
        let data = datum_ids(transaction, scope, &missing).await?;
        store_replicates(transaction, &missing, &data).await?;
        if scope.multi_commit {
            mark_multi_commit(transaction, &data).await?;
        }
    }
    Ok(missing.into_iter().map(|(id, _)| id).collect())
}

fn model(scope: PointScope<'_>, signature_id: i32, value: f64) -> performance_datum::ActiveModel {
    performance_datum::ActiveModel {
        repository_id: Set(scope.repository_id),
        signature_id: Set(signature_id),
        value: Set(value),
        push_timestamp: Set(scope.push_timestamp),
        application_version: Set(scope.application_version.unwrap_or_default().to_owned()),
        job_id: Set(Some(scope.job_id)),
        push_id: Set(scope.push_id),
        os_name: Set(scope.os_name.map(str::to_owned)),
        platform_version: Set(scope.platform_version.map(str::to_owned)),
        ..Default::default()
    }
}

/// The series of `points` that have their point of this job and time already.
async fn stored_series(
    transaction: &WriteTransaction,
    scope: PointScope<'_>,
    points: &[(i32, &Series<'_>)],
) -> Result<HashSet<i32>, StoreError> {
    Ok(datum_ids(transaction, scope, points).await?.into_keys().collect())
}

/// Ids of the data of this job and time by series.
async fn datum_ids(
    transaction: &WriteTransaction,
    scope: PointScope<'_>,
    points: &[(i32, &Series<'_>)],
) -> Result<HashMap<i32, i64>, StoreError> {
    use performance_datum::Column;
    let mut ids = HashMap::with_capacity(points.len());
    for batch in batches(points, |_| 0) {
        let found: Vec<(i32, i64)> = performance_datum::Entity::find()
            .select_only()
            .columns([Column::SignatureId, Column::Id])
            .filter(Column::RepositoryId.eq(scope.repository_id))
            .filter(Column::JobId.eq(scope.job_id))
            .filter(Column::PushId.eq(scope.push_id))
            .filter(Column::PushTimestamp.eq(scope.push_timestamp))
            .filter(Column::SignatureId.is_in(batch.iter().map(|(id, _)| *id)))
            .into_tuple()
            .all(transaction)
            .await?;
        ids.extend(found);
    }
    Ok(ids)
}

async fn store_replicates(
    transaction: &WriteTransaction,
    points: &[(i32, &Series<'_>)],
    data: &HashMap<i32, i64>,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (id, point) in points {
        if let Some(datum) = data.get(id) {
            rows.extend(point.replicates.iter().map(|value| (*datum, *value)));
        }
    }
    for batch in batches(&rows, |_| 0) {
        let models = batch.iter().map(|(datum, value)| performance_datum_replicate::ActiveModel {
            performance_datum_id: Set(*datum),
            value: Set(*value),
            ..Default::default()
        });
        performance_datum_replicate::Entity::insert_many(models).exec_without_returning(transaction).await?;
    }
    Ok(())
}

async fn mark_multi_commit(
    transaction: &WriteTransaction,
    data: &HashMap<i32, i64>,
) -> Result<(), StoreError> {
    let ids: Vec<i64> = data.values().copied().collect();
    for batch in batches(&ids, |_| 0) {
        let models = batch.iter().map(|id| perf_multicommitdatum::ActiveModel { perf_datum_id: Set(*id) });
        perf_multicommitdatum::Entity::insert_many(models).exec_without_returning(transaction).await?;
    }
    Ok(())
}

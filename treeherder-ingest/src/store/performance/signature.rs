//! Rows of `performance_signature`: made once, then following the artifacts (`spec/api.md` §6.3).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::NotSet, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use crate::perf::{Series, SeriesKind, change_type_code};
use crate::store::StoreError;
use crate::store::batch::batches;
use crate::store::entity::performance_signature::{ActiveModel, Column, Entity, Model};
use crate::writer::WriteTransaction;

/// What all series of one artifact have in common.
#[derive(Clone, Copy)]
pub(super) struct SeriesScope<'a> {
    pub(super) repository_id: i32,
    pub(super) framework_id: i32,
    pub(super) application: &'a str,
    pub(super) platform_id: i32,
    pub(super) option_collection_id: i32,
    pub(super) time: DateTime<Utc>,
}

/// Ids by hash.
pub(super) type Ids<'a> = HashMap<&'a str, i32>;

/// Makes the missing rows, brings the others up to date and returns all ids.
///
/// The rows stay locked until the transaction ends, so that two writers of the same points come one after the other. First
/// everything missing is made, then everything is locked, both in one order everywhere: writers wait for each other,
/// but never in a circle.
pub(super) async fn store_signatures<'a>(
    transaction: &WriteTransaction,
    scope: SeriesScope<'_>,
    points: &'a [Series<'a>],
) -> Result<Ids<'a>, StoreError> {
    // Of two points of one series the later one's properties count.
    let mut wanted: IndexMap<&str, &Series<'_>> = IndexMap::new();
    for point in points {
        wanted.insert(&point.signature_hash, point);
    }
    wanted.sort_unstable_keys();
    let hashes: Vec<&str> = wanted.keys().copied().collect();
    let mut ids = Ids::with_capacity(wanted.len());
    find_ids(transaction, scope, &wanted, &hashes, &mut ids).await?;
    // Parents first: their ids are part of the rows of their subtests.
    let (summaries, subtests): (Vec<&str>, Vec<&str>) = hashes
        .iter()
        .filter(|hash| !ids.contains_key(*hash))
        .partition(|hash| matches!(wanted[*hash].kind, SeriesKind::Summary));
    for missing in [summaries, subtests] {
        create(transaction, scope, &wanted, &missing, &ids).await?;
        find_ids(transaction, scope, &wanted, &missing, &mut ids).await?;
    }
    let rows = lock(transaction, scope, &hashes).await?;
    Changes::between(scope, &wanted, &ids, rows).write(transaction, scope.time).await?;
    Ok(ids)
}

fn select(scope: SeriesScope<'_>, hashes: &[&str]) -> Select<Entity> {
    Entity::find()
        .filter(Column::RepositoryId.eq(scope.repository_id))
        .filter(Column::FrameworkId.eq(scope.framework_id))
        .filter(Column::Application.eq(scope.application))
        .filter(Column::SignatureHash.is_in(hashes.iter().copied()))
}

async fn find_ids<'a>(
    transaction: &WriteTransaction,
    scope: SeriesScope<'_>,
    wanted: &IndexMap<&'a str, &Series<'_>>,
    hashes: &[&str],
    ids: &mut Ids<'a>,
) -> Result<(), StoreError> {
    for batch in batches(hashes, |_| 0) {
        let found: Vec<(String, i32)> = select(scope, batch)
            .select_only()
            .columns([Column::SignatureHash, Column::Id])
            .into_tuple()
            .all(transaction)
            .await?;
        for (hash, id) in found {
            if let Some((hash, _)) = wanted.get_key_value(hash.as_str()) {
                ids.insert(hash, id);
            }
        }
    }
    Ok(())
}

async fn lock(
    transaction: &WriteTransaction,
    scope: SeriesScope<'_>,
    hashes: &[&str],
) -> Result<Vec<Model>, StoreError> {
    let mut rows = Vec::with_capacity(hashes.len());
    for batch in batches(hashes, |_| 0) {
        // The weaker kind of lock: it does not stop others from adding points and subtests.
        let locked = select(scope, batch).order_by_asc(Column::SignatureHash).lock(LockType::NoKeyUpdate);
        rows.extend(locked.all(transaction).await?);
    }
    Ok(rows)
}

async fn create(
    transaction: &WriteTransaction,
    scope: SeriesScope<'_>,
    wanted: &IndexMap<&str, &Series<'_>>,
    missing: &[&str],
    ids: &Ids<'_>,
) -> Result<(), StoreError> {
    let key = [Column::RepositoryId, Column::FrameworkId, Column::Application, Column::SignatureHash];
    for batch in batches(missing, |_| 0) {
        let models = batch
            .iter()
            .map(|hash| ActiveModel { id: NotSet, ..set_all(row(scope, wanted[hash], ids, 0, scope.time)) });
        Entity::insert_many(models)
            .on_conflict_do_nothing_on(key)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Rows that differ from what the artifact says.
#[derive(Default)]
struct Changes {
    /// Rows with other properties.
    rows: Vec<Model>,
    /// Rows that are only older.
    older: Vec<i32>,
}

impl Changes {
    fn between(
        scope: SeriesScope<'_>,
        wanted: &IndexMap<&str, &Series<'_>>,
        ids: &Ids<'_>,
        rows: Vec<Model>,
    ) -> Self {
        let mut changes = Self::default();
        for stored in rows {
            let Some(point) = wanted.get(stored.signature_hash.as_str()) else { continue };
            let mut new = row(scope, point, ids, stored.id, stored.last_updated);
            if new != stored {
                new.last_updated = stored.last_updated.max(scope.time);
                changes.rows.push(new);
            } else if stored.last_updated < scope.time {
                changes.older.push(stored.id);
            }
        }
        changes
    }

    async fn write(self, transaction: &WriteTransaction, time: DateTime<Utc>) -> Result<(), StoreError> {
        for new in self.rows {
            Entity::update(set_all(new)).exec(transaction).await?;
        }
        for batch in batches(&self.older, |_| 0) {
            Entity::update_many()
                .col_expr(Column::LastUpdated, Expr::value(time))
                .filter(Column::Id.is_in(batch.iter().copied()))
                .exec(transaction)
                .await?;
        }
        Ok(())
    }
}

fn set_all(model: Model) -> ActiveModel {
    model.into_active_model().reset_all()
}

/// The row that a point asks for.
fn row(
    scope: SeriesScope<'_>,
    point: &Series<'_>,
    ids: &Ids<'_>,
    id: i32,
    last_updated: DateTime<Utc>,
) -> Model {
    let parent = match &point.kind {
        SeriesKind::Summary | SeriesKind::Subtest { parent: None } => None,
        SeriesKind::Subtest { parent: Some(hash) } => ids.get(hash.as_str()).copied(),
    };
    Model {
        id,
        signature_hash: point.signature_hash.clone(),
        repository_id: scope.repository_id,
        framework_id: scope.framework_id,
        platform_id: scope.platform_id,
        option_collection_id: scope.option_collection_id,
        suite: point.suite.to_owned(),
        test: point.test.to_owned(),
        application: scope.application.to_owned(),
        lower_is_better: point.lower_is_better,
        last_updated,
        parent_signature_id: parent,
        has_subtests: point.kind == SeriesKind::Summary,
        suite_public_name: point.suite_public_name.map(str::to_owned),
        test_public_name: point.test_public_name.map(str::to_owned),
        tags: point.tags.clone(),
        extra_options: point.extra_options.clone(),
        measurement_unit: point.measurement_unit.map(str::to_owned),
        should_alert: point.should_alert,
        monitor: point.monitor,
        alert_notify_emails: point.alert_notify_emails.clone(),
        alert_change_type: point.alert_change_type.map(change_type_code),
        alert_threshold: point.alert_threshold,
        min_back_window: point.min_back_window,
        max_back_window: point.max_back_window,
        fore_window: point.fore_window,
        alert_severity: point.alert_severity.to_owned(),
    }
}

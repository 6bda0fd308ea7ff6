//! Storing one artifact (`spec/api.md` §6.3).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Query};
use sea_orm::{ColumnTrait as _, DeriveIden, EntityTrait as _, FromQueryResult, QueryFilter as _};

use super::datum::{PointScope, store_points};
use super::signature::{SeriesScope, store_signatures};
use treeherder_logparse::perf::PerformanceData;

use crate::perf::{AlertContext, Checked, JobProperties, check, series};
use crate::store::entity::{
    job, option_collection, performance_framework, push, reference_data_signatures, repository,
};
use crate::store::{Store, StoreError};

/// A framework that is known to be sent and not wanted: no reason to warn.
const SILENTLY_IGNORED: &str = "job_resource_usage";

/// Switches of storing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerformanceOptions {
    /// Whether an artifact's `pushTimestamp` counts (`PERFHERDER_ENABLE_MULTIDATA_INGESTION`, on by default).
    pub multi_commit: bool,
}

impl Default for PerformanceOptions {
    fn default() -> Self {
        Self { multi_commit: true }
    }
}

/// What became of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredPerformance {
    /// Series that the artifact has a point of.
    pub signatures: u64,
    /// Points stored now.
    pub data: u64,
    /// Series to be looked at for changes, each once, in the artifact's order.
    pub alert_candidates: Vec<i32>,
    /// Set when nothing was stored because of the framework.
    pub ignored: Option<IgnoredFramework>,
}

/// Why the data of a framework is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredFramework {
    /// There is no such framework.
    Unknown,
    /// It is switched off.
    Disabled,
}

/// What storing needs to know about the job.
#[derive(FromQueryResult)]
struct Context {
    repository_id: i32,
    repository_name: String,
    alerts_enabled: bool,
    push_id: i32,
    push_time: DateTime<Utc>,
    tier: i32,
    platform_id: i32,
    option_collection_hash: String,
    machine_platform: String,
}

#[derive(DeriveIden)]
enum ContextColumn {
    RepositoryId,
    RepositoryName,
    AlertsEnabled,
    PushId,
    PushTime,
    Tier,
    PlatformId,
    OptionCollectionHash,
    MachinePlatform,
}

impl Store {
    /// Stores the performance data that a job measured, in one transaction.
    ///
    /// Storing the same artifact again changes nothing: a point keeps its first value and its single measurements. The properties
    /// of a series follow the artifact stored last, and its `last_updated` never moves backwards.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such a job, [`StoreError::Value`] for an artifact that [`check`](check()) refuses, and
    /// what the database reports; nothing is stored then.
    pub async fn store_performance_data(
        &self,
        job_id: i64,
        artifact: &PerformanceData,
        options: PerformanceOptions,
    ) -> Result<StoredPerformance, StoreError> {
        let Checked { framework, commit_time } =
            check(artifact).map_err(|error| StoreError::Value(error.to_string()))?;
        let framework_id = match self.enabled_framework(framework).await? {
            Ok(id) => id,
            Err(ignored) => return Ok(StoredPerformance { ignored: Some(ignored), ..Default::default() }),
        };
        let context = self.performance_context(job_id).await?;
        let option_collection_id = self.option_collection_id(&context.option_collection_hash).await?;
        let commit_time = commit_time.filter(|_| options.multi_commit);
        let push_timestamp = commit_time.unwrap_or(context.push_time);
        let job = JobProperties {
            option_collection_hash: &context.option_collection_hash,
            machine_platform: &context.machine_platform,
        };
        let points = series(artifact, job);
        let application = artifact.application.as_ref();
        let os = artifact.os.as_ref();

        let transaction = self.begin_write().await?;
        let scope = SeriesScope {
            repository_id: context.repository_id,
            framework_id,
            application: application.map_or("", |application| &application.name),
            platform_id: context.platform_id,
            option_collection_id,
            time: push_timestamp,
        };
        let ids = store_signatures(&transaction, scope, &points).await?;
        let scope = PointScope {
            repository_id: context.repository_id,
            job_id,
            push_id: context.push_id,
            push_timestamp,
            application_version: application.and_then(|application| application.version.as_deref()),
            os_name: os.and_then(|os| os.name.as_deref()),
            platform_version: os.and_then(|os| os.platform_version.as_deref()),
            multi_commit: commit_time.is_some(),
        };
        let mut new_points = store_points(&transaction, scope, &points, &ids).await?;
        transaction.commit().await?;

        let data = new_points.len() as u64;
        let alerts = AlertContext {
            repository: &context.repository_name,
            alerts_enabled: context.alerts_enabled,
            tier: context.tier,
        };
        let mut alert_candidates = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for point in &points {
            let Some(id) = ids.get(point.signature_hash.as_str()) else { continue };
            // Of two points of one series in an artifact only the first is stored.
            let is_new = new_points.remove(id);
            if alerts.is_candidate(point, is_new) && seen.insert(*id) {
                alert_candidates.push(*id);
            }
        }
        Ok(StoredPerformance { signatures: ids.len() as u64, data, alert_candidates, ignored: None })
    }

    async fn enabled_framework(&self, name: &str) -> Result<Result<i32, IgnoredFramework>, StoreError> {
        let framework = performance_framework::Entity::find()
            .filter(performance_framework::Column::Name.eq(name))
            .one(self.connection())
            .await?;
        let ignored = match framework {
            Some(framework) if framework.enabled => return Ok(Ok(framework.id)),
            Some(_) => IgnoredFramework::Disabled,
            None => IgnoredFramework::Unknown,
        };
        if name != SILENTLY_IGNORED {
            tracing::warn!(framework.name = name, reason = ?ignored, "performance framework ignored");
        }
        Ok(Err(ignored))
    }

    async fn performance_context(&self, job_id: i64) -> Result<Context, StoreError> {
        let signature = reference_data_signatures::Entity;
        let query = Query::select()
            .expr_as(Expr::col((job::Entity, job::Column::RepositoryId)), ContextColumn::RepositoryId)
            .expr_as(Expr::col((job::Entity, job::Column::PushId)), ContextColumn::PushId)
            .expr_as(Expr::col((job::Entity, job::Column::Tier)), ContextColumn::Tier)
            .expr_as(Expr::col((job::Entity, job::Column::MachinePlatformId)), ContextColumn::PlatformId)
            .expr_as(Expr::col((repository::Entity, repository::Column::Name)), ContextColumn::RepositoryName)
            .expr_as(
                Expr::col((repository::Entity, repository::Column::PerformanceAlertsEnabled)),
                ContextColumn::AlertsEnabled,
            )
            .expr_as(Expr::col((push::Entity, push::Column::Time)), ContextColumn::PushTime)
            .expr_as(
                Expr::col((signature, reference_data_signatures::Column::OptionCollectionHash)),
                ContextColumn::OptionCollectionHash,
            )
            .expr_as(
                Expr::col((signature, reference_data_signatures::Column::MachinePlatform)),
                ContextColumn::MachinePlatform,
            )
            .from(job::Entity)
            .join(
                JoinType::InnerJoin,
                repository::Entity,
                Expr::col((job::Entity, job::Column::RepositoryId))
                    .equals((repository::Entity, repository::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                push::Entity,
                Expr::col((job::Entity, job::Column::PushId)).equals((push::Entity, push::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                signature,
                Expr::col((job::Entity, job::Column::SignatureId))
                    .equals((signature, reference_data_signatures::Column::Id)),
            )
            .and_where(Expr::col((job::Entity, job::Column::Id)).eq(job_id))
            .take();
        let context = Context::find_by_statement(self.backend().build(&query)).one(self.connection()).await?;
        context.ok_or_else(|| StoreError::NotFound { what: "job", key: job_id.to_string() })
    }

    /// A collection has a row per option; the first stands for all of them.
    async fn option_collection_id(&self, hash: &str) -> Result<i32, StoreError> {
        use sea_orm::QueryOrder as _;
        let row = option_collection::Entity::find()
            .filter(option_collection::Column::OptionCollectionHash.eq(hash))
            .order_by_asc(option_collection::Column::Id)
            .one(self.connection())
            .await?;
        row.map(|row| row.id)
            .ok_or_else(|| StoreError::NotFound { what: "option_collection", key: hash.to_owned() })
    }
}

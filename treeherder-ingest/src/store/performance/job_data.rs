//! The performance data of one job, as the job's panel shows it (`spec/api.md` §4.3).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Order, Query};
use sea_orm::{DeriveIden, EntityTrait as _, FromQueryResult};

use crate::store::entity::{
    job, machine_platform, option_collection, performance_datum, performance_signature, push,
};
use crate::store::{Store, StoreError};

/// The performance data of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct PerformanceJobData {
    /// Job.
    pub job_id: i64,
    /// Its push.
    pub push_id: i32,
    /// Time of the push.
    pub push_timestamp: DateTime<Utc>,
    /// Head commit of the push.
    pub revision: String,
    /// Points in the order of their ids.
    pub data: Vec<PerformancePoint>,
}

/// A point with its series.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct PerformancePoint {
    /// Primary key of the datum.
    pub id: i64,
    /// Value.
    pub value: f64,
    /// Primary key of the series.
    pub signature_id: i32,
    /// Hash of the series.
    pub signature_hash: String,
    /// Framework.
    pub framework_id: i32,
    /// Build options.
    pub option_collection_hash: String,
    /// Platform.
    pub machine_platform: String,
    /// Suite.
    pub suite: String,
    /// Subtest, empty for a summary.
    pub test: String,
    /// Whether changes alert.
    pub should_alert: Option<bool>,
    /// Whether a smaller value is an improvement.
    pub lower_is_better: bool,
    /// Extra options, sorted, blank between.
    pub extra_options: String,
    /// Unit.
    pub measurement_unit: Option<String>,
}

#[derive(DeriveIden)]
enum PointColumn {
    MachinePlatform,
}

impl Store {
    /// Returns the performance data of a job; `None` when there is none.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn performance_job_data(&self, job_id: i64) -> Result<Option<PerformanceJobData>, StoreError> {
        use performance_signature::Column as Signature;
        let signature = performance_signature::Entity;
        let datum = performance_datum::Entity;
        let query = Query::select()
            .columns([
                (datum, performance_datum::Column::Id),
                (datum, performance_datum::Column::Value),
                (datum, performance_datum::Column::SignatureId),
            ])
            .columns(
                [
                    Signature::SignatureHash,
                    Signature::FrameworkId,
                    Signature::Suite,
                    Signature::Test,
                    Signature::ShouldAlert,
                    Signature::LowerIsBetter,
                    Signature::ExtraOptions,
                    Signature::MeasurementUnit,
                ]
                .map(|column| (signature, column)),
            )
            .column((option_collection::Entity, option_collection::Column::OptionCollectionHash))
            .expr_as(
                Expr::col((machine_platform::Entity, machine_platform::Column::Platform)),
                PointColumn::MachinePlatform,
            )
            .from(datum)
            .join(
                JoinType::InnerJoin,
                signature,
                Expr::col((datum, performance_datum::Column::SignatureId)).equals((signature, Signature::Id)),
            )
            .join(
                JoinType::InnerJoin,
                option_collection::Entity,
                Expr::col((signature, Signature::OptionCollectionId))
                    .equals((option_collection::Entity, option_collection::Column::Id)),
            )
            .join(
                JoinType::InnerJoin,
                machine_platform::Entity,
                Expr::col((signature, Signature::PlatformId))
                    .equals((machine_platform::Entity, machine_platform::Column::Id)),
            )
            .and_where(Expr::col((datum, performance_datum::Column::JobId)).eq(job_id))
            .order_by((datum, performance_datum::Column::Id), Order::Asc)
            .take();
        let statement = self.backend().build(&query);
        let data = PerformancePoint::find_by_statement(statement).all(self.connection()).await?;
        if data.is_empty() {
            return Ok(None);
        }
        let Some(job) = job::Entity::find_by_id(job_id).one(self.connection()).await? else {
            return Ok(None);
        };
        let push = push::Entity::find_by_id(job.push_id).one(self.connection()).await?;
        let push = push.ok_or_else(|| StoreError::NotFound { what: "push", key: job.push_id.to_string() })?;
        Ok(Some(PerformanceJobData {
            job_id,
            push_id: push.id,
            push_timestamp: push.time,
            revision: push.revision,
            data,
        }))
    }
}

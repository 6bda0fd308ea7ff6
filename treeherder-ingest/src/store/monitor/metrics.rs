//! What all processes have counted together.

use sea_orm::ConnectionTrait as _;

use super::rows::Sql;
use crate::monitor::{Labels, Metric};
use crate::store::Store;
use crate::store::error::StoreError;

/// The value of a counter, or of a part of a histogram, over all processes since the tables were made.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValue {
    /// Which metric.
    pub metric: Metric,
    /// Of what.
    pub labels: Labels,
    /// For histograms the upper bound of a bucket by itself, `+Inf` or `sum`; empty for counters.
    pub part: String,
    /// The value.
    pub value: f64,
}

impl Store {
    /// Returns the counters and histograms of all processes, as of their last heartbeats; sorted by name and labels.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn metric_values(&self) -> Result<Vec<MetricValue>, StoreError> {
        let sql = "SELECT name, labels, part, value FROM monitor_metric ORDER BY name, labels, part";
        let mut values = Vec::new();
        for row in self.connection().query_all_raw(Sql::new(self.backend(), sql).finish()).await? {
            // Another version may count what this one does not know.
            let name: String = row.try_get("", "name")?;
            let Some(metric) = Metric::from_name(&name) else { continue };
            let labels: String = row.try_get("", "labels")?;
            values.push(MetricValue {
                metric,
                labels: serde_json::from_str(&labels).unwrap_or_default(),
                part: row.try_get("", "part")?,
                value: row.try_get("", "value")?,
            });
        }
        Ok(values)
    }
}

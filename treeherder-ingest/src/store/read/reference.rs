//! Reference data as lists (`spec/api.md` §3.14, §3.16, §4.4).

use indexmap::IndexMap;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::store::Store;
use crate::store::entity::{
    failure_classification, issue_tracker, job_log, machine_platform, performance_bug_template,
    performance_framework, performance_tag, taskcluster_metadata,
};
use crate::store::error::StoreError;

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

impl Store {
    /// Returns the names of the options of every option collection by its hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn option_collections(&self) -> Result<IndexMap<String, Vec<String>>, StoreError> {
        let mut select = Query::select();
        select
            .column(("option_collection", "option_collection_hash"))
            .column(("option", "name"))
            .from("option_collection")
            .inner_join("option", Expr::col(("option", "id")).equals(("option_collection", "option_id")))
            .order_by(("option_collection", "id"), Order::Asc);
        let mut collections: IndexMap<String, Vec<String>> = IndexMap::new();
        for row in self.connection().query_all(&select).await? {
            collections.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
        }
        for names in collections.values_mut() {
            names.sort_unstable();
        }
        Ok(collections)
    }

    /// Returns the failure classifications in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failure_classifications(&self) -> Result<Vec<failure_classification::Model>, StoreError> {
        let classifications =
            failure_classification::Entity::find().order_by_asc(failure_classification::Column::Id);
        Ok(classifications.all(self.connection()).await?)
    }

    /// Returns the platforms that jobs ran on in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_platforms(&self) -> Result<Vec<machine_platform::Model>, StoreError> {
        let platforms = machine_platform::Entity::find().order_by_asc(machine_platform::Column::Id);
        Ok(platforms.all(self.connection()).await?)
    }

    /// Returns the tasks of these jobs in the order of the jobs' ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tasks_of_jobs(
        &self,
        job_ids: &[i64],
    ) -> Result<Vec<taskcluster_metadata::Model>, StoreError> {
        let mut tasks = Vec::new();
        for part in job_ids.chunks(IDS_PER_STATEMENT) {
            let of_part = taskcluster_metadata::Entity::find()
                .filter(taskcluster_metadata::Column::JobId.is_in(part.iter().copied()));
            tasks.extend(of_part.all(self.connection()).await?);
        }
        tasks.sort_unstable_by_key(|task| task.job_id);
        tasks.dedup_by_key(|task| task.job_id);
        Ok(tasks)
    }

    /// Returns the logs of these jobs in the order of the logs' ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logs_of_jobs(&self, job_ids: &[i64]) -> Result<Vec<job_log::Model>, StoreError> {
        let mut logs = Vec::new();
        for part in job_ids.chunks(IDS_PER_STATEMENT) {
            let of_part = job_log::Entity::find().filter(job_log::Column::JobId.is_in(part.iter().copied()));
            logs.extend(of_part.all(self.connection()).await?);
        }
        logs.sort_unstable_by_key(|log| log.id);
        logs.dedup_by_key(|log| log.id);
        Ok(logs)
    }

    /// Returns the log of this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_log(&self, id: i32) -> Result<Option<job_log::Model>, StoreError> {
        Ok(job_log::Entity::find_by_id(id).one(self.connection()).await?)
    }

    /// Returns the enabled performance frameworks in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_frameworks(&self) -> Result<Vec<performance_framework::Model>, StoreError> {
        let frameworks = performance_framework::Entity::find()
            .filter(performance_framework::Column::Enabled.eq(true))
            .order_by_asc(performance_framework::Column::Id);
        Ok(frameworks.all(self.connection()).await?)
    }

    /// Returns the tags of alert summaries in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_tags(&self) -> Result<Vec<performance_tag::Model>, StoreError> {
        let tags = performance_tag::Entity::find().order_by_asc(performance_tag::Column::Id);
        Ok(tags.all(self.connection()).await?)
    }

    /// Returns the issue trackers in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issue_trackers(&self) -> Result<Vec<issue_tracker::Model>, StoreError> {
        let trackers = issue_tracker::Entity::find().order_by_asc(issue_tracker::Column::Id);
        Ok(trackers.all(self.connection()).await?)
    }

    /// Returns the templates for performance bugs in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn performance_bug_templates(
        &self,
    ) -> Result<Vec<performance_bug_template::Model>, StoreError> {
        let templates =
            performance_bug_template::Entity::find().order_by_asc(performance_bug_template::Column::Id);
        Ok(templates.all(self.connection()).await?)
    }
}

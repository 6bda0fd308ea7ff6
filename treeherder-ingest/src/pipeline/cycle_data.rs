//! Removing what is too old, as a work item (§7.6).

use chrono::Utc;
use tokio::time::Instant;

use super::{Handled, Pipeline, PipelineError, WorkItem};
use crate::cycle::{Cycle, CycleOptions, RemovedData};

impl Pipeline {
    /// Removes old jobs and performance data for some time; if that was not enough, another work item goes on.
    pub(super) async fn cycle_data(&self) -> Result<Handled, PipelineError> {
        let shared = &self.shared;
        let mut options = CycleOptions::default();
        options.until = Some(Instant::now() + shared.options.cycle_time);
        let cycle = Cycle::new(shared.store.clone(), options);
        let jobs = cycle.remove_jobs(Utc::now(), shared.options.keep_days).await?;
        let data = if jobs.complete {
            cycle.remove_performance_data(Utc::now()).await?
        } else {
            RemovedData::default()
        };
        tracing::info!(
            jobs = jobs.jobs,
            unused = jobs.unused,
            data_points = data.main + data.try_data + data.irrelevant,
            summaries = data.summaries,
            complete = data.complete,
            "old data removed"
        );
        // Without any progress it would go on for ever; then tomorrow has to do.
        let removed = jobs.jobs + jobs.unused + data.main + data.try_data + data.irrelevant + data.summaries;
        if !data.complete && removed > 0 {
            shared.queue.publish(&[WorkItem::CycleData.to_message()?]).await?;
        }
        Ok(Handled::Cycled(jobs, data))
    }
}

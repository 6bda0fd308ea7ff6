//! From a task event to the job messages of it (`spec/bridge-l10n-platform.md` §1.6).
//!
//! Fields and outcomes are those of the ingester ([`build_message`]); here is what the bridge does differently.

use crate::job::{JobMessage, JobState, MessageResult};
use crate::task::{TaskDefinition, TaskError, TaskEvent, TaskEventKind, TaskQueue, build_message};

use super::links::{links_of_artifacts, log_of_run};
use super::message::PulseJob;
use super::options::BridgeOptions;
use super::origin::PulseOrigin;
use super::route::JobRoute;
use super::task_config::TaskConfig;

/// A task event with everything that is needed to tell about it.
pub(super) struct Told<'told> {
    pub(super) event: &'told TaskEvent,
    pub(super) root_url: &'told str,
    pub(super) task: &'told TaskDefinition,
    pub(super) config: TaskConfig,
    pub(super) route: JobRoute,
    pub(super) options: &'told BridgeOptions,
    pub(super) queue: &'told dyn TaskQueue,
}

impl Told<'_> {
    /// Tells which runs there are messages about, in the order in which they are published.
    ///
    /// A run after the first one tells first that the run before is over, whatever the reason for the new run. A run
    /// that Taskcluster made up tells nothing.
    pub(super) fn runs(&self) -> Vec<ToldRun> {
        let run_id = self.event.run_id();
        match run_id.checked_sub(1) {
            Some(former) if self.event.kind == TaskEventKind::Pending => {
                vec![ToldRun::Replaced(former), ToldRun::Current]
            }
            _ => vec![ToldRun::Current],
        }
    }

    /// Builds the message about a run; `None` for a run that never was.
    pub(super) async fn job(&self, run: ToldRun) -> Result<Option<PulseJob>, TaskError> {
        let message = match run {
            ToldRun::Current => self.current().await?,
            ToldRun::Replaced(run_id) => Some(self.replaced(run_id).await?),
        };
        let origin = PulseOrigin::of_route(self.route.clone(), self.options.legacy_revision_hash);
        Ok(message.map(|message| PulseJob::of_message(message, origin, self.config.labels.clone())))
    }

    async fn current(&self) -> Result<Option<JobMessage>, TaskError> {
        let Some(mut message) = self.base(self.event)? else { return Ok(None) };
        // Bridges tell of a retry when the next run is there.
        message.is_retried = false;
        let (task_id, run_id) = (self.event.task_id(), self.event.run_id());
        match self.event.kind {
            TaskEventKind::Completed | TaskEventKind::Failed => {
                message.logs = Some(vec![log_of_run(&self.options.log_name, self.root_url, task_id, run_id)]);
                self.add_links(&mut message, run_id).await;
            }
            TaskEventKind::Exception => self.add_links(&mut message, run_id).await,
            TaskEventKind::Defined | TaskEventKind::Pending | TaskEventKind::Running => {}
        }
        Ok(Some(message))
    }

    /// Builds the message that tells that a run failed and another one takes its place.
    async fn replaced(&self, run_id: u32) -> Result<JobMessage, TaskError> {
        let mut former = self.event.clone();
        former.body.run_id = Some(run_id);
        let missing = || TaskError::NoSuchRun {
            task_id: self.event.task_id().to_owned(),
            run_id,
            runs: self.event.body.status.runs.len(),
        };
        // A pending event always gives a message.
        let mut message = self.base(&former)?.ok_or_else(missing)?;
        message.state = JobState::Completed;
        message.result = Some(MessageResult::Fail);
        message.is_retried = true;
        message.logs = Some(Vec::new());
        self.add_links(&mut message, run_id).await;
        Ok(message)
    }

    fn base(&self, event: &TaskEvent) -> Result<Option<JobMessage>, TaskError> {
        // The ingester's message has another origin, which is replaced.
        let route = crate::task::Route {
            project: self.route.project.clone(),
            revision: self.route.revision.clone(),
            id: 0,
        };
        build_message(event, route, self.config.config.clone(), self.task, self.root_url)
    }

    /// Appends a link per artifact, as far as they can be listed: a job without links is better than none.
    async fn add_links(&self, message: &mut JobMessage, run_id: u32) {
        let task_id = self.event.task_id();
        let listing = self.queue.artifacts_until_error(self.root_url, task_id, run_id).await;
        if let Some(error) = listing.error {
            let read = listing.artifacts.len();
            tracing::error!(task_id, run_id, read, %error, "job published without links to all of its artifacts");
        }
        if let Some(info) = &mut message.job_info {
            info.links.extend(links_of_artifacts(self.root_url, task_id, run_id, &listing.artifacts));
        }
    }
}

/// A run there is a message about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldRun {
    /// The run before, which is over.
    Replaced(u32),
    /// The run the event is about.
    Current,
}

//! From task event and definition to job message (`spec/ingest.md` §4.6).

use crate::job::{
    JobDisplay, JobInfo, JobMessage, JobState, Machine, MessageLog, MessageResult, Origin, ids,
};

use super::artifact_links::live_log;
use super::{Route, Run, TaskDefinition, TaskError, TaskEvent, TaskEventKind, TreeherderConfig};

/// Job names are cut one character before the limit of the schema.
const JOB_NAME_LENGTH: usize = 139;

/// Builds the job message of an event, without links; `None` for a run that Taskcluster made up.
///
/// # Errors
/// [`TaskError`] when the event lacks the run or a part of message or definition that the job needs; none of these
/// can be helped by trying again.
pub fn build_message(
    event: &TaskEvent,
    route: Route,
    config: TreeherderConfig,
    task: &TaskDefinition,
    root_url: &str,
) -> Result<Option<JobMessage>, TaskError> {
    let task_id = event.task_id();
    let run_id = event.run_id();
    let parts = Parts { event, run_id };
    let mut message = base(&parts, route, config, task)?;
    if event.kind == TaskEventKind::Defined {
        return Ok(Some(message));
    }
    let run = parts.run()?;
    (message.state, message.result) =
        outcome_of_run(run).map(|(state, result)| (state, Some(result))).ok_or_else(|| {
            TaskError::RunState { task_id: task_id.to_owned(), run_id, state: run.state.clone() }
        })?;
    if let (Some(machine), Some(worker)) = (&mut message.build_machine, &run.worker_id) {
        machine.name = Some(worker.clone());
    }
    match event.kind {
        TaskEventKind::Defined | TaskEventKind::Pending => {}
        TaskEventKind::Running => message.time_started = Some(parts.started(run)?),
        TaskEventKind::Completed | TaskEventKind::Failed => {
            message.time_started = Some(parts.started(run)?);
            message.time_completed = Some(parts.resolved(run)?);
            message.logs = Some(vec![live_log(root_url, task_id, run_id)]);
        }
        TaskEventKind::Exception => {
            if run.reason_created.as_deref() == Some("exception") {
                return Ok(None);
            }
            message.is_retried = is_retried(&event.body.status.runs, run_id);
            message.time_started = run.started.clone().filter(|started| !started.is_empty());
            message.time_completed = Some(parts.resolved(run)?);
            message.logs = Some(Vec::<MessageLog>::new());
        }
    }
    Ok(Some(message))
}

/// Tells state and result of the job from its run, `None` for a state no run can have.
///
/// What the run says counts, not the exchange the event came through.
pub fn outcome_of_run(run: &Run) -> Option<(JobState, MessageResult)> {
    Some(match (run.state.as_str(), run.reason_resolved.as_deref()) {
        ("completed", _) => (JobState::Completed, MessageResult::Success),
        ("failed", _) => (JobState::Completed, MessageResult::Fail),
        ("exception", Some("canceled")) => (JobState::Completed, MessageResult::Canceled),
        ("exception", Some("superseded")) => (JobState::Completed, MessageResult::Superseded),
        ("exception", _) => (JobState::Completed, MessageResult::Exception),
        (state, _) => (state.parse().ok()?, MessageResult::Unknown),
    })
}

/// Tells whether Taskcluster started the next run by itself because of the way this one ended.
fn is_retried(runs: &[Run], run_id: u32) -> bool {
    let next = usize::try_from(run_id).ok().and_then(|run_id| runs.get(run_id + 1));
    next.is_some_and(|next| matches!(next.reason_created.as_deref(), Some("retry" | "task-retry")))
}

/// The fields that all kinds share, as for a task that is only defined.
fn base(
    parts: &Parts<'_>,
    route: Route,
    mut config: TreeherderConfig,
    task: &TaskDefinition,
) -> Result<JobMessage, TaskError> {
    let metadata = &task.metadata;
    let name = parts.defined("/metadata/name", metadata.name.as_deref())?;
    let owner = parts.defined("/metadata/owner", metadata.owner.as_deref())?.to_owned();
    let summary = parts.defined("/metadata/description", metadata.description.as_deref())?.to_owned();
    let created = parts.defined("/created", task.created.as_deref())?.to_owned();
    let (platform, os, architecture) = match config.machine.take() {
        Some(machine) => (machine.platform, machine.os, machine.architecture),
        None => (parts.defined("/workerType", task.worker_type.as_deref())?.to_owned(), None, None),
    };
    let dash = || "-".to_owned();
    Ok(JobMessage {
        task_id: ids::job_guid(parts.event.task_id(), parts.run_id)?,
        origin: Origin { project: route.project, revision: route.revision, id: Some(route.id) },
        build_system: "taskcluster".to_owned(),
        display: JobDisplay {
            job_symbol: std::mem::take(&mut config.symbol),
            chunk_id: None,
            chunk_count: None,
            group_symbol: config.group_symbol.take().unwrap_or_else(|| "?".to_owned()),
            job_name: name.chars().take(JOB_NAME_LENGTH).collect(),
            group_name: config.group_name.take(),
        },
        state: JobState::Unscheduled,
        job_kind: config.job_kind.unwrap_or_default(),
        version: 1,
        retry_id: Some(parts.run_id.into()),
        is_retried: false,
        result: Some(MessageResult::Unknown),
        tier: Some(config.tier.unwrap_or(1)),
        coalesced: Vec::new(),
        time_scheduled: Some(created),
        time_started: None,
        time_completed: None,
        owner: Some(owner),
        reason: Some(config.reason.take().unwrap_or_else(|| "scheduled".to_owned())),
        product_name: config.product_name.take(),
        build_machine: Some(Machine {
            name: Some("unknown".to_owned()),
            platform,
            os: os.unwrap_or_else(dash),
            architecture: architecture.unwrap_or_else(dash),
        }),
        run_machine: None,
        job_info: Some(JobInfo { summary: Some(summary), links: Vec::new() }),
        logs: None,
        labels: config.options(),
    })
}

/// The event with the means to ask for parts it must have.
struct Parts<'event> {
    event: &'event TaskEvent,
    run_id: u32,
}

impl<'event> Parts<'event> {
    fn run(&self) -> Result<&'event Run, TaskError> {
        let runs = &self.event.body.status.runs;
        usize::try_from(self.run_id).ok().and_then(|index| runs.get(index)).ok_or_else(|| {
            TaskError::NoSuchRun {
                task_id: self.event.task_id().to_owned(),
                run_id: self.run_id,
                runs: runs.len(),
            }
        })
    }

    fn started(&self, run: &Run) -> Result<String, TaskError> {
        run.started.clone().ok_or_else(|| self.missing("message", self.of_run("started")))
    }

    fn resolved(&self, run: &Run) -> Result<String, TaskError> {
        run.resolved.clone().ok_or_else(|| self.missing("message", self.of_run("resolved")))
    }

    fn defined<'text>(&self, pointer: &str, text: Option<&'text str>) -> Result<&'text str, TaskError> {
        text.ok_or_else(|| self.missing("definition", pointer.to_owned()))
    }

    fn of_run(&self, name: &str) -> String {
        format!("/status/runs/{}/{name}", self.run_id)
    }

    fn missing(&self, document: &'static str, pointer: String) -> TaskError {
        TaskError::Missing { task_id: self.event.task_id().to_owned(), document, pointer }
    }
}

//! Where and how to listen to Pulse (`spec/ingest.md` §0.2, §1).

use anyhow::Context as _;
use clap::Args;
use treeherder_ingest::pulse::{Kind, Settings};

use super::switch;
use crate::roles::hostname;

/// Where and how to listen to Pulse.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pulse")]
pub(crate) struct PulseArgs {
    /// Pulse, and as whom to listen there: `amqp://USER:PASSWORD@HOST:PORT/?ssl=1`
    #[arg(long, env = "PULSE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) pulse_url: Option<String>,

    /// Sources of the joint listener, instead of the usual ones: `[{"pulse_url": …, "root_url": …, "vhost": "/", "hgmo":
    /// true, "github": true, "tasks": true, "mozci-classification": false, "jobs": "NAMESPACE OF A BRIDGE"}]`
    #[arg(long, env = "PULSE_SOURCES", value_name = "JSON", hide_env_values = true)]
    pub(crate) pulse_sources: Option<String>,

    /// Sources of the listener to pushes, in the same form
    #[arg(long, env = "PULSE_PUSH_SOURCES", value_name = "JSON", hide_env_values = true)]
    pub(crate) pulse_push_sources: Option<String>,

    /// Sources of the listener to task events, in the same form
    #[arg(long, env = "PULSE_TASK_SOURCES", value_name = "JSON", hide_env_values = true)]
    pub(crate) pulse_task_sources: Option<String>,

    /// Sources of the listener to mozci's classifications, in the same form
    #[arg(long, env = "PULSE_MOZCI_CLASSIFICATION_SOURCES", value_name = "JSON", hide_env_values = true)]
    pub(crate) pulse_mozci_classification_sources: Option<String>,

    /// Sources of the listener to job messages, in the same form: `"jobs"` names the bridge by its namespace [default:
    /// taskcluster-treeherder], `"jobs-destination"` leaves out what it sends elsewhere
    #[arg(long, env = "PULSE_JOB_SOURCES", value_name = "JSON", hide_env_values = true)]
    pub(crate) pulse_job_sources: Option<String>,

    /// Last part of the joint listener's queue names on Pulse [default: queue_ and the name of this machine]
    #[arg(long, env = "PULSE_QUEUE_NAME", value_name = "NAME")]
    pub(crate) pulse_queue_name: Option<String>,

    /// Last part of the names of the queues of pushes; misspelt for compatibility [default: resultsets]
    #[arg(long, env = "PULSE_RESULSETS_QUEUE_NAME", value_name = "NAME")]
    pub(crate) pulse_resulsets_queue_name: Option<String>,

    /// Last part of the names of the queues of task events [default: tasks]
    #[arg(long, env = "PULSE_TASKS_QUEUE_NAME", value_name = "NAME")]
    pub(crate) pulse_tasks_queue_name: Option<String>,

    /// Last part of the names of the queues of classifications [default: tasksclassification]
    #[arg(long, env = "PULSE_MOZCI_CLASSIFICATION_QUEUE_NAME", value_name = "NAME")]
    pub(crate) pulse_mozci_classification_queue_name: Option<String>,

    /// Last part of the names of the queues of job messages [default: jobs]
    #[arg(long, env = "PULSE_JOBS_QUEUE_NAME", value_name = "NAME")]
    pub(crate) pulse_jobs_queue_name: Option<String>,

    /// Which of mozci's routes are listened to: production or testing [default: production]
    #[arg(long, env = "PULSE_MOZCI_ENVIRONMENT", value_name = "NAME")]
    pub(crate) pulse_mozci_environment: Option<String>,

    /// Let the queues on Pulse vanish when nobody listens any more; for development
    #[arg(long, env = "PULSE_AUTO_DELETE_QUEUES", value_parser = switch)]
    pub(crate) pulse_auto_delete_queues: bool,

    /// Pulse Guardian, which is asked for bindings that an earlier configuration left behind
    /// [default: Mozilla's for pulse.mozilla.org, else none]
    #[arg(long, env = "PULSE_GUARDIAN_URL", value_name = "URL")]
    pub(crate) pulse_guardian_url: Option<String>,

    /// Take in nothing new: a listener exits at once, `serve` works on what is queued and answers requests
    #[arg(long, env = "SKIP_INGESTION", value_parser = switch)]
    pub(crate) skip_ingestion: bool,
}

impl PulseArgs {
    /// Reads the settings of a listener.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub(crate) fn settings(&self, kind: Kind) -> anyhow::Result<Settings> {
        Settings::read(kind, &hostname(), |name| self.variable(name))
            .with_context(|| format!("cannot listen to Pulse ({kind:?})"))
    }

    /// Lists what a process of all roles listens to: what sources are named for, or everything where only Pulse is.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let kinds = [Kind::Joint, Kind::Pushes, Kind::Tasks, Kind::Classification, Kind::Jobs];
        let is_set = |name| self.variable(name).is_some_and(|text| !text.is_empty());
        let named: Vec<Kind> = kinds.into_iter().filter(|kind| is_set(kind.sources_variable())).collect();
        if named.is_empty() && is_set("PULSE_URL") { vec![Kind::Joint] } else { named }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let switch = |on: bool| on.then(|| "1".to_owned());
        match name {
            "PULSE_URL" => self.pulse_url.clone(),
            "PULSE_SOURCES" => self.pulse_sources.clone(),
            "PULSE_PUSH_SOURCES" => self.pulse_push_sources.clone(),
            "PULSE_TASK_SOURCES" => self.pulse_task_sources.clone(),
            "PULSE_MOZCI_CLASSIFICATION_SOURCES" => self.pulse_mozci_classification_sources.clone(),
            "PULSE_JOB_SOURCES" => self.pulse_job_sources.clone(),
            "PULSE_QUEUE_NAME" => self.pulse_queue_name.clone(),
            "PULSE_RESULSETS_QUEUE_NAME" => self.pulse_resulsets_queue_name.clone(),
            "PULSE_TASKS_QUEUE_NAME" => self.pulse_tasks_queue_name.clone(),
            "PULSE_MOZCI_CLASSIFICATION_QUEUE_NAME" => self.pulse_mozci_classification_queue_name.clone(),
            "PULSE_JOBS_QUEUE_NAME" => self.pulse_jobs_queue_name.clone(),
            "PULSE_MOZCI_ENVIRONMENT" => self.pulse_mozci_environment.clone(),
            "PULSE_AUTO_DELETE_QUEUES" => switch(self.pulse_auto_delete_queues),
            "SKIP_INGESTION" => switch(self.skip_ingestion),
            // Set by other people's tools for purposes of their own, so it is no flag of ours.
            "VIRTUAL_ENV" => std::env::var(name).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_listens_to_what_is_named_or_to_everything() {
        let url = Some("amqp://u:p@localhost".to_owned());
        let list = Some("[]".to_owned());
        assert_eq!(PulseArgs::default().kinds(), []);
        assert_eq!(PulseArgs { pulse_url: url.clone(), ..PulseArgs::default() }.kinds(), [Kind::Joint]);
        let named = PulseArgs { pulse_url: url, pulse_task_sources: list.clone(), ..PulseArgs::default() };
        assert_eq!(named.kinds(), [Kind::Tasks]);
        let named =
            PulseArgs { pulse_push_sources: list.clone(), pulse_task_sources: list, ..PulseArgs::default() };
        assert_eq!(named.kinds(), [Kind::Pushes, Kind::Tasks]);
    }

    #[test]
    fn every_variable_of_the_listeners_is_a_flag() {
        let args = PulseArgs {
            pulse_url: Some("amqp://me:p@localhost".to_owned()),
            pulse_tasks_queue_name: Some("mine".to_owned()),
            pulse_resulsets_queue_name: Some("pushes".to_owned()),
            pulse_mozci_classification_queue_name: Some("mozci".to_owned()),
            pulse_jobs_queue_name: Some("bridged".to_owned()),
            pulse_queue_name: Some("all".to_owned()),
            pulse_auto_delete_queues: true,
            ..PulseArgs::default()
        };
        for (kind, suffix) in [
            (Kind::Tasks, "mine"),
            (Kind::Pushes, "pushes"),
            (Kind::Classification, "mozci"),
            (Kind::Jobs, "bridged"),
            (Kind::Joint, "all"),
        ] {
            let settings = args.settings(kind).unwrap();
            assert_eq!((settings.queue_suffix.as_str(), settings.auto_delete), (suffix, true));
        }
    }

    #[test]
    fn a_missing_address_is_told_with_what_it_is_for() {
        let error = format!("{:#}", PulseArgs::default().settings(Kind::Tasks).unwrap_err());
        assert!(error.contains("PULSE_URL is not set") && error.contains("Tasks"), "{error}");
    }
}

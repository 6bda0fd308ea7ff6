//! The process types of a deployment of many processes: one closed table (`spec/api.md` §9.5).

use treeherder_ingest::pulse::Kind;
use treeherder_ingest::queue::QueueName;

/// What a process type does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Listens to Pulse.
    Listener(Kind),
    /// Works on the queues whose row in the table of queues names it.
    Worker,
    /// A command of its own.
    Command,
}

/// A process type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessType {
    /// The word that starts it, as existing deployments have it.
    pub(crate) name: &'static str,
    /// Other words for it: older names, and each with hyphens.
    pub(crate) aliases: &'static [&'static str],
    /// What it does.
    pub(crate) duty: Duty,
    /// How many of them a deployment has.
    pub(crate) instances: &'static str,
    /// Whether every deployment has it, so that the files in `deploy/` start it: not what takes the place of others, nor
    /// a bridge, which needs settings that others do not have.
    pub(crate) standard: bool,
    /// What it does, for people.
    pub(crate) about: &'static str,
}

const fn command(
    name: &'static str,
    aliases: &'static [&'static str],
    instances: &'static str,
    about: &'static str,
) -> ProcessType {
    ProcessType { name, aliases, duty: Duty::Command, instances, standard: true, about }
}

const fn listener(
    name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    about: &'static str,
) -> ProcessType {
    ProcessType { name, aliases, duty: Duty::Listener(kind), instances: "1", standard: true, about }
}

/// Makes a process type one that not every deployment has.
const fn optional(process: ProcessType) -> ProcessType {
    ProcessType { standard: false, ..process }
}

const fn worker(name: &'static str, aliases: &'static [&'static str], about: &'static str) -> ProcessType {
    ProcessType { name, aliases, duty: Duty::Worker, instances: "1 or more", standard: true, about }
}

/// The table.
#[rustfmt::skip]
static TABLE: [ProcessType; 18] = [
    command("release", &[], "once before the others", "Checks settings, makes the tables, loads reference data, tells about the deployment"),
    command("web", &[], "1 or more", "Answers HTTP requests"),
    command("scheduler", &["celery_scheduler", "celery-scheduler"], "1 or more", "Puts periodic tasks on the queues when they are due; several do so once"),
    optional(command("bridge", &[], "1 for each route prefix", "Publishes job messages about task events, for other consumers")),
    optional(listener("pulse_listener", &["pulse-listener"], Kind::Joint, "Puts all messages of Pulse on the queues; instead of the three below, for small deployments")),
    listener("pulse_listener_pushes", &["pulse-listener-pushes"], Kind::Pushes, "Puts messages about pushes on the queues"),
    listener("pulse_listener_tasks", &["pulse-listener-tasks"], Kind::Tasks, "Puts task events on the queues"),
    listener("pulse_listener_tasks_classification", &["pulse-listener-tasks-classification"], Kind::Classification, "Puts mozci's classifications on the queues"),
    optional(listener("pulse_listener_jobs", &["pulse-listener-jobs"], Kind::Jobs, "Puts job messages of a bridge on the queues; instead of the one to tasks, where a bridge made jobs of them")),
    worker("worker_store_pulse_data", &["worker-store-pulse-data"], "Stores pushes and jobs"),
    worker("worker_log_parser", &["worker-log-parser"], "Parses logs of successful jobs"),
    worker("worker_log_parser_fail_raw_sheriffed", &["worker-log-parser-fail-raw-sheriffed"], "Parses logs of jobs that failed in sheriffed repositories"),
    worker("worker_log_parser_fail_raw_unsheriffed", &["worker-log-parser-fail-raw-unsheriffed"], "Parses logs of jobs that failed elsewhere"),
    worker("worker_log_parser_fail_json_sheriffed", &["worker-log-parser-fail-json-sheriffed"], "Reads error summaries of sheriffed repositories"),
    worker("worker_log_parser_fail_json_unsheriffed", &["worker-log-parser-fail-json-unsheriffed"], "Reads error summaries of other repositories"),
    worker("worker_perf_ingest", &["worker-perf-ingest"], "Stores performance data"),
    worker("worker_perf_alert", &["worker-perf-alert"], "Looks for changes in performance data"),
    worker("worker_misc", &["worker-misc"], "Polls pushlogs, counts what was ingested, and does whatever has no queue of its own"),
];

impl ProcessType {
    /// Lists every process type.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        TABLE.iter()
    }

    /// Lists the queues it works on.
    pub(crate) fn queues(&self) -> Vec<QueueName> {
        QueueName::all().filter(|queue| queue.worker_process() == self.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_queue_has_a_worker_and_every_worker_a_queue() {
        for queue in QueueName::all() {
            let worker = ProcessType::all().find(|process| process.name == queue.worker_process());
            assert!(
                worker.is_some_and(|worker| worker.duty == Duty::Worker),
                "nobody works on {queue}: the table of process types has no worker {}",
                queue.worker_process()
            );
        }
        for process in ProcessType::all() {
            assert_eq!(process.duty == Duty::Worker, !process.queues().is_empty(), "{}", process.name);
        }
    }

    #[test]
    fn words_are_those_of_existing_deployments_and_mean_one_thing() {
        let mut words: Vec<&str> = Vec::new();
        for process in ProcessType::all() {
            words.push(process.name);
            words.extend(process.aliases);
            let hyphenated = process.name.replace('_', "-");
            assert!(words.contains(&hyphenated.as_str()), "{} is not known with hyphens", process.name);
        }
        for word in ["pulse_listener_tasks", "worker_perf_ingest", "web", "celery_scheduler"] {
            assert!(words.contains(&word), "{word}");
        }
        let number = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), number);
    }

    #[test]
    fn every_process_type_is_a_command_of_its_own() {
        let command = Cli::command();
        for process in ProcessType::all() {
            let found = command.get_subcommands().find(|command| command.get_name() == process.name);
            let found = found.unwrap_or_else(|| panic!("{} is no command", process.name));
            let aliases: Vec<&str> = found.get_all_aliases().collect();
            assert_eq!(aliases, process.aliases, "{}", process.name);
        }
    }
}

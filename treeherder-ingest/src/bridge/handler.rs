//! The order in which a message is handled (`spec/bridge-l10n-platform.md` §1.3).

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::job::schema::Violations;
use crate::pulse::Delivery;
use crate::task::{TaskDefinition, TaskError, TaskEvent, TaskEventKind, TaskQueue, candidates};

use super::build::Told;
use super::counters::BridgeCounters;
use super::error::{BridgeError, UnpublishedCause};
use super::message::PulseJob;
use super::options::BridgeOptions;
use super::problems::ProblemLog;
use super::publication::{JobPublisher, Publication, RoutingKey};
use super::route::{JobRoute, RouteOrigin};
use super::schema::check_job;
use super::task_config::{self, TaskConfig};

/// What the names of the exchanges start with that the bridge listens to.
const TASK_EXCHANGES: &str = "exchange/taskcluster-queue/v1/";

/// Turns task events into job messages and publishes them.
///
/// It stores nothing. Asks and publishes through what it is given; [`run`](Self::run) feeds it from a source.
pub struct Bridge {
    queue: Arc<dyn TaskQueue>,
    publisher: Arc<dyn JobPublisher>,
    options: BridgeOptions,
    counters: Arc<BridgeCounters>,
    problems: Arc<ProblemLog>,
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bridge").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What became of a message.
#[derive(Debug, Default)]
pub struct Handled {
    /// Job messages published.
    pub published: usize,
    /// Why there are no more, although nothing is wrong on our side.
    pub skipped: Vec<Skipped>,
    /// What went wrong; the message counts as a failure.
    pub errors: Vec<BridgeError>,
}

impl Handled {
    fn failed(error: BridgeError) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }

    /// Tells whether the same message may succeed later.
    #[must_use]
    pub fn is_transient_failure(&self) -> bool {
        self.errors.iter().any(BridgeError::is_transient)
    }
}

/// Why a message quietly gives no job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The definition has no block for Treeherder.
    NoConfig,
    /// The definition's block for Treeherder violates the schema; the owner of the task has to correct it.
    InvalidConfig {
        /// Project of the route.
        project: String,
        /// What is wrong, with JSON pointers into the definition.
        violations: Violations,
    },
    /// The run never existed: Taskcluster made it up to say that the task broke.
    InventedRun,
}

impl Bridge {
    /// Asks `queue` for definitions and artifacts and publishes through `publisher`.
    #[must_use]
    pub fn new(queue: Arc<dyn TaskQueue>, publisher: Arc<dyn JobPublisher>, options: BridgeOptions) -> Self {
        Self { queue, publisher, options, counters: Arc::default(), problems: Arc::default() }
    }

    /// Returns what was counted.
    #[must_use]
    pub fn counters(&self) -> Arc<BridgeCounters> {
        Arc::clone(&self.counters)
    }

    /// Returns what went wrong lately.
    #[must_use]
    pub fn problems(&self) -> Arc<ProblemLog> {
        Arc::clone(&self.problems)
    }

    /// Handles a message: counts it and publishes what it gives.
    ///
    /// Reporting what went wrong is left to the caller, who knows whether the message will come again.
    pub async fn handle(&self, delivery: &Delivery) -> Handled {
        self.counters.add("handle-message");
        let start = Instant::now();
        let handled = self.handle_event(delivery).await;
        self.counters.add_time(start.elapsed());
        self.counters.add(if handled.errors.is_empty() {
            "handle-message.success"
        } else {
            "handle-message.failure"
        });
        handled
    }

    async fn handle_event(&self, delivery: &Delivery) -> Handled {
        let event = match event_of(delivery) {
            Ok(event) => event,
            Err(error) => return Handled::failed(error),
        };
        let task_id = event.task_id();
        // The definition is asked for before routes are looked at, which are the message's and not the definition's.
        let task = match self.queue.task(&delivery.root_url, task_id).await {
            Ok(task) => task,
            Err(source) => {
                return Handled::failed(BridgeError::Queue { task_id: task_id.to_owned(), source });
            }
        };
        let routes: Vec<String> =
            delivery.cc.iter().filter_map(|key| key.strip_prefix("route.")).map(str::to_owned).collect();
        tracing::debug!(task_id, exchange = delivery.exchange, ?routes, "handling a task event");
        let mut handled = Handled::default();
        let mut is_ours = false;
        for prefix in &self.options.prefixes {
            let ours: Vec<&str> = candidates(&routes, prefix).collect();
            match ours.as_slice() {
                [] => {}
                [route] => {
                    is_ours = true;
                    let told = self.tell(&event, &delivery.root_url, &task, route, &mut handled).await;
                    handled.errors.extend(told.err());
                }
                several => {
                    is_ours = true;
                    handled.errors.push(no_route(task_id, prefix, several.len(), routes.clone()));
                }
            }
        }
        if !is_ours {
            handled.errors.push(no_route(task_id, &self.options.prefixes.join(" or "), 0, routes));
        }
        handled
    }

    /// Publishes what there is to tell at the destination of one route.
    async fn tell(
        &self,
        event: &TaskEvent,
        root_url: &str,
        task: &TaskDefinition,
        route: &str,
        handled: &mut Handled,
    ) -> Result<(), BridgeError> {
        let task_id = event.task_id();
        let mut route = JobRoute::parse(route, self.options.route_forms)
            .map_err(|source| BridgeError::Route { task_id: task_id.to_owned(), source })?;
        let block = &task.extra.treeherder;
        if let Some(revision) = task_config::revision(block) {
            route.revision = revision;
        }
        self.counters.add_of_project(&route.project, "handle-message");
        let config = match TaskConfig::read(block) {
            Ok(Some(config)) => config,
            Ok(None) => {
                self.counters.add("validateTask.no-config");
                handled.skipped.push(Skipped::NoConfig);
                return Ok(());
            }
            Err(violations) => {
                self.counters.add("validateTask.invalid-config");
                tracing::debug!(task_id, %violations, "the treeherder block of a task violates the schema");
                handled.skipped.push(Skipped::InvalidConfig { project: route.project, violations });
                return Ok(());
            }
        };
        self.counters.add("validateTask.good-config");
        let queue = &*self.queue;
        let told = Told { event, root_url, task, config, route, options: &self.options, queue };
        for run in told.runs() {
            match told.job(run).await? {
                Some(job) => {
                    self.publish(&told.route, task_id, &job).await?;
                    handled.published += 1;
                }
                None => handled.skipped.push(Skipped::InventedRun),
            }
        }
        Ok(())
    }

    /// Validates and publishes a job.
    async fn publish(&self, route: &JobRoute, task_id: &str, job: &PulseJob) -> Result<(), BridgeError> {
        // A structure of texts, numbers and maps with text keys always has a JSON form.
        let job = serde_json::to_value(job).unwrap_or_default();
        let project = route.project.as_str();
        let result = self.try_publish(route, &job).await;
        self.counters.add_of_project(
            project,
            if result.is_ok() { "publish-message.success" } else { "publish-message.failure" },
        );
        result.map_err(|cause| BridgeError::Unpublished {
            task_id: task_id.to_owned(),
            project: project.to_owned(),
            cause,
            job: Box::new(job),
        })
    }

    async fn try_publish(&self, route: &JobRoute, job: &Value) -> Result<(), UnpublishedCause> {
        let legacy = self.options.legacy_revision_hash && route.origin == RouteOrigin::Mercurial;
        check_job(job, legacy)?;
        let key = RoutingKey::new(&route.destination, &route.project)?;
        tracing::debug!(routing_key = key.primary, task = ?job.get("taskId"), "publishing a job");
        let body = job.to_string().into_bytes();
        self.publisher.publish(Publication { key, body }).await?;
        tracing::debug!(task = ?job.get("taskId"), "published a job");
        Ok(())
    }
}

fn no_route(task_id: &str, prefix: &str, candidates: usize, routes: Vec<String>) -> BridgeError {
    BridgeError::NoRoute { task_id: task_id.to_owned(), prefix: prefix.to_owned(), candidates, routes }
}

/// Reads the event; the bridge has no use for tasks that are only defined.
fn event_of(delivery: &Delivery) -> Result<TaskEvent, BridgeError> {
    let exchange = delivery.exchange.as_str();
    let unknown = || BridgeError::UnknownExchange { exchange: exchange.to_owned() };
    if !exchange.starts_with(TASK_EXCHANGES) {
        return Err(unknown());
    }
    match TaskEvent::parse(exchange, &delivery.body) {
        Ok(event) if event.kind != TaskEventKind::Defined => Ok(event),
        Ok(_) | Err(TaskError::UnknownExchange { .. }) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

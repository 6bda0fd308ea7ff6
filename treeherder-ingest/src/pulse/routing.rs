//! Which work items a delivery becomes (§1.8).

use super::Delivery;
use crate::bridge::is_job_exchange;
use crate::pipeline::PulseTask;
use crate::queue::QueueName;

/// What a listener listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Task events.
    Tasks,
    /// Pushes and pull requests.
    Pushes,
    /// Tasks by which mozci classifies pushes.
    Classification,
    /// Job messages that a bridge made of task events (`spec/bridge-l10n-platform.md` §7).
    Jobs,
    /// All of these; for a deployment in one process.
    Joint,
}

/// What is done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// It becomes these work items.
    Publish(&'static [PulseTask]),
    /// It is for another kind of listener.
    Filtered,
    /// Nobody knows its exchange; it would have become this.
    Unknown(PulseTask),
}

impl Kind {
    /// Decides by exchange and routing key.
    pub(super) fn route(self, delivery: &Delivery) -> Route {
        let exchange = delivery.exchange.as_str();
        let (is_task, is_push) = (is_task_exchange(exchange), is_push_exchange(exchange));
        if !is_task && !is_push {
            return Route::Unknown(self.main_task());
        }
        match self {
            Self::Tasks if is_task => Route::Publish(&[PulseTask::Tasks]),
            Self::Jobs if is_job_exchange(exchange) => Route::Publish(&[PulseTask::Tasks]),
            Self::Pushes if is_push => Route::Publish(&[PulseTask::Pushes]),
            Self::Classification if is_task && exchange.contains("task-completed") => {
                Route::Publish(&[PulseTask::Classification])
            }
            Self::Joint if is_push => Route::Publish(&[PulseTask::Pushes]),
            Self::Joint
                if exchange.contains("task-completed") && delivery.routing_key.contains(".proj-mozci.") =>
            {
                Route::Publish(&[PulseTask::Tasks, PulseTask::Classification])
            }
            Self::Joint => Route::Publish(&[PulseTask::Tasks]),
            Self::Tasks | Self::Pushes | Self::Classification | Self::Jobs => Route::Filtered,
        }
    }

    /// Returns what a delivery of unknown exchange would become: upstream takes whatever is no task for a push.
    fn main_task(self) -> PulseTask {
        match self {
            Self::Tasks | Self::Jobs => PulseTask::Tasks,
            Self::Classification => PulseTask::Classification,
            Self::Pushes | Self::Joint => PulseTask::Pushes,
        }
    }

    /// Returns the queue whose dead letters keep what arrives and is no delivery at all.
    pub(super) fn queue_of_broken(self) -> QueueName {
        match self {
            Self::Joint => QueueName::Default,
            Self::Tasks | Self::Pushes | Self::Classification | Self::Jobs => self.main_task().queue(),
        }
    }
}

/// Tells whether messages of the exchange tell about tasks, as events or as the job messages of a bridge.
fn is_task_exchange(exchange: &str) -> bool {
    exchange.starts_with("exchange/taskcluster-queue/v1/") || is_job_exchange(exchange)
}

/// Tells whether the push loader has a transformer for the exchange (§3.2).
fn is_push_exchange(exchange: &str) -> bool {
    if exchange.contains("github") {
        exchange.ends_with("push") || exchange.ends_with("pull-request")
    } else {
        exchange.contains("/hgpushes/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_it_listens_to() {
        use PulseTask::{Classification, Pushes, Tasks};
        use Route::{Filtered, Publish, Unknown};
        const COMPLETED: &str = "exchange/taskcluster-queue/v1/task-completed";
        const PENDING: &str = "exchange/taskcluster-queue/v1/task-pending";
        const MOZCI: &str = "primary.abc.0.proj-mozci.ci.-";
        let p: fn(&'static [PulseTask]) -> Route = Publish;
        // exchange, routing key, then the route for tasks, pushes, classification, jobs, joint
        #[rustfmt::skip]
        let table = [
            (COMPLETED, "a.b", p(&[Tasks]), Filtered, p(&[Classification]), Filtered, p(&[Tasks])),
            (COMPLETED, MOZCI, p(&[Tasks]), Filtered, p(&[Classification]), Filtered, p(&[Tasks, Classification])),
            (PENDING, MOZCI, p(&[Tasks]), Filtered, Filtered, Filtered, p(&[Tasks])),
            ("exchange/taskcluster-treeherder/v1/jobs", "a.b._", p(&[Tasks]), Filtered, Filtered, p(&[Tasks]), p(&[Tasks])),
            ("exchange/taskcluster-github/v1/push", "", Filtered, p(&[Pushes]), Filtered, Filtered, p(&[Pushes])),
            ("exchange/taskcluster-github/v1/pull-request", "", Filtered, p(&[Pushes]), Filtered, Filtered, p(&[Pushes])),
            ("exchange/hgpushes/v1", "", Filtered, p(&[Pushes]), Filtered, Filtered, p(&[Pushes])),
            ("exchange/taskcluster-github/v1/release", "", Unknown(Tasks), Unknown(Pushes), Unknown(Classification), Unknown(Tasks), Unknown(Pushes)),
            ("exchange/other/v1", MOZCI, Unknown(Tasks), Unknown(Pushes), Unknown(Classification), Unknown(Tasks), Unknown(Pushes)),
        ];
        for (exchange, routing_key, tasks, pushes, classification, jobs, joint) in table {
            let delivery = Delivery {
                exchange: exchange.into(),
                routing_key: routing_key.into(),
                cc: Vec::new(),
                root_url: String::new(),
                body: Vec::new(),
            };
            for (kind, expected) in [
                (Kind::Tasks, tasks),
                (Kind::Pushes, pushes),
                (Kind::Classification, classification),
                (Kind::Jobs, jobs),
                (Kind::Joint, joint),
            ] {
                assert_eq!(kind.route(&delivery), expected, "{kind:?} {exchange} {routing_key}");
            }
        }
    }
}

//! Names and arguments of the broker's queues.

use std::time::Duration;

use lapin::types::{AMQPValue, FieldTable};

use super::RabbitOptions;
use crate::queue::clock::milliseconds;
use crate::queue::{Priority, QueueName};

/// How often a message may be handed out again before the broker drops it: never reached.
///
/// Workers give up much earlier and tell why; RabbitMQ 4 has a limit of 20 where none is set.
const DELIVERY_LIMIT: i64 = 1_000_000_000;

/// A queue of the broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Ready messages.
    Work(QueueName, Priority),
    /// Messages that wait for so many milliseconds.
    Retry(QueueName, i64),
    /// Dead letters.
    Dead(QueueName),
}

impl Place {
    pub(super) fn name(&self, prefix: &str) -> String {
        match self {
            Self::Work(queue, Priority::Normal) => format!("{prefix}{queue}"),
            Self::Work(queue, Priority::High) => format!("{prefix}{queue}.high"),
            Self::Retry(queue, wait) => format!("{prefix}{queue}.retry.{wait}"),
            Self::Dead(queue) => format!("{prefix}{queue}.dead"),
        }
    }

    /// Returns the place of the ready messages of the same queue, with normal priority.
    pub(super) fn work(&self) -> Self {
        let (Self::Work(queue, _) | Self::Retry(queue, _) | Self::Dead(queue)) = self;
        Self::Work(*queue, Priority::Normal)
    }

    pub(super) fn arguments(&self, prefix: &str) -> FieldTable {
        let mut arguments = FieldTable::default();
        let text = |text: &str| AMQPValue::LongString(text.into());
        arguments.insert("x-queue-type".into(), text("quorum"));
        match self {
            Self::Work(..) | Self::Dead(_) => {
                arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
            }
            Self::Retry(_, wait) => {
                let work = self.work().name(prefix);
                arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(*wait));
                arguments.insert("x-dead-letter-exchange".into(), text(""));
                arguments.insert("x-dead-letter-routing-key".into(), text(&work));
                // The broker removes the message here only after the work queue has confirmed it; that needs the
                // overflow rule, which has no other effect on a queue without a length.
                arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
                arguments.insert("x-overflow".into(), text("reject-publish"));
            }
        }
        arguments
    }
}

impl RabbitOptions {
    /// Returns where a message that is due at `due` goes first; waiting queues that are to be avoided only where there is no
    /// other.
    pub(super) fn place(
        &self,
        queue: QueueName,
        priority: Priority,
        due: i64,
        now: i64,
        is_avoided: impl Fn(&Place) -> bool,
    ) -> Place {
        if due <= now {
            return Place::Work(queue, priority);
        }
        let steps = || self.steps.iter().map(|step| milliseconds(*step).max(1));
        let usable = || steps().filter(|step| !is_avoided(&Place::Retry(queue, *step)));
        let fitting = usable().filter(|step| *step <= due - now).max();
        match fitting.or_else(|| usable().min()).or_else(|| steps().min()) {
            Some(step) => Place::Retry(queue, step),
            // No steps at all: no waiting.
            None => Place::Work(queue, priority),
        }
    }

    /// Returns the places where messages of a queue wait.
    pub(super) fn waiting_places(&self, queue: QueueName) -> impl Iterator<Item = Place> {
        self.steps.iter().map(move |step: &Duration| Place::Retry(queue, milliseconds(*step).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulse::AmqpUrl;
    use crate::queue::RetryPolicy;

    fn options() -> RabbitOptions {
        RabbitOptions::new(AmqpUrl::parse("amqp://u:p@localhost").unwrap(), "test")
    }

    /// The steps that a delay is made of, in milliseconds.
    fn steps_of(mut delay: i64) -> Vec<i64> {
        let mut steps = Vec::new();
        let place = |delay| options().place(QueueName::Statsd, Priority::Normal, delay, 0, |_| false);
        while let Place::Retry(_, step) = place(delay) {
            steps.push(step);
            delay -= step;
        }
        steps
    }

    #[test]
    fn a_delay_is_made_of_the_largest_steps_that_fit() {
        assert_eq!(steps_of(0), [0; 0]);
        assert_eq!(steps_of(-5), [0; 0]);
        assert_eq!(steps_of(1), [1_000]);
        assert_eq!(steps_of(10_000), [10_000]);
        assert_eq!(steps_of(12_500), [10_000, 1_000, 1_000, 1_000]);
        assert_eq!(steps_of(190_000), [160_000, 20_000, 10_000]);
        assert_eq!(steps_of(7_940_000).iter().sum::<i64>(), 7_940_000);
    }

    #[test]
    fn a_queue_that_does_not_answer_is_avoided_while_there_is_another() {
        let place = |delay, avoided: &[i64]| {
            let is_avoided =
                |place: &Place| avoided.iter().any(|step| *place == Place::Retry(QueueName::Statsd, *step));
            options().place(QueueName::Statsd, Priority::Normal, delay, 0, is_avoided)
        };
        let retry = |step| Place::Retry(QueueName::Statsd, step);
        assert_eq!(place(12_000, &[10_000]), retry(1_000), "in smaller steps");
        assert_eq!(place(1_000, &[1_000]), retry(10_000), "later");
        assert_eq!(place(0, &[1_000]), Place::Work(QueueName::Statsd, Priority::Normal));
        let all: Vec<i64> = options().steps.iter().map(|step| milliseconds(*step)).collect();
        assert_eq!(place(1_000, &all), retry(1_000), "there is no other");
    }

    #[test]
    fn every_delay_of_the_retry_policy_is_exact_and_takes_few_hops() {
        for retries in 0..10 {
            for _ in 0..100 {
                let delay = milliseconds(RetryPolicy::default().next_delay(retries).unwrap());
                let steps = steps_of(delay);
                assert_eq!(steps.iter().sum::<i64>(), delay);
                assert!(steps.len() <= 10, "{delay} ms: {steps:?}");
            }
        }
    }

    #[test]
    fn places_have_names_of_their_own() {
        let place = |place: Place| place.name("x.");
        assert_eq!(place(Place::Work(QueueName::Statsd, Priority::Normal)), "x.statsd");
        assert_eq!(place(Place::Work(QueueName::Statsd, Priority::High)), "x.statsd.high");
        assert_eq!(place(Place::Retry(QueueName::Statsd, 10_000)), "x.statsd.retry.10000");
        assert_eq!(place(Place::Dead(QueueName::Statsd)), "x.statsd.dead");
    }
}

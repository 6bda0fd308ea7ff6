//! Random interleavings of everything that can happen to messages: nothing is lost, nothing runs away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use treeherder_ingest::queue::{Burial, Delivery, Message, Page, Queue, QueueName, Receipt, Retry};

use crate::backend::{Backend, Postgres, Sqlite};

const QUEUES: [QueueName; 2] = [QueueName::StorePulseTasks, QueueName::PerfIngest];
const LEASE: Duration = Duration::from_secs(60);

/// Something that happens; `usize`s choose a process or one of the deliveries it holds.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        queue: usize,
        number: usize,
        delay: u64,
    },
    Claim {
        process: usize,
        limit: usize,
    },
    Ack {
        process: usize,
        which: usize,
    },
    Retry {
        process: usize,
        which: usize,
        delay: u64,
    },
    Dead {
        process: usize,
        which: usize,
    },
    Release {
        process: usize,
        which: usize,
    },
    Extend {
        process: usize,
        which: usize,
    },
    /// The process ends without a word; another takes its place.
    Crash {
        process: usize,
    },
    /// As a crash, but the new process frees what the old one held.
    Restart {
        process: usize,
    },
    PutBackAll {
        queue: usize,
    },
    Pass {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let process = 0..3_usize;
    let which = 0..8_usize;
    prop_oneof![
        2 => (0..2_usize, 1..6_usize, 0..20_u64)
            .prop_map(|(queue, number, delay)| Step::Publish { queue, number, delay: delay / 10 * delay }),
        4 => (process.clone(), 1..5_usize).prop_map(|(process, limit)| Step::Claim { process, limit }),
        4 => (process.clone(), which.clone()).prop_map(|(process, which)| Step::Ack { process, which }),
        1 => (process.clone(), which.clone(), 0..100_u64)
            .prop_map(|(process, which, delay)| Step::Retry { process, which, delay }),
        1 => (process.clone(), which.clone()).prop_map(|(process, which)| Step::Dead { process, which }),
        1 => (process.clone(), which.clone()).prop_map(|(process, which)| Step::Release { process, which }),
        1 => (process.clone(), which).prop_map(|(process, which)| Step::Extend { process, which }),
        1 => process.clone().prop_map(|process| Step::Crash { process }),
        1 => process.prop_map(|process| Step::Restart { process }),
        1 => (0..2_usize).prop_map(|queue| Step::PutBackAll { queue }),
        2 => (0..90_u64).prop_map(|seconds| Step::Pass { seconds }),
    ]
}

/// A process with the deliveries it believes to hold.
struct Process {
    queue: Arc<dyn Queue>,
    held: Vec<Delivery>,
}

/// What must be true of the messages, whatever happens.
#[derive(Default)]
struct Ledger {
    published: BTreeSet<String>,
    /// Messages whose removal was confirmed.
    acknowledged: BTreeSet<String>,
    /// The newest receipt of each message.
    newest: BTreeMap<String, Receipt>,
}

impl Ledger {
    fn claimed(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            assert!(self.published.contains(&delivery.payload), "{} was never published", delivery.payload);
            assert!(
                !self.acknowledged.contains(&delivery.payload),
                "{} came back after its ack",
                delivery.payload
            );
            let old = self.newest.insert(delivery.payload.clone(), delivery.receipt);
            assert_ne!(old, Some(delivery.receipt), "a receipt was given twice");
        }
    }

    /// Only the newest receipt of a message may settle it.
    fn settled(&mut self, delivery: &Delivery, settled: usize, is_ack: bool) {
        let is_newest = self.newest.get(&delivery.payload) == Some(&delivery.receipt);
        assert!(settled == 0 || is_newest, "an old receipt settled {}", delivery.payload);
        if settled == 1 && is_ack {
            assert!(
                self.acknowledged.insert(delivery.payload.clone()),
                "{} was acked twice",
                delivery.payload
            );
        }
    }
}

async fn play<B: Backend>(backend: &B, steps: Vec<Step>) {
    let mut ledger = Ledger::default();
    let mut processes = Vec::new();
    for name in ["a", "b", "c"] {
        processes.push(Process { queue: backend.open(name).await, held: Vec::new() });
    }
    let take = |process: &mut Process, which: usize| {
        (!process.held.is_empty()).then(|| {
            let position = which % process.held.len();
            process.held.remove(position)
        })
    };
    for step in steps {
        match step {
            Step::Publish { queue, number, delay } => {
                let messages: Vec<Message> = (0..number)
                    .map(|offset| {
                        let payload = format!("{}", ledger.published.len() + offset);
                        Message::new(QUEUES[queue], payload).with_delay(Duration::from_secs(delay))
                    })
                    .collect();
                processes[0].queue.publish(&messages).await.unwrap();
                ledger.published.extend(messages.into_iter().map(|message| message.payload));
            }
            Step::Claim { process, limit } => {
                let process = &mut processes[process];
                let claimed = process.queue.claim(&QUEUES, limit, LEASE).await.unwrap();
                assert!(claimed.len() <= limit);
                ledger.claimed(&claimed);
                process.held.extend(claimed);
            }
            Step::Ack { process, which } => {
                let process = &mut processes[process];
                let Some(delivery) = take(process, which) else { continue };
                let settled = process.queue.ack(&[delivery.receipt]).await.unwrap();
                ledger.settled(&delivery, settled, true);
            }
            Step::Retry { process, which, delay } => {
                let process = &mut processes[process];
                let Some(delivery) = take(process, which) else { continue };
                let delay = Duration::from_secs(delay);
                let retry = Retry { receipt: delivery.receipt, delay, error: "again".into() };
                let settled = process.queue.retry(&[retry]).await.unwrap();
                ledger.settled(&delivery, settled, false);
            }
            Step::Dead { process, which } => {
                let process = &mut processes[process];
                let Some(delivery) = take(process, which) else { continue };
                let burial = Burial { receipt: delivery.receipt, error: "no".into() };
                let settled = process.queue.dead(&[burial]).await.unwrap();
                ledger.settled(&delivery, settled, false);
            }
            Step::Release { process, which } => {
                let process = &mut processes[process];
                let Some(delivery) = take(process, which) else { continue };
                let settled = process.queue.release(&[delivery.receipt]).await.unwrap();
                ledger.settled(&delivery, settled, false);
            }
            Step::Extend { process, which } => {
                let process = &processes[process];
                if let Some(delivery) = process.held.get(which) {
                    process.queue.extend(&[delivery.receipt], LEASE).await.unwrap();
                }
            }
            Step::Crash { process } => processes[process].held.clear(),
            Step::Restart { process } => {
                processes[process].held.clear();
                processes[process].queue.reclaim(false).await.unwrap();
            }
            Step::PutBackAll { queue } => drop(processes[0].queue.put_back_all(QUEUES[queue]).await.unwrap()),
            Step::Pass { seconds } => backend.pass(Duration::from_secs(seconds)).await,
        }
    }

    // Whoever held something is gone. All that was not acknowledged must come once more.
    let queue = Arc::clone(&processes[0].queue);
    let mut found = BTreeSet::new();
    for name in QUEUES {
        let letters = queue.dead_letters(name, Page { before: None, limit: 1_000 }).await.unwrap();
        found.extend(letters.into_iter().map(|letter| letter.payload));
    }
    backend.pass(LEASE * 10).await;
    loop {
        let claimed = queue.claim(&QUEUES, 7, LEASE).await.unwrap();
        if claimed.is_empty() {
            break;
        }
        ledger.claimed(&claimed);
        for delivery in &claimed {
            assert!(found.insert(delivery.payload.clone()), "{} is there twice", delivery.payload);
            let settled = queue.ack(&[delivery.receipt]).await.unwrap();
            assert_eq!(settled, 1);
        }
    }
    let missing: Vec<_> =
        ledger.published.difference(&ledger.acknowledged).filter(|p| !found.contains(*p)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    let twice: Vec<_> = found.intersection(&ledger.acknowledged).collect();
    assert!(twice.is_empty(), "still there after their ack: {twice:?}");
}

fn check<B: Backend>(cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    // Held for all cases, so that a private server is started once.
    let Some(_first) = runtime.block_on(B::start()) else { return };
    proptest!(config, |(steps in proptest::collection::vec(step(), 1..80))| {
        runtime.block_on(async {
            let backend = B::start().await.expect("it was there a moment ago");
            play(&backend, steps).await;
        });
    });
}

#[test]
fn nothing_is_lost_or_doubled_on_sqlite() {
    check::<Sqlite>(30);
}

#[test]
fn nothing_is_lost_or_doubled_on_postgres() {
    check::<Postgres>(6);
}

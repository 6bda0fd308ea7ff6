//! Hands one claimed batch to its handler and settles every message of it.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::statistics::{Counters, add, take};
use super::worker::BackOff;
use super::{
    Burial, Delivery, Ending, Handler, Observer, Outcome, Queue, QueueError, QueueName, Receipt, Retry,
    Statistics, WorkerOptions,
};

/// What the batches of one queue have in common.
pub(super) struct BatchRunner {
    pub(super) name: QueueName,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) options: WorkerOptions,
    pub(super) soft_time_limit: Duration,
    pub(super) statistics: Arc<Statistics>,
    /// Start nothing more.
    pub(super) stop: CancellationToken,
    /// Finish nothing more.
    pub(super) abandon: CancellationToken,
}

/// How a call of a handler ended.
enum Return {
    Outcomes(Vec<Outcome>),
    Panic(String),
    TimeLimit,
    Abandoned,
}

/// The receipts whose leases are being prolonged.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashSet<Receipt>>>);

impl Held {
    fn with<T>(&self, act: impl FnOnce(&mut HashSet<Receipt>) -> T) -> T {
        // A set of receipts is whole even if a thread panicked while it held the lock.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends a task when dropped.
struct EndWhenDropped(tokio::task::JoinHandle<()>);

impl Drop for EndWhenDropped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl BatchRunner {
    /// Tells who looks on, if somebody does.
    fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = &self.options.observer {
            tell(observer.as_ref());
        }
    }

    fn counters(&self) -> &Counters {
        self.statistics.of(self.name)
    }

    /// Handles and settles a claimed batch.
    pub(super) async fn run(&self, claimed: Vec<Delivery>) {
        let size = claimed.len();
        add(&self.counters().claimed, size);
        add(&self.counters().in_flight, size);
        self.tell(|observer| observer.received(&claimed));
        let held = Held::default();
        held.with(|receipts| receipts.extend(claimed.iter().map(|delivery| delivery.receipt)));
        let _extender = EndWhenDropped(tokio::spawn(extend_leases(
            Arc::clone(&self.queue),
            held.clone(),
            self.options.clone(),
        )));

        let mut work = self.plan(claimed, &held).await;
        while let Some(batch) = work.pop_front() {
            if self.stop.is_cancelled() {
                work.push_front(batch);
                break;
            }
            self.process(batch, &mut work, &held).await;
        }
        let untouched: Vec<Receipt> = work.iter().flatten().map(|delivery| delivery.receipt).collect();
        self.give_back(untouched, &held).await;
        take(&self.counters().in_flight, size);
    }

    /// Splits what was claimed: new messages together, those that failed before alone.
    ///
    /// A message that was handed out more often than retries allow has ended its process each time (a failure that
    /// is reported ends in a dead letter earlier): it is given up before it does so again.
    async fn plan(&self, claimed: Vec<Delivery>, held: &Held) -> VecDeque<Vec<Delivery>> {
        let mut work = VecDeque::new();
        let mut fresh = Vec::new();
        let mut settlement = Settlement::default();
        for delivery in claimed {
            if self.options.observer.as_ref().is_some_and(|observer| observer.is_revoked(&delivery)) {
                tracing::warn!(message.id = %delivery.message_id, "a revoked message is removed");
                settlement.revoked.push(delivery.receipt);
            } else if delivery.attempts > self.options.retries.max_retries.saturating_add(1) {
                let last = delivery.last_error.as_deref().unwrap_or("none reported");
                let error = format!(
                    "handed out {} times without an end being reported; last error: {last}",
                    delivery.attempts - 1
                );
                settlement.dead.push(Burial { receipt: delivery.receipt, error });
            } else if delivery.attempts > 1 {
                work.push_back(vec![delivery]);
            } else {
                fresh.push(delivery);
            }
        }
        if !fresh.is_empty() {
            work.push_front(fresh);
        }
        self.settle(settlement, held).await;
        work
    }

    /// Hands a batch in and settles it; what has to be repeated alone is added to `work`.
    async fn process(&self, batch: Vec<Delivery>, work: &mut VecDeque<Vec<Delivery>>, held: &Held) {
        let heads: Vec<(Receipt, u32)> =
            batch.iter().map(|delivery| (delivery.receipt, delivery.attempts)).collect();
        let receipts: Vec<Receipt> = heads.iter().map(|(receipt, _)| *receipt).collect();
        let copies = if batch.len() > 1 { batch.clone() } else { Vec::new() };
        self.tell(|observer| observer.started(&receipts));
        let start = Instant::now();
        let returned = self.call(batch).await;
        let took = start.elapsed();
        add(&self.counters().busy_micros, usize::try_from(took.as_micros()).unwrap_or(usize::MAX));
        self.tell(|observer| observer.handled(&receipts, took));
        let mut outcomes = match returned {
            Return::Outcomes(outcomes) => outcomes,
            Return::Panic(error) => vec![Outcome::Isolate { error }; heads.len()],
            Return::TimeLimit => {
                let limit = self.soft_time_limit.as_secs_f64();
                vec![Outcome::Retry { error: format!("soft time limit of {limit} s exceeded") }; heads.len()]
            }
            Return::Abandoned => {
                self.give_back(receipts, held).await;
                return;
            }
        };
        if outcomes.len() != heads.len() {
            let error =
                format!("the handler returned {} outcomes for {} messages", outcomes.len(), heads.len());
            outcomes.truncate(heads.len());
            outcomes.resize(heads.len(), Outcome::Retry { error });
        }

        let mut settlement = Settlement::default();
        let mut copies = copies.into_iter();
        for ((receipt, attempts), outcome) in heads.into_iter().zip(outcomes) {
            let copy = copies.next();
            match (outcome, copy) {
                (Outcome::Done, _) => settlement.done.push(receipt),
                (Outcome::Dead { error }, _) => settlement.dead.push(Burial { receipt, error }),
                (Outcome::Isolate { .. }, Some(delivery)) => work.push_back(vec![delivery]),
                (Outcome::Retry { error } | Outcome::Isolate { error }, _) => {
                    self.schedule(&mut settlement, receipt, attempts, None, error);
                }
                (Outcome::RetryAfter { delay, error }, _) => {
                    self.schedule(&mut settlement, receipt, attempts, Some(delay), error);
                }
            }
        }
        self.settle(settlement, held).await;
    }

    /// Decides between another retry and a dead letter.
    fn schedule(
        &self,
        settlement: &mut Settlement,
        receipt: Receipt,
        attempts: u32,
        asked: Option<Duration>,
        error: String,
    ) {
        match self.options.retries.next_delay(attempts.saturating_sub(1)) {
            Some(delay) => settlement.retry.push(Retry { receipt, delay: asked.unwrap_or(delay), error }),
            None => {
                let error = format!("gave up after {attempts} attempts: {error}");
                settlement.dead.push(Burial { receipt, error });
            }
        }
    }

    /// Calls the handler; neither a panic nor an endless future gets beyond this.
    async fn call(&self, batch: Vec<Delivery>) -> Return {
        let handled = AssertUnwindSafe(async { self.handler.handle(batch).await }).catch_unwind();
        tokio::select! {
            handled = tokio::time::timeout(self.soft_time_limit, handled) => match handled {
                Ok(Ok(outcomes)) => Return::Outcomes(outcomes),
                Ok(Err(panic)) => {
                    add(&self.counters().panics, 1);
                    let text = panic_text(panic.as_ref());
                    tracing::error!(panic = %text, "a handler panicked");
                    Return::Panic(format!("the handler panicked: {text}"))
                }
                Err(_elapsed) => {
                    add(&self.counters().time_limits, 1);
                    Return::TimeLimit
                }
            },
            () = self.abandon.cancelled() => Return::Abandoned,
        }
    }

    /// Writes the outcomes down, until that succeeds.
    async fn settle(&self, settlement: Settlement, held: &Held) {
        let Settlement { done, retry, dead, revoked } = settlement;
        let counters = self.counters();
        if !done.is_empty() {
            self.persist("acknowledge", &done, held, || self.queue.ack(&done), &counters.done).await;
            self.tell(|observer| done.iter().for_each(|one| observer.ended(*one, Ending::Succeeded)));
        }
        if !revoked.is_empty() {
            self.persist("remove", &revoked, held, || self.queue.ack(&revoked), &counters.revoked).await;
            self.tell(|observer| revoked.iter().for_each(|one| observer.ended(*one, Ending::Revoked)));
        }
        if !retry.is_empty() {
            for one in &retry {
                tracing::warn!(message.id = one.receipt.id, error = %one.error, delay = ?one.delay, "a message will be tried again");
            }
            let receipts: Vec<_> = retry.iter().map(|one| one.receipt).collect();
            self.persist("retry", &receipts, held, || self.queue.retry(&retry), &counters.retried).await;
            self.tell(|observer| {
                for Retry { receipt, delay, error } in &retry {
                    observer.ended(*receipt, Ending::Retried { delay: *delay, error });
                }
            });
        }
        if !dead.is_empty() {
            for one in &dead {
                tracing::error!(message.id = one.receipt.id, error = %one.error, "a message became a dead letter");
            }
            let receipts: Vec<_> = dead.iter().map(|one| one.receipt).collect();
            self.persist("keep as dead", &receipts, held, || self.queue.dead(&dead), &counters.dead).await;
            self.tell(|observer| {
                for Burial { receipt, error } in &dead {
                    observer.ended(*receipt, Ending::Dead { error });
                }
            });
        }
    }

    /// Repeats an operation until it succeeds; gives up only when the process ends, and then the leases run out.
    async fn persist<F>(
        &self,
        what: &'static str,
        receipts: &[Receipt],
        held: &Held,
        operation: impl Fn() -> F,
        counter: &std::sync::atomic::AtomicU64,
    ) where
        F: Future<Output = Result<usize, QueueError>>,
    {
        let mut pause = BackOff::default();
        loop {
            match operation().await {
                Ok(settled) => {
                    add(counter, settled);
                    if settled < receipts.len() {
                        let lost = receipts.len() - settled;
                        add(&self.counters().lost_leases, lost);
                        tracing::warn!(lost, "messages were handed out again before they were settled");
                    }
                    break;
                }
                Err(error) if self.abandon.is_cancelled() => {
                    tracing::error!(%error, what, "not settled before the stop; handed out again when the leases run out");
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, what, "cannot settle messages, trying again");
                    self.abandon.run_until_cancelled(tokio::time::sleep(pause.next())).await;
                }
            }
        }
        held.with(|held| held.retain(|receipt| !receipts.contains(receipt)));
    }

    async fn give_back(&self, receipts: Vec<Receipt>, held: &Held) {
        if !receipts.is_empty() {
            let counter = &self.counters().released;
            self.persist("release", &receipts, held, || self.queue.release(&receipts), counter).await;
            self.tell(|observer| receipts.iter().for_each(|one| observer.ended(*one, Ending::Released)));
        }
    }
}

/// What has to be written down about a batch.
#[derive(Default)]
struct Settlement {
    done: Vec<Receipt>,
    retry: Vec<Retry>,
    dead: Vec<Burial>,
    revoked: Vec<Receipt>,
}

/// Prolongs leases as long as their messages are being worked on.
async fn extend_leases(queue: Arc<dyn Queue>, held: Held, options: WorkerOptions) {
    loop {
        tokio::time::sleep(options.lease / 3).await;
        let receipts: Vec<Receipt> = held.with(|held| held.iter().copied().collect());
        if receipts.is_empty() {
            continue;
        }
        match queue.extend(&receipts, options.lease).await {
            Ok(extended) if extended < receipts.len() => {
                tracing::warn!(
                    lost = receipts.len() - extended,
                    "leases ran out while messages were worked on"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "cannot extend leases, trying again"),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}

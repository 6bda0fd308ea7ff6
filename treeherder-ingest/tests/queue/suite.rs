//! What every implementation of `Queue` has to do; `queue_test_suite!` runs it for one of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use treeherder_ingest::queue::{
    Burial, Delivery, Depth, Message, Page, Priority, Queue, QueueName, Receipt, Retry,
};

use crate::backend::Backend;

const LEASE: Duration = Duration::from_secs(60);
const TASKS: QueueName = QueueName::StorePulseTasks;
const PUSHES: QueueName = QueueName::StorePulsePushes;

/// Runs the suite for a backend: `queue_test_suite!(module_name, Type)`.
#[macro_export]
macro_rules! queue_test_suite {
    ($module:ident, $backend:ty) => {
        mod $module {
            use super::*;
            $crate::queue_test_suite!(@tests $backend:
                messages_come_out_in_order_of_arrival_and_once
                a_queue_gives_only_its_own_messages
                high_priority_overtakes
                a_delayed_message_waits
                a_crash_frees_the_lease_when_it_runs_out
                an_extended_lease_lasts
                a_late_receipt_settles_nothing
                a_late_receipt_still_settles_when_nobody_else_came
                a_retry_waits_and_carries_its_error
                dead_letters_are_kept_listed_and_put_back
                messages_can_be_kept_dead_right_away
                a_release_costs_no_attempt
                reclaim_frees_the_leases_of_the_same_owner
                reclaim_for_everyone_frees_all_leases
                depths_tell_ready_delayed_leased_and_dead
                a_message_that_cannot_be_kept_refuses_the_whole_batch
                concurrent_consumers_share_the_messages
                batches_are_settled_at_the_same_time
                publishing_wakes_consumers
                large_batches_and_payloads_come_through
                a_message_keeps_its_id_whatever_becomes_of_it
                a_dead_letter_can_be_discarded
            );
        }
    };
    (@tests $backend:ty: $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(backend) = <$backend as backend::Backend>::start().await else { return };
                suite::$test(&backend).await;
            }
        )*
    };
}

fn messages(queue: QueueName, range: std::ops::Range<usize>) -> Vec<Message> {
    range.map(|number| Message::new(queue, format!("message {number}"))).collect()
}

fn payloads(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.payload.as_str()).collect()
}

fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|delivery| delivery.receipt).collect()
}

async fn claim(queue: &dyn Queue, limit: usize) -> Vec<Delivery> {
    queue.claim(&[TASKS], limit, LEASE).await.unwrap()
}

/// Claims until that many have come; hangs when they never do. A broker takes its time for what was given back.
async fn wait_for(queue: &dyn Queue, number: usize) -> Vec<Delivery> {
    let mut claimed = Vec::new();
    while claimed.len() < number {
        claimed.extend(claim(queue, number - claimed.len()).await);
        if claimed.len() < number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    claimed
}

async fn depth(queue: &dyn Queue, name: QueueName) -> Depth {
    queue.depths().await.unwrap().into_iter().find(|depth| depth.queue == name).unwrap()
}

pub(crate) async fn messages_come_out_in_order_of_arrival_and_once(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..5)).await.unwrap();
    let first = claim(&*queue, 3).await;
    let second = claim(&*queue, 3).await;
    assert_eq!(payloads(&first), ["message 0", "message 1", "message 2"]);
    assert_eq!(payloads(&second), ["message 3", "message 4"]);
    assert!(first.iter().all(|delivery| delivery.attempts == 1 && delivery.last_error.is_none()));
    assert_eq!(queue.ack(&receipts(&first)).await.unwrap(), 3);
    assert_eq!(queue.ack(&receipts(&second)).await.unwrap(), 2);
    backend.pass(LEASE * 10).await;
    assert_eq!(claim(&*queue, 10).await, []);
    assert_eq!(depth(&*queue, TASKS).await, Depth::empty(TASKS));
}

pub(crate) async fn a_queue_gives_only_its_own_messages(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    backend.pass(Duration::from_secs(1)).await;
    queue.publish(&messages(PUSHES, 2..4)).await.unwrap();
    assert_eq!(queue.claim(&[QueueName::Statsd], 10, LEASE).await.unwrap(), []);
    assert_eq!(queue.claim(&[], 10, LEASE).await.unwrap(), []);
    assert_eq!(queue.claim(&[TASKS], 0, LEASE).await.unwrap(), []);
    let both = queue.claim(&[PUSHES, TASKS], 3, LEASE).await.unwrap();
    assert_eq!(payloads(&both), ["message 0", "message 1", "message 2"]);
    assert_eq!(both.iter().map(|delivery| delivery.queue).collect::<Vec<_>>(), [TASKS, TASKS, PUSHES]);
}

pub(crate) async fn high_priority_overtakes(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    queue.publish(&[Message::new(TASKS, "urgent").with_priority(Priority::High)]).await.unwrap();
    let claimed = claim(&*queue, 2).await;
    assert_eq!(payloads(&claimed), ["urgent", "message 0"]);
    assert_eq!(claimed[0].priority, Priority::High);
}

pub(crate) async fn a_delayed_message_waits(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&[Message::new(TASKS, "later").with_delay(Duration::from_secs(10))]).await.unwrap();
    backend.pass(Duration::from_secs(9)).await;
    assert_eq!(claim(&*queue, 1).await, []);
    backend.pass(Duration::from_secs(1)).await;
    assert_eq!(payloads(&wait_for(&*queue, 1).await), ["later"]);
}

pub(crate) async fn a_crash_frees_the_lease_when_it_runs_out(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..3)).await.unwrap();
    let crashed = backend.open("b").await;
    assert_eq!(claim(&*crashed, 2).await.len(), 2);
    drop(crashed);
    if backend.leases_outlive_processes() {
        backend.pass(LEASE - Duration::from_secs(1)).await;
        assert_eq!(payloads(&claim(&*queue, 10).await), ["message 2"]);
        backend.pass(Duration::from_secs(1)).await;
    }
    let again = wait_for(&*queue, 2).await;
    assert_eq!(payloads(&again), ["message 0", "message 1"]);
    assert!(again.iter().all(|delivery| delivery.attempts == 2));
}

pub(crate) async fn an_extended_lease_lasts(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    let claimed = claim(&*queue, 1).await;
    backend.pass(LEASE / 2).await;
    assert_eq!(queue.extend(&receipts(&claimed), LEASE).await.unwrap(), 1);
    backend.pass(LEASE / 2 + Duration::from_secs(1)).await;
    assert_eq!(claim(&*queue, 1).await, []);
    backend.end_leases(LEASE / 2).await;
    assert_eq!(wait_for(&*queue, 1).await.len(), 1);
    assert_eq!(queue.extend(&receipts(&claimed), LEASE).await.unwrap(), 0);
}

pub(crate) async fn a_late_receipt_settles_nothing(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    let late = claim(&*queue, 1).await.remove(0).receipt;
    backend.end_leases(LEASE).await;
    let other = backend.open("b").await;
    let current = wait_for(&*other, 1).await;

    let error = "late".to_owned();
    assert_eq!(queue.ack(&[late]).await.unwrap(), 0);
    let retry = Retry { receipt: late, delay: Duration::ZERO, error: error.clone() };
    assert_eq!(queue.retry(&[retry]).await.unwrap(), 0);
    assert_eq!(queue.dead(&[Burial { receipt: late, error }]).await.unwrap(), 0);
    assert_eq!(queue.release(&[late]).await.unwrap(), 0);
    assert_eq!(depth(&*other, TASKS).await.leased, 1);
    assert_eq!(other.ack(&receipts(&current)).await.unwrap(), 1);
}

pub(crate) async fn a_late_receipt_still_settles_when_nobody_else_came(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    let claimed = claim(&*queue, 1).await;
    backend.pass(LEASE * 2).await;
    assert_eq!(queue.ack(&receipts(&claimed)).await.unwrap(), 1);
    assert_eq!(claim(&*queue, 1).await, []);
}

pub(crate) async fn a_retry_waits_and_carries_its_error(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    let claimed = claim(&*queue, 2).await;
    let first_seen = claimed[0].first_seen;
    let retry = |index: usize, seconds, error: &str| Retry {
        receipt: claimed[index].receipt,
        delay: Duration::from_secs(seconds),
        error: error.to_owned(),
    };
    let retries = [retry(0, 20, "status 503\0"), retry(1, 10, "no route to host")];
    assert_eq!(queue.retry(&retries).await.unwrap(), 2);
    backend.pass(Duration::from_secs(10)).await;
    let second = wait_for(&*queue, 1).await;
    assert_eq!(payloads(&second), ["message 1"]);
    assert_eq!(claim(&*queue, 1).await, []);
    assert_eq!(second[0].last_error.as_deref(), Some("no route to host"));
    backend.pass(Duration::from_secs(10)).await;
    let first = wait_for(&*queue, 1).await;
    assert_eq!(payloads(&first), ["message 0"]);
    assert_eq!(first[0].last_error.as_deref(), Some("status 503\u{fffd}"));
    assert_eq!((first[0].attempts, first[0].first_seen), (2, first_seen));
}

pub(crate) async fn dead_letters_are_kept_listed_and_put_back(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..3)).await.unwrap();
    queue.publish(&messages(PUSHES, 3..4)).await.unwrap();
    let mut claimed = queue.claim(&[TASKS], 3, LEASE).await.unwrap();
    claimed.extend(queue.claim(&[PUSHES], 1, LEASE).await.unwrap());
    backend.pass(Duration::from_secs(5)).await;
    let burials: Vec<_> = claimed
        .iter()
        .map(|delivery| Burial {
            receipt: delivery.receipt,
            error: format!("{}: no such repository", delivery.payload),
        })
        .collect();
    assert_eq!(queue.dead(&burials).await.unwrap(), 4);
    backend.pass(LEASE * 100).await;
    assert_eq!(claim(&*queue, 10).await, []);

    let page = queue.dead_letters(TASKS, Page { before: None, limit: 2 }).await.unwrap();
    let shown: Vec<_> = page.iter().map(|letter| (letter.payload.as_str(), letter.error.as_str())).collect();
    assert_eq!(
        shown,
        [("message 2", "message 2: no such repository"), ("message 1", "message 1: no such repository")]
    );
    assert_eq!(page[0].attempts, 1);
    assert_eq!((page[0].dead_since - page[0].first_seen).num_seconds(), 5);
    let next = queue.dead_letters(TASKS, Page { before: Some(page[1].id), limit: 2 }).await.unwrap();
    assert_eq!(next.iter().map(|letter| letter.payload.as_str()).collect::<Vec<_>>(), ["message 0"]);

    // Only a dead letter of that queue can be put back.
    assert!(!queue.put_back(PUSHES, page[0].id).await.unwrap());
    assert!(queue.put_back(TASKS, page[0].id).await.unwrap());
    assert!(!queue.put_back(TASKS, page[0].id).await.unwrap());
    let again = claim(&*queue, 10).await;
    assert_eq!(payloads(&again), ["message 2"]);
    assert_eq!(again[0].attempts, 1);
    assert_eq!(again[0].last_error.as_deref(), Some("message 2: no such repository"));

    assert_eq!(queue.put_back_all(TASKS).await.unwrap(), 2);
    assert_eq!(payloads(&claim(&*queue, 10).await), ["message 0", "message 1"]);
    assert_eq!(depth(&*queue, PUSHES).await.dead, 1);
}

pub(crate) async fn messages_can_be_kept_dead_right_away(backend: &impl Backend) {
    let queue = backend.open("a").await;
    let message = Message::new(PUSHES, "{").with_delay(Duration::from_secs(1));
    queue.publish_dead(&[(message, "not JSON".to_owned())]).await.unwrap();
    backend.pass(Duration::from_secs(5)).await;
    assert_eq!(queue.claim(&[PUSHES], 10, LEASE).await.unwrap(), []);
    let letters = queue.dead_letters(PUSHES, Page::default()).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].error.as_str(), letters[0].attempts), ("not JSON", 0));
}

pub(crate) async fn a_release_costs_no_attempt(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    let claimed = claim(&*queue, 1).await;
    assert_eq!(queue.release(&receipts(&claimed)).await.unwrap(), 1);
    let again = claim(&*queue, 1).await;
    assert_eq!(again[0].attempts, 1);
    assert_ne!(again[0].receipt, claimed[0].receipt);
}

pub(crate) async fn reclaim_frees_the_leases_of_the_same_owner(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    queue.publish(&[Message::new(TASKS, "later").with_delay(LEASE)]).await.unwrap();
    assert_eq!(claim(&*queue, 1).await.len(), 1);
    if !backend.leases_outlive_processes() {
        // Nothing to be reclaimed: the end of the process is enough.
        drop(queue);
        let restarted = backend.open("a").await;
        assert_eq!(restarted.reclaim(false).await.unwrap(), 0);
        let again = wait_for(&*restarted, 2).await;
        assert_eq!(payloads(&again), ["message 0", "message 1"]);
        assert_eq!(again[0].attempts, 2, "an attempt that ended its process counts");
        return;
    }
    let other = backend.open("b").await;
    assert_eq!(claim(&*other, 1).await.len(), 1);
    drop(queue);

    let restarted = backend.open("a").await;
    assert_eq!(restarted.reclaim(false).await.unwrap(), 1);
    let again = claim(&*restarted, 10).await;
    assert_eq!(payloads(&again), ["message 0"]);
    assert_eq!(again[0].attempts, 2, "an attempt that ended its process counts");
}

pub(crate) async fn reclaim_for_everyone_frees_all_leases(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    queue.publish(&[Message::new(TASKS, "later").with_delay(LEASE)]).await.unwrap();
    if backend.leases_outlive_processes() {
        assert_eq!(claim(&*backend.open("b").await, 1).await.len(), 1);
        assert_eq!(claim(&*backend.open("c").await, 1).await.len(), 1);
        assert_eq!(queue.reclaim(true).await.unwrap(), 2);
    } else {
        assert_eq!(claim(&*backend.open("b").await, 2).await.len(), 2);
        assert_eq!(queue.reclaim(true).await.unwrap(), 0);
    }
    assert_eq!(payloads(&wait_for(&*queue, 2).await), ["message 0", "message 1"]);
    assert_eq!(claim(&*queue, 1).await, []);
}

pub(crate) async fn depths_tell_ready_delayed_leased_and_dead(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..6)).await.unwrap();
    let claimed = claim(&*queue, 3).await;
    let retry = Retry { receipt: claimed[0].receipt, delay: LEASE, error: "e".to_owned() };
    queue.retry(&[retry]).await.unwrap();
    queue.dead(&[Burial { receipt: claimed[1].receipt, error: "e".to_owned() }]).await.unwrap();
    backend.pass(Duration::from_secs(7)).await;
    let depths = queue.depths().await.unwrap();
    assert_eq!(
        depths.iter().map(|depth| depth.queue).collect::<Vec<_>>(),
        QueueName::all().collect::<Vec<_>>()
    );
    let expected = Depth {
        queue: TASKS,
        ready: 3,
        delayed: 1,
        leased: 1,
        dead: 1,
        oldest_ready: Some(Duration::from_secs(7)),
    };
    assert_eq!(depth(&*queue, TASKS).await, expected);
    assert_eq!(depth(&*queue, PUSHES).await, Depth::empty(PUSHES));
}

pub(crate) async fn a_message_that_cannot_be_kept_refuses_the_whole_batch(backend: &impl Backend) {
    let queue = backend.open("a").await;
    let mut batch = messages(TASKS, 0..600);
    batch.push(Message::new(TASKS, "nul \0"));
    let error = queue.publish(&batch).await.unwrap_err();
    assert!(error.to_string().contains("store_pulse_tasks holds a NUL character at byte 4"), "{error}");
    assert!(!error.is_transient());
    assert_eq!(claim(&*queue, 10).await, []);
}

pub(crate) async fn concurrent_consumers_share_the_messages(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..300)).await.unwrap();
    let mut consumers = tokio::task::JoinSet::new();
    for owner in ["b", "c", "d"] {
        let queue = backend.open(owner).await;
        consumers.spawn(async move {
            let mut seen = Vec::new();
            // An empty claim can be due to others' locks; only an empty queue ends the loop.
            while depth(&*queue, TASKS).await.ready > 0 {
                let claimed = claim(&*queue, 7).await;
                assert!(claimed.len() <= 7, "{} messages for a limit of 7", claimed.len());
                queue.ack(&receipts(&claimed)).await.unwrap();
                seen.extend(claimed.into_iter().map(|delivery| delivery.payload));
            }
            seen
        });
    }
    let seen: Vec<String> = consumers.join_all().await.into_iter().flatten().collect();
    assert_eq!(seen.len(), 300);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), 300);
}

pub(crate) async fn batches_are_settled_at_the_same_time(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.expect(TASKS, 300);
    for round in 0..10 {
        queue.publish(&messages(TASKS, 0..300)).await.unwrap();
        let mut all = Vec::new();
        while all.len() < 300 {
            // What is on its way comes with a later claim.
            all.extend(receipts(&claim(&*queue, 100).await));
        }
        let batches: Vec<_> = all.chunks(100).map(<[_]>::to_vec).collect();
        let mut settling = tokio::task::JoinSet::new();
        for at in [1, 0, 2] {
            let (queue, batch) = (Arc::clone(&queue), batches[at].clone());
            settling.spawn(async move { queue.ack(&batch).await.unwrap() });
        }
        assert_eq!(settling.join_all().await, [100; 3], "round {round}");
        let after = depth(&*queue, TASKS).await;
        assert_eq!((after.ready, after.leased), (0, 0), "round {round}");
    }
}

pub(crate) async fn publishing_wakes_consumers(backend: &impl Backend) {
    let queue = backend.open("a").await;
    let mut wake_up = queue.wake_up(TASKS);
    wake_up.mark();
    let waiting = tokio::spawn(async move { wake_up.wait(Duration::from_secs(3600)).await });
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    // Hangs when the wake-up is lost.
    waiting.await.unwrap();
}

pub(crate) async fn large_batches_and_payloads_come_through(backend: &impl Backend) {
    let queue = backend.open("a").await;
    let mut batch = messages(TASKS, 0..1_500);
    let large = "\u{1f980}é\"'\\\n".repeat(300_000);
    batch.push(Message::new(TASKS, large.clone()).with_priority(Priority::High));
    queue.publish(&batch).await.unwrap();
    let claimed = claim(&*queue, 700).await;
    assert_eq!(claimed.len(), 700);
    assert!(claimed[0].payload == large, "a payload of 3 MB changed on its way");
    assert_eq!(claimed[699].payload, "message 698");
    assert_eq!(queue.ack(&receipts(&claimed)).await.unwrap(), 700);
    assert_eq!(depth(&*queue, TASKS).await.ready, 801);
}

pub(crate) async fn a_message_keeps_its_id_whatever_becomes_of_it(backend: &impl Backend) {
    let queue = backend.open("a").await;
    queue.publish(&messages(TASKS, 0..2)).await.unwrap();
    let claimed = claim(&*queue, 2).await;
    let (one, other) = (claimed[0].message_id, claimed[1].message_id);
    assert_ne!(one, other);
    let retry =
        Retry { receipt: claimed[0].receipt, delay: Duration::from_secs(10), error: "again".to_owned() };
    queue.retry(&[retry]).await.unwrap();
    queue.release(&[claimed[1].receipt]).await.unwrap();
    let released = claim(&*queue, 1).await;
    assert_eq!(released[0].message_id, other);
    queue.ack(&receipts(&released)).await.unwrap();

    backend.pass(Duration::from_secs(11)).await;
    let retried = claim_until(&*queue).await;
    assert_eq!(retried.message_id, one);
    queue.dead(&[Burial { receipt: retried.receipt, error: "no".to_owned() }]).await.unwrap();
    let letter = queue.dead_letters(TASKS, Page::default()).await.unwrap().remove(0);
    assert_eq!(letter.message_id, one);
    assert!(queue.put_back(TASKS, letter.id).await.unwrap());
    assert_eq!(claim_until(&*queue).await.message_id, one);
}

/// Claims one message, waiting for a broker to bring it.
async fn claim_until(queue: &dyn Queue) -> Delivery {
    loop {
        if let Some(delivery) = claim(queue, 1).await.pop() {
            return delivery;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_dead_letter_can_be_discarded(backend: &impl Backend) {
    let queue = backend.open("a").await;
    let letters = ["a", "b"].map(|text| (Message::new(TASKS, text), format!("error of {text}")));
    queue.publish_dead(&letters).await.unwrap();
    queue.publish(&messages(TASKS, 0..1)).await.unwrap();
    let listed = queue.dead_letters(TASKS, Page::default()).await.unwrap();
    assert!(!queue.discard(PUSHES, listed[0].id).await.unwrap());
    assert!(queue.discard(TASKS, listed[0].id).await.unwrap());
    assert!(!queue.discard(TASKS, listed[0].id).await.unwrap());
    let left = queue.dead_letters(TASKS, Page::default()).await.unwrap();
    assert_eq!(left, listed[1..]);
    assert_eq!(payloads(&claim(&*queue, 9).await), ["message 0"]);
}

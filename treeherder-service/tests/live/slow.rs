//! Readers that do not read: they delay nobody, and what waits for them is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use treeherder_ingest::events::Event;
use treeherder_ingest::store::{EventJob, Store};

use crate::reader::Site;
use crate::socket_io::{Polling, Session, event_of};
use crate::wire::Wire;

/// Events that are published at once: fewer than what the service keeps for one client.
const BATCH: u64 = 128;
/// Events that wait for one client of Socket.IO at most.
const WAITING: u64 = 256;
/// Bytes of a large event, at least.
const LARGE: usize = 50_000;

/// An event with a number. A large one is as long as those of many jobs are.
fn numbered(number: u64, size: usize) -> Event {
    let job = EventJob {
        id: 0,
        guid: format!("{number}-{}", "x".repeat(size)),
        branch: "autoland".to_owned(),
        push_id: 1,
        push_time: chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap(),
        result: "success".to_owned(),
    };
    Event::jobs("autoland", [&job])
}

fn number_of(event: &Value) -> u64 {
    let guid = event["job_guids"].as_object().unwrap().keys().next().unwrap();
    guid.split('-').next().unwrap().parse().unwrap()
}

/// More events than fit between a service and somebody who does not read: what the system keeps for a connection, what
/// the service does, and as many again.
fn too_many() -> u64 {
    let sizes = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap();
    let kept: u64 = sizes.split_whitespace().last().unwrap().parse().unwrap();
    2 * (WAITING + kept / LARGE as u64)
}

async fn publish(store: &Store, numbers: std::ops::Range<u64>, size: usize) {
    let events: Vec<Event> = numbers.map(|number| numbered(number, size)).collect();
    store.append_events(&events).await.unwrap();
}

/// Publishes events and reads them as they come, those of one batch before the next.
async fn publish_and_read(store: &Store, quick: &mut Session, numbers: std::ops::Range<u64>, size: usize) {
    let mut first = numbers.start;
    while first < numbers.end {
        let batch = first..numbers.end.min(first + BATCH);
        publish(store, batch.clone(), size).await;
        for number in batch.clone() {
            assert_eq!(number_of(&quick.event().await.unwrap()), number);
        }
        first = batch.end;
    }
}

/// What a slow client of Socket.IO has heard, when it reads at last, until it is disconnected.
trait Heard {
    async fn numbers(self) -> Vec<u64>;
}

impl Heard for Session {
    async fn numbers(mut self) -> Vec<u64> {
        let mut heard = Vec::new();
        while let Some(event) = self.event().await {
            heard.push(number_of(&event));
        }
        heard
    }
}

impl Heard for Polling {
    async fn numbers(self) -> Vec<u64> {
        let mut heard = Vec::new();
        while let Some(packets) = self.packets().await {
            for packet in packets {
                let Some(event) = event_of(&packet) else { return heard };
                heard.push(number_of(&event));
            }
        }
        heard
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_socket_io_that_does_not_read_is_told_a_part_without_holes_and_disconnected() {
    let site = Site::with_history().await;
    let store = site.store().await;
    let mut quick = Session::subscribed(&site.url, "*.job").await;
    let slow = Session::subscribed(&site.url, "*.job").await;
    let slow_to_ask = Polling::subscribed(&site.url, "*.job").await;
    let count = too_many();
    publish_and_read(&store, &mut quick, 0..count, LARGE).await;

    // Now they read, while further events come.
    let next = Arc::new(AtomicU64::new(count));
    let goes_on = {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                publish(&store, number..number + 1, 1).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    let heard = slow.numbers().await;
    let heard_by_asking = slow_to_ask.numbers().await;
    goes_on.abort();
    for (who, heard) in [("websocket", heard), ("polling", heard_by_asking)] {
        let told = heard.len() as u64;
        // Who has not asked for three quarters of a minute, on a busy machine, is gone with what waited.
        assert!((0 < told || who == "polling") && told < count, "{who}: {told} of {count} waited");
        assert_eq!(heard, (0..told).collect::<Vec<_>>(), "{who}");
    }
    // The quick one is still there.
    assert_eq!(number_of(&quick.event().await.unwrap()), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_for_a_reader_of_an_event_stream_that_does_not_read() {
    let site = Site::with_history().await;
    let store = site.store().await;
    let mut quick = Session::subscribed(&site.url, "*.job").await;
    let mut slow =
        Wire::open(&site.url, "GET /events?subscribe=*.job HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let head = slow.until("\r\n\r\n").await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(slow.chunk().await.unwrap().contains(": connected"));
    let count = too_many();
    publish_and_read(&store, &mut quick, 0..count, LARGE).await;

    // What is behind it is in the table and nowhere else: when it is not kept there, it is gone.
    store.keep_events(u32::try_from(BATCH).unwrap());
    publish_and_read(&store, &mut quick, count..count + 2 * BATCH, 1).await;
    let (mut told, mut silence) = (0, 0);
    let gap = loop {
        let block = slow.chunk().await.unwrap();
        let Some((_, data)) = block.split_once("data: ") else {
            // One beat may be due from the time when nobody read.
            silence += 1;
            assert!(
                silence < 4,
                "no gap after {told} of {count} events, the table has {:?}",
                store.event_range().await
            );
            continue;
        };
        let event: Value = serde_json::from_str(data.trim_end()).unwrap();
        if event["event"] == "gap" {
            break event;
        }
        assert_eq!(number_of(&event), told);
        told += 1;
    };
    assert!(0 < told && told < count, "{told} of {count} waited");
    assert!(gap["after"].as_i64() < gap["newest"].as_i64(), "{gap}");
}

//! The bus of one process, and of several over one database.

use std::time::Duration;

use treeherder_ingest::events::{Event, EventBus as _, LocalBus, Start, Told};
use treeherder_ingest::store::Store;

use crate::reader::{number, numbered, numbers, woken_only};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    readers_get_every_event_once_and_in_order,
    a_reader_resumes_behind_the_last_event_it_has_seen,
    what_is_not_kept_any_more_is_a_gap,
    a_slow_reader_delays_nobody_and_misses_nothing,
    events_of_other_processes_arrive,
    an_event_that_cannot_be_stored_is_not_published,
);

/// How many of the newest rows the tests with few rows keep.
const KEPT: u32 = 10;

async fn bus(backend: Backend) -> Option<(TestStore, LocalBus)> {
    let test = TestStore::empty(backend).await?;
    let bus = LocalBus::with_options(test.store.clone(), woken_only());
    Some((test, bus))
}

async fn readers_get_every_event_once_and_in_order(backend: Backend) {
    let Some((_test, bus)) = bus(backend).await else { return };
    bus.publish(&[numbered(0)]).await.unwrap();
    let mut readers = [bus.subscribe(Start::Now).await.unwrap(), bus.subscribe(Start::Now).await.unwrap()];
    // Eight publishers at the same time: the order of commits is the order for everybody.
    let publishers = (0..8).map(|publisher| {
        let bus = bus.clone();
        tokio::spawn(async move {
            for number in 0..20 {
                bus.publish(&[numbered(publisher * 100 + number), numbered(1000)]).await.unwrap();
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
    let [first, second] = &mut readers;
    let (first, second) = (numbers(first, 320).await, numbers(second, 320).await);
    assert_eq!(first, second);
    for publisher in 0..8 {
        let own: Vec<i64> = first.iter().copied().filter(|number| number / 100 == publisher).collect();
        assert_eq!(own, (0..20).map(|number| publisher * 100 + number).collect::<Vec<_>>());
    }
}

async fn a_reader_resumes_behind_the_last_event_it_has_seen(backend: Backend) {
    let Some((test, bus)) = bus(backend).await else { return };
    let mut reader = bus.subscribe(Start::Now).await.unwrap();
    bus.publish(&[numbered(1), numbered(2)]).await.unwrap();
    assert_eq!(numbers(&mut reader, 2).await, [1, 2]);
    let seen = reader.position();
    drop(reader);
    bus.publish(&(3..=100).map(numbered).collect::<Vec<_>>()).await.unwrap();
    // A process that is started anew knows only the database.
    drop(bus);
    let bus = LocalBus::with_options(test.store.clone(), woken_only());
    let mut reader = bus.subscribe(Start::After(seen)).await.unwrap();
    bus.publish(&[numbered(101)]).await.unwrap();
    assert_eq!(numbers(&mut reader, 99).await, (3..=101).collect::<Vec<_>>());
    assert_eq!(reader.position(), seen + 99);
}

async fn what_is_not_kept_any_more_is_a_gap(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    test.store.keep_events(KEPT);
    let bus = LocalBus::with_options(test.store.clone(), woken_only());
    // Nothing was ever published: the first id is no gap.
    let mut first = bus.subscribe(Start::After(0)).await.unwrap();
    for number in 1..=600 {
        bus.publish(&[numbered(number)]).await.unwrap();
    }
    let (oldest, newest) = test.store.event_range().await.unwrap();
    assert!(oldest > 1 && newest - oldest >= i64::from(KEPT) - 1, "{oldest} to {newest}");
    assert!(newest - oldest < 300, "the table is cut off: {oldest} to {newest}");
    // A reader that was asleep meanwhile is told once, and goes on with what comes.
    let told = first.next().await.unwrap();
    assert!(matches!(told, Told::Gap { after: 0, newest: 600 }), "{told:?}");
    let mut late = bus.subscribe(Start::After(1)).await.unwrap();
    assert_eq!(number(&mut late).await, Err("gap from 1 to 600".to_owned()));
    let mut in_time = bus.subscribe(Start::After(oldest - 1)).await.unwrap();
    assert_eq!(number(&mut in_time).await, Ok(oldest));
    // An id of another database.
    let mut stranger = bus.subscribe(Start::After(1_000_000)).await.unwrap();
    assert_eq!(number(&mut stranger).await, Err("gap from 1000000 to 600".to_owned()));
    bus.publish(&[numbered(601)]).await.unwrap();
    for reader in [&mut first, &mut late, &mut stranger] {
        assert_eq!(number(reader).await, Ok(601));
    }
}

async fn a_slow_reader_delays_nobody_and_misses_nothing(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let mut options = woken_only();
    options.behind = 4;
    let bus = LocalBus::with_options(test.store.clone(), options);
    let mut slow = bus.subscribe(Start::Now).await.unwrap();
    let mut quick = bus.subscribe(Start::Now).await.unwrap();
    for number in 0..100 {
        bus.publish(&[numbered(number)]).await.unwrap();
        assert_eq!(numbers(&mut quick, 1).await, [number]);
    }
    assert_eq!(numbers(&mut slow, 60).await, (0..60).collect::<Vec<_>>());
    bus.publish(&[numbered(100)]).await.unwrap();
    assert_eq!(numbers(&mut slow, 41).await, (60..=100).collect::<Vec<_>>());
}

async fn events_of_other_processes_arrive(backend: Backend) {
    let Some(test) = TestStore::empty(backend).await else { return };
    let mut options = woken_only();
    options.poll = Duration::from_millis(20);
    let bus = LocalBus::with_options(test.store.clone(), options);
    let mut reader = bus.subscribe(Start::Now).await.unwrap();
    let other = LocalBus::new(Store::connect(&test.url, 2).await.unwrap());
    other.publish(&[numbered(1)]).await.unwrap();
    bus.publish(&[numbered(2)]).await.unwrap();
    other.publish(&[numbered(3)]).await.unwrap();
    assert_eq!(numbers(&mut reader, 3).await, [1, 2, 3]);
}

async fn an_event_that_cannot_be_stored_is_not_published(backend: Backend) {
    let Some((test, bus)) = bus(backend).await else { return };
    let mut reader = bus.subscribe(Start::Now).await.unwrap();
    let bad = Event::job_failure(&"x".repeat(101), 1);
    let error = bus.publish(&[numbered(1), bad]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot store an event: event.branch: 101 characters, the limit is 100 (begins {:?})",
            "x".repeat(40)
        )
    );
    assert_eq!(test.store.newest_event().await.unwrap(), 0);
    bus.publish(&[]).await.unwrap();
    bus.publish(&[numbered(2)]).await.unwrap();
    assert_eq!(numbers(&mut reader, 1).await, [2]);
}

//! What a test wants to know from a reader.

use std::time::Duration;

use treeherder_ingest::events::{Event, FeedOptions, Subscription, Told};

/// So long that a test which needs it has failed.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

/// A feed that is woken and never looks by itself.
pub(crate) fn woken_only() -> FeedOptions {
    let mut options = FeedOptions::default();
    options.poll = NEVER;
    options
}

/// An event that can be told from others.
pub(crate) fn numbered(number: i64) -> Event {
    Event::job_failure("try", number)
}

/// The number of a [`numbered`] event, or what came instead.
pub(crate) async fn number(reader: &mut Subscription) -> Result<i64, String> {
    match reader.next().await.unwrap() {
        Told::Event(event) => {
            let body: serde_json::Value = serde_json::from_str(event.body()).unwrap();
            Ok(body["id"].as_i64().unwrap())
        }
        Told::Gap { after, newest } => Err(format!("gap from {after} to {newest}")),
    }
}

/// The numbers of the next events.
pub(crate) async fn numbers(reader: &mut Subscription, count: usize) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        numbers.push(number(reader).await.unwrap());
    }
    numbers
}

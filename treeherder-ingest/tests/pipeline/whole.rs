//! A made-up CI history, from its Pulse messages to the rows.

use std::net::{Ipv4Addr, SocketAddr};

use treeherder_ingest::pulse::Delivery;
use treeherder_ingest::push::UpstreamOptions;
use treeherder_testdata::Rng;
use treeherder_testdata::scenario::{Expected, Message, Scenario, Urls};
use treeherder_testdata::standin::StandIn;

use crate::harness::{Harness, options};
use crate::support::database::Backend;

pub(crate) async fn stand_in() -> StandIn {
    StandIn::start(Scenario::small(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap()
}

/// Messages name repositories as the fixture does; what is fetched comes from the stand-in.
pub(crate) fn urls(stand_in: &StandIn) -> Urls {
    stand_in.urls().clone().with_real_identities()
}

pub(crate) fn upstream(stand_in: &StandIn) -> UpstreamOptions {
    let mut options = UpstreamOptions::default();
    options.github_api_url = stand_in.urls().github_api();
    options.hg_url = Some(stand_in.urls().hg());
    options
}

pub(crate) fn deliveries(messages: Vec<Message>) -> Vec<Delivery> {
    let delivery = |message: Message| Delivery {
        body: message.payload(),
        exchange: message.exchange,
        routing_key: message.routing_key,
        cc: message.cc,
        root_url: message.root_url,
    };
    messages.into_iter().map(delivery).collect()
}

fn shuffled(mut deliveries: Vec<Delivery>, seed: u64) -> Vec<Delivery> {
    let mut rng = Rng::new(seed);
    for last in (1..deliveries.len()).rev() {
        deliveries.swap(last, usize::try_from(rng.below(last as u64 + 1)).unwrap());
    }
    deliveries
}

/// Compares the numbers of rows with what the scenario was made to give.
pub(crate) async fn assert_as_expected(harness: &Harness, expected: &Expected) {
    let contents = harness.contents().await;
    let count = |name: &str| contents[name].len() as u64;
    let logs = |name: &str, status: u8| {
        let ending = format!(" {status}");
        let of_name = |log: &&String| log.contains(name) && log.ends_with(&ending);
        contents["log"].iter().filter(of_name).count() as u64
    };
    let mut jobs = std::collections::BTreeMap::new();
    for job in &contents["job"] {
        let mut words = job.split(' ').skip(1);
        let key = format!("{}/{}", words.next().unwrap(), words.next().unwrap());
        *jobs.entry(key).or_insert(0) += 1;
    }
    assert_eq!(jobs, expected.jobs);
    let found = Expected {
        messages: expected.messages,
        pushes: count("push"),
        commits: count("commit"),
        jobs,
        logs_parsed: logs(" live_backing_log ", 1),
        logs_failed: logs(" live_backing_log ", 2),
        failure_lines: count("error line"),
        log_perf_objects: expected.log_perf_objects,
        summaries_parsed: logs(" errorsummary_json ", 1),
        summaries_failed: logs(" errorsummary_json ", 2),
        summaries_invalid: logs(" errorsummary_json ", 0),
        summary_lines: count("failure line"),
        group_results: count("group"),
        perf_parsed: logs(" perfherder-data", 1),
        perf_failed: logs(" perfherder-data", 2),
        data_points: count("datum"),
        dropped_tasks: expected.dropped_tasks,
        unknown_repositories: expected.unknown_repositories,
        dead_letters: expected.dead_letters,
    };
    assert_eq!(&found, expected);
}

async fn a_history_is_ingested_as_it_was_made(backend: Backend) {
    let stand_in = stand_in().await;
    let Some(harness) = Harness::new(backend, options(), Some(upstream(&stand_in))).await else { return };
    let expected = stand_in.scenario().expected();
    harness.listen(deliveries(stand_in.scenario().messages(&urls(&stand_in)))).await;
    harness.work().await;

    let dead = harness.dead_letters().await;
    for letter in &dead {
        println!("dead letter of {}: {}", letter.queue, letter.error);
    }
    assert_as_expected(&harness, &expected).await;
    assert_eq!(harness.unfinished().await, 0);
    // Beside what no work item can be made of: damaged logs after all retries, summaries that are none.
    let about = |text: &str| dead.iter().filter(|letter| letter.error.contains(text)).count() as u64;
    assert_eq!(
        about("unknown exchange") + about("is not JSON") + about("has no task events"),
        expected.dead_letters
    );
    assert_eq!(about("error summary "), expected.summaries_invalid);
    assert_eq!(about("cannot decode the log"), 1);
    assert_eq!(dead.len() as u64, expected.dead_letters + expected.summaries_invalid + 1, "{dead:#?}");

    let statistics = harness.pipeline.statistics();
    // A message that comes twice may have its log parsed twice: work is counted, rows are not doubled.
    assert!(statistics.logs_parsed >= expected.logs_parsed, "{statistics:?}");
    assert!(statistics.logs_truncated >= 1, "{statistics:?}");
    assert!(statistics.failure_lines >= expected.failure_lines, "{statistics:?}");
    assert!(statistics.error_summaries >= expected.summaries_parsed, "{statistics:?}");
    assert_eq!(statistics.performance_data, expected.data_points);
    for reason in ["no-route", "invalid-config", "unknown-repository"] {
        assert!(statistics.drops.contains_key(reason), "{reason}: {:?}", statistics.drops);
    }
    assert_eq!(statistics.drops["unknown-push-repository"], expected.unknown_repositories);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_ingested_as_it_was_made_on_sqlite() {
    a_history_is_ingested_as_it_was_made(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_ingested_as_it_was_made_on_postgres() {
    a_history_is_ingested_as_it_was_made(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_come_twice_and_in_any_order_change_nothing() {
    let stand_in = stand_in().await;
    let messages = deliveries(stand_in.scenario().messages(&urls(&stand_in)));
    let harness = Harness::new(Backend::Sqlite, options(), Some(upstream(&stand_in))).await.unwrap();
    harness.listen(messages.clone()).await;
    harness.work().await;
    let in_order = harness.contents().await;

    // The same again, over what is there.
    harness.listen(messages.clone()).await;
    harness.work().await;
    assert_eq!(harness.contents().await, in_order);

    for seed in 1..=2 {
        let harness = Harness::new(Backend::Sqlite, options(), Some(upstream(&stand_in))).await.unwrap();
        let twice = [messages.clone(), messages.clone()].concat();
        harness.listen(shuffled(twice, seed)).await;
        harness.work().await;
        assert_eq!(harness.contents().await, in_order, "seed {seed}");
    }
}

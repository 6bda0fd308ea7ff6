//! A made-up CI history in a database: pushes of 500 jobs each, failure lines of one job of each, and bugs.

use anyhow::{Context as _, Result};
use sea_orm::{ConnectionTrait as _, DbBackend};
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::bugs::FetchedBug;
use treeherder_ingest::store::failures::ErrorLine;

/// Jobs of each push.
const JOBS: usize = 500;

/// autoland of the seed data.
const AUTOLAND: i32 = 77;

/// Failure lines of a job that has some.
const LINES: usize = 10;

/// Bugs that suggestions are searched among.
const BUGS: usize = 20_000;

/// Tests that bugs and failure lines are about.
const TESTS: usize = 7_000;

/// Platforms that jobs run on.
const PLATFORMS: [&str; 6] = [
    "linux1804-64-qr",
    "linux2404-64",
    "windows11-64-24h2",
    "macosx1500-aarch64",
    "android-em-14-x86_64",
    "linux64",
];

/// Ids of what is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Pushes.
    pub pushes: Vec<i32>,
    /// Jobs of all pushes, in their order.
    pub jobs: Vec<i64>,
    /// Jobs with failure lines, one of each push.
    pub failed: Vec<i64>,
}

/// Makes the tables and fills them.
///
/// # Errors
/// When the database fails.
pub async fn store(store: &Store, pushes: usize) -> Result<Stored> {
    store.migrate().await?;
    store.seed().await?;
    let mut stored = Stored::default();
    for number in 0..pushes {
        stored.pushes.push(store.store_push(AUTOLAND, &push(number)).await?);
        let messages: Vec<LoadedJob> = (0..JOBS).map(|place| job(number, place)).collect();
        let outcomes = store.store_jobs(&messages).await?;
        for outcome in &outcomes {
            stored.jobs.push(outcome.job_id.context("every job is stored")?);
        }
        let failed = outcomes.first().and_then(|outcome| outcome.job_id).context("a push has jobs")?;
        store.store_error_lines(failed, &lines(number)).await?;
        stored.failed.push(failed);
    }
    let bugs: Vec<FetchedBug> = (0..BUGS).map(bug).collect();
    for part in bugs.chunks(1000) {
        store.store_fetched_bugs(part).await?;
    }
    if store.backend() == DbBackend::Postgres {
        // By and by autovacuum does this; right after the start it would do it while we measure.
        store.connection().execute_unprepared("VACUUM ANALYZE").await?;
    }
    Ok(stored)
}

fn lines(push: usize) -> Vec<ErrorLine> {
    let line = |place: usize| {
        let test = (push * 31 + place * 617) % TESTS;
        ErrorLine {
            line_number: 1000 + place as u64,
            line: format!(
                "TEST-UNEXPECTED-FAIL | dom/base/test/test_{test}.html | check {place} - got 1, expected 2"
            ),
        }
    };
    (0..LINES).map(line).collect()
}

fn bug(number: usize) -> FetchedBug {
    FetchedBug {
        bugzilla_id: i32::try_from(1_800_000 + number).unwrap_or(i32::MAX),
        status: "NEW".to_owned(),
        resolution: if number.is_multiple_of(3) { "FIXED" } else { "" }.to_owned(),
        summary: format!("Intermittent dom/base/test/test_{}.html | single tracking bug", number % TESTS),
        dupe_of: None,
        crash_signature: String::new(),
        keywords: "intermittent-failure".to_owned(),
        modified: chrono::Utc::now(),
        whiteboard: String::new(),
    }
}

/// Returns the process that works for a connection of ours; nothing for a database within our own process.
///
/// # Errors
/// When the database fails.
pub async fn backend_process(store: &Store) -> Result<Option<u32>> {
    store.backend_process().await.map_err(Into::into)
}

fn revision(push: usize) -> String {
    format!("{push:08x}").repeat(5)
}

fn push(number: usize) -> LoadedPush {
    let revisions = (0..1 + number % 5)
        .map(|commit| Revision {
            revision: if commit == 0 { revision(number) } else { format!("{number:020x}{commit:020x}") },
            author: format!("Developer {} <dev{}@example.com>", number % 40, number % 40),
            comment: format!(
                "Bug {} - Make the thing number {commit} work on all platforms, r=reviewer\n\nDifferential Revision: https://phabricator.example.com/D{}",
                1_900_000 + number,
                200_000 + number
            ),
        })
        .collect();
    LoadedPush {
        revision: revision(number),
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        push_timestamp: 1_767_225_600.0 + 600.0 * number as f64,
        author: format!("dev{}@example.com", number % 40),
        revisions,
        branch: None,
    }
}

fn job(push: usize, place: usize) -> LoadedJob {
    let platform = |name: &str| Platform {
        platform: name.to_owned(),
        os_name: "linux".to_owned(),
        architecture: "x86_64".to_owned(),
    };
    let name = PLATFORMS[place % PLATFORMS.len()];
    let option = ["opt", "debug"][place / 7 % 2];
    let number = push * JOBS + place;
    let task = format!("{number:08}AQSFaAAAAAAAAA")[..22].to_owned();
    let log = format!(
        "https://firefox-ci-tc.services.mozilla.com/api/queue/v1/task/{task}/runs/0/artifacts/public/logs/live_backing.log"
    );
    let begin = 1_767_225_600 + 600 * i64::try_from(push).unwrap_or_default();
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: revision(push),
        superseded: Vec::new(),
        job: JobData {
            job_guid: format!("{number:08x}-0000-4000-8000-{:012x}/0", number * 2_654_435_761 % (1 << 40)),
            name: format!("test-{name}/{option}-mochitest-plain-{}", place % 97),
            job_symbol: format!("{}", place % 97),
            group_name: format!("Mochitests {}", place % 12),
            group_symbol: format!("M{}", place % 12),
            product_name: "firefox".to_owned(),
            state: "completed".to_owned(),
            result: if place.is_multiple_of(11) { "testfailed" } else { "success" }.to_owned(),
            reason: "scheduled".to_owned(),
            who: format!("dev{}@example.com", push % 40),
            build_system_type: "taskcluster".to_owned(),
            tier: 1 + i64::from(place.is_multiple_of(9)),
            machine: format!("vm-{:x}", number * 40_503 % 3000),
            option_collection: [(option.to_owned(), true)].into_iter().collect(),
            log_references: vec![LogReference {
                name: "live_backing_log".to_owned(),
                url: log,
                parse_status: "parsed".to_owned(),
            }],
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(begin),
            start_timestamp: Some(begin + 60),
            end_timestamp: Some(begin + 60 + 7 * i64::try_from(place).unwrap_or_default()),
            build_platform: Some(platform(name)),
            machine_platform: Some(platform(name)),
            taskcluster_task_id: Some(task),
            taskcluster_retry_id: Some(0),
        },
    }
}

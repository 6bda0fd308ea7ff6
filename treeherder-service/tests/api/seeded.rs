//! What the databases of these tests hold: three pushes to autoland, one to try, and six jobs.

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::{
    bug_job_map, bugscache, bugzilla_component, file_bugzilla_component, group, group_status, job,
};
use treeherder_ingest::store::failures::ErrorLine;
use treeherder_ingest::store::performance::PerformanceOptions;

/// autoland of the seed data.
pub(crate) const AUTOLAND: i32 = 77;
/// try of the seed data.
pub(crate) const TRY: i32 = 4;
/// Time of the first push, in Unix seconds: 2026-01-01 00:00:00.
pub(crate) const BEGIN: i64 = 1_767_225_600;

/// Ids of what is stored.
#[derive(Clone, Debug)]
pub(crate) struct Seeded {
    /// Pushes to autoland, a day between each, and the one to try.
    pub(crate) pushes: Vec<i32>,
    /// Jobs: decision task, failed test with logs, running test, pending test of tier 3, the failed test's next run, build on try.
    pub(crate) jobs: Vec<i64>,
}

/// Returns the head commit of a push.
pub(crate) fn revision(push: usize) -> String {
    format!("{push:x}").repeat(40)
}

/// Returns the slug of the task of a job.
pub(crate) fn task(job: usize) -> String {
    format!("Task{job:018}")
}

impl Seeded {
    /// Stores everything.
    pub(crate) async fn store(store: &Store) -> Self {
        let mut pushes = Vec::new();
        for number in 0..4 {
            let repository = if number == 3 { TRY } else { AUTOLAND };
            pushes.push(store.store_push(repository, &push(number)).await.unwrap());
        }
        let outcomes = store.store_jobs(&messages()).await.unwrap();
        let jobs: Vec<i64> = outcomes.iter().map(|outcome| outcome.job_id.unwrap()).collect();
        let failed = jobs[1];
        let logs = store.all_job_logs(failed).await.unwrap();
        let lines = ["TEST-UNEXPECTED-FAIL | dom/a.html | it broke", "Error: é"];
        let lines: Vec<ErrorLine> = lines
            .iter()
            .zip([1203, 1300])
            .map(|(line, line_number)| ErrorLine { line_number, line: (*line).to_owned() })
            .collect();
        store.store_parsed_log(failed, logs[0].id, &lines).await.unwrap();
        groups(store, logs[1].id).await;
        bugs(store, failed).await;
        components(store).await;
        let artifact = json!({"framework": {"name": "browsertime"}, "application": {"name": "firefox"}, "suites": [{
            "name": "amazon", "value": 12.345, "unit": "ms", "extraOptions": ["cold"], "tags": ["b", "a"],
            "subtests": [{"name": "fcp", "value": 7, "replicates": [6.5, 7.5], "lowerIsBetter": false}],
        }]});
        let artifact = serde_json::from_value(artifact).unwrap();
        store.store_performance_data(failed, &artifact, PerformanceOptions::default()).await.unwrap();
        let intermittent =
            job::ActiveModel { id: Set(failed), failure_classification_id: Set(4), ..Default::default() };
        job::Entity::update(intermittent).exec(store.connection()).await.unwrap();
        Self { pushes, jobs }
    }
}

/// Makes a push.
pub(crate) fn push(number: usize) -> LoadedPush {
    let commits = if number == 1 { 25 } else { 1 };
    let revisions = (0..commits)
        .rev()
        .map(|commit| Revision {
            revision: if commit == 0 { revision(number) } else { format!("{number:x}{commit:039x}") },
            author: format!("Dev {number} <dev{number}@example.com>"),
            comment: format!("Bug {number}{commit} - fixes crashes on {number} é"),
        })
        .collect();
    LoadedPush {
        revision: revision(number),
        push_timestamp: (BEGIN + 86_400 * i64::try_from(number).unwrap()) as f64,
        author: if number == 2 { "reviewbot".to_owned() } else { format!("Dev{number}@example.com") },
        revisions,
        branch: None,
    }
}

fn messages() -> Vec<LoadedJob> {
    let mut messages: Vec<LoadedJob> = (0..6).map(message).collect();
    let decision = &mut messages[0].job;
    "Gecko Decision Task".clone_into(&mut decision.name);
    "D".clone_into(&mut decision.job_symbol);
    decision.option_collection = IndexMap::from([("opt".to_owned(), true)]);
    let failed = &mut messages[1].job;
    "testfailed".clone_into(&mut failed.result);
    failed.log_references = [("live_backing_log", "live_backing.log"), ("errorsummary_json", "summary.log")]
        .map(|(name, file)| LogReference {
            name: name.to_owned(),
            url: format!("https://tc.example/{file}"),
            parse_status: "pending".to_owned(),
        })
        .into();
    let running = &mut messages[2].job;
    set_state(running, "running");
    running.end_timestamp = None;
    let pending = &mut messages[3].job;
    set_state(pending, "pending");
    (pending.start_timestamp, pending.end_timestamp, pending.tier) = (None, None, 3);
    let again = &mut messages[4];
    again.revision = revision(1);
    again.job.start_timestamp = Some(BEGIN + 1000);
    let elsewhere = &mut messages[5];
    "try".clone_into(&mut elsewhere.repository);
    elsewhere.revision = revision(3);
    (elsewhere.job.taskcluster_task_id, elsewhere.job.taskcluster_retry_id) = (None, None);
    messages
}

fn set_state(job: &mut JobData, state: &str) {
    state.clone_into(&mut job.state);
    "unknown".clone_into(&mut job.result);
}

/// Makes a job of autoland.
pub(crate) fn message(number: usize) -> LoadedJob {
    let platform = |name: &str| Platform {
        platform: name.to_owned(),
        os_name: "linux".to_owned(),
        architecture: "x86_64".to_owned(),
    };
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: revision(0),
        superseded: Vec::new(),
        job: JobData {
            job_guid: format!("00000000-0000-4000-8000-{number:012}/0"),
            name: "test-linux1804-64/debug-mochitest-1".to_owned(),
            job_symbol: "1".to_owned(),
            group_name: "Mochitests".to_owned(),
            group_symbol: "M".to_owned(),
            product_name: "firefox".to_owned(),
            state: "completed".to_owned(),
            result: "success".to_owned(),
            reason: "scheduled".to_owned(),
            who: "dev@example.com".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: 1,
            machine: format!("worker-{number}"),
            option_collection: IndexMap::from([("debug".to_owned(), true)]),
            log_references: Vec::new(),
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(BEGIN + 10),
            start_timestamp: Some(BEGIN + 60),
            end_timestamp: Some(BEGIN + 60 + 150),
            build_platform: Some(platform("linux64")),
            machine_platform: Some(platform("linux1804-64")),
            taskcluster_task_id: Some(task(number)),
            taskcluster_retry_id: Some(0),
        },
    }
}

async fn groups(store: &Store, job_log_id: i32) {
    for (name, status) in [("dom/a.toml", 1), ("dom/b.toml", 2), ("dom/skipped.toml", 3)] {
        let model = group::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
        let group_id = group::Entity::insert(model).exec(store.connection()).await.unwrap().last_insert_id;
        let model = group_status::ActiveModel {
            status: Set(status),
            job_log_id: Set(job_log_id),
            group_id: Set(group_id),
            duration: Set(3),
            ..Default::default()
        };
        group_status::Entity::insert(model).exec(store.connection()).await.unwrap();
    }
}

async fn bugs(store: &Store, job_id: i64) {
    let now: DateTime<Utc> = Utc::now();
    for (bugzilla_id, summary) in [(Some(1_900_001), "Intermittent dom/a.html"), (None, "internal")] {
        let model = bugscache::ActiveModel {
            bugzilla_id: Set(bugzilla_id),
            status: Set("NEW".to_owned()),
            resolution: Set(String::new()),
            summary: Set(summary.to_owned()),
            dupe_of: Set(None),
            crash_signature: Set(String::new()),
            keywords: Set(String::new()),
            modified: Set(now),
            whiteboard: Set(String::new()),
            processed_update: Set(true),
            ..Default::default()
        };
        let bug_id = bugscache::Entity::insert(model).exec(store.connection()).await.unwrap().last_insert_id;
        let model = bug_job_map::ActiveModel {
            job_id: Set(job_id),
            bug_id: Set(bug_id),
            created: Set(now),
            user_id: Set(None),
            bug_open: Set(true),
            ..Default::default()
        };
        bug_job_map::Entity::insert(model).exec(store.connection()).await.unwrap();
    }
}

async fn components(store: &Store) {
    for (component, path) in [
        ("DOM: Core & HTML", "dom/base/a.html"),
        ("Mochitest", "testing/mochitest/a.html"),
        ("Meta", "testing/web-platform/meta/dom/base/a.html"),
    ] {
        let product = if component == "Mochitest" { "Testing" } else { "Core" };
        let model = bugzilla_component::ActiveModel {
            product: Set(product.to_owned()),
            component: Set(component.to_owned()),
            ..Default::default()
        };
        let id =
            bugzilla_component::Entity::insert(model).exec(store.connection()).await.unwrap().last_insert_id;
        let model = file_bugzilla_component::ActiveModel {
            path: Set(path.to_owned()),
            file_name: Set(path.rsplit('/').next().unwrap().to_owned()),
            bugzilla_component_id: Set(id),
            ..Default::default()
        };
        file_bugzilla_component::Entity::insert(model).exec(store.connection()).await.unwrap();
    }
}

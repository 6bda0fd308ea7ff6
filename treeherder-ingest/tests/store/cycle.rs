//! Removing what is too old (`spec/ingest.md` §7.6).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, IntoActiveModel as _};
use serde_json::json;
use treeherder_ingest::cycle::{Cycle, CycleOptions};
use treeherder_ingest::store::entity::{
    failure_line, group, group_status, issue_tracker, job, job_log, job_type, machine, machine_platform,
    performance_alert, performance_alert_summary, performance_datum, performance_datum_replicate,
    performance_signature, push, taskcluster_metadata, text_log_error,
};
use treeherder_ingest::store::performance::PerformanceOptions;
use treeherder_ingest::store::{JobStatus, Store, Unused};

use crate::messages::{loaded, store_with_push};
use crate::rows::statuses;
use crate::sample_job::{REPOSITORY, SampleJob, TRY, Wish};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    jobs_of_the_retention_day_go_with_all_that_is_theirs,
    one_young_job_keeps_its_chunk_and_what_follows,
    reference_data_in_use_stays,
    a_run_ends_when_its_time_is_over,
    data_points_go_by_age_and_repository,
    summaries_without_alerts_go,
    jobs_are_stored_while_unused_rows_are_removed,
);

fn now() -> DateTime<Utc> {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn cycle(test: &TestStore, chunk: u32) -> Cycle {
    let mut options = CycleOptions::default();
    options.chunk = chunk;
    Cycle::new(test.store.clone(), options)
}

/// Stores a job that was submitted so many days ago.
async fn job_of(store: &Store, number: i64, days: i64) -> SampleJob {
    let task_id = format!("A{number:021}");
    let sample =
        SampleJob::store_as(store, Wish { number, task_id: Some(&task_id), ..Wish::default() }).await;
    let connection = store.connection();
    let mut row =
        job::Entity::find_by_id(sample.id).one(connection).await.unwrap().unwrap().into_active_model();
    row.submit_time = Set(now() - TimeDelta::days(days));
    row.update(connection).await.unwrap();
    sample
}

async fn line(store: &Store, sample: &SampleJob, log: Option<i32>) {
    let line = failure_line::ActiveModel {
        job_guid: Set(sample.guid.clone()),
        repository_id: Set(sample.repository_id),
        job_log_id: Set(log),
        action: Set("test_result".to_owned()),
        line: Set(1),
        status: Set("FAIL".to_owned()),
        known_intermittent: Set(json!([])),
        best_is_verified: Set(false),
        created: Set(now()),
        modified: Set(now()),
        ..Default::default()
    };
    failure_line::Entity::insert(line).exec(store.connection()).await.unwrap();
}

async fn jobs_of_the_retention_day_go_with_all_that_is_theirs(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let (old, young) = (job_of(store, 1, 120).await, job_of(store, 2, 119).await);
    for sample in [&old, &young] {
        line(store, sample, Some(sample.log_id)).await;
        // A line whose log is gone is found by its guid.
        line(store, sample, None).await;
        let error = text_log_error::ActiveModel {
            job_id: Set(Some(sample.id)),
            line: Set("it failed".to_owned()),
            line_number: Set(3),
            new_failure: Set(false),
            ..Default::default()
        };
        text_log_error::Entity::insert(error).exec(store.connection()).await.unwrap();
    }
    points(store, &old, 1).await;
    let removed = cycle(&test, 1).remove_jobs(now(), 120).await.unwrap();
    assert_eq!((removed.jobs, removed.complete), (1, true));
    assert_eq!(all!(test, job).iter().map(|job| job.id).collect::<Vec<_>>(), [young.id]);
    assert_eq!(all!(test, job_log).len(), 1);
    let guids: Vec<String> = all!(test, failure_line).into_iter().map(|line| line.job_guid).collect();
    assert_eq!(guids, [young.guid.clone(), young.guid.clone()]);
    assert_eq!(all!(test, text_log_error).len(), 1);
    let tasks = taskcluster_metadata::Entity::find().all(store.connection()).await.unwrap();
    assert_eq!(tasks.len(), 1);
    // Pushes and performance data stay, the latter without its job.
    assert_eq!(all!(test, push).len(), 1);
    let points: Vec<Option<i64>> = all!(test, performance_datum).iter().map(|point| point.job_id).collect();
    assert_eq!(points, [None, None]);

    let again = cycle(&test, 1).remove_jobs(now(), 120).await.unwrap();
    assert_eq!((again.jobs, again.unused, again.complete), (0, 0, true));
    // Another retention.
    assert_eq!(cycle(&test, 100).remove_jobs(now(), 119).await.unwrap().jobs, 1);
    assert!(all!(test, job).is_empty());
    assert_eq!(cycle(&test, 100).remove_jobs(now(), 119).await.unwrap().jobs, 0);
}

async fn one_young_job_keeps_its_chunk_and_what_follows(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    for (number, days) in [(1, 200), (2, 200), (3, 200), (4, 5), (5, 200), (6, 200)] {
        job_of(&test.store, number, days).await;
    }
    let removed = cycle(&test, 2).remove_jobs(now(), 120).await.unwrap();
    assert_eq!((removed.jobs, removed.complete), (2, true));
    assert_eq!(all!(test, job).len(), 4);
}

async fn reference_data_in_use_stays(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let sample = job_of(store, 1, 130).await;
    points(store, &sample, 1).await;
    for number in 0..5 {
        let unused = machine::ActiveModel { name: Set(format!("unused-{number}")), ..Default::default() };
        machine::Entity::insert(unused).exec(store.connection()).await.unwrap();
    }
    let mut groups = Vec::new();
    for name in ["used", "unused"] {
        let row = group::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
        groups.push(group::Entity::insert(row).exec(store.connection()).await.unwrap().last_insert_id);
    }
    let status = group_status::ActiveModel {
        status: Set(1),
        job_log_id: Set(sample.log_id),
        group_id: Set(groups[0]),
        duration: Set(0),
        ..Default::default()
    };
    group_status::Entity::insert(status).exec(store.connection()).await.unwrap();
    // Chunks of 2: the rest of a table is found after the first of them.
    let removed = cycle(&test, 2).remove_jobs(now(), 365).await.unwrap();
    assert_eq!((removed.jobs, removed.unused), (0, 6));
    assert_eq!(all!(test, machine).len(), 1);
    assert_eq!(all!(test, group).iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["used"]);

    let removed = cycle(&test, 2).remove_jobs(now(), 120).await.unwrap();
    // Job type, job group, machine, test group and build platform; the platform is that of a series.
    assert_eq!((removed.jobs, removed.unused), (1, 5));
    assert!(all!(test, machine).is_empty() && all!(test, job_type).is_empty());
    assert_eq!(all!(test, machine_platform).len(), 1);
}

async fn a_run_ends_when_its_time_is_over(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    for number in 0..3 {
        job_of(&test.store, number, 200).await;
    }
    let mut options = CycleOptions::default();
    options.chunk = 1;
    options.until = Some(tokio::time::Instant::now());
    let short = Cycle::new(test.store.clone(), options);
    let removed = short.remove_jobs(now(), 120).await.unwrap();
    assert_eq!((removed.jobs, removed.complete), (1, false));
    let removed = cycle(&test, 1).remove_jobs(now(), 120).await.unwrap();
    assert_eq!((removed.jobs, removed.complete), (2, true));
}

/// Stores a series of the job's repository with two points, so many days old, of which one has two replicates.
async fn points(store: &Store, sample: &SampleJob, days: i64) {
    let artifact = json!({"framework": {"name": "browsertime"}, "suites": [
        {"name": format!("suite-{}", sample.id), "value": 1.0, "subtests": [{"name": "a", "value": 2.0, "replicates": [1.0, 3.0]}]},
    ]});
    let artifact = serde_json::from_value(artifact).unwrap();
    store.store_performance_data(sample.id, &artifact, PerformanceOptions::default()).await.unwrap();
    let connection = store.connection();
    for point in performance_datum::Entity::find().all(connection).await.unwrap() {
        if point.job_id == Some(sample.id) {
            let mut point = point.into_active_model();
            point.push_timestamp = Set(now() - TimeDelta::days(days));
            point.update(connection).await.unwrap();
        }
    }
}

async fn data_points_go_by_age_and_repository(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let other = test.store.repository_by_name("mozilla-release").await.unwrap().unwrap().id;
    let mut kept = Vec::new();
    // Repository, age in days, whether it stays.
    let all = [
        (REPOSITORY, 1095, false),
        (REPOSITORY, 1094, true),
        (TRY, 730, false),
        (TRY, 729, true),
        (TRY, 1200, false),
        (other, 731, false),
        (other, 729, true),
    ];
    for (number, (repository_id, days, stays)) in (0..).zip(all) {
        let revision = format!("{repository_id:040}");
        let wish = Wish { repository_id, number, task_id: None, revision: &revision, ..Wish::default() };
        let sample = SampleJob::store_as(&test.store, wish).await;
        points(&test.store, &sample, days).await;
        if stays {
            kept.push(sample.id);
        }
    }
    let removed = cycle(&test, 1).remove_performance_data(now()).await.unwrap();
    assert_eq!(
        (removed.main, removed.try_data, removed.irrelevant, removed.complete),
        (4, 2, 2, true),
        "two points each; those of 1200 days go with the first strategy"
    );
    let mut left: Vec<i64> = all!(test, performance_datum).iter().filter_map(|point| point.job_id).collect();
    left.dedup();
    assert_eq!(left, kept);
    assert_eq!(
        all!(test, performance_datum_replicate).len(),
        2 * kept.len(),
        "replicates go with their points"
    );
    assert_eq!(all!(test, performance_signature).len(), 2 * 7, "series stay");
    assert_eq!(all!(test, job).len(), 7);
}

async fn summaries_without_alerts_go(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let connection = store.connection();
    let sample = SampleJob::store(store).await;
    points(store, &sample, 1).await;
    let series = all!(test, performance_signature)[0].clone();
    if issue_tracker::Entity::find().one(connection).await.unwrap().is_none() {
        let row = issue_tracker::ActiveModel {
            id: Set(1),
            name: Set("Bugzilla".to_owned()),
            task_base_url: Set("https://bugzilla.example/".to_owned()),
        };
        issue_tracker::Entity::insert(row).exec(connection).await.unwrap();
    }
    let mut summaries = Vec::new();
    for (number, days) in [180, 179, 400, 400].into_iter().enumerate() {
        let revision = format!("{number:040}");
        let other = SampleJob::store_as(
            store,
            Wish {
                revision: &revision,
                number: 10 + i64::try_from(number).unwrap(),
                task_id: None,
                ..Wish::default()
            },
        )
        .await;
        let row = performance_alert_summary::ActiveModel {
            repository_id: Set(sample.repository_id),
            framework_id: Set(series.framework_id),
            prev_push_id: Set(sample.push_id),
            push_id: Set(other.push_id),
            manually_created: Set(false),
            sheriffed: Set(true),
            created: Set(now() - TimeDelta::days(days)),
            status: Set(0),
            issue_tracker_id: Set(1),
            ..Default::default()
        };
        let made = performance_alert_summary::Entity::insert(row).exec(connection).await.unwrap();
        summaries.push(made.last_insert_id);
    }
    // An alert of the third summary that was moved to the fourth keeps both.
    let alert = performance_alert::ActiveModel {
        summary_id: Set(summaries[2]),
        related_summary_id: Set(Some(summaries[3])),
        series_signature_id: Set(series.id),
        is_regression: Set(true),
        starred: Set(false),
        sheriffed: Set(true),
        status: Set(2),
        amount_pct: Set(10.0),
        amount_abs: Set(1.0),
        prev_value: Set(10.0),
        new_value: Set(11.0),
        noise_profile: Set("N/A".to_owned()),
        manually_created: Set(false),
        ..Default::default()
    };
    performance_alert::Entity::insert(alert).exec(connection).await.unwrap();
    let removed = cycle(&test, 1).remove_performance_data(now()).await.unwrap();
    assert_eq!((removed.summaries, removed.complete), (1, true));
    let left: Vec<i32> = all!(test, performance_alert_summary).iter().map(|summary| summary.id).collect();
    assert_eq!(left, summaries[1..]);
}

async fn jobs_are_stored_while_unused_rows_are_removed(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let other = Store::connect(&test.url, 2).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = stop.clone();
    let removing = tokio::spawn(async move {
        let mut removed = 0;
        while !stopped.is_cancelled() {
            for unused in Unused::ALL {
                if let Some((rows, _)) = other.delete_unused(unused, 0, 10).await.unwrap() {
                    removed += rows;
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        removed
    });
    let mut stored = 0;
    for round in 0..40 {
        let mut batch =
            vec![loaded(&format!("a{round}/0"), "completed"), loaded(&format!("b{round}/0"), "pending")];
        for message in &mut batch {
            message.job.machine = format!("machine-{round}");
        }
        let outcomes = statuses(&test, &batch).await;
        assert!(outcomes.iter().all(|status| *status == JobStatus::Created), "{outcomes:?}");
        stored += batch.len();
        // What this process remembers is of no use any more.
        job::Entity::delete_many().exec(test.store.connection()).await.unwrap();
    }
    assert_eq!(stored, 80);
    stop.cancel();
    assert!(removing.await.unwrap() > 0, "nothing was removed");
}

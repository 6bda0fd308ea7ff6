//! Performance data.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _,
};
use sea_orm::{PaginatorTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use treeherder_ingest::store::StoreError;
use treeherder_ingest::store::entity::{
    job, option_collection, perf_multicommitdatum, performance_datum, performance_datum_replicate,
    performance_framework, performance_signature, repository,
};
use treeherder_ingest::store::performance::{IgnoredFramework, PerformanceOptions, StoredPerformance};

use crate::sample_job::{OPT, REPOSITORY, REVISION, SampleJob, TRY, Wish};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    an_artifact_becomes_series_and_points,
    storing_an_artifact_again_changes_nothing,
    a_point_keeps_its_value_and_a_series_follows_the_artifact,
    the_time_of_a_series_never_moves_backwards,
    two_subtests_of_one_name_share_a_series,
    a_value_of_the_suite_makes_other_subtest_series,
    applications_have_series_of_their_own,
    one_job_may_carry_data_of_several_commits,
    unknown_and_disabled_frameworks_are_ignored,
    candidates_for_alerts_follow_the_rule,
    the_texts_may_be_as_long_as_the_schema_allows,
    the_public_name_of_a_series_is_unique,
    a_job_or_collection_that_is_missing_stores_nothing,
    large_artifacts_are_stored_whole,
    several_writers_of_the_same_series_agree,
    the_data_of_a_job_is_read_back,
    deleting_a_job_keeps_its_points,
);

/// The suite of the hash vectors in `spec/api.md` §6.3.
fn amazon() -> Value {
    json!({"framework": {"name": "browsertime"},
    "application": {"name": "firefox", "version": "120.0a1"},
    "os": {"name": "linux", "platform_version": "22.04"},
    "suites": [{
        "name": "amazon", "value": 12.5, "unit": "ms", "extraOptions": ["fission", "cold"], "tags": ["b", "a"],
        "replicates": [12, 13], "alertThreshold": 2.5, "alertChangeType": "absolute", "publicName": "Amazon",
        "monitor": false, "alertNotifyEmails": ["a@example.org", "b@example.org"], "foreWindow": 12,
        "subtests": [{"name": "fcp", "value": 7, "replicates": [6.5, 7.5, 7], "lowerIsBetter": false}],
    }]})
}

async fn store(test: &TestStore, job: &SampleJob, artifact: &Value) -> Result<StoredPerformance, StoreError> {
    let artifact = serde_json::from_value(artifact.clone()).unwrap();
    test.store.store_performance_data(job.id, &artifact, PerformanceOptions::default()).await
}

async fn series(test: &TestStore) -> Vec<performance_signature::Model> {
    performance_signature::Entity::find()
        .order_by_asc(performance_signature::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap()
}

async fn data(test: &TestStore) -> Vec<performance_datum::Model> {
    performance_datum::Entity::find()
        .order_by_asc(performance_datum::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap()
}

async fn replicates(test: &TestStore, datum: i64) -> Vec<f64> {
    performance_datum_replicate::Entity::find()
        .filter(performance_datum_replicate::Column::PerformanceDatumId.eq(datum))
        .order_by_asc(performance_datum_replicate::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.value)
        .collect()
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

async fn an_artifact_becomes_series_and_points(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let stored = store(&test, &job, &amazon()).await.unwrap();
    assert_eq!((stored.signatures, stored.data, stored.ignored), (2, 2, None));

    let rows = series(&test).await;
    let [summary, fcp] = rows.as_slice() else { panic!("two series: {rows:?}") };
    let expected = performance_signature::Model {
        id: summary.id,
        signature_hash: "6f6b9db463da358bd4334a8cf19722636157f835".to_owned(),
        repository_id: REPOSITORY,
        framework_id: 13,
        platform_id: 1,
        option_collection_id: 1,
        suite: "amazon".to_owned(),
        test: String::new(),
        application: "firefox".to_owned(),
        lower_is_better: true,
        last_updated: time(1_700_000_000),
        parent_signature_id: None,
        has_subtests: true,
        suite_public_name: Some("Amazon".to_owned()),
        test_public_name: None,
        tags: "a b".to_owned(),
        extra_options: "cold fission".to_owned(),
        measurement_unit: Some("ms".to_owned()),
        should_alert: None,
        monitor: Some(false),
        alert_notify_emails: Some("a@example.org b@example.org".to_owned()),
        alert_change_type: Some(1),
        alert_threshold: Some(2.5),
        min_back_window: None,
        max_back_window: None,
        fore_window: Some(12),
        alert_severity: "normal".to_owned(),
    };
    assert_eq!(summary, &expected);
    let expected = performance_signature::Model {
        id: fcp.id,
        signature_hash: "95a59f386c24a910c44b1f842b05cf16b95bf2e5".to_owned(),
        test: "fcp".to_owned(),
        lower_is_better: false,
        parent_signature_id: Some(summary.id),
        has_subtests: false,
        measurement_unit: None,
        alert_change_type: None,
        alert_threshold: None,
        fore_window: None,
        ..expected
    };
    assert_eq!(fcp, &expected);

    let points = data(&test).await;
    assert_eq!(points.iter().map(|row| row.value).collect::<Vec<_>>(), [12.5, 7.0]);
    let point = &points[1];
    assert_eq!((point.signature_id, point.job_id, point.push_id), (fcp.id, Some(job.id), job.push_id));
    assert_eq!(point.push_timestamp, time(1_700_000_000));
    assert_eq!(point.application_version, "120.0a1");
    assert_eq!((point.os_name.as_deref(), point.platform_version.as_deref()), (Some("linux"), Some("22.04")));
    assert_eq!(replicates(&test, points[0].id).await, [12.0, 13.0]);
    assert_eq!(replicates(&test, points[1].id).await, [6.5, 7.5, 7.0]);
    let marks = perf_multicommitdatum::Entity::find().count(test.store.connection()).await.unwrap();
    assert_eq!(marks, 0);
}

async fn storing_an_artifact_again_changes_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    store(&test, &job, &amazon()).await.unwrap();
    let before = (series(&test).await, data(&test).await);
    let again = store(&test, &job, &amazon()).await.unwrap();
    assert_eq!((again.signatures, again.data, again.alert_candidates), (2, 0, vec![]));
    assert_eq!((series(&test).await, data(&test).await), before);
    for point in &before.1 {
        assert!(replicates(&test, point.id).await.len() <= 3, "single measurements are not doubled");
    }
}

async fn a_point_keeps_its_value_and_a_series_follows_the_artifact(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    store(&test, &job, &amazon()).await.unwrap();
    let mut changed = amazon();
    let suite = &mut changed["suites"][0];
    suite["value"] = json!(99);
    suite["unit"] = json!("s");
    suite["tags"] = json!([]);
    suite["shouldAlert"] = json!(true);
    suite.as_object_mut().unwrap().remove("alertThreshold");
    suite.as_object_mut().unwrap().remove("publicName");
    suite["alertSeverity"] = json!("critical");
    suite["subtests"][0]["lowerIsBetter"] = json!(true);
    assert_eq!(store(&test, &job, &changed).await.unwrap().data, 0);
    assert_eq!(data(&test).await[0].value, 12.5);
    let rows = series(&test).await;
    let summary = &rows[0];
    assert_eq!((summary.measurement_unit.as_deref(), summary.tags.as_str()), (Some("s"), ""));
    assert_eq!((summary.should_alert, summary.alert_threshold), (Some(true), None));
    assert_eq!((summary.suite_public_name.as_deref(), rows[1].suite_public_name.as_deref()), (None, None));
    assert_eq!((summary.alert_severity.as_str(), rows[1].alert_severity.as_str()), ("critical", "critical"));
    assert!(rows[1].lower_is_better);
    assert_eq!(rows[1].parent_signature_id, Some(summary.id));
}

async fn the_time_of_a_series_never_moves_backwards(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let jobs = [(0, 1_700_000_000.0, "a"), (1, 1_600_000_000.0, "b"), (2, 1_700_000_500.0, "c")];
    let mut seen = Vec::new();
    for (number, push_time, revision) in jobs {
        let revision = revision.repeat(40);
        let wish = Wish { number, push_time, revision: &revision, ..Wish::default() };
        let job = SampleJob::store_as(&test.store, wish).await;
        assert_eq!(store(&test, &job, &amazon()).await.unwrap().data, 2);
        let rows = series(&test).await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].last_updated, rows[1].last_updated);
        seen.push(rows[0].last_updated.timestamp());
    }
    assert_eq!(seen, [1_700_000_000, 1_700_000_000, 1_700_000_500]);
    assert_eq!(data(&test).await[2].push_timestamp, time(1_600_000_000), "the point has its own time");
}

async fn two_subtests_of_one_name_share_a_series(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let mut artifact = amazon();
    artifact["suites"][0]["subtests"] = json!([
        {"name": "fcp", "value": 1, "unit": "ms", "replicates": [1]},
        {"name": "fcp", "value": 2, "unit": "s", "replicates": [2, 2]}]);
    let stored = store(&test, &job, &artifact).await.unwrap();
    assert_eq!((stored.signatures, stored.data), (2, 2));
    let points = data(&test).await;
    assert_eq!(points[1].value, 1.0, "the first value counts");
    assert_eq!(replicates(&test, points[1].id).await, [1.0]);
    assert_eq!(series(&test).await[1].measurement_unit.as_deref(), Some("s"), "the last properties count");
}

async fn a_value_of_the_suite_makes_other_subtest_series(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let mut artifact = amazon();
    artifact["suites"][0].as_object_mut().unwrap().remove("publicName");
    store(&test, &job, &artifact).await.unwrap();
    artifact["suites"][0].as_object_mut().unwrap().remove("value");
    assert_eq!(store(&test, &job, &artifact).await.unwrap().data, 1);
    let rows = series(&test).await;
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[2].test.as_str(), rows[2].parent_signature_id), ("fcp", None));
}

async fn applications_have_series_of_their_own(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let mut artifact = amazon();
    artifact["suites"][0].as_object_mut().unwrap().remove("publicName");
    store(&test, &job, &artifact).await.unwrap();
    artifact["application"] = json!({"name": "chrome"});
    assert_eq!(store(&test, &job, &artifact).await.unwrap().data, 2);
    artifact.as_object_mut().unwrap().remove("application");
    artifact.as_object_mut().unwrap().remove("os");
    assert_eq!(store(&test, &job, &artifact).await.unwrap().data, 2);
    let rows = series(&test).await;
    let applications: Vec<_> = rows.iter().map(|row| row.application.as_str()).collect();
    assert_eq!(applications, ["firefox", "firefox", "chrome", "chrome", "", ""]);
    assert_eq!(rows[2].signature_hash, rows[0].signature_hash);
    assert_eq!(rows[3].parent_signature_id, Some(rows[2].id), "parents are of the same application");
    let points = data(&test).await;
    assert_eq!((points[2].application_version.as_str(), points[4].os_name.as_deref()), ("", None));
}

async fn one_job_may_carry_data_of_several_commits(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let mut artifact = amazon();
    for timestamp in [json!(1_690_000_000), json!(1_690_000_100.25), json!(1_690_000_000)] {
        artifact["pushTimestamp"] = timestamp;
        store(&test, &job, &artifact).await.unwrap();
    }
    let points = data(&test).await;
    let times: Vec<_> = points.iter().map(|row| row.push_timestamp).collect();
    let later = time(1_690_000_100) + TimeDelta::milliseconds(250);
    assert_eq!(times, [time(1_690_000_000), time(1_690_000_000), later, later]);
    assert!(points.iter().all(|row| row.push_id == job.push_id));
    let marks = perf_multicommitdatum::Entity::find().all(test.store.connection()).await.unwrap();
    assert_eq!(marks.len(), 4);
    assert_eq!(series(&test).await[0].last_updated, later);

    let switched_off = PerformanceOptions { multi_commit: false };
    let artifact = serde_json::from_value(artifact).unwrap();
    test.store.store_performance_data(job.id, &artifact, switched_off).await.unwrap();
    let points = data(&test).await;
    assert_eq!((points.len(), points[4].push_timestamp), (6, time(1_700_000_000)));
    let marks = perf_multicommitdatum::Entity::find().count(test.store.connection()).await.unwrap();
    assert_eq!(marks, 4);
}

async fn unknown_and_disabled_frameworks_are_ignored(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    for (name, reason) in [
        ("nonsense", IgnoredFramework::Unknown),
        ("job_resource_usage", IgnoredFramework::Unknown),
        ("vcs", IgnoredFramework::Disabled),
    ] {
        let mut artifact = amazon();
        artifact["framework"]["name"] = json!(name);
        let stored = store(&test, &job, &artifact).await.unwrap();
        assert_eq!((stored.ignored, stored.data, stored.signatures), (Some(reason), 0, 0), "{name}");
    }
    assert!(series(&test).await.is_empty());
    let frameworks = performance_framework::Entity::find().all(test.store.connection()).await.unwrap();
    assert_eq!(frameworks.len(), 13);
}

async fn candidates_for_alerts_follow_the_rule(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let alerting = repository::ActiveModel {
        id: Set(REPOSITORY),
        performance_alerts_enabled: Set(true),
        ..Default::default()
    };
    alerting.update(test.store.connection()).await.unwrap();
    let job = SampleJob::store(&test.store).await;
    let mut artifact = amazon();
    let stored = store(&test, &job, &artifact).await.unwrap();
    let rows = series(&test).await;
    assert_eq!(stored.alert_candidates, [rows[0].id], "the summary only");
    assert!(store(&test, &job, &artifact).await.unwrap().alert_candidates.is_empty(), "nothing new");

    artifact["suites"][0]["monitor"] = json!(true);
    let monitored = store(&test, &job, &artifact).await.unwrap();
    assert_eq!(monitored.alert_candidates, [rows[0].id, rows[1].id]);

    artifact["suites"][0]["monitor"] = json!(false);
    let low_tier = Wish { number: 1, tier: 3, ..Wish::default() };
    let low_tier = SampleJob::store_as(&test.store, low_tier).await;
    assert!(store(&test, &low_tier, &artifact).await.unwrap().alert_candidates.is_empty());

    artifact["suites"][0]["monitor"] = json!(true);
    let on_try = Wish { number: 2, repository_id: TRY, ..Wish::default() };
    let on_try = SampleJob::store_as(&test.store, on_try).await;
    assert!(store(&test, &on_try, &artifact).await.unwrap().alert_candidates.is_empty());
}

async fn the_texts_may_be_as_long_as_the_schema_allows(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let unlike = |count: usize, length: usize| -> Vec<String> {
        (0..count).map(|number| format!("{number:é<length$}")).collect()
    };
    let mut options = unlike(7, 45);
    options.push("x".repeat(100));
    let artifact = json!({"framework": {"name": "talos"},
        "application": {"name": "cstm-car-m", "version": "v".repeat(40)},
        "os": {"name": "o".repeat(100), "platform_version": "p".repeat(100)},
        "suites": [{"name": "\u{1f346}".repeat(80), "publicName": "é".repeat(30), "value": -1e12,
            "unit": "é".repeat(20), "tags": (10..24).map(|number| format!("{number}{}", "t".repeat(22))).collect::<Vec<_>>(), "extraOptions": options,
            "alertNotifyEmails": unlike(8, 100), "alertSeverity": "subcritical",
            "subtests": [{"name": "é".repeat(80), "publicName": "é".repeat(30), "value": 1e12}]}]});
    assert_eq!(store(&test, &job, &artifact).await.unwrap().data, 2);
    let rows = series(&test).await;
    assert_eq!(rows[0].extra_options.chars().count(), 422);
    assert_eq!(rows[0].suite, "\u{1f346}".repeat(80));
    assert_eq!(data(&test).await[1].value, 1e12);
}

async fn the_public_name_of_a_series_is_unique(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let suite = |name: &str| {
        json!({"name": name, "publicName": "Public", "value": 1,
            "subtests": [{"name": "t", "value": 1, "publicName": "Part"}]})
    };
    let artifact = json!({"framework": {"name": "talos"}, "suites": [suite("one"), suite("two")]});
    let error = store(&test, &job, &artifact).await.unwrap_err();
    assert!(matches!(error, StoreError::Integrity(_)), "{error}");
    assert!(series(&test).await.is_empty() && data(&test).await.is_empty(), "all or nothing");
}

async fn a_job_or_collection_that_is_missing_stores_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let missing = SampleJob { id: job.id + 1, ..job.clone() };
    let error = store(&test, &missing, &amazon()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "job", .. }), "{error}");
    option_collection::Entity::delete_by_id(1).exec(test.store.connection()).await.unwrap();
    let error = store(&test, &job, &amazon()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no option_collection {OPT}"));
}

async fn large_artifacts_are_stored_whole(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let subtests: Vec<_> = (0..1_700)
        .map(|number| json!({"name": format!("t{number}"), "value": number, "replicates": [1, 2, 3]}))
        .collect();
    let artifact = json!({"framework": {"name": "talos"},
        "suites": [{"name": "large", "value": 1, "subtests": subtests}]});
    for new in [1_701, 0] {
        assert_eq!(store(&test, &job, &artifact).await.unwrap().data, new);
    }
    assert_eq!(series(&test).await.len(), 1_701);
    let connection = test.store.connection();
    let replicates = performance_datum_replicate::Entity::find().count(connection).await.unwrap();
    assert_eq!(replicates, 5_100);
    let empty = json!({"framework": {"name": "talos"}, "suites": []});
    assert_eq!(store(&test, &job, &empty).await.unwrap(), StoredPerformance::default());
}

async fn several_writers_of_the_same_series_agree(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut jobs = Vec::new();
    for number in 0..3 {
        jobs.push(SampleJob::store_as(&test.store, Wish { number, ..Wish::default() }).await);
    }
    let mut writers = Vec::new();
    for number in 0..9 {
        let (store, job) = (test.store.clone(), jobs[number % 3].clone());
        let mut subtests: Vec<_> = (0..60)
            .map(|number| json!({"name": format!("t{number}"), "value": number, "replicates": [1]}))
            .collect();
        if number % 2 == 1 {
            subtests.reverse();
        }
        let mut artifact = amazon();
        artifact["suites"][0]["subtests"] = json!(subtests);
        let artifact = serde_json::from_value(artifact).unwrap();
        writers.push(tokio::spawn(async move {
            store.store_performance_data(job.id, &artifact, PerformanceOptions::default()).await
        }));
    }
    let mut stored = 0;
    for writer in writers {
        stored += writer.await.unwrap().unwrap().data;
    }
    assert_eq!(stored, 3 * 61);
    assert_eq!((series(&test).await.len(), data(&test).await.len()), (61, 183));
    let connection = test.store.connection();
    assert_eq!(performance_datum_replicate::Entity::find().count(connection).await.unwrap(), 3 * 62);
}

async fn the_data_of_a_job_is_read_back(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    assert!(test.store.performance_job_data(job.id).await.unwrap().is_none());
    store(&test, &job, &amazon()).await.unwrap();
    let read = test.store.performance_job_data(job.id).await.unwrap().unwrap();
    assert_eq!((read.push_id, read.revision.as_str()), (job.push_id, REVISION));
    assert_eq!(read.push_timestamp, time(1_700_000_000));
    let fcp = &read.data[1];
    assert_eq!((fcp.value, fcp.test.as_str(), fcp.framework_id), (7.0, "fcp", 13));
    assert_eq!((fcp.option_collection_hash.as_str(), fcp.machine_platform.as_str()), (OPT, "linux64"));
    assert_eq!(fcp.signature_hash, "95a59f386c24a910c44b1f842b05cf16b95bf2e5");
    assert_eq!((fcp.extra_options.as_str(), fcp.lower_is_better), ("cold fission", false));
}

async fn deleting_a_job_keeps_its_points(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    store(&test, &job, &amazon()).await.unwrap();
    job::Entity::delete_by_id(job.id).exec(test.store.connection()).await.unwrap();
    let points = data(&test).await;
    assert_eq!((points.len(), points[0].job_id), (2, None));
    performance_signature::Entity::delete_by_id(points[0].signature_id)
        .exec(test.store.connection())
        .await
        .unwrap();
    assert!(series(&test).await.is_empty(), "subtests go with their summary");
    assert!(data(&test).await.is_empty());
    let connection = test.store.connection();
    assert_eq!(performance_datum_replicate::Entity::find().count(connection).await.unwrap(), 0);
}

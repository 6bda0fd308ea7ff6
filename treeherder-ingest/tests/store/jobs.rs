//! Jobs: state rules, reference data, logs.

use chrono::DateTime;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use treeherder_ingest::job::{JobData, JobState, LogStatus, state};
use treeherder_ingest::store::entity::{
    build_platform, job, job_group, job_type, machine, machine_platform, option, option_collection, product,
    push, reference_data_signatures, taskcluster_metadata,
};
use treeherder_ingest::store::{JobStatus, LogKind, StoredLog};

use crate::messages::{REVISION, loaded, log, platform, store_push, store_with_push};
use crate::rows::{find, logs, row, statuses};
use crate::support::database::Backend;

on_every_database!(
    a_job_is_stored_with_exactly_its_values,
    every_pair_of_states_follows_the_table,
    every_pair_of_states_follows_the_table_within_one_batch,
    an_update_leaves_owner_reason_and_classification,
    missing_texts_become_unknown_and_long_ones_are_cut,
    names_that_do_not_fit_are_rejected_alone,
    each_message_finds_its_repository_and_push,
    an_abbreviated_revision_finds_its_push,
    the_first_task_of_a_job_stays,
    logs_keep_their_status_and_are_returned_to_the_second_delivery,
    superseded_jobs_are_completed,
    old_retries_take_over_the_row_of_their_job,
    a_whole_retry_story_in_one_batch,
    same_names_in_other_jobs_do_not_mix,
    options_are_hashed_and_stored_once,
    times_that_submitted_jobs_leave_out_are_guessed_once,
);

async fn a_job_is_stored_with_exactly_its_values(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded("guid/0", "running");
    message.job.start_timestamp = Some(1_740_639_843);
    message.job.tier = 0;
    message.job.machine_platform = Some(platform("linux64-qr"));
    let outcome = test.store.store_jobs(&[message]).await.unwrap().remove(0);
    assert_eq!(outcome.status, JobStatus::Created);
    assert_eq!((outcome.guid.as_str(), outcome.repository.as_str()), ("guid/0", "autoland"));
    assert_eq!((outcome.state.as_str(), outcome.result.as_str()), ("running", "unknown"));
    let stored = row(&test, "guid/0").await;
    assert_eq!(outcome.job_id, Some(stored.id));
    assert_eq!((stored.repository_id, stored.failure_classification_id, stored.tier), (77, 1, 1));
    assert_eq!((stored.who.as_str(), stored.reason.as_str()), ("ana@example.com", "scheduled"));
    assert_eq!((stored.state.as_str(), stored.result.as_str()), ("running", "unknown"));
    assert_eq!(stored.submit_time.timestamp(), 1_740_638_717);
    assert_eq!(stored.start_time.timestamp(), 1_740_639_843);
    assert_eq!(stored.end_time.to_rfc3339(), "1970-01-01T00:00:00+00:00");
    assert_eq!(stored.option_collection_hash, "102210fe594ee9b33d82058545b1ed14f4c8206e");
    let pushes = all!(test, push);
    assert_eq!(stored.push_id, pushes[0].id);
    let [build] = &all!(test, build_platform)[..] else { panic!() };
    assert_eq!(
        (build.os_name.as_str(), build.platform.as_str(), build.architecture.as_str()),
        ("linux", "linux64", "x86_64")
    );
    let [ran_on] = &all!(test, machine_platform)[..] else { panic!() };
    assert_eq!(ran_on.platform, "linux64-qr");
    assert_eq!((stored.build_platform_id, stored.machine_platform_id), (build.id, ran_on.id));
    let [signature] = &all!(test, reference_data_signatures)[..] else { panic!() };
    assert_eq!(stored.signature_id, signature.id);
    assert_eq!(signature.name, signature.signature);
    // The SHA-1 of the parts of §5.4, computed by another program.
    assert_eq!(signature.signature, "93a6fb138640818e57d10796d9b5d8dc19e5a5bb");
    assert_eq!(
        (
            signature.build_os_name.as_str(),
            signature.machine_platform.as_str(),
            signature.job_group_symbol.as_str()
        ),
        ("linux", "linux64-qr", "M")
    );
    assert_eq!(
        (
            signature.job_type_name.as_str(),
            signature.build_system_type.as_str(),
            signature.repository.as_str()
        ),
        ("test-linux1804-64/opt-mochitest-1", "taskcluster", "autoland")
    );
    assert_eq!(signature.option_collection_hash, stored.option_collection_hash);
    let age = chrono::Utc::now().timestamp() - i64::from(signature.first_submission_timestamp);
    assert!((0..600).contains(&age), "{age}");
}

/// What is stored, after a first and a second message: whether the second one was taken.
fn expected(first: JobState, second: JobState) -> (JobStatus, JobState) {
    if state::accepts(Some(first), second) {
        (JobStatus::Updated, second)
    } else {
        (JobStatus::Ignored, first)
    }
}

async fn every_pair_of_states_follows_the_table(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    for first in JobState::ALL {
        for second in JobState::ALL {
            let guid = format!("{first}-{second}/0");
            assert_eq!(statuses(&test, &[loaded(&guid, first.as_str())]).await, [JobStatus::Created]);
            let outcome = test.store.store_jobs(&[loaded(&guid, second.as_str())]).await.unwrap().remove(0);
            let (status, state) = expected(first, second);
            assert_eq!(outcome.status, status, "{guid}");
            assert_eq!(row(&test, &guid).await.state, state.as_str(), "{guid}");
            assert_eq!(outcome.state, state.as_str(), "{guid}");
        }
    }
}

async fn every_pair_of_states_follows_the_table_within_one_batch(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut batch = Vec::new();
    for first in JobState::ALL {
        for second in JobState::ALL {
            let guid = format!("{first}-{second}/0");
            batch.push(loaded(&guid, first.as_str()));
            batch.push(loaded(&guid, second.as_str()));
        }
    }
    let outcomes = test.store.store_jobs(&batch).await.unwrap();
    let mut outcomes = outcomes.chunks(2);
    for first in JobState::ALL {
        for second in JobState::ALL {
            let guid = format!("{first}-{second}/0");
            let (status, state) = expected(first, second);
            let pair = outcomes.next().unwrap();
            assert_eq!((&pair[0].status, &pair[1].status), (&JobStatus::Created, &status), "{guid}");
            assert_eq!(pair[0].job_id, pair[1].job_id);
            assert_eq!(row(&test, &guid).await.state, state.as_str(), "{guid}");
        }
    }
}

async fn an_update_leaves_owner_reason_and_classification(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("a/0", "pending")]).await;
    let before = row(&test, "a/0").await;
    let sql = "UPDATE job SET failure_classification_id = 4";
    test.store.connection().execute_unprepared(sql).await.unwrap();
    let second_push = store_push(&test.store, &"b".repeat(40)).await;
    let mut message = loaded("a/0", "completed");
    message.revision = "b".repeat(40);
    message.job.who = "bo@example.com".to_owned();
    message.job.reason = "retrigger".to_owned();
    message.job.result = "testfailed".to_owned();
    message.job.machine = "worker-2".to_owned();
    message.job.tier = 2;
    message.job.end_timestamp = Some(1_740_640_002);
    assert_eq!(statuses(&test, &[message]).await, [JobStatus::Updated]);
    let after = row(&test, "a/0").await;
    assert_eq!(after.id, before.id);
    assert_eq!((after.who.as_str(), after.reason.as_str()), ("ana@example.com", "scheduled"));
    assert_eq!(after.failure_classification_id, 4);
    assert_eq!((after.result.as_str(), after.tier, after.push_id), ("testfailed", 2, second_push));
    assert_eq!(after.end_time.timestamp(), 1_740_640_002);
    assert_ne!(after.machine_id, before.machine_id);
    assert!(after.last_modified > before.last_modified);
}

async fn missing_texts_become_unknown_and_long_ones_are_cut(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded(&"g".repeat(60), "pending");
    message.job.who = "ü".repeat(60);
    message.job.reason = "r".repeat(130);
    for text in [
        &mut message.job.name,
        &mut message.job.job_symbol,
        &mut message.job.group_name,
        &mut message.job.group_symbol,
        &mut message.job.product_name,
        &mut message.job.machine,
        &mut message.job.result,
    ] {
        text.clear();
    }
    message.job.build_platform = None;
    message.job.option_collection.clear();
    message.job.submit_timestamp = Some(i64::MAX);
    message.job.log_references = vec![log(&"n".repeat(60), &"u".repeat(300)), log("", "")];
    let outcome = test.store.store_jobs(&[message.clone()]).await.unwrap().remove(0);
    let stored = row(&test, &"g".repeat(50)).await;
    assert_eq!((stored.who, stored.reason), ("ü".repeat(50), "r".repeat(125)));
    assert_eq!(stored.result, "unknown");
    assert_eq!(stored.submit_time.timestamp(), 0);
    assert_eq!(stored.option_collection_hash, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    let names: Vec<_> = outcome.logs.iter().map(|log| (log.name.as_str(), log.url.as_str())).collect();
    assert_eq!(names, [(&*"n".repeat(50), &*"u".repeat(255)), ("unknown", "unknown")]);
    let build = &all!(test, build_platform)[0];
    assert_eq!([&build.os_name, &build.platform, &build.architecture], ["unknown"; 3]);
    let (group, kind) = (&all!(test, job_group)[0], &all!(test, job_type)[0]);
    assert_eq!([&group.name, &group.symbol, &kind.name, &kind.symbol], ["unknown"; 4]);
    assert_eq!([&all!(test, machine)[0].name, &all!(test, product)[0].name], ["unknown"; 2]);
    // Its guid is looked up as it is stored.
    assert_eq!(statuses(&test, &[message]).await, [JobStatus::Updated]);
}

async fn names_that_do_not_fit_are_rejected_alone(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    type Change = fn(&mut JobData);
    let cases: [(Change, &str); 12] = [
        (|job| job.name = "n".repeat(141), "job_type.name: 141 characters, the limit is 140"),
        (|job| job.job_symbol = "s".repeat(26), "job_type.symbol: 26 characters, the limit is 25"),
        (|job| job.group_name = "n".repeat(256), "job_group.name: 256 characters, the limit is 255"),
        (|job| job.group_symbol = "s".repeat(26), "job_group.symbol: 26 characters, the limit is 25"),
        (|job| job.machine = "ü".repeat(101), "machine.name: 101 characters, the limit is 100"),
        (|job| job.product_name = "p".repeat(101), "product.name: 101 characters, the limit is 100"),
        (
            |job| job.build_platform = Some(platform(&"p".repeat(101))),
            "build_platform.platform: 101 characters",
        ),
        (
            |job| job.build_system_type = "b".repeat(26),
            "reference_data_signatures.build_system_type: 26 characters",
        ),
        (|job| job.tier = -1, "job.tier: -1 is not within 0 and 2147483647"),
        (|job| job.result = "r".repeat(26), "job.result: 26 characters, the limit is 25"),
        (|job| job.who = "nul\0".to_owned(), "job.who: holds a NUL character"),
        (
            |job| {
                job.taskcluster_task_id = Some("t".repeat(23));
                job.taskcluster_retry_id = Some(0);
            },
            "taskcluster_metadata.task_id: 23 characters, the limit is 22",
        ),
    ];
    let mut batch = vec![loaded("good/0", "pending")];
    for (position, (change, _)) in cases.iter().enumerate() {
        let mut message = loaded(&format!("bad{position}/0"), "pending");
        change(&mut message.job);
        batch.push(message);
    }
    batch.push(loaded("good/1", "pending"));
    let outcomes = test.store.store_jobs(&batch).await.unwrap();
    for (outcome, (_, expected)) in outcomes[1..].iter().zip(&cases) {
        let JobStatus::Rejected(error) = &outcome.status else { panic!("{outcome:?}") };
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(outcome.job_id, None);
    }
    let guids: Vec<_> = all!(test, job).into_iter().map(|job| job.guid).collect();
    assert_eq!(guids, ["good/0", "good/1"]);
}

async fn each_message_finds_its_repository_and_push(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let json = r#"[{"pk": 4, "model": "model.repository", "fields": {"name": "try", "repository_group": 1,
        "dvcs_type": "hg", "url": "https://hg.mozilla.org/try", "active_status": "onhold"}}]"#;
    test.store.load_repositories(json).await.unwrap();
    let elsewhere = |guid: &str, repository: &str, revision: &str| {
        let mut message = loaded(guid, "completed");
        message.repository = repository.to_owned();
        message.revision = revision.to_owned();
        message.job.log_references = vec![log("live_backing_log", "https://example.com/log")];
        message
    };
    let batch = [
        elsewhere("a/0", "autoland", REVISION),
        elsewhere("b/0", "autoland", &"0".repeat(40)),
        elsewhere("c/0", "mozilla-central", REVISION),
        elsewhere("d/0", "nowhere", REVISION),
        elsewhere("e/0", "try", REVISION),
        elsewhere("f/0", "autoland", ""),
        elsewhere("g/0", "autoland", &format!("{REVISION}0")),
        elsewhere("h/0", "auto\0land", REVISION),
        elsewhere("i/0", "autoland", "\0"),
    ];
    let outcomes = test.store.store_jobs(&batch).await.unwrap();
    let statuses: Vec<_> = outcomes.iter().map(|outcome| outcome.status.clone()).collect();
    assert_eq!(
        statuses,
        [
            JobStatus::Created,
            JobStatus::MissingPush,
            JobStatus::MissingPush,
            JobStatus::UnknownRepository,
            JobStatus::InactiveRepository,
            JobStatus::MissingPush,
            JobStatus::MissingPush,
            JobStatus::UnknownRepository,
            JobStatus::MissingPush,
        ]
    );
    assert_eq!(outcomes[0].logs.len(), 1);
    assert!(outcomes[1..].iter().all(|outcome| outcome.logs.is_empty() && outcome.job_id.is_none()));
    assert_eq!(all!(test, job).len(), 1);
    store_push(&test.store, &"0".repeat(40)).await;
    assert_eq!(self::statuses(&test, &batch[1..2]).await, [JobStatus::Created]);
}

async fn an_abbreviated_revision_finds_its_push(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded("a/0", "pending");
    message.revision = REVISION[..12].to_owned();
    assert_eq!(statuses(&test, std::slice::from_ref(&message)).await, [JobStatus::Created]);
    store_push(&test.store, &format!("{}{}", &REVISION[..12], "0".repeat(28))).await;
    message.job.job_guid = "b/0".to_owned();
    assert_eq!(statuses(&test, std::slice::from_ref(&message)).await, [JobStatus::AmbiguousPush]);
    message.revision = "9c6e4c31ad2_".to_owned();
    assert_eq!(statuses(&test, &[message]).await, [JobStatus::MissingPush]);
}

async fn the_first_task_of_a_job_stays(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let with_task = |state: &str, task: Option<&str>| {
        let mut message = loaded("a/0", state);
        message.job.taskcluster_task_id = task.map(str::to_owned);
        message.job.taskcluster_retry_id = Some(3);
        message
    };
    let batch = [
        with_task("unscheduled", None),
        with_task("pending", Some("AI3Nrr3gSDSpZ9E9aBA3rg")),
        with_task("running", Some("BAG7ifS1QbGCDwiOP7NklQ")),
    ];
    let id = test.store.store_jobs(&batch).await.unwrap()[0].job_id.unwrap();
    statuses(&test, &[with_task("completed", Some("bljbLRFdT4KGCWJ2_C6RsQ"))]).await;
    let rows = taskcluster_metadata::Entity::find().all(test.store.connection()).await.unwrap();
    let expected =
        taskcluster_metadata::Model { job_id: id, task_id: "AI3Nrr3gSDSpZ9E9aBA3rg".to_owned(), retry_id: 3 };
    assert_eq!(rows, [expected]);
}

async fn logs_keep_their_status_and_are_returned_to_the_second_delivery(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded("a/0", "completed");
    message.job.log_references = vec![
        log("live_backing_log", "https://example.com/1"),
        log("errorsummary_json", "https://example.com/2"),
    ];
    message.job.log_references[1].parse_status = "parsed".to_owned();
    message.job.perfherder_data_references = vec![log("perfherder-data.json", "https://example.com/3")];
    let first = test.store.store_jobs(std::slice::from_ref(&message)).await.unwrap().remove(0);
    let summary: Vec<_> = first.logs.iter().map(|log| (log.kind, log.name.as_str(), log.status)).collect();
    assert_eq!(
        summary,
        [
            (LogKind::Log, "live_backing_log", LogStatus::Pending),
            (LogKind::Log, "errorsummary_json", LogStatus::Parsed),
            (LogKind::Perfherder, "perfherder-data.json", LogStatus::Pending),
        ]
    );
    let rows = logs(&test).await;
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| Some(row.job_id) == first.job_id));
    let sql = format!("UPDATE job_log SET status = 2 WHERE id = {}", first.logs[0].id);
    test.store.connection().execute_unprepared(&sql).await.unwrap();

    message.job.log_references.push(log("new", "https://example.com/4"));
    let second = test.store.store_jobs(&[message]).await.unwrap().remove(0);
    assert_eq!(second.status, JobStatus::Ignored);
    assert_eq!(second.job_id, first.job_id);
    assert_eq!((second.state.as_str(), second.result.as_str()), ("completed", "success"));
    // A completed job is immutable: the log it did not have is not added.
    let mut expected: Vec<StoredLog> = first.logs;
    expected[0].status = LogStatus::Failed;
    assert_eq!(second.logs, expected);
    assert_eq!(logs(&test).await.len(), 3);
}

async fn superseded_jobs_are_completed(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("old/0", "pending")]).await;
    let before = row(&test, "old/0").await;
    let mut newer = loaded("new/0", "pending");
    newer.superseded = ["old/0", "batch/0", "later/0", "never/0", "nul\0"].map(str::to_owned).to_vec();
    let batch =
        [loaded("batch/0", "running"), newer, loaded("later/0", "pending"), loaded("batch/0", "completed")];
    let outcomes = test.store.store_jobs(&batch).await.unwrap();
    let statuses: Vec<_> = outcomes.iter().map(|outcome| outcome.status.clone()).collect();
    assert_eq!(statuses, [JobStatus::Created, JobStatus::Created, JobStatus::Created, JobStatus::Ignored]);
    for guid in ["old/0", "batch/0"] {
        let stored = row(&test, guid).await;
        assert_eq!((stored.state.as_str(), stored.result.as_str()), ("completed", "superseded"), "{guid}");
    }
    assert!(row(&test, "old/0").await.last_modified > before.last_modified);
    assert_eq!(row(&test, "later/0").await.state, "pending");
    assert_eq!((outcomes[3].state.as_str(), outcomes[3].result.as_str()), ("completed", "superseded"));
    assert!(find(&test, "never/0").await.is_none());
}

async fn old_retries_take_over_the_row_of_their_job(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("root", "running")]).await;
    let first = row(&test, "root").await;
    let mut retry = loaded("root_12345", "completed");
    retry.job.result = "retry".to_owned();
    retry.job.who = "someone else".to_owned();
    let outcome = test.store.store_jobs(&[retry.clone()]).await.unwrap().remove(0);
    assert_eq!((outcome.status, outcome.job_id), (JobStatus::Updated, Some(first.id)));
    let taken = row(&test, "root_12345").await;
    assert_eq!((taken.id, taken.result.as_str(), taken.who.as_str()), (first.id, "retry", "ana@example.com"));
    assert!(find(&test, "root").await.is_none());
    assert_eq!(
        statuses(&test, &[loaded("root", "pending"), retry]).await,
        [JobStatus::Created, JobStatus::Ignored]
    );
    assert_ne!(row(&test, "root").await.id, first.id);
}

async fn a_whole_retry_story_in_one_batch(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    statuses(&test, &[loaded("stored", "running")]).await;
    let batch = [
        loaded("stored", "running"),
        loaded("stored_00001", "completed"),
        loaded("stored", "pending"),
        loaded("stored_00002", "completed"),
        loaded("stored", "running"),
        loaded("new", "running"),
        loaded("new_00001", "completed"),
        loaded("new", "pending"),
    ];
    let statuses = statuses(&test, &batch).await;
    use JobStatus::{Created, Updated};
    assert_eq!(statuses, [Updated, Updated, Created, Updated, Created, Created, Updated, Created]);
    let mut rows: Vec<_> = all!(test, job).into_iter().map(|job| (job.guid, job.state)).collect();
    rows.sort();
    let expected = [
        ("new", "pending"),
        ("new_00001", "completed"),
        ("stored", "running"),
        ("stored_00001", "completed"),
        ("stored_00002", "completed"),
    ];
    assert_eq!(rows, expected.map(|(guid, state)| (guid.to_owned(), state.to_owned())));
}

async fn same_names_in_other_jobs_do_not_mix(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut other = loaded("b/0", "pending");
    other.job.group_symbol = "M-fis".to_owned();
    other.job.job_symbol = "2".to_owned();
    test.store.store_jobs(&[loaded("a/0", "pending"), other]).await.unwrap();
    let symbols = |groups: &[job_group::Model], id: i32| {
        groups.iter().find(|group| group.id == id).map(|group| group.symbol.clone())
    };
    let groups = all!(test, job_group);
    assert_eq!(symbols(&groups, row(&test, "a/0").await.job_group_id).as_deref(), Some("M"));
    assert_eq!(symbols(&groups, row(&test, "b/0").await.job_group_id).as_deref(), Some("M-fis"));
    assert_eq!(all!(test, job_type).len(), 2);
    assert_eq!(all!(test, reference_data_signatures).len(), 2);
    assert_eq!(all!(test, machine).len(), 1);
}

async fn options_are_hashed_and_stored_once(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let with_options = |guid: &str, options: &[&str]| {
        let mut message = loaded(guid, "pending");
        message.job.option_collection = options.iter().map(|name| ((*name).to_owned(), true)).collect();
        message
    };
    let batch = [
        with_options("a/0", &["debug"]),
        with_options("b/0", &["opt", "asan"]),
        with_options("c/0", &["asan", "opt"]),
        with_options("d/0", &[]),
    ];
    for _ in 0..2 {
        statuses(&test, &batch).await;
    }
    assert_eq!(row(&test, "a/0").await.option_collection_hash, "32faaecac742100f7753f0c1d0aa0add01b4046b");
    let both = row(&test, "b/0").await.option_collection_hash;
    assert_eq!(row(&test, "c/0").await.option_collection_hash, both);
    assert_eq!(all!(test, option).len(), 3);
    let members: Vec<_> =
        all!(test, option_collection).into_iter().filter(|row| row.option_collection_hash == both).collect();
    assert_eq!(members.len(), 2);
    assert_eq!(all!(test, option_collection).len(), 3);
}

async fn times_that_submitted_jobs_leave_out_are_guessed_once(backend: Backend) {
    const ARRIVAL: i64 = 1_750_000_000;
    let Some(test) = store_with_push(backend).await else { return };
    let message = |guid: &str, state: &str, times: [Option<i64>; 3]| {
        let mut message = loaded(guid, state);
        [message.job.submit_timestamp, message.job.start_timestamp, message.job.end_timestamp] = times;
        message
    };
    let submit = async |message, later| {
        let arrival = DateTime::from_timestamp(ARRIVAL + later, 0).unwrap();
        let outcome = test.store.store_submitted_jobs(&[message], arrival).await.unwrap().remove(0);
        let stored = row(&test, &outcome.guid).await;
        (
            outcome.status,
            [stored.submit_time, stored.start_time, stored.end_time].map(|time| time.timestamp()),
        )
    };
    // The whole life of a job that never tells a time; each message comes twice.
    let silent = |state| message("silent/0", state, [None; 3]);
    for (state, later, status, times) in [
        ("pending", 0, JobStatus::Created, [ARRIVAL, 0, 0]),
        ("pending", 10, JobStatus::Updated, [ARRIVAL, 0, 0]),
        ("running", 20, JobStatus::Updated, [ARRIVAL, 0, 0]),
        ("running", 30, JobStatus::Updated, [ARRIVAL, 0, 0]),
        ("completed", 40, JobStatus::Updated, [ARRIVAL, 0, ARRIVAL + 40]),
        ("completed", 50, JobStatus::Ignored, [ARRIVAL, 0, ARRIVAL + 40]),
    ] {
        assert_eq!(submit(silent(state), later).await, (status, times), "{state} {later}");
    }
    // The earliest time that is told, or the one that was told before.
    let (start, end) = (ARRIVAL - 100, ARRIVAL - 50);
    let told = message("told/0", "completed", [None, Some(start), Some(end)]);
    assert_eq!(submit(told, 0).await.1, [start, start, end]);
    let told = message("ended/0", "completed", [None, None, Some(end)]);
    assert_eq!(submit(told, 0).await.1, [end, 0, end]);
    let told = message("begun/0", "pending", [Some(start), None, None]);
    assert_eq!(submit(told, 0).await.1, [start, 0, 0]);
    assert_eq!(submit(message("begun/0", "running", [None, Some(end), None]), 5).await.1, [start, end, 0]);
    let batch =
        [message("both/0", "pending", [Some(start), None, None]), message("both/0", "running", [None; 3])];
    let arrival = DateTime::from_timestamp(ARRIVAL, 0).unwrap();
    test.store.store_submitted_jobs(&batch, arrival).await.unwrap();
    assert_eq!(row(&test, "both/0").await.submit_time.timestamp(), start);
    // Other messages leave out what they leave out.
    test.store.store_jobs(&[message("pulse/0", "completed", [None; 3])]).await.unwrap();
    let stored = row(&test, "pulse/0").await;
    assert_eq!((stored.submit_time.timestamp(), stored.end_time.timestamp()), (0, 0));
}

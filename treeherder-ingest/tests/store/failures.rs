//! Error lines, error summaries and group results.

use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::json;
use treeherder_ingest::store::StoreError;
use treeherder_ingest::store::entity::{group, group_status, job, job_log};
use treeherder_ingest::store::failures::{ErrorLine, FailureLineRow, GroupResultRow, StoredErrorSummary};

use treeherder_logparse::artifact;
use treeherder_logparse::errorsummary::{ErrorSummary, GroupStatus, Options};

use crate::sample_job::{REPOSITORY, REVISION, SampleJob, TRY, Wish};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    error_lines_are_stored_once,
    error_lines_of_any_text_are_stored,
    impossible_error_lines_store_nothing,
    a_summary_is_stored_with_its_columns_and_marks_its_log,
    storing_a_summary_again_changes_nothing,
    a_longer_summary_adds_what_is_new,
    lines_with_one_number_in_one_summary_do_not_stop_the_rest,
    unusual_text_of_a_summary_is_kept,
    words_longer_than_their_column_are_cut,
    a_wrong_summary_stores_nothing,
    groups_are_shared_and_made_in_the_order_of_the_file,
    group_results_of_a_push_are_listed_by_task,
    several_writers_of_the_same_summary_agree,
    writers_of_new_groups_in_other_orders_agree,
    the_newest_failures_of_a_repository_come_first,
    deleting_a_job_deletes_its_failures,
    the_conformance_summaries_give_the_counts_of_the_specification,
);

fn line(linenumber: u64, line: &str) -> ErrorLine {
    artifact::ErrorLine { linenumber, line: line.to_owned() }.into()
}

fn failure(line: i64, test: &str) -> FailureLineRow {
    FailureLineRow {
        action: "test_result".to_owned(),
        line,
        test: Some(test.to_owned()),
        status: "FAIL".to_owned(),
        expected: Some("PASS".to_owned()),
        ..FailureLineRow::default()
    }
}

fn result(group: &str, status: &str, seconds: u16) -> GroupResultRow {
    GroupResultRow { group: group.to_owned(), status: GroupStatus::from_text(status), seconds }
}

async fn store_summary(
    test: &TestStore,
    job: &SampleJob,
    lines: &[FailureLineRow],
    groups: &[GroupResultRow],
) -> Result<StoredErrorSummary, StoreError> {
    test.store.store_error_summary(job.log_id, &job.guid, job.repository_id, lines, groups).await
}

async fn log_status(test: &TestStore, job: &SampleJob) -> i32 {
    job_log::Entity::find_by_id(job.log_id).one(test.store.connection()).await.unwrap().unwrap().status
}

/// Name, status and duration of all group statuses in the order of their ids.
async fn statuses(test: &TestStore) -> Vec<(String, i16, i16)> {
    let connection = test.store.connection();
    let groups = group::Entity::find().all(connection).await.unwrap();
    let rows =
        group_status::Entity::find().order_by_asc(group_status::Column::Id).all(connection).await.unwrap();
    let name = |id: i64| groups.iter().find(|group| group.id == id).unwrap().name.clone();
    rows.into_iter().map(|row| (name(row.group_id), row.status, row.duration)).collect()
}

async fn error_lines_are_stored_once(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let lines = [line(7, "TEST-UNEXPECTED-FAIL | a | b"), line(3, "first"), line(7, "the same number again")];
    assert_eq!(test.store.store_error_lines(job.id, &lines).await.unwrap(), 2);
    assert_eq!(test.store.store_error_lines(job.id, &lines).await.unwrap(), 0);
    assert_eq!(test.store.store_error_lines(job.id, &[line(8, "later")]).await.unwrap(), 1);
    assert_eq!(test.store.store_error_lines(job.id, &[]).await.unwrap(), 0);
    let stored = test.store.error_lines(job.id).await.unwrap();
    let stored: Vec<_> =
        stored.iter().map(|row| (row.line_number, row.line.as_str(), row.new_failure)).collect();
    assert_eq!(
        stored,
        [(3, "first", false), (7, "TEST-UNEXPECTED-FAIL | a | b", false), (8, "later", false)]
    );
}

async fn error_lines_of_any_text_are_stored(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let megabyte = "é".repeat(1 << 19);
    let lines = [
        line(0, "ERROR \u{1f346} \u{1d400}"),
        line(1, "before\0after"),
        line(2, "\u{f0}\u{178}\u{8d}\u{2020} mojibake"),
        line(3, &megabyte),
        line(4, ""),
        line(2_147_483_647, "last"),
    ];
    assert_eq!(test.store.store_error_lines(job.id, &lines).await.unwrap(), 6);
    let stored = test.store.error_lines(job.id).await.unwrap();
    let stored: Vec<_> = stored.iter().map(|row| row.line.as_str()).collect();
    let expected = [
        "ERROR <U+01F346> <U+01D400>",
        "before<U+000000>after",
        "\u{f0}\u{178}\u{8d}\u{2020} mojibake",
        &megabyte,
        "",
        "last",
    ];
    assert_eq!(stored, expected);
    let many: Vec<_> = (10..2_510).map(|number| line(number, "x")).collect();
    assert_eq!(test.store.store_error_lines(job.id, &many).await.unwrap(), 2_500);
}

async fn impossible_error_lines_store_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    for number in [1 << 31, u64::MAX] {
        let error =
            test.store.store_error_lines(job.id, &[line(1, "a"), line(number, "b")]).await.unwrap_err();
        assert!(error.to_string().starts_with("text_log_error.line_number: "), "{error}");
    }
    assert!(test.store.error_lines(job.id).await.unwrap().is_empty());
    let error = test.store.store_error_lines(job.id + 1, &[line(1, "a")]).await.unwrap_err();
    assert!(error.is_missing_reference(), "{error}");
}

async fn a_summary_is_stored_with_its_columns_and_marks_its_log(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let full = FailureLineRow {
        action: "crash".to_owned(),
        line: 12,
        test: Some("dom/test_a.html".to_owned()),
        subtest: Some("part".to_owned()),
        status: "PRECONDITION_FAILED".to_owned(),
        expected: Some("PASS".to_owned()),
        message: Some("boom".to_owned()),
        signature: Some("[@ mozilla::Boom]".to_owned()),
        level: Some("critical".to_owned()),
        stack: Some("a\nb".to_owned()),
        stackwalk_stdout: Some("out".to_owned()),
        stackwalk_stderr: Some("err".to_owned()),
        known_intermittent: json!(["FAIL", "TIMEOUT"]),
    };
    let groups = [result("dom/browser.ini", "ERROR", 3), result("a.ini:b.ini", "OK", 0)];
    let stored = store_summary(&test, &job, &[full, failure(3, "t")], &groups).await.unwrap();
    assert_eq!((stored.failure_lines, stored.group_statuses), (2, 2));
    assert_eq!(log_status(&test, &job).await, 1);
    let lines = test.store.failure_lines(job.id).await.unwrap();
    assert_eq!(lines.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 12]);
    assert_eq!(lines[0].known_intermittent, json!([]));
    assert_eq!((lines[0].message.as_deref(), lines[0].best_is_verified), (None, false));
    let crash = &lines[1];
    assert_eq!((crash.job_guid.as_str(), crash.repository_id), (job.guid.as_str(), REPOSITORY));
    assert_eq!(crash.status, "PRECONDITION_FAILED");
    assert_eq!(crash.signature.as_deref(), Some("[@ mozilla::Boom]"));
    assert_eq!(crash.stackwalk_stderr.as_deref(), Some("err"));
    assert_eq!(crash.known_intermittent, json!(["FAIL", "TIMEOUT"]));
    assert_eq!(
        statuses(&test).await,
        [("dom/browser.ini".to_owned(), 2, 3), ("a.ini:b.ini".to_owned(), 1, 0)]
    );
}

async fn storing_a_summary_again_changes_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let lines = [failure(1, "a"), failure(2, "b")];
    // The same group twice, equal and different: all four rows are meant.
    let groups =
        [result("a", "OK", 1), result("a", "OK", 1), result("a", "ERROR", 0), result("b", "SKIP", 0)];
    let first = store_summary(&test, &job, &lines, &groups).await.unwrap();
    assert_eq!((first.failure_lines, first.group_statuses), (2, 4));
    let before = (test.store.failure_lines(job.id).await.unwrap(), statuses(&test).await);
    let again = store_summary(&test, &job, &lines, &groups).await.unwrap();
    assert_eq!((again.failure_lines, again.known_lines, again.group_statuses), (0, 2, 0));
    assert_eq!((test.store.failure_lines(job.id).await.unwrap(), statuses(&test).await), before);
}

async fn a_longer_summary_adds_what_is_new(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    store_summary(&test, &job, &[failure(1, "a")], &[result("a", "OK", 0)]).await.unwrap();
    let groups = [result("a", "OK", 0), result("a", "OK", 0), result("b", "ERROR", 0)];
    let stored =
        store_summary(&test, &job, &[failure(1, "changed"), failure(2, "b")], &groups).await.unwrap();
    assert_eq!((stored.failure_lines, stored.known_lines, stored.group_statuses), (1, 1, 2));
    let lines = test.store.failure_lines(job.id).await.unwrap();
    let tests: Vec<_> = lines.iter().map(|row| row.test.as_deref().unwrap()).collect();
    assert_eq!(tests, ["a", "b"]);
}

async fn lines_with_one_number_in_one_summary_do_not_stop_the_rest(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let lines = [failure(1, "first"), failure(1, "second"), failure(2, "third")];
    let stored = store_summary(&test, &job, &lines, &[]).await.unwrap();
    assert_eq!((stored.failure_lines, stored.repeated_lines), (2, 1));
    let lines = test.store.failure_lines(job.id).await.unwrap();
    assert_eq!(lines[0].test.as_deref(), Some("first"));
    assert_eq!(log_status(&test, &job).await, 1);
}

async fn unusual_text_of_a_summary_is_kept(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let megabyte = "m".repeat(1 << 20);
    let with_message = |line, message: &str| FailureLineRow {
        message: Some(message.to_owned()),
        known_intermittent: json!(["a\0b"]),
        ..failure(line, "\u{1f346}")
    };
    let mut lines =
        vec![with_message(1, "\u{1f346} \u{1d400}"), with_message(2, "a\0b"), with_message(3, "Ã©")];
    // More than one statement can take.
    lines.extend((4..24).map(|number| with_message(number, &megabyte)));
    let groups = [result("\u{1f346}/a\0.ini", "OK", 0)];
    let stored = store_summary(&test, &job, &lines, &groups).await.unwrap();
    assert_eq!(stored.failure_lines, 23);
    let lines = test.store.failure_lines(job.id).await.unwrap();
    let messages: Vec<_> = lines.iter().map(|row| row.message.as_deref().unwrap()).collect();
    assert_eq!(messages[..3], ["\u{1f346} \u{1d400}", "a<U+000000>b", "Ã©"]);
    assert!(messages[3..].iter().all(|message| *message == megabyte));
    assert_eq!(lines[0].test.as_deref(), Some("\u{1f346}"));
    assert_eq!(lines[0].known_intermittent, json!(["a<U+000000>b"]));
    assert_eq!(statuses(&test).await, [("\u{1f346}/a<U+000000>.ini".to_owned(), 1, 0)]);
}

async fn words_longer_than_their_column_are_cut(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let row = FailureLineRow {
        status: "é".repeat(20),
        expected: Some("é".repeat(19)),
        level: Some("l".repeat(40)),
        ..failure(1, "t")
    };
    let stored = store_summary(&test, &job, &[row], &[]).await.unwrap();
    assert_eq!(stored.cut_words, 2);
    let line = &test.store.failure_lines(job.id).await.unwrap()[0];
    assert_eq!(line.status, "é".repeat(19));
    assert_eq!(line.expected.as_deref(), Some("é".repeat(19).as_str()));
    assert_eq!(line.level.as_deref(), Some("l".repeat(19).as_str()));
}

async fn a_wrong_summary_stores_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    for number in [-1, 1 << 31] {
        let lines = [failure(1, "a"), failure(number, "b")];
        let error = store_summary(&test, &job, &lines, &[result("a", "OK", 0)]).await.unwrap_err();
        assert!(error.to_string().starts_with("failure_line.line: "), "{error}");
    }
    let unknown = SampleJob { log_id: job.log_id + 1, ..job.clone() };
    let error = store_summary(&test, &unknown, &[failure(1, "a")], &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "job log", .. }), "{error}");
    let unknown = SampleJob { repository_id: 99_999, ..job.clone() };
    let groups = [result("a", "OK", 0)];
    let error = store_summary(&test, &unknown, &[failure(1, "a")], &groups).await.unwrap_err();
    assert!(error.is_missing_reference(), "{error}");
    assert!(test.store.failure_lines(job.id).await.unwrap().is_empty());
    assert!(statuses(&test).await.is_empty(), "the groups are rolled back with the lines");
    assert_eq!(log_status(&test, &job).await, 0);
}

async fn groups_are_shared_and_made_in_the_order_of_the_file(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = SampleJob::store(&test.store).await;
    let second = SampleJob::store_as(&test.store, Wish { number: 1, ..Wish::default() }).await;
    let groups = [
        result("z.ini", "OK", 0),
        result("a.ini", "ERROR", 0),
        result("dom\\a.ini", "OK", 0),
        result(&"x".repeat(256), "OK", 0),
        result(&"x".repeat(255), "weird", 0),
    ];
    let stored = store_summary(&test, &first, &[], &groups).await.unwrap();
    assert_eq!((stored.group_statuses, stored.refused_groups), (3, 2));
    store_summary(&test, &second, &[], &[result("b.ini", "OK", 0), result("z.ini", "OK", 0)]).await.unwrap();
    let names = group::Entity::find()
        .order_by_asc(group::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap()
        .into_iter()
        .map(|group| group.name)
        .collect::<Vec<_>>();
    assert_eq!(names, ["z.ini", "a.ini", &"x".repeat(255), "b.ini"]);
    assert_eq!(statuses(&test).await[2].1, 10);
}

async fn group_results_of_a_push_are_listed_by_task(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = SampleJob::store(&test.store).await;
    let task = Wish { number: 1, task_id: Some("Bbbbbbbbbbbbbbbbbbbbbb"), ..Wish::default() };
    let second = SampleJob::store_as(&test.store, task).await;
    let no_task = SampleJob::store_as(&test.store, Wish { number: 2, task_id: None, ..task }).await;
    let other = Wish { number: 3, revision: &"b".repeat(40), ..task };
    let other_push = SampleJob::store_as(&test.store, other).await;
    let groups = [
        result("a", "OK", 0),
        result("b", "ERROR", 0),
        result("c", "SKIP", 0),
        result("d", "CRASH", 0),
        result("e", "ERROR", 0),
        result("e", "OK", 0),
    ];
    store_summary(&test, &first, &[], &groups).await.unwrap();
    store_summary(&test, &second, &[], &[result("a", "ERROR", 0)]).await.unwrap();
    store_summary(&test, &no_task, &[], &[result("f", "OK", 0)]).await.unwrap();
    store_summary(&test, &other_push, &[], &[result("g", "OK", 0)]).await.unwrap();

    let results = test.store.group_results(REPOSITORY, REVISION).await.unwrap();
    let listed: Vec<_> = results
        .iter()
        .map(|(task, groups)| {
            (
                task.as_deref(),
                groups.iter().map(|(name, passed)| (name.as_str(), *passed)).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (Some("Aaaaaaaaaaaaaaaaaaaaaa"), vec![("a", true), ("b", false), ("e", true)]),
            (Some("Bbbbbbbbbbbbbbbbbbbbbb"), vec![("a", false)]),
            (None, vec![("f", true)]),
        ]
    );
    assert!(test.store.group_results(REPOSITORY, &"c".repeat(40)).await.unwrap().is_empty());
    assert!(test.store.group_results(REPOSITORY + 1, REVISION).await.unwrap().is_empty());
}

async fn several_writers_of_the_same_summary_agree(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    let mut writers = Vec::new();
    for _ in 0..6 {
        let (store, job) = (test.store.clone(), job.clone());
        writers.push(tokio::spawn(async move {
            let lines: Vec<_> = (0..50).map(|number| failure(number, "t")).collect();
            let groups: Vec<_> =
                (0..50).map(|number| result(&format!("g{}", number % 40), "OK", 0)).collect();
            store.store_error_summary(job.log_id, &job.guid, job.repository_id, &lines, &groups).await
        }));
    }
    let mut totals = (0, 0);
    for writer in writers {
        let stored = writer.await.unwrap().unwrap();
        totals = (totals.0 + stored.failure_lines, totals.1 + stored.group_statuses);
    }
    assert_eq!(totals, (50, 50));
    assert_eq!(statuses(&test).await.len(), 50);
}

async fn writers_of_new_groups_in_other_orders_agree(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut writers = Vec::new();
    for number in 0..6 {
        let job = SampleJob::store_as(&test.store, Wish { number, ..Wish::default() }).await;
        let store = test.store.clone();
        writers.push(tokio::spawn(async move {
            let mut groups: Vec<_> = (0..600).map(|number| result(&format!("g{number}"), "OK", 0)).collect();
            if number % 2 == 1 {
                groups.reverse();
            }
            store.store_error_summary(job.log_id, &job.guid, job.repository_id, &[], &groups).await
        }));
    }
    for writer in writers {
        assert_eq!(writer.await.unwrap().unwrap().group_statuses, 600);
    }
    assert_eq!(group::Entity::find().all(test.store.connection()).await.unwrap().len(), 600);
}

async fn the_newest_failures_of_a_repository_come_first(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = SampleJob::store(&test.store).await;
    let other = Wish { number: 1, repository_id: TRY, ..Wish::default() };
    let elsewhere = SampleJob::store_as(&test.store, other).await;
    for job in [&first, &elsewhere] {
        test.store
            .store_error_lines(job.id, &[line(1, "one"), line(2, "two"), line(3, "three")])
            .await
            .unwrap();
        store_summary(&test, job, &[failure(1, "a"), failure(2, "b")], &[]).await.unwrap();
    }
    let newest = test.store.newest_error_lines(REPOSITORY, None, 2).await.unwrap();
    assert_eq!(newest.iter().map(|row| row.line.as_str()).collect::<Vec<_>>(), ["three", "two"]);
    let context = &newest[0].job;
    assert_eq!((context.job_id, context.job_guid.as_str()), (first.id, first.guid.as_str()));
    assert_eq!(
        (context.job_type_name.as_str(), context.platform.as_str(), context.revision.as_str()),
        ("test-linux64/opt-mochitest-1", "linux64", REVISION)
    );
    let older = test.store.newest_error_lines(REPOSITORY, Some(newest[1].id), 10).await.unwrap();
    assert_eq!(older.iter().map(|row| row.line.as_str()).collect::<Vec<_>>(), ["one"]);
    let newest = test.store.newest_failure_lines(REPOSITORY, None, 10).await.unwrap();
    let tests: Vec<_> =
        newest.iter().map(|row| (row.test.as_deref().unwrap(), row.line, row.job.job_id)).collect();
    assert_eq!(tests, [("b", 2, first.id), ("a", 1, first.id)]);
    let older = test.store.newest_failure_lines(REPOSITORY, Some(newest[0].id), 10).await.unwrap();
    assert_eq!(older[0].test.as_deref(), Some("a"));
}

async fn deleting_a_job_deletes_its_failures(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let job = SampleJob::store(&test.store).await;
    test.store.store_error_lines(job.id, &[line(1, "one")]).await.unwrap();
    store_summary(&test, &job, &[failure(1, "a")], &[result("a", "OK", 0)]).await.unwrap();
    job::Entity::delete_by_id(job.id).exec(test.store.connection()).await.unwrap();
    assert!(test.store.error_lines(job.id).await.unwrap().is_empty());
    assert!(test.store.newest_failure_lines(REPOSITORY, None, 10).await.unwrap().is_empty());
    assert!(statuses(&test).await.is_empty());
    assert_eq!(group::Entity::find().all(test.store.connection()).await.unwrap().len(), 1, "groups are kept");
}

/// Reads an error summary as the pipeline does.
fn read_summary(file: &std::path::Path) -> (Vec<FailureLineRow>, Vec<GroupResultRow>) {
    let summary = ErrorSummary::parse(&std::fs::read(file).unwrap(), Options::default());
    assert_eq!(summary.error, None);
    let lines = summary.failure_lines.into_iter().map(Into::into).collect();
    (lines, summary.group_results.into_iter().map(Into::into).collect())
}

async fn the_conformance_summaries_give_the_counts_of_the_specification(backend: Backend) {
    let folder = std::env::var("TREEHERDER_CONFORMANCE_DIR")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance").to_owned());
    let folder = std::path::Path::new(&folder).join("errorsummary");
    if !folder.is_dir() {
        println!("skipped: no conformance data in {}", folder.display());
        return;
    }
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = SampleJob::store(&test.store).await;
    let (lines, groups) = read_summary(&folder.join("mochitest-browser-chrome_errorsummary.log"));
    store_summary(&test, &first, &lines, &groups).await.unwrap();
    assert_eq!(test.store.failure_lines(first.id).await.unwrap().len(), 5);
    let rows = statuses(&test).await;
    let count = |status| rows.iter().filter(|row| row.1 == status).count();
    assert_eq!((rows.len(), count(1), count(2)), (29, 26, 3));
    assert_eq!(rows.iter().filter(|row| row.2 > 0).count(), 27);
    let groups = group::Entity::find().order_by_asc(group::Column::Id).all(test.store.connection()).await;
    let groups = groups.unwrap();
    assert_eq!((groups.len(), groups[0].name.as_str()), (29, "dom/base/test/browser.ini"));

    let second = SampleJob::store_as(&test.store, Wish { number: 1, ..Wish::default() }).await;
    let (lines, groups) = read_summary(&folder.join("xpcshell-errorsummary-with-colon.log"));
    let with_colon = groups.iter().filter(|row| row.group.contains(':')).count();
    assert!(with_colon > 0, "the sample has joined manifests");
    store_summary(&test, &second, &lines, &groups).await.unwrap();
    let rows = statuses(&test).await;
    assert_eq!(rows.iter().filter(|row| row.0.contains(':')).count(), with_colon);
}

//! How often failure lines were seen, and which failures are new.

use sea_orm::EntityTrait as _;
use treeherder_ingest::push::LoadedPush;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::{job, line_count};
use treeherder_ingest::store::failures::ErrorLine;

use crate::messages::{REVISION, loaded, log, store_push, store_with_push};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    a_line_is_counted_once_for_each_job,
    lines_of_other_repositories_are_only_looked_up,
    only_failures_are_new_failures,
    writers_of_the_same_line_lose_no_count,
    writers_of_the_same_job_count_it_once,
    lines_that_were_stored_uncounted_are_counted_with_the_log,
    lines_of_a_submitted_log_are_counted_once,
    writers_of_a_submitted_log_count_it_once,
);

const LINE: &str = "TEST-UNEXPECTED-FAIL | dom/foo.html | boom";

/// Stores a job with a raw log and returns the ids of both.
async fn job_with_log(
    store: &Store,
    guid: &str,
    change: impl Fn(&mut treeherder_ingest::job::LoadedJob),
) -> (i64, i32) {
    let mut message = loaded(guid, "completed");
    message.job.result = "testfailed".to_owned();
    message.job.submit_timestamp = Some(chrono::Utc::now().timestamp());
    message.job.log_references = vec![log("live_backing_log", "https://example.com/log")];
    change(&mut message);
    let outcome = store.store_jobs(&[message]).await.unwrap().remove(0);
    (outcome.job_id.unwrap(), outcome.logs[0].id)
}

fn lines(texts: &[&str]) -> Vec<ErrorLine> {
    let line =
        |(number, text): (usize, &&str)| ErrorLine { line_number: number as u64, line: (*text).to_owned() };
    texts.iter().enumerate().map(line).collect()
}

async fn counted(store: &Store, job: i64) -> Vec<(i64, bool)> {
    let lines = store.counted_lines(job).await.unwrap();
    lines.iter().map(|line| (line.counter, line.is_new_in_revision)).collect()
}

async fn classification(store: &Store, id: i64) -> i32 {
    job::Entity::find_by_id(id).one(store.connection()).await.unwrap().unwrap().failure_classification_id
}

async fn a_line_is_counted_once_for_each_job(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let other_push = "1".repeat(40);
    store_push(store, &other_push).await;
    let (first, log_id) = job_with_log(store, "a/0", |_| {}).await;
    let texts = lines(&["12:00:00 INFO - x finished in 12ms", LINE, LINE]);
    store.store_parsed_log(first, log_id, &texts).await.unwrap();
    assert_eq!(counted(store, first).await, [(0, true), (0, true), (1, true)]);
    assert_eq!(classification(store, first).await, 6);
    let marked: Vec<_> =
        store.error_lines(first).await.unwrap().iter().map(|line| line.new_failure).collect();
    assert_eq!(marked, [true, true, true]);

    // Storing again (a message that came twice) counts nothing and takes no classification back.
    let transaction = store.begin_write().await.unwrap();
    let classified = job::ActiveModel {
        id: sea_orm::ActiveValue::Set(first),
        failure_classification_id: sea_orm::ActiveValue::Set(4),
        ..Default::default()
    };
    job::Entity::update(classified).exec(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
    store.store_parsed_log(first, log_id, &texts).await.unwrap();
    assert_eq!(counted(store, first).await, [(0, true), (0, true), (1, true)]);
    assert_eq!(classification(store, first).await, 4);

    // Another push sees the line for the third time.
    let (second, log_id) =
        job_with_log(store, "b/0", |message| message.revision.clone_from(&other_push)).await;
    store.store_parsed_log(second, log_id, &lines(&[LINE, "something new"])).await.unwrap();
    assert_eq!(counted(store, second).await, [(2, false), (0, true)]);
    let marked: Vec<_> =
        store.error_lines(second).await.unwrap().iter().map(|line| line.new_failure).collect();
    assert_eq!(marked, [false, true]);
    // Another job of the first push: known, and still that push's own.
    let (third, log_id) = job_with_log(store, "c/0", |_| {}).await;
    store.store_parsed_log(third, log_id, &lines(&[LINE])).await.unwrap();
    assert_eq!(counted(store, third).await, [(3, true)]);
    assert_eq!(classification(store, third).await, 6, "new in its push");
    // Looking changes nothing.
    assert_eq!(counted(store, third).await, [(3, true)]);
    assert_eq!(store.delete_old_line_counts().await.unwrap(), 0);
}

async fn push_to(test: &TestStore, repository: &str) {
    let id = test.store.repository_by_name(repository).await.unwrap().unwrap().id;
    let push = LoadedPush {
        revision: REVISION.to_owned(),
        push_timestamp: 1_740_638_000.0,
        author: "ana@example.com".to_owned(),
        revisions: Vec::new(),
        branch: None,
    };
    test.store.store_push(id, &push).await.unwrap();
}

async fn lines_of_other_repositories_are_only_looked_up(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    for repository in ["try", "comm-central"] {
        push_to(&test, repository).await;
    }
    let of = |repository: &'static str| {
        move |message: &mut treeherder_ingest::job::LoadedJob| message.repository = repository.to_owned()
    };
    for (guid, repository, expected) in [
        ("a/0", "try", (0, false)),
        ("b/0", "try", (0, false)),
        ("c/0", "autoland", (0, true)),
        ("d/0", "try", (1, true)),
        ("e/0", "comm-central", (0, true)),
        ("f/0", "try", (1, true)),
        ("g/0", "comm-central", (1, true)),
    ] {
        let (job, log_id) = job_with_log(store, guid, of(repository)).await;
        store.store_parsed_log(job, log_id, &lines(&[LINE])).await.unwrap();
        assert_eq!(counted(store, job).await, [expected], "{guid} {repository}");
    }
}

async fn only_failures_are_new_failures(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    for (number, result) in ["success", "usercancel", "retry"].into_iter().enumerate() {
        let (job, log_id) =
            job_with_log(store, &format!("job{number}/0"), |message| message.job.result = result.to_owned())
                .await;
        store.store_parsed_log(job, log_id, &lines(&[&format!("new line {number}")])).await.unwrap();
        assert_eq!(classification(store, job).await, 1, "{result}");
        assert!(!store.error_lines(job).await.unwrap()[0].new_failure, "{result}");
    }
}

async fn writers_of_the_same_line_lose_no_count(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut jobs = Vec::new();
    for number in 0..6 {
        jobs.push(job_with_log(&test.store, &format!("job{number}/0"), |_| {}).await);
    }
    let mut writers = Vec::new();
    for (job, log_id) in jobs {
        let store = test.store.clone();
        writers.push(tokio::spawn(async move {
            store.store_parsed_log(job, log_id, &lines(&[LINE, "another line"])).await
        }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let counts: Vec<_> = all!(test, line_count).iter().map(|row| row.count).collect();
    assert_eq!(counts, [6, 6]);
}

/// The work item of a log that came twice, on two workers.
async fn writers_of_the_same_job_count_it_once(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let (job, log_id) = job_with_log(&test.store, "a/0", |_| {}).await;
    let mut writers = Vec::new();
    for _ in 0..6 {
        let store = test.store.clone();
        writers.push(tokio::spawn(async move {
            store.store_parsed_log(job, log_id, &lines(&[LINE, "another line"])).await
        }));
    }
    let mut stored = 0;
    for writer in writers {
        stored += writer.await.unwrap().unwrap();
    }
    assert_eq!(stored, 2);
    assert_eq!(counted(&test.store, job).await, [(0, true), (0, true)]);
    let counts: Vec<_> = all!(test, line_count).iter().map(|row| row.count).collect();
    assert_eq!(counts, [1, 1]);
}

async fn lines_that_were_stored_uncounted_are_counted_with_the_log(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let (job, log_id) = job_with_log(store, "a/0", |_| {}).await;
    let texts = lines(&["first", LINE, LINE]);
    store.store_error_lines(job, &texts[..2]).await.unwrap();
    assert_eq!(store.store_parsed_log(job, log_id, &texts[2..]).await.unwrap(), 1);
    assert_eq!(counted(store, job).await, [(0, true), (0, true), (1, true)]);
    assert_eq!(classification(store, job).await, 6);
    let marked: Vec<_> = store.error_lines(job).await.unwrap().iter().map(|line| line.new_failure).collect();
    assert_eq!(marked, [true, true, true]);
    let mut counts: Vec<_> = all!(test, line_count).iter().map(|row| row.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);
}

async fn sorted_counts(store: &Store) -> Vec<i32> {
    let rows = line_count::Entity::find().all(store.connection()).await.unwrap();
    let mut counts: Vec<_> = rows.iter().map(|row| row.count).filter(|count| *count != 0).collect();
    counts.sort_unstable();
    counts
}

async fn lines_of_a_submitted_log_are_counted_once(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let (job, log_id) = job_with_log(store, "a/0", |_| {}).await;
    let marked = async |job| -> Vec<bool> {
        store.error_lines(job).await.unwrap().iter().map(|line| line.new_failure).collect()
    };
    let first = lines(&[LINE, "other line", LINE]);
    // What is sent again is the same, or begins with something else, or is the first once more.
    let moved = lines(&["before it", LINE, "other line", LINE]);
    for (sent, counts) in [
        (&first, &[1, 2][..]),
        (&first, &[1, 2]),
        (&moved, &[1, 1, 2]),
        (&first, &[1, 2]),
        (&Vec::new(), &[]),
        (&first, &[1, 2]),
    ] {
        store.replace_error_lines(job, log_id, sent).await.unwrap();
        assert_eq!(sorted_counts(store).await, counts, "{sent:?}");
        assert!(marked(job).await.iter().all(|is_new| *is_new), "{sent:?}");
    }
    assert_eq!(counted(store, job).await, [(0, true), (0, true), (1, true)]);
    assert_eq!(classification(store, job).await, 6);

    // A log that is ingested goes on counting where it was left, in another push.
    let push = "1".repeat(40);
    store_push(store, &push).await;
    let (second, log_id) = job_with_log(store, "b/0", |message| message.revision.clone_from(&push)).await;
    store.store_parsed_log(second, log_id, &lines(&[LINE])).await.unwrap();
    assert_eq!((counted(store, second).await, marked(second).await), (vec![(2, false)], vec![false]));
    store.replace_error_lines(second, log_id, &lines(&[LINE, "a third"])).await.unwrap();
    assert_eq!(counted(store, second).await, [(2, false), (0, true)]);
    assert_eq!((sorted_counts(store).await, marked(second).await), (vec![1, 1, 3], vec![false, true]));
}

/// A script that gave up waiting and sent its log again.
async fn writers_of_a_submitted_log_count_it_once(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let (job, log_id) = job_with_log(&test.store, "a/0", |_| {}).await;
    let mut writers = Vec::new();
    for _ in 0..6 {
        let store = test.store.clone();
        writers.push(tokio::spawn(async move {
            store.replace_error_lines(job, log_id, &lines(&[LINE, "another line"])).await
        }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(counted(&test.store, job).await, [(0, true), (0, true)]);
    assert_eq!(sorted_counts(&test.store).await, [1, 1]);
}

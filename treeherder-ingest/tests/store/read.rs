//! Lists for people.

use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, Statement};
use treeherder_ingest::job::LoadedJob;
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::entity::job_log;
use treeherder_ingest::store::{DetailedJobs, JobFilter, JobFilterField, JobQuery, PushTally, Store, Wanted};

use crate::messages::{REVISION as PUSHED, lives, loaded, store_push, store_with_push};
use crate::sample_job::{REVISION, SampleJob, Wish};
use crate::support::database::{Backend, TestStore};

on_every_database!(
    the_newest_pushes_come_first_with_their_last_commits,
    the_newest_pushes_of_many_repositories_are_read_at_once,
    jobs_are_listed_with_their_names,
    jobs_have_their_options_however_many_there_are,
    jobs_are_filtered_and_paged,
    a_job_is_shown_with_its_logs_and_beside_similar_ones,
    jobs_of_pushes_are_counted,
    every_table_is_counted,
);

async fn the_newest_pushes_come_first_with_their_last_commits(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    for (repository, name, seconds, commits) in
        [(77, "a", 100.0, 25), (77, "b", 300.0, 1), (1, "c", 200.0, 0)]
    {
        let revision = |number: i32| format!("{name}{number:0>39}");
        let push = LoadedPush {
            revision: revision(commits),
            push_timestamp: seconds,
            author: "ana@example.com".to_owned(),
            revisions: (1..=commits)
                .map(|number| Revision {
                    revision: revision(number),
                    author: "Ana".to_owned(),
                    comment: format!("commit {number}"),
                })
                .collect(),
            branch: None,
        };
        test.store.store_push(repository, &push).await.unwrap();
    }
    let all = test.store.recent_pushes(None, 10).await.unwrap();
    let times: Vec<_> = all.iter().map(|push| push.time.timestamp()).collect();
    assert_eq!(times, [300, 200, 100]);
    let autoland = test.store.recent_pushes(Some("autoland"), 10).await.unwrap();
    assert_eq!(autoland.len(), 2);
    let big = &autoland[1];
    assert_eq!((big.revision_count, big.revisions.len()), (25, 20));
    assert_eq!(
        (big.revisions[0].comments.as_str(), big.revisions[19].comments.as_str()),
        ("commit 25", "commit 6")
    );
    assert_eq!(all[1].revision_count, 0);
    assert_eq!(test.store.recent_pushes(Some("autoland"), 1).await.unwrap(), autoland[..1]);
    assert_eq!(test.store.recent_pushes(Some("nowhere"), 10).await.unwrap(), []);
}

async fn the_newest_pushes_of_many_repositories_are_read_at_once(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut stored = Vec::new();
    for (repository, name, seconds) in
        [(77, "a", 100.0), (1, "b", 400.0), (77, "c", 300.0), (77, "d", 300.0), (148, "e", 500.0)]
    {
        let push = LoadedPush {
            revision: name.repeat(40),
            push_timestamp: seconds,
            author: "ana@example.com".to_owned(),
            revisions: Vec::new(),
            branch: None,
        };
        stored.push(test.store.store_push(repository, &push).await.unwrap());
    }
    let newest = async |repositories: &[i32], each| {
        let pushes = test.store.newest_pushes(repositories, each).await.unwrap();
        pushes.iter().map(|push| (push.repository_id, push.id)).collect::<Vec<_>>()
    };
    let [_, b, c, d, _] = stored[..] else { panic!("{stored:?}") };
    assert_eq!(newest(&[77, 1, 3], 2).await, [(1, b), (77, d), (77, c)]);
    assert_eq!(newest(&[77], 1).await, [(77, d)]);
    assert_eq!(newest(&[], 6).await, []);
    // More repositories than one statement takes.
    let many: Vec<i32> = (1..=450).collect();
    assert_eq!(newest(&many, 6).await.len(), stored.len());
    let push = test.store.newest_pushes(&[1], 1).await.unwrap().remove(0);
    assert_eq!(
        (push.revision, push.author.as_str(), push.time.timestamp()),
        ("b".repeat(40), "ana@example.com", 400)
    );
}

async fn jobs_are_listed_with_their_names(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let mut message = loaded("a/0", "completed");
    message.job.option_collection = ["opt", "asan"].map(|name| (name.to_owned(), true)).into();
    message.job.taskcluster_task_id = Some("AI3Nrr3gSDSpZ9E9aBA3rg".to_owned());
    message.job.taskcluster_retry_id = Some(0);
    test.store.store_jobs(&[message]).await.unwrap();
    let jobs = test.store.jobs(&JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(job.platform_option, "asan opt");
    let json = serde_json::to_value(job).unwrap();
    for (name, value) in [
        ("job_guid", "a/0"),
        ("repository", "autoland"),
        ("push_revision", PUSHED),
        ("job_type_name", "test-linux1804-64/opt-mochitest-1"),
        ("job_type_symbol", "1"),
        ("job_group_name", "Mochitests"),
        ("job_group_symbol", "M"),
        ("machine_name", "worker-1"),
        ("platform", "linux64"),
        ("build_os", "linux"),
        ("machine_platform_architecture", "x86_64"),
        ("build_system_type", "taskcluster"),
        ("task_id", "AI3Nrr3gSDSpZ9E9aBA3rg"),
        ("platform_option", "asan opt"),
    ] {
        assert_eq!(json[name], value, "{name}");
    }
}

/// A list keeps few texts in memory once; those beyond must have their names all the same.
async fn jobs_have_their_options_however_many_there_are(backend: Backend) {
    const OPTIONS: usize = 40;
    let Some(test) = store_with_push(backend).await else { return };
    let messages: Vec<LoadedJob> = (0..2 * OPTIONS)
        .map(|number| {
            let mut message = loaded(&format!("{number:02}/0"), "completed");
            message.job.option_collection = [(format!("option-{}", number % OPTIONS), true)].into();
            message
        })
        .collect();
    test.store.store_jobs(&messages).await.unwrap();
    let jobs = test.store.job_records(&JobQuery { limit: 2000, ..JobQuery::default() }).await.unwrap();
    assert_eq!(jobs.len(), 2 * OPTIONS);
    for (number, job) in jobs.iter().enumerate() {
        assert_eq!(job.unwrap().platform_option, format!("option-{}", number % OPTIONS));
    }
    // A hash that nothing is known of has no names.
    let hash = "UPDATE job SET option_collection_hash = 'unknown'";
    test.store.connection().execute_unprepared(hash).await.unwrap();
    let store = Store::connect(&test.url, 2).await.unwrap();
    let jobs = store.job_records(&JobQuery { limit: 2000, ..JobQuery::default() }).await.unwrap();
    assert!(jobs.iter().all(|job| job.unwrap().platform_option.is_empty()));
}

async fn a_job_is_shown_with_its_logs_and_beside_similar_ones(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let wish = |number| Wish { number, ..Wish::default() };
    let job = SampleJob::store(&test.store).await;
    let other = SampleJob::store_as(&test.store, wish(1)).await;
    let (found, logs) = test.store.job_with_logs("mozilla-central", job.id).await.unwrap();
    let [shown] = found.iter().collect::<Result<Vec<_>, _>>().unwrap()[..] else { panic!("{found:?}") };
    let core = shown.record.core;
    assert_eq!((core.id, shown.details.guid.as_str()), (job.id, job.guid.as_str()));
    assert_eq!(core.task_id.as_deref(), Some("Aaaaaaaaaaaaaaaaaaaaaa"));
    assert_eq!((shown.record.platform_option, shown.record.push_revision), ("opt", REVISION));
    let stored: Vec<_> = all!(test, job_log).into_iter().filter(|log| log.job_id == job.id).collect();
    let expected: Vec<_> = stored.into_iter().map(|log| (log.name, log.url)).collect();
    assert_eq!(logs.into_iter().map(|log| (log.name, log.url)).collect::<Vec<_>>(), expected);
    assert!(!expected.is_empty());
    assert_eq!(test.store.job_core("mozilla-central", job.id).await.unwrap().as_ref(), Some(core));
    assert!(test.store.has_job("mozilla-central", job.id).await.unwrap());
    // Neither in another repository nor under another id.
    for (repository, id) in [("autoland", job.id), ("mozilla-central", 4711), ("nowhere", job.id)] {
        let (found, logs) = test.store.job_with_logs(repository, id).await.unwrap();
        assert!(found.is_empty() && logs.is_empty(), "{repository} {id}");
        assert_eq!(test.store.job_core(repository, id).await.unwrap(), None, "{repository} {id}");
        assert!(!test.store.has_job(repository, id).await.unwrap(), "{repository} {id}");
    }

    let page = JobQuery { repository_id: Some(1), limit: 10, ..JobQuery::default() };
    let ids = |jobs: DetailedJobs| jobs.iter().map(|job| job.unwrap().record.core.id).collect::<Vec<_>>();
    assert_eq!(ids(test.store.detailed_jobs(&page).await.unwrap()), [job.id, other.id]);
    let second = JobQuery { offset: 1, ..page.clone() };
    assert_eq!(ids(test.store.detailed_jobs(&second).await.unwrap()), [other.id]);
    assert_eq!(ids(test.store.similar_jobs(core, true, &page).await.unwrap()), [other.id]);
}

async fn jobs_are_filtered_and_paged(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let other = "b".repeat(40);
    let other_push = store_push(&test.store, &other).await;
    let mut batch = lives(3);
    let mut failed = loaded("failed/0", "completed");
    failed.job.result = "testfailed".to_owned();
    let mut running = loaded("running/0", "running");
    running.revision = other.clone();
    batch.extend([failed, running]);
    test.store.store_jobs(&batch).await.unwrap();
    let guids = async |change: fn(&mut JobFilter)| {
        let mut filter = JobFilter { limit: 100, ..JobFilter::default() };
        change(&mut filter);
        if filter.push_id == Some(-1) {
            filter.push_id = Some(other_push);
        }
        let jobs = test.store.jobs(&filter).await.unwrap();
        assert!(jobs.is_sorted_by(|a, b| a.row.id > b.row.id));
        let mut guids: Vec<_> = jobs.into_iter().map(|job| job.row.job_guid).collect();
        guids.sort();
        guids
    };
    let completed = ["failed/0", "job-00000/0", "job-00001/0", "job-00002/0"];
    assert_eq!(guids(|_| ()).await.len(), 5);
    assert_eq!(guids(|filter| filter.state = Some("completed".to_owned())).await, completed);
    assert_eq!(guids(|filter| filter.result = Some("testfailed".to_owned())).await, ["failed/0"]);
    assert_eq!(guids(|filter| filter.revision = Some(PUSHED[..12].to_owned())).await, completed);
    assert_eq!(guids(|filter| filter.revision = Some("b".repeat(40))).await, ["running/0"]);
    assert_eq!(guids(|filter| filter.push_id = Some(-1)).await, ["running/0"]);
    assert_eq!(guids(|filter| filter.guid = Some("job-00001/0".to_owned())).await, ["job-00001/0"]);
    assert_eq!(guids(|filter| filter.repository = Some("autoland".to_owned())).await.len(), 5);
    assert_eq!(guids(|filter| filter.repository = Some("try".to_owned())).await, [""; 0]);
    let mut paged = Vec::new();
    for offset in [0, 2, 4] {
        let filter = JobFilter { limit: 2, offset, ..JobFilter::default() };
        paged.extend(test.store.jobs(&filter).await.unwrap());
    }
    let all = test.store.jobs(&JobFilter { limit: 100, ..JobFilter::default() }).await.unwrap();
    assert_eq!(paged, all);
    assert_eq!(test.store.jobs(&JobFilter::default()).await.unwrap(), []);
}

async fn jobs_of_pushes_are_counted(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let other_push = store_push(&test.store, &"b".repeat(40)).await;
    let mut batch = lives(2);
    let mut failed = loaded("failed/0", "completed");
    failed.job.result = "testfailed".to_owned();
    let mut hidden = loaded("hidden/0", "completed");
    hidden.job.tier = 3;
    let mut running = loaded("running/0", "running");
    running.revision = "b".repeat(40);
    batch.extend([failed, hidden, running]);
    test.store.store_jobs(&batch).await.unwrap();
    let push = test.store.jobs(&JobFilter { limit: 1, ..JobFilter::default() }).await.unwrap();
    assert_eq!(push[0].row.push_id, other_push);
    let counted = async |pushes: &[i32], hidden_tier| {
        let mut tallies = test.store.push_tallies(pushes, hidden_tier).await.unwrap();
        tallies.sort_by(|a, b| (a.push_id, &a.result).cmp(&(b.push_id, &b.result)));
        let told = |tally: PushTally| {
            (
                tally.push_id == other_push,
                tally.state,
                tally.result,
                tally.failure_classification_id,
                tally.jobs,
            )
        };
        tallies.into_iter().map(told).collect::<Vec<_>>()
    };
    let first = test.store.recent_pushes(None, 10).await.unwrap();
    let all: Vec<i32> = first.iter().map(|push| push.id).collect();
    let of = |other, state: &str, result: &str, jobs| (other, state.to_owned(), result.to_owned(), 1, jobs);
    assert_eq!(
        counted(&all, 3).await,
        [
            of(false, "completed", "success", 2),
            of(false, "completed", "testfailed", 1),
            of(true, "running", "unknown", 1)
        ]
    );
    assert_eq!(counted(&all, 4).await[0], of(false, "completed", "success", 3));
    assert_eq!(counted(&[other_push], 3).await, [of(true, "running", "unknown", 1)]);
    assert_eq!(counted(&[], 3).await, []);
}

async fn every_table_is_counted(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    test.store.store_jobs(&lives(2)).await.unwrap();
    let counts = test.store.table_counts().await.unwrap();
    let rows = |table: &str| counts.iter().find(|count| count.table == table).map(|count| count.rows);
    for (table, expected) in [("job", 2), ("job_log", 4), ("push", 1), ("repository", 50), ("commit", 0)] {
        assert_eq!(rows(table), Some(expected), "{table}");
    }
    assert!(
        !counts
            .iter()
            .any(|count| count.table.starts_with("sqlite_") || count.table.starts_with("commit_search"))
    );
}

/// With a plan that is made for any limit, as PostgreSQL keeps them, the jobs of all pushes must not be read for those of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_jobs_of_one_push_are_read_along_its_index_on_postgres() {
    const PUSHES: usize = 50;
    const JOBS: usize = 40;
    let Some(test) = TestStore::seeded(Backend::Postgres).await else { return };
    let mut last = 0;
    for number in 0..PUSHES {
        let revision = format!("{number:040x}");
        last = store_push(&test.store, &revision).await;
        let job =
            |at| LoadedJob { revision: revision.clone(), ..loaded(&format!("{number}-{at}/0"), "running") };
        let jobs: Vec<_> = (0..JOBS).map(job).collect();
        test.store.store_jobs(&jobs).await.unwrap();
    }
    let store = Store::connect(&format!("{}?options[plan_cache_mode]=force_generic_plan", test.url), 1)
        .await
        .unwrap();
    store.connection().execute_unprepared("ANALYZE").await.unwrap();
    let read = async || {
        // The server tells of its own accord about once a second.
        store.connection().execute_unprepared("SELECT pg_stat_force_next_flush()").await.unwrap();
        let sql =
            "SELECT coalesce(sum(idx_tup_read), 0)::bigint FROM pg_stat_user_indexes WHERE relname = 'job'";
        let told = store.connection().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
        told.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
    };
    let push = JobFilterField::of_parameter("push_id").unwrap();
    for repository_id in [None, Some(77)] {
        let conditions = vec![(push, Wanted::Numbers(vec![i64::from(last)]))];
        let query = JobQuery { repository_id, conditions, offset: 0, limit: 2000 };
        let before = read().await;
        assert_eq!(store.job_records(&query).await.unwrap().len(), JOBS);
        let rows = read().await - before;
        assert!((JOBS as i64..2 * JOBS as i64).contains(&rows), "{rows} rows read for {JOBS} jobs");
    }
}

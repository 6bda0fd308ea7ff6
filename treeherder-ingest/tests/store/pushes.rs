//! Seed data, pushes, commits and expiring values.

use chrono::{DateTime, TimeDelta};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::entity::{commit, failure_classification, push, repository_branch};
use treeherder_ingest::store::{DataProblem, StoreError, SubmittedPush};

use crate::support::database::{Backend, TestStore};

on_every_database!(
    seeding_twice_gives_the_same_rows,
    a_fixture_with_other_branch_keys_replaces_the_rules,
    a_repository_cannot_be_renumbered,
    a_wrong_fixture_loads_nothing,
    repositories_are_found_by_url_with_their_rules,
    a_push_is_stored_with_its_commits_in_order,
    storing_a_push_again_updates_it_and_keeps_other_commits,
    a_submitted_push_changes_what_it_tells,
    a_submitted_push_is_cut_or_refused_by_its_member,
    a_batch_may_hold_a_push_twice,
    pushes_that_do_not_fit_are_refused,
    a_push_is_found_by_the_beginning_of_its_revision,
    the_text_search_follows_the_commits,
    cached_values_expire,
    the_last_push_id_is_remembered,
    concurrent_writers_of_the_same_pushes_agree,
);

fn revision(name: &str) -> String {
    format!("{name:0<40}")
}

fn loaded(name: &str, commits: &[&str]) -> LoadedPush {
    LoadedPush {
        revision: revision(name),
        push_timestamp: 1_500_000_000.5,
        author: "ana@example.com".to_owned(),
        revisions: commits
            .iter()
            .map(|commit| Revision {
                revision: revision(commit),
                author: "Ana <ana@example.com>".to_owned(),
                comment: format!("Bug 1 - {commit}"),
            })
            .collect(),
        branch: None,
    }
}

async fn seeding_twice_gives_the_same_rows(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = test.store.repositories().await.unwrap();
    test.store.seed().await.unwrap();
    assert_eq!(test.store.repositories().await.unwrap(), first);
    assert_eq!(first.len(), 50);
    let central = &first[0];
    assert_eq!(
        (central.id, central.name.as_str(), central.life_cycle_order),
        (1, "mozilla-central", Some(10))
    );
    let classes = failure_classification::Entity::find()
        .order_by_asc(failure_classification::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap();
    assert_eq!(classes.len(), 8);
    assert_eq!((classes[0].id, classes[0].name.as_str()), (1, "not classified"));
    assert_eq!((classes[7].id, classes[7].name.as_str()), (8, "intermittent needs bugid"));
}

async fn a_fixture_with_other_branch_keys_replaces_the_rules(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    // Key 1 is servo-master's rule in our fixture; here it is a new one, and servo-master's has key 900.
    let json = r#"[
        {"pk": 1, "model": "model.repositorybranch", "fields": {"repository": 103, "branch": "releases/*"}},
        {"pk": 900, "model": "model.repositorybranch", "fields": {"repository": 75, "branch": "master"}}
    ]"#;
    for _ in 0..2 {
        test.store.load_repositories(json).await.unwrap();
        let found = test.store.active_repositories_by_url("https://github.com/servo/servo").await.unwrap();
        assert_eq!(found[0].branches, ["master"]);
        let found =
            test.store.active_repositories_by_url("https://github.com/taskcluster/taskgraph").await.unwrap();
        assert_eq!(found[0].branches, ["releases/*", "main"]);
    }
}

async fn a_repository_cannot_be_renumbered(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let json = r#"[{"pk": 5000, "model": "model.repository", "fields": {"name": "try", "repository_group": 1,
        "dvcs_type": "hg", "url": "https://hg.mozilla.org/try", "active_status": "onhold"}}]"#;
    let error = test.store.load_repositories(json).await.unwrap_err();
    assert_eq!(error.to_string(), "repository fixture (model.repository pk 5000): try is stored with pk 4");
}

async fn a_wrong_fixture_loads_nothing(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let json = r#"[
        {"pk": 5000, "model": "model.repositorybranch", "fields": {"repository": 4, "branch": "fine"}},
        {"pk": 5001, "model": "model.repositorybranch", "fields": {"repository": 4, "branch": "not*fine"}}
    ]"#;
    let error = test.store.load_repositories(json).await.unwrap_err();
    assert!(
        error.to_string().starts_with("repository fixture, entry 2 (model.repositorybranch pk 5001): "),
        "{error}"
    );
    let unknown_repository = json.replace("not*fine", "fine").replace(": 4,", ": 9999,");
    let error = test.store.load_repositories(&unknown_repository).await.unwrap_err();
    assert!(matches!(error, StoreError::Integrity(_)), "{error:?}");
    let rules = repository_branch::Entity::find()
        .filter(repository_branch::Column::Id.gte(5000))
        .all(test.store.connection())
        .await
        .unwrap();
    assert_eq!(rules, []);
}

async fn repositories_are_found_by_url_with_their_rules(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let servo = test.store.active_repositories_by_url("https://github.com/servo/servo").await.unwrap();
    let names: Vec<_> = servo.iter().map(|found| (found.repository.id, found.branches.len())).collect();
    assert_eq!(names, [(75, 1), (99, 13), (100, 1)]);
    let ios =
        test.store.active_repositories_by_url("https://github.com/mozilla-mobile/firefox-ios").await.unwrap();
    assert_eq!(ios[0].branches, ["main", "release/*"]);
    assert_eq!(test.store.active_repositories_by_url("https://example.com/x").await.unwrap(), []);
    let json = r#"[{"pk": 4, "model": "model.repository", "fields": {"name": "try", "repository_group": 1,
        "dvcs_type": "hg", "url": "https://hg.mozilla.org/try", "active_status": "onhold"}}]"#;
    test.store.load_repositories(json).await.unwrap();
    assert_eq!(test.store.active_repositories_by_url("https://hg.mozilla.org/try").await.unwrap(), []);
    assert_eq!(test.store.repository_by_name("try").await.unwrap().unwrap().id, 4);
    assert!(test.store.repository_by_name("TRY").await.unwrap().is_none());
    let polled = test.store.active_hg_repositories().await.unwrap();
    assert!(polled.iter().all(|repository| repository.dvcs_type == "hg" && repository.id != 4));
    assert!(polled.iter().any(|repository| repository.name == "autoland"));
}

async fn commits(test: &TestStore, push_id: i32) -> Vec<commit::Model> {
    commit::Entity::find()
        .filter(commit::Column::PushId.eq(push_id))
        .order_by_asc(commit::Column::Id)
        .all(test.store.connection())
        .await
        .unwrap()
}

async fn a_push_is_stored_with_its_commits_in_order(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let id = test.store.store_push(77, &loaded("c", &["b", "a", "c"])).await.unwrap();
    let stored = push::Entity::find_by_id(id).one(test.store.connection()).await.unwrap().unwrap();
    assert_eq!(stored.repository_id, 77);
    assert_eq!(stored.revision, revision("c"));
    assert_eq!(stored.author, "ana@example.com");
    assert_eq!(stored.time.to_rfc3339(), "2017-07-14T02:40:00.500+00:00");
    assert_eq!(stored.branch, None);
    let commits: Vec<_> =
        commits(&test, id).await.into_iter().map(|row| (row.revision, row.comments)).collect();
    let expected = ["b", "a", "c"].map(|name| (revision(name), format!("Bug 1 - {name}")));
    assert_eq!(commits, expected);
}

async fn storing_a_push_again_updates_it_and_keeps_other_commits(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut push = loaded("c", &["a", "c"]);
    push.branch = Some("user/ana".to_owned());
    let id = test.store.store_push(148, &push).await.unwrap();
    let mut again = loaded("c", &["c"]);
    again.author = "bo@example.com".to_owned();
    again.revisions[0].comment = "new message".to_owned();
    assert_eq!(test.store.store_push(148, &again).await.unwrap(), id);
    let stored = push::Entity::find_by_id(id).one(test.store.connection()).await.unwrap().unwrap();
    assert_eq!((stored.author.as_str(), stored.branch), ("bo@example.com", None));
    let messages: Vec<_> = commits(&test, id).await.into_iter().map(|row| row.comments).collect();
    assert_eq!(messages, ["Bug 1 - a", "new message"]);
    // The same revision in another repository is another push.
    assert_ne!(test.store.store_push(1, &again).await.unwrap(), id);
}

fn submitted(name: &str) -> SubmittedPush {
    SubmittedPush {
        revision: revision(name),
        author: "octocat".to_owned(),
        push_timestamp: None,
        commits: Vec::new(),
    }
}

async fn a_submitted_push_changes_what_it_tells(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let arrival = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let submit = async |push: &SubmittedPush, hour| {
        test.store.store_submitted_push(77, push, arrival + TimeDelta::hours(hour)).await.unwrap()
    };
    let stored = async |id| {
        let push = push::Entity::find_by_id(id).one(test.store.connection()).await.unwrap().unwrap();
        let commits = commits(&test, id).await.into_iter().map(|row| (row.author, row.comments));
        (push.author, push.time.timestamp(), push.branch, commits.collect::<Vec<_>>())
    };
    // A new one was pushed when it came, and may come again from each job.
    let id = submit(&submitted("a"), 0).await;
    let alone = vec![("octocat".to_owned(), String::new())];
    for hour in 1..3 {
        assert_eq!(submit(&submitted("a"), hour).await, id);
        assert_eq!(stored(id).await, ("octocat".to_owned(), 1_700_000_000, None, alone.clone()));
    }
    // One that somebody else has told more of keeps it.
    let mut told = loaded("c", &["a", "c"]);
    told.branch = Some("main".to_owned());
    let id = test.store.store_push(77, &told).await.unwrap();
    assert_eq!(submit(&submitted("c"), 1).await, id);
    let ana = |name| ("Ana <ana@example.com>".to_owned(), format!("Bug 1 - {name}"));
    let branch = || Some("main".to_owned());
    let kept = ("octocat".to_owned(), 1_500_000_000, branch(), vec![ana("a"), ana("c")]);
    assert_eq!(stored(id).await, kept);
    // What is told changes.
    let head =
        Revision { revision: revision("c"), author: "Bo".to_owned(), comment: "new message".to_owned() };
    let push = SubmittedPush { push_timestamp: Some(1_600_000_000.0), commits: vec![head], ..submitted("c") };
    assert_eq!(submit(&push, 2).await, id);
    let changed = vec![ana("a"), ("Bo".to_owned(), "new message".to_owned())];
    assert_eq!(stored(id).await, ("octocat".to_owned(), 1_600_000_000, branch(), changed));
}

async fn a_submitted_push_is_cut_or_refused_by_its_member(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let arrival = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let commit = |author: &str, comment: &str| Revision {
        revision: revision("a"),
        author: author.to_owned(),
        comment: comment.to_owned(),
    };
    let long = "ü".repeat(400);
    let push = SubmittedPush { author: long.clone(), commits: vec![commit(&long, "x")], ..submitted("a") };
    let id = test.store.store_submitted_push(77, &push, arrival).await.unwrap();
    let stored = push::Entity::find_by_id(id).one(test.store.connection()).await.unwrap().unwrap();
    assert_eq!(stored.author, "ü".repeat(150));
    assert_eq!(commits(&test, id).await[0].author, "ü".repeat(150));
    for (push, member, problem) in [
        (SubmittedPush { author: "a\0".to_owned(), ..submitted("a") }, "author", "holds a NUL character"),
        (
            SubmittedPush { commits: vec![commit("a\0", "x")], ..submitted("a") },
            "commits",
            "author: holds a NUL character",
        ),
        (
            SubmittedPush { commits: vec![commit("a", "x\0")], ..submitted("a") },
            "commits",
            "message: holds a NUL character",
        ),
    ] {
        let error = test.store.store_submitted_push(77, &push, arrival).await.unwrap_err();
        let StoreError::Data(error) = error else { panic!("{error:?}") };
        assert_eq!(SubmittedPush::place_of(&error), (member, problem.to_owned()));
    }
}

async fn a_batch_may_hold_a_push_twice(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut later = loaded("b", &["b2"]);
    later.author = "last@example.com".to_owned();
    let batch = [loaded("b", &["b1", "b"]), loaded("a", &["a"]), later];
    let ids = test.store.store_pushes(77, &batch).await.unwrap();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    let stored = push::Entity::find_by_id(ids[0]).one(test.store.connection()).await.unwrap().unwrap();
    assert_eq!(stored.author, "last@example.com");
    assert_eq!(commits(&test, ids[0]).await.len(), 3);
}

async fn pushes_that_do_not_fit_are_refused(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut push = loaded("a", &["a"]);
    push.revision.clear();
    let error = test.store.store_push(77, &push).await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    let mut push = loaded("a", &["a"]);
    push.revisions[0].author = "ü".repeat(151);
    let error = test.store.store_push(77, &push).await.unwrap_err();
    assert!(!error.is_permanent());
    let StoreError::Data(error) = error else { panic!("{error:?}") };
    assert_eq!((error.table, error.column), ("commit", "author"));
    assert!(matches!(error.problem, DataProblem::TooLong { limit: 150, length: 151, .. }));
    push.revisions[0].author = "ü".repeat(150);
    test.store.store_push(77, &push).await.unwrap();
    let error = test.store.store_push(9999, &push).await.unwrap_err();
    assert!(!error.is_permanent() && error.is_missing_reference(), "{error:?}");
}

async fn a_push_is_found_by_the_beginning_of_its_revision(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    test.store.store_push(77, &loaded("abcdef", &[])).await.unwrap();
    for (repository, wanted, found) in [
        ("autoland", revision("abcdef"), true),
        ("autoland", "abcdef".to_owned(), true),
        ("autoland", "a".to_owned(), true),
        ("autoland", "abcdee".to_owned(), false),
        ("autoland", "b".to_owned(), false),
        ("autoland", "ABC".to_owned(), false),
        ("autoland", "a_c".to_owned(), false),
        ("autoland", "a%".to_owned(), false),
        ("try", revision("abcdef"), false),
        ("nowhere", revision("abcdef"), false),
    ] {
        assert_eq!(
            test.store.push_exists(repository, &wanted).await.unwrap(),
            found,
            "{repository} {wanted}"
        );
    }
}

async fn the_text_search_follows_the_commits(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut push = loaded("a", &["a", "b"]);
    push.revisions[0].comment = "Speed up the renderers".to_owned();
    test.store.store_push(77, &push).await.unwrap();
    let hits = async |word: &str| {
        let sql = match backend {
            Backend::Sqlite => {
                format!("SELECT rowid FROM commit_search WHERE commit_search MATCH '\"{word}\"'")
            }
            Backend::Postgres => {
                format!(
                    r#"SELECT id FROM "commit" WHERE search_vector @@ plainto_tsquery('english', '{word}')"#
                )
            }
        };
        let statement = sea_orm::Statement::from_string(test.store.backend(), sql);
        test.store.connection().query_all_raw(statement).await.unwrap().len()
    };
    assert_eq!(hits("renderer").await, 1);
    push.revisions[0].comment = "Slow down".to_owned();
    test.store.store_push(77, &push).await.unwrap();
    assert_eq!((hits("renderer").await, hits("slow").await), (0, 1));
    commit::Entity::delete_many().exec(test.store.connection()).await.unwrap();
    assert_eq!(hits("slow").await, 0);
}

async fn cached_values_expire(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    test.store.set_cached("old", "1", TimeDelta::seconds(-1)).await.unwrap();
    test.store.set_cached("new", "2", TimeDelta::days(1)).await.unwrap();
    assert_eq!(test.store.cached("old").await.unwrap(), None);
    assert_eq!(test.store.cached("new").await.unwrap().as_deref(), Some("2"));
    assert_eq!(test.store.delete_expired_cache().await.unwrap(), 1);
    assert_eq!(test.store.cached("new").await.unwrap().as_deref(), Some("2"));
    assert!(test.store.set_cached(&"k".repeat(256), "", TimeDelta::days(1)).await.is_err());
}

async fn the_last_push_id_is_remembered(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    assert_eq!(test.store.last_push_id("autoland").await.unwrap(), None);
    for id in [5, 7] {
        test.store.set_last_push_id("autoland", id).await.unwrap();
        assert_eq!(test.store.last_push_id("autoland").await.unwrap(), Some(id));
    }
    assert_eq!(test.store.cached("autoland:last_push_id").await.unwrap().as_deref(), Some("7"));
    assert_eq!(test.store.last_push_id("try").await.unwrap(), None);
    test.store.forget_last_push_id("autoland").await.unwrap();
    assert_eq!(test.store.last_push_id("autoland").await.unwrap(), None);
}

async fn concurrent_writers_of_the_same_pushes_agree(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut writers = Vec::new();
    for writer in 0..6 {
        let store = test.store.clone();
        writers.push(tokio::spawn(async move {
            let mut pushes: Vec<_> =
                ["a", "b", "c", "d"].iter().map(|name| loaded(name, &[name, "x", "y"])).collect();
            pushes.rotate_left(writer % 4);
            for _ in 0..5 {
                store.store_pushes(77, &pushes).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(push::Entity::find().all(test.store.connection()).await.unwrap().len(), 4);
    assert_eq!(commit::Entity::find().all(test.store.connection()).await.unwrap().len(), 12);
}

//! Notes, bugs of jobs, tests that were looked at.

use sea_orm::EntityTrait as _;
use treeherder_ingest::store::accounts::SignIn;
use treeherder_ingest::store::classification::{
    BugMapOutcome, BugRef, ChangedJob, InvestigateOutcome, NewBugMap, NewNote,
};
use treeherder_ingest::store::entity::{bug_job_map, bugscache, job, job_note};
use treeherder_ingest::store::{Store, StoreError};

use crate::messages::{REVISION, loaded, store_with_push};
use crate::support::database::{Backend, TestStore};

/// Who says so.
const WHO: &str = "s@x";

on_every_database!(
    a_job_is_what_its_newest_note_says,
    notes_belong_to_a_job_of_their_repository,
    everything_that_was_said_can_be_taken_back,
    a_job_has_each_bug_once,
    tests_are_marked_once,
    a_push_has_the_notes_of_its_jobs,
);

/// Two jobs and somebody who classifies them.
async fn with_jobs(backend: Backend) -> Option<(TestStore, [i64; 2], i32)> {
    let test = store_with_push(backend).await?;
    let outcomes =
        test.store.store_jobs(&[loaded("a/0", "completed"), loaded("b/0", "completed")]).await.unwrap();
    let person = SignIn { username: "email/s@x".to_owned(), email: "s@x".to_owned(), is_staff: None };
    let user = test.store.sign_in(&person).await.unwrap().id;
    let jobs = [outcomes[0].job_id.unwrap(), outcomes[1].job_id.unwrap()];
    Some((test, jobs, user))
}

fn note(job_id: i64, failure_classification_id: i32, user_id: Option<i32>) -> NewNote {
    NewNote { job_id, failure_classification_id, user_id, text: "why".to_owned() }
}

async fn job_row(store: &Store, id: i64) -> job::Model {
    job::Entity::find_by_id(id).one(store.connection()).await.unwrap().unwrap()
}

async fn a_job_is_what_its_newest_note_says(backend: Backend) {
    let Some((test, [id, other], user)) = with_jobs(backend).await else { return };
    let store = &test.store;
    let before = job_row(store, id).await;
    let changed = store.create_note("autoland", &note(id, 2, Some(user)), WHO).await.unwrap();
    assert_eq!(changed, Some(ChangedJob { job_id: id, repository: "autoland".to_owned() }));
    let after = job_row(store, id).await;
    assert_eq!(after.failure_classification_id, 2);
    assert!(after.last_modified > before.last_modified, "others learn of it by polling");
    store.create_note("autoland", &note(id, 3, None), WHO).await.unwrap().unwrap();
    assert_eq!(job_row(store, id).await.failure_classification_id, 3);

    let notes = store.notes("autoland", id).await.unwrap();
    let said: Vec<_> = notes.iter().map(|n| (n.failure_classification_id, n.email.as_deref())).collect();
    assert_eq!(said, [(2, Some("s@x")), (3, None)]);
    assert_eq!(store.note(notes[0].id).await.unwrap().as_ref(), Some(&notes[0]));

    let modified = job_row(store, id).await.last_modified;
    store.delete_note(notes[1].id, WHO).await.unwrap().unwrap();
    let after = job_row(store, id).await;
    assert_eq!(after.failure_classification_id, 2);
    assert!(after.last_modified > modified);
    store.delete_note(notes[0].id, WHO).await.unwrap().unwrap();
    assert_eq!(job_row(store, id).await.failure_classification_id, 1);
    assert_eq!(store.delete_note(notes[0].id, WHO).await.unwrap(), None);
    assert_eq!(job_row(store, other).await.failure_classification_id, 1);
}

async fn notes_belong_to_a_job_of_their_repository(backend: Backend) {
    let Some((test, [id, _], user)) = with_jobs(backend).await else { return };
    let store = &test.store;
    assert_eq!(store.create_note("try", &note(id, 2, Some(user)), WHO).await.unwrap(), None);
    assert_eq!(store.create_note("autoland", &note(id + 99, 2, Some(user)), WHO).await.unwrap(), None);
    let error = store.create_note("autoland", &note(id, 99, Some(user)), WHO).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "failure classification", .. }), "{error:?}");
    let nul = NewNote { text: "a\0".to_owned(), ..note(id, 2, None) };
    assert!(matches!(store.create_note("autoland", &nul, WHO).await.unwrap_err(), StoreError::Data(_)));
    assert!(all!(test, job_note).is_empty());
    store.create_note("autoland", &note(id, 2, None), WHO).await.unwrap().unwrap();
    assert!(store.notes("try", id).await.unwrap().is_empty());
}

fn new_map(job_id: i64, bug: BugRef) -> NewBugMap {
    NewBugMap { job_id, bug, user_id: None, bug_open: true }
}

async fn everything_that_was_said_can_be_taken_back(backend: Backend) {
    let Some((test, [id, other], user)) = with_jobs(backend).await else { return };
    let store = &test.store;
    for job in [id, other] {
        store.create_note("autoland", &note(job, 4, Some(user)), WHO).await.unwrap();
        store.create_bug_map(&new_map(job, BugRef::Bugzilla(5)), WHO).await.unwrap();
    }
    let modified = job_row(store, id).await.last_modified;
    let changed = store.unclassify(&[id, id, 987_654], WHO).await.unwrap();
    assert_eq!(changed, [ChangedJob { job_id: id, repository: "autoland".to_owned() }]);
    let after = job_row(store, id).await;
    assert_eq!(after.failure_classification_id, 1);
    assert!(after.last_modified > modified);
    let left: Vec<_> = all!(test, job_note).iter().map(|row| row.job_id).collect();
    assert_eq!(left, [other]);
    let left: Vec<_> = all!(test, bug_job_map).iter().map(|row| row.job_id).collect();
    assert_eq!(left, [other]);
    assert_eq!(job_row(store, other).await.failure_classification_id, 4);
}

async fn a_job_has_each_bug_once(backend: Backend) {
    let Some((test, [id, other], user)) = with_jobs(backend).await else { return };
    let store = &test.store;
    let issue = store.internal_issue("Something fails").await.unwrap().internal_id;
    let with_user = NewBugMap { user_id: Some(user), ..new_map(id, BugRef::Bugzilla(1_900_001)) };
    assert!(matches!(store.create_bug_map(&with_user, WHO).await.unwrap(), BugMapOutcome::Saved(_)));
    assert_eq!(store.create_bug_map(&with_user, WHO).await.unwrap(), BugMapOutcome::Skipped);
    let bug = bugscache::Entity::find_by_id(issue + 1).one(store.connection()).await.unwrap().unwrap();
    assert_eq!((bug.bugzilla_id, bug.summary.as_str()), (Some(1_900_001), "(no bug data fetched)"));
    assert_eq!(
        (bug.modified.to_rfc3339().as_str(), bug.processed_update),
        ("1971-01-01T00:00:00+00:00", false)
    );

    assert!(matches!(
        store.create_bug_map(&new_map(id, BugRef::Internal(issue)), WHO).await.unwrap(),
        BugMapOutcome::Saved(_)
    ));
    assert_eq!(
        store.create_bug_map(&new_map(id, BugRef::Internal(999)), WHO).await.unwrap(),
        BugMapOutcome::Skipped
    );
    assert_eq!(
        store.create_bug_map(&new_map(987_654, BugRef::Bugzilla(7)), WHO).await.unwrap(),
        BugMapOutcome::NoJob
    );
    assert!(store.create_bug_map(&new_map(id, BugRef::Bugzilla(-7)), WHO).await.is_err());

    let maps = store.bug_maps("autoland", &[id, other]).await.unwrap();
    let shown: Vec<_> = maps
        .iter()
        .map(|map| (map.job_id, map.bugzilla_id, map.bug_internal_id, map.email.clone()))
        .collect();
    assert_eq!(shown, [(id, Some(1_900_001), issue + 1, Some("s@x".to_owned())), (id, None, issue, None)]);
    assert!(store.bug_maps("try", &[id]).await.unwrap().is_empty());
    assert_eq!(store.bug_map("autoland", id, 1_900_001).await.unwrap().as_ref(), Some(&maps[0]));
    assert_eq!(store.bug_map("autoland", other, 1_900_001).await.unwrap(), None);

    assert_eq!(store.delete_bug_map("try", id, BugRef::Internal(issue), WHO).await.unwrap(), None);
    for bug in [BugRef::Internal(issue), BugRef::Bugzilla(1_900_001), BugRef::Bugzilla(5)] {
        assert!(store.delete_bug_map("autoland", id, bug, WHO).await.unwrap().is_some(), "{bug:?}");
    }
    assert!(all!(test, bug_job_map).is_empty());
}

async fn tests_are_marked_once(backend: Backend) {
    let Some((test, _, _)) = with_jobs(backend).await else { return };
    let store = &test.store;
    let name = "test-linux1804-64/opt-mochitest-1";
    let marked = store.mark_investigated("autoland", REVISION, "dom/foo.html", name, "1").await.unwrap();
    let InvestigateOutcome::Marked(marked) = marked else { panic!("{marked:?}") };
    assert_eq!(
        (marked.test.as_str(), marked.job_name.as_str(), marked.job_symbol.as_str()),
        ("dom/foo.html", name, "1")
    );
    for (revision, job, expected) in [
        (REVISION, name, InvestigateOutcome::Already),
        ("0000", name, InvestigateOutcome::NoPush),
        (REVISION, "nothing", InvestigateOutcome::NoJobType),
    ] {
        let outcome = store.mark_investigated("autoland", revision, "dom/foo.html", job, "1").await.unwrap();
        assert_eq!(outcome, expected);
    }
    assert_eq!(store.investigated_tests("autoland", REVISION).await.unwrap(), Some(vec![marked.clone()]));
    assert_eq!(store.investigated_tests("try", REVISION).await.unwrap(), None);
    assert_eq!(store.investigated_test(marked.id).await.unwrap(), Some(marked.clone()));
    assert!(store.unmark_investigated(marked.id).await.unwrap());
    assert!(!store.unmark_investigated(marked.id).await.unwrap());
}

async fn a_push_has_the_notes_of_its_jobs(backend: Backend) {
    let Some((test, [id, other], user)) = with_jobs(backend).await else { return };
    let store = &test.store;
    store.create_note("autoland", &note(other, 4, Some(user)), WHO).await.unwrap();
    store.create_note("autoland", &note(id, 7, None), WHO).await.unwrap();
    let notes = store.push_notes("autoland", REVISION).await.unwrap().unwrap();
    let shown: Vec<_> = notes
        .iter()
        .map(|note| (note.classification.as_str(), note.email.as_deref(), note.result.as_str()))
        .collect();
    assert_eq!(
        shown,
        [("intermittent", Some("s@x"), "success"), ("autoclassified intermittent", None, "success"),]
    );
    assert_eq!(store.push_notes("autoland", "0000").await.unwrap(), None);
    assert_eq!(store.push_notes("nowhere", REVISION).await.unwrap(), None);
}

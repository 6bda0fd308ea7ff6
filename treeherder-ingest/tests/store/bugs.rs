//! Bugs: issues of our own, the copy of Bugzilla's, suggestions.

use chrono::{TimeDelta, Utc};
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::Expr;
use serde_json::json;
use treeherder_ingest::bugzilla::{
    Bugzilla, BugzillaOptions, update_bugs, update_file_components, update_security_groups,
};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::classification::{BugRef, NewBugMap};
use treeherder_ingest::store::entity::{
    bug_job_map, bugscache, bugzilla_component, bugzilla_security_group, file_bugzilla_component, repository,
};
use treeherder_ingest::store::failures::ErrorLine;
use treeherder_ingest::suggestions::BugSearch;
use treeherder_testdata::scenario::Scenario;
use treeherder_testdata::standin::StandIn;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::messages::{loaded, store_with_push};
use crate::support::database::{Backend, TestStore};

/// Who says so.
const WHO: &str = "s@x";

on_every_database!(
    an_open_issue_is_found_again,
    a_filed_issue_gets_its_number,
    bugs_are_copied_and_duplicates_followed,
    bugs_that_nobody_needs_are_forgotten,
    bugs_that_occur_again_are_reopened,
    failure_lines_get_suggestions,
    security_groups_follow_bugzilla,
    components_of_files_follow_the_sources,
);

async fn bugzilla() -> (StandIn, Bugzilla) {
    let stand_in = StandIn::start(Scenario::small(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let mut options = BugzillaOptions::default();
    options.read_url = stand_in.urls().bugzilla();
    options.write_url = stand_in.urls().bugzilla();
    options.filer_key = Some(stand_in.bugzilla_key().to_owned());
    let client = Client::new(ClientOptions::for_local_servers()).unwrap();
    (stand_in, Bugzilla::new(client, options))
}

async fn an_open_issue_is_found_again(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let version = store.bugs_version().await.unwrap();
    let first = store.internal_issue("It fails").await.unwrap();
    assert_ne!(store.bugs_version().await.unwrap(), version, "searches learn of it");
    assert_eq!(store.internal_issue("It fails").await.unwrap(), first);
    let other = store.internal_issue("It fails too").await.unwrap();
    assert_ne!(other.internal_id, first.internal_id);
    assert!(store.internal_issue(&"x".repeat(256)).await.is_err());
}

async fn a_filed_issue_gets_its_number(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let issue = store.internal_issue("It fails").await.unwrap().internal_id;
    assert_eq!(store.adopt_filed_bug(5, "Something else").await.unwrap(), None);
    assert_eq!(store.adopt_filed_bug(5, "It fails").await.unwrap(), Some(issue));
    assert_eq!(store.adopt_filed_bug(5, "It fails").await.unwrap(), Some(issue));
    // A row that has a number keeps it.
    assert_eq!(store.adopt_filed_bug(6, "It fails").await.unwrap(), None);
    let bug = all!(test, bugscache).remove(0);
    assert_eq!((bug.id, bug.bugzilla_id), (issue, Some(5)));
}

async fn bugs_are_copied_and_duplicates_followed(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let (stand_in, bugzilla) = bugzilla().await;
    let long = "ü".repeat(300);
    // 1 is a duplicate of 2, which is one of 3; 3 is not about an intermittent failure. 4 is named by 3.
    stand_in.add_bug(
        &json!({"id": 1, "summary": "one", "status": "RESOLVED", "resolution": "DUPLICATE", "dupe_of": 2}),
    );
    stand_in.add_bug(&json!({"id": 2, "summary": "two", "dupe_of": 3, "keywords": []}));
    stand_in.add_bug(&json!({"id": 3, "summary": long, "keywords": [], "duplicates": [2, 4]}));
    stand_in.add_bug(&json!({"id": 4, "summary": "four", "keywords": ["crash", "perf"], "dupe_of": 3}));
    stand_in.add_bug(&json!({"id": 5, "summary": "not needed", "keywords": []}));
    stand_in.add_bug(&json!({"id": 6, "summary": "mapped", "keywords": []}));
    stand_in.add_bug(&json!({"id": 7, "summary": 12}));
    let jobs = store.store_jobs(&[loaded("a/0", "completed"), loaded("b/0", "completed")]).await.unwrap();
    let [a, b] = [jobs[0].job_id.unwrap(), jobs[1].job_id.unwrap()];
    for (job_id, number) in [(a, 1), (a, 3), (b, 1), (b, 6)] {
        let map = NewBugMap { job_id, bug: BugRef::Bugzilla(number), user_id: None, bug_open: false };
        store.create_bug_map(&map, WHO).await.unwrap();
    }
    for _ in 0..2 {
        let done = update_bugs(&bugzilla, store).await.unwrap();
        assert_eq!((done.stored, done.failed), (5, 1), "bug 7 cannot be read");
        let mut bugs: Vec<_> = all!(test, bugscache);
        bugs.sort_by_key(|bug| bug.bugzilla_id);
        let shown: Vec<_> = bugs.iter().map(|bug| (bug.bugzilla_id.unwrap(), bug.dupe_of)).collect();
        assert_eq!(shown, [(1, Some(3)), (2, Some(3)), (3, None), (4, Some(3)), (6, None)]);
        assert!(bugs.iter().all(|bug| bug.processed_update));
        assert_eq!(bugs[2].summary.chars().count(), 255);
        assert_eq!((bugs[0].resolution.as_str(), bugs[3].keywords.as_str()), ("DUPLICATE", "crash,perf"));
        // Jobs moved to the bug at the end, each job once.
        let three = bugs[2].id;
        let mut maps: Vec<_> = all!(test, bug_job_map).iter().map(|map| (map.job_id, map.bug_id)).collect();
        maps.sort_unstable();
        assert_eq!(maps, [(a, three), (b, three), (b, bugs[4].id)]);
    }
    stand_in.shutdown().await;
}

async fn bugs_that_nobody_needs_are_forgotten(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let (stand_in, bugzilla) = bugzilla().await;
    let old = (Utc::now() - TimeDelta::days(400)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    for (id, time) in [(1, Some(&old)), (2, Some(&old)), (3, None)] {
        stand_in.add_bug(&json!({"id": id, "summary": format!("bug {id}"), "last_change_time": time}));
    }
    let issue = store.internal_issue("an issue").await.unwrap().internal_id;
    let job = store.store_jobs(&[loaded("a/0", "completed")]).await.unwrap()[0].job_id.unwrap();
    // A job with an internal issue must not keep everything (a null among the numbers of bugs).
    for bug in [BugRef::Bugzilla(1), BugRef::Internal(issue)] {
        store
            .create_bug_map(&NewBugMap { job_id: job, bug, user_id: None, bug_open: false }, WHO)
            .await
            .unwrap();
    }
    let map = NewBugMap { job_id: job, bug: BugRef::Bugzilla(2), user_id: None, bug_open: false };
    store.create_bug_map(&map, WHO).await.unwrap();
    update_bugs(&bugzilla, store).await.unwrap();
    let numbers = async || {
        let mut numbers: Vec<_> = all!(test, bugscache).iter().map(|bug| bug.bugzilla_id).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(numbers().await, [None, Some(1), Some(2), Some(3)]);
    store.delete_bug_map("autoland", job, BugRef::Bugzilla(2), WHO).await.unwrap();
    update_bugs(&bugzilla, store).await.unwrap();
    assert_eq!(numbers().await, [None, Some(1), Some(3)], "bug 2 is old and no job has it");
    stand_in.shutdown().await;
}

async fn bugs_that_occur_again_are_reopened(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let (stand_in, bugzilla) = bugzilla().await;
    for id in [1, 2] {
        stand_in
            .add_bug(&json!({"id": id, "summary": "x", "status": "RESOLVED", "resolution": "INCOMPLETE"}));
    }
    let messages: Vec<_> = (0..3).map(|number| loaded(&format!("job{number}/0"), "completed")).collect();
    let outcomes = store.store_jobs(&messages).await.unwrap();
    let jobs: Vec<i64> = outcomes.iter().map(|outcome| outcome.job_id.unwrap()).collect();
    for (job_id, number) in [(jobs[0], 1), (jobs[1], 1), (jobs[2], 1), (jobs[0], 2), (jobs[1], 2)] {
        let map = NewBugMap { job_id, bug: BugRef::Bugzilla(number), user_id: None, bug_open: false };
        store.create_bug_map(&map, WHO).await.unwrap();
    }
    assert_eq!(update_bugs(&bugzilla, store).await.unwrap().reopened, 1);
    let bugs = stand_in.bugs();
    assert_eq!((&bugs[0]["status"], &bugs[1]["status"]), (&json!("REOPENED"), &json!("RESOLVED")));
    let url = format!("https://treeherder.mozilla.org/logviewer?job_id={}&repo=autoland", jobs[2]);
    assert_eq!(bugs[0]["comments"], json!([format!("New failure instance: {url}")]));
    let open: Vec<_> =
        all!(test, bug_job_map).iter().filter(|map| map.bug_open).map(|map| map.job_id).collect();
    assert_eq!(open, [jobs[2]]);
    stand_in.shutdown().await;
}

async fn suggested(search: &BugSearch, job: i64) -> Vec<(Vec<Option<i32>>, Vec<Option<i32>>)> {
    let suggestions = search.suggestions(job).await.unwrap();
    let numbers =
        |bugs: &[treeherder_ingest::suggestions::SuggestedBug]| bugs.iter().map(|bug| bug.id).collect();
    suggestions
        .iter()
        .map(|suggestion| (numbers(&suggestion.open_recent), numbers(&suggestion.all_others)))
        .collect()
}

async fn add(store: &Store, bugs: &[(i32, &str, &str)]) {
    let bugs: Vec<_> = bugs
        .iter()
        .map(|(number, summary, resolution)| treeherder_ingest::store::bugs::FetchedBug {
            bugzilla_id: *number,
            status: "NEW".to_owned(),
            resolution: (*resolution).to_owned(),
            summary: (*summary).to_owned(),
            dupe_of: None,
            crash_signature: String::new(),
            keywords: "intermittent-failure".to_owned(),
            modified: Utc::now(),
            whiteboard: String::new(),
        })
        .collect();
    assert!(store.store_fetched_bugs(&bugs).await.unwrap().is_empty());
}

async fn failure_lines_get_suggestions(backend: Backend) {
    let Some(test) = store_with_push(backend).await else { return };
    let store = &test.store;
    let job = store.store_jobs(&[loaded("a/0", "completed")]).await.unwrap()[0].job_id.unwrap();
    let search = BugSearch::new(store.clone());
    assert_eq!(search.suggestions(job).await.unwrap(), []);
    let lines = [
        "12:00:00 INFO - TEST-UNEXPECTED-FAIL | dom/foo.html | boom",
        "PROCESS-CRASH | dom/bar.html | application crashed [@ foo::Bar::baz] | x",
        "Return code: 1",
    ];
    let lines: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| ErrorLine { line_number: number as u64, line: (*line).to_owned() })
        .collect();
    store.store_error_lines(job, &lines).await.unwrap();
    let nothing = (vec![], vec![]);
    assert_eq!(suggested(&search, job).await, [nothing.clone(), nothing.clone(), nothing.clone()]);
    add(
        store,
        &[
            (1, "Intermittent dom/foo.html | boom", ""),
            (2, "Intermittent DOM/FOO.HTML | single tracking bug", "FIXED"),
            (3, "Intermittent dom/notfoo.html | boom", ""),
            (4, "Crash in [@ foo::Bar::baz]", ""),
        ],
    )
    .await;
    let issue = store.internal_issue("foo.html breaks").await.unwrap().internal_id;
    let map = NewBugMap { job_id: job, bug: BugRef::Internal(issue), user_id: None, bug_open: true };
    store.create_bug_map(&map, WHO).await.unwrap();
    let found = suggested(&search, job).await;
    assert_eq!(found[0], (vec![None, Some(1)], vec![Some(2)]), "the most similar first");
    assert_eq!(found[2], nothing);
    let suggestions = search.suggestions(job).await.unwrap();
    let first = &suggestions[0];
    assert_eq!(first.search, "TEST-UNEXPECTED-FAIL | dom/foo.html | boom");
    assert_eq!(
        (first.search_terms.as_slice(), first.path_end.as_deref()),
        (&["foo.html".to_owned()][..], Some("dom/foo.html"))
    );
    assert_eq!((first.open_recent[0].occurrences, first.open_recent[1].occurrences), (Some(1), None));
    assert_eq!(first.open_recent[0].internal_id, issue);
    assert_eq!((suggestions[2].search_terms.len(), suggestions[2].line_number), (0, 2));
    // The line of the crash is searched by its message first, which no summary has, then by the signature.
    assert_eq!(found[1].0, [Some(4)]);
    assert_eq!(suggestions[1].search_terms, ["dom/bar.html", "foo::Bar::baz"]);
}

async fn security_groups_follow_bugzilla(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let (stand_in, bugzilla) = bugzilla().await;
    let groups = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(product, group)| ((*product).to_owned(), (*group).to_owned())).collect()
    };
    let long = "x".repeat(61);
    let left_out = store
        .replace_security_groups(&groups(&[("Core", "another"), ("Gone", "a group"), ("Long", &long)]))
        .await
        .unwrap();
    assert_eq!(left_out, 1);
    assert_eq!(store.security_groups("Gone").await.unwrap(), ["a group"]);
    for _ in 0..2 {
        let update = update_security_groups(&bugzilla, store).await.unwrap();
        assert_eq!((update.products, update.failed), (2, 0));
        let mut rows: Vec<_> = all!(test, bugzilla_security_group)
            .into_iter()
            .map(|row| (row.product, row.security_group))
            .collect();
        rows.sort();
        let expected = [("Core", "core-security"), ("Testing", "core-security")];
        assert_eq!(rows, expected.map(|(product, group)| (product.to_owned(), group.to_owned())));
    }
    stand_in.shutdown().await;
    // Nothing changes when Bugzilla cannot be asked.
    assert!(update_security_groups(&bugzilla, store).await.is_err());
    assert_eq!(store.security_groups("Core").await.unwrap(), ["core-security"]);
}

/// The components of all files, and all components.
async fn components(test: &TestStore) -> (Vec<(String, String, String)>, Vec<String>) {
    let components = all!(test, bugzilla_component);
    let name = |id: i32| components.iter().find(|row| row.id == id).unwrap().component.clone();
    let mut files: Vec<_> = all!(test, file_bugzilla_component)
        .into_iter()
        .map(|row| (row.path, row.file_name, name(row.bugzilla_component_id)))
        .collect();
    files.sort();
    let mut names: Vec<_> = components.iter().map(|row| row.component.clone()).collect();
    names.sort();
    (files, names)
}

async fn components_of_files_follow_the_sources(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let taskcluster = MockServer::start().await;
    repository::Entity::update_many()
        .col_expr(repository::Column::TcRootUrl, Expr::value(taskcluster.uri()))
        .exec(test.store.connection())
        .await
        .unwrap();
    let client = Client::new(ClientOptions::for_local_servers()).unwrap();
    let at = |project: &str| {
        path(format!(
            "/api/index/v1/task/gecko.v2.{project}.latest.source.source-bugzilla-info/artifacts/public/components.json"
        ))
    };
    // Nobody answers: nothing is lost.
    assert!(update_file_components(&client, &test.store).await.is_err());
    let central = json!({
        "dom/base/a.js": ["Core", "DOM"], "b.js": ["Core", "Layout"], "moves.js": ["Core", "DOM"],
        "long.js": ["Core", "x".repeat(61)],
    });
    let beta = json!({"b.js": ["Core", "Another"], "only/beta.js": ["Firefox", "General"]});
    let first = [
        Mock::given(at("mozilla-central")).respond_with(ResponseTemplate::new(200).set_body_json(central)),
        Mock::given(at("mozilla-beta")).respond_with(ResponseTemplate::new(200).set_body_json(beta)),
    ];
    for mock in first {
        mock.up_to_n_times(1).mount(&taskcluster).await;
    }
    let update = update_file_components(&client, &test.store).await.unwrap();
    assert_eq!((update.added, update.changed, update.removed), (4, 0, 0));
    let file =
        |path: &str, name: &str, component: &str| (path.to_owned(), name.to_owned(), component.to_owned());
    let expected = [
        file("b.js", "b.js", "Layout"),
        file("dom/base/a.js", "a.js", "DOM"),
        file("moves.js", "moves.js", "DOM"),
        file("only/beta.js", "beta.js", "General"),
    ];
    assert_eq!(
        components(&test).await,
        (expected.into(), ["DOM", "General", "Layout"].map(str::to_owned).into())
    );

    // Later: one file moved, one is new, and those of a repository that does not answer are gone.
    let later =
        json!({"dom/base/a.js": ["Core", "DOM"], "moves.js": ["Core", "Gfx"], "new.js": ["Core", "Gfx"]});
    Mock::given(at("mozilla-central"))
        .respond_with(ResponseTemplate::new(200).set_body_json(later))
        .mount(&taskcluster)
        .await;
    let update = update_file_components(&client, &test.store).await.unwrap();
    assert_eq!((update.added, update.changed, update.removed), (1, 1, 2));
    let again = update_file_components(&client, &test.store).await.unwrap();
    assert_eq!((again.added, again.changed, again.removed), (0, 0, 0));
    let expected = [
        file("dom/base/a.js", "a.js", "DOM"),
        file("moves.js", "moves.js", "Gfx"),
        file("new.js", "new.js", "Gfx"),
    ];
    assert_eq!(components(&test).await, (expected.into(), ["DOM", "Gfx"].map(str::to_owned).into()));
}

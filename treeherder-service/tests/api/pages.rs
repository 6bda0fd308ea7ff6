//! Pages as browsers get them: old links (§11.1, §11.4), and what the details of a job have (§11.7).

use treeherder_ingest::job::LogReference;

use crate::database::Backend;
use crate::seeded::{message, task};
use crate::site::Site;

on_every_database!(
    old_links_lead_to_what_they_meant,
    jobs_are_found_by_their_tests,
    details_tell_test_groups
);

async fn old_links_lead_to_what_they_meant(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let [failed, elsewhere] = [site.seeded.jobs[1], site.seeded.jobs[5]];
    let run = format!("{}.0", task(1));
    for (old, status, new) in [
        (
            format!("/jobs?repo=autoland&selectedJob={failed}&filter-tier=1"),
            307,
            format!("/jobs?repo=autoland&tier=1&selectedTaskRun={run}"),
        ),
        ("/logviewer.html?job_id=1&repo=try".to_owned(), 308, "/logviewer?job_id=1&repo=try".to_owned()),
        ("/index.html".to_owned(), 308, "/jobs".to_owned()),
        ("/perf.html".to_owned(), 308, "/performance".to_owned()),
        ("/performance/graphs?series=a".to_owned(), 308, "/performance?series=a".to_owned()),
    ] {
        let answer = site.get(&old).await;
        assert_eq!((answer.status, answer.header("location")), (status, new), "{old}");
    }
    // A job without a task has no other name than its number.
    let page = site.get(&format!("/jobs?repo=try&selectedJob={elsewhere}")).await;
    assert!(page.status == 200 && page.text.contains(&format!("data-selected=\"{elsewhere}\"")));
    let page = site.get("/jobs?repo=autoland&landoCommitID=4711").await.text;
    assert!(page.contains("Waiting for landing 4711."));
    assert!(!site.get("/jobs?repo=autoland").await.text.contains("Waiting for landing"));
}

async fn jobs_are_found_by_their_tests(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let [decision, failed] = [site.seeded.jobs[0], site.seeded.jobs[1]];
    for (paths, shown) in [
        ("dom/a.toml", true),
        ("nothing,DOM/B", true),
        ("layout/reftests", false),
        // It was skipped, and no pattern is meant.
        ("dom/skipped", false),
        ("dom%25toml", false),
    ] {
        let page = site.get(&format!("/jobs?repo=autoland&test_paths={paths}")).await.text;
        assert_eq!(page.contains(&format!("data-id=\"{failed}\"")), shown, "{paths}");
        assert_eq!(page.contains(&format!("\"elsewhere\":[{failed}]")), !shown, "{paths}");
        // Nobody knows what it has run.
        assert!(page.contains(&format!("data-id=\"{decision}\"")), "{paths}");
        let push = site.seeded.pushes[0];
        let changes =
            format!("/jobs/data?repo=autoland&shown={push}&since=2000-01-01T00:00:00.0&test_paths={paths}");
        let changes = site.json(&changes).await;
        assert_eq!(changes["changed"]["elsewhere"].is_null(), shown, "{paths}");
    }
}

async fn details_tell_test_groups(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let mut reftest = message(6);
    "test-linux1804-64/debug-reftest-2".clone_into(&mut reftest.job.name);
    reftest.job.log_references.push(LogReference {
        name: "live_backing_log".to_owned(),
        url: "https://tc.example/live_backing.log".to_owned(),
        parse_status: "pending".to_owned(),
    });
    let reftest = site.store().store_jobs(&[reftest]).await.unwrap()[0].job_id.unwrap();
    let panel = async |id: i64| site.get(&format!("/jobs/autoland/{id}?part=panel")).await.text;
    let mochitest = panel(site.seeded.jobs[1]).await;
    // What failed comes first.
    let places: Vec<_> =
        ["dom/b.toml", "dom/a.toml", "dom/skipped.toml"].iter().map(|name| mochitest.find(name)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} in {mochitest}");
    assert!(!mochitest.contains("reftest-analyzer"));
    let reftest = panel(reftest).await;
    assert!(
        reftest
            .contains("reftest-analyzer.xhtml#logurl=https%3A%2F%2Ftc.example%2Flive_backing.log&#38;only"),
        "{reftest}"
    );
    assert!(!reftest.contains("data-part=\"groups\""));
}

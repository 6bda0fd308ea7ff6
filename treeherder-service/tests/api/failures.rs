//! How often bugs were seen, how manifests went, where bugs are filed (§3.17, §3.19, §3.23, §3.24).

use serde_json::json;

use crate::database::Backend;
use crate::seeded::{revision, task};
use crate::site::Site;

on_every_database!(
    failures_are_counted,
    manifests_are_counted,
    components_are_suggested,
    numbers_are_found_in_messages
);

async fn failures_are_counted(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let job = site.seeded.jobs[1];
    let span = "startday=2026-01-01&endday=2026-01-03";
    let both = json!([{"bug_id": 1_900_001, "bug_count": 1}, {"bug_id": null, "bug_count": 1}]);
    let failure = json!([{
        "push_time": "2026-01-01 00:00:00", "platform": "linux1804-64", "revision": revision(0),
        "test_suite": "mochitest-1", "tree": "autoland", "build_type": "debug", "job_id": job, "bug_id": 1_900_001,
        "machine_name": "worker-1", "lines": ["TEST-UNEXPECTED-FAIL | dom/a.html | it broke"], "task_id": task(1),
    }]);
    let days = json!([
        {"date": "2026-01-01", "test_runs": 1, "failure_count": 1},
        {"date": "2026-01-02", "test_runs": 1, "failure_count": 0},
        {"date": "2026-01-03", "test_runs": 1, "failure_count": 0},
    ]);
    for (tree, counted) in
        [("all", true), ("trunk", true), ("autoland", true), ("firefox-releases", false), ("try", false)]
    {
        let found = site.json(&format!("/api/failures/?{span}&tree={tree}")).await;
        let mut rows = found.as_array().unwrap().clone();
        rows.sort_by_key(|row| row["bug_id"].is_null());
        assert_eq!(json!(rows), if counted { both.clone() } else { json!([]) }, "{tree}");
    }
    site.check(&[
        (&format!("/api/failuresbybug/?{span}&tree=trunk&bug=1900001"), 200, failure),
        (&format!("/api/failuresbybug/?{span}&bug=7"), 200, json!([])),
        ("/api/failures/?startday=2026-01-02&endday=2026-01-03", 200, json!([])),
        (&format!("/api/failurecount/?{span}&tree=autoland"), 200, days.clone()),
        (&format!("/api/failurecount/?{span}&tree=autoland&bug=1900001"), 200, days),
        (&format!("/api/failures/?{span}&tree=foo"), 400, json!({"tree": ["foo does not exist."]})),
        (&format!("/api/failuresbybug/?{span}"), 400, json!({"bug": ["This field is required."]})),
        ("/api/failures/", 400, json!({"startday": ["This field is required."]})),
        (
            "/api/failures/?startday=x&endday=2026-01-01",
            400,
            json!({"startday": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}),
        ),
    ])
    .await;
}

async fn manifests_are_counted(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let counted = json!({
        "job_type_names": ["test-linux1804-64/debug-mochitest"],
        "manifests": [{"dom/a.toml": [[0, "passed", 4, 1]]}, {"dom/b.toml": [[0, "testfailed", 4, 1]]}],
    });
    site.check(&[
        ("/api/groupsummary/?startdate=2026-01-01", 200, counted.clone()),
        ("/api/groupsummary/?startdate=2026-01-01&enddate=2026-02-01", 200, counted),
        ("/api/groupsummary/?startdate=2026-01-02", 200, json!({"job_type_names": [], "manifests": []})),
    ])
    .await;
    assert_eq!(site.get("/api/groupsummary/?startdate=x").await.status, 400);
}

async fn components_are_suggested(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let html = json!([{"product": "Core", "component": "DOM: Core & HTML"}]);
    for (path, expected) in [
        ("dom/base/a.html", html.clone()),
        ("dom\\base\\a.html?x=1", html.clone()),
        ("base/a.js", html.clone()),
        ("mochitest/a.html", json!([])),
        ("nothing.txt", json!([])),
    ] {
        let encoded = path.replace('\\', "%5C").replace('?', "%3F");
        site.check(&[(&format!("/api/bugzilla-component/?path={encoded}"), 200, expected)]).await;
    }
    site.check(&[("/api/bugzilla-component/", 400, json!({"path": ["This field is required."]}))]).await;
}

async fn numbers_are_found_in_messages(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let path = "/api/project/autoland/hash/tocommit/";
    let found = json!({"baseRevision": revision(3), "newRevision": revision(3)});
    let query = "newhash=30&basehash=30&newhashdate=2026-01-04&basehashdate=2026-01-03";
    let unknown = "newhash=123&basehash=30&newhashdate=2024-01-01&basehashdate=2026-01-03";
    let problem = "The date and hash combination you provided(2024-01-01 and 123) is invalid";
    site.check(&[
        (&format!("{path}?{query}"), 200, found),
        (&format!("{path}?{unknown}"), 400, json!([problem])),
        (path, 400, json!({"newhash": ["This field is required."]})),
    ])
    .await;
}

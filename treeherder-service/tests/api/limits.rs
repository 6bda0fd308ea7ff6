//! What takes too long is given up (§1.1).

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::database::Backend;
use crate::site::Site;

/// In PostgreSQL somebody else can make statements wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_database_too_long_is_given_up() {
    let Some(site) = Site::start_with(Backend::Postgres, &["--request-seconds", "1"]).await else { return };
    let log = format!("/api/project/autoland/jobs/{}/log", site.seeded.jobs[1]);
    let pages = ["/repositories", "/jobs?repo=autoland"];
    let lock = site.store().begin_write().await.unwrap();
    lock.execute_unprepared("LOCK TABLE repository, push, job IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // The path of a log is no reason to wait longer: only sending one takes time.
    for path in ["/api/repository/", "/api/jobs/", &log] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.json()), (503, json!({"detail": "The request took too long."})));
    }
    for path in pages {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type").as_str()),
            (503, "text/html; charset=utf-8")
        );
        assert!(answer.text.contains("the request took too long"), "{path}: {}", answer.text);
    }
    lock.rollback().await.unwrap();
    for path in ["/api/repository/", "/api/jobs/"].into_iter().chain(pages) {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
}

/// The jobs alone make the page wait: the beginning of it has come long before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_jobs_begins_before_they_are_read_and_ends_when_they_cannot_be() {
    let Some(site) = Site::start_with(Backend::Postgres, &["--request-seconds", "3"]).await else { return };
    let lock = site.store().begin_write().await.unwrap();
    lock.execute_unprepared("LOCK TABLE job IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let client = reqwest::Client::builder().no_proxy().user_agent("treeherder-tests");
    let request = client.build().unwrap().get(format!("{}/jobs?repo=autoland", site.url));
    let mut answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["x-accel-buffering"].to_str().unwrap()),
        (200, "no")
    );
    let mut text = answer.chunk().await.unwrap().unwrap().to_vec();
    let beginning = String::from_utf8_lossy(&text).into_owned();
    assert!(beginning.contains("jobs/main.js") && !beginning.contains("</html>"), "{beginning}");
    assert!(!beginning.contains("This page could not be made"), "{beginning}");
    while let Some(part) = answer.chunk().await.unwrap() {
        text.extend(part);
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("This page could not be made"), "{text}");
    assert!(text.trim_end().ends_with("</html>"), "{text}");
    lock.rollback().await.unwrap();
    let page = site.get("/jobs?repo=autoland").await.text;
    assert!(page.contains("data-push=") && page.trim_end().ends_with("</html>"), "{page}");
}

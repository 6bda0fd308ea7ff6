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

//! How often one address may write and log in.

use serde_json::json;

use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_to_wait() {
    let site = Site::start(&["--logins-per-minute", "3", "--writes-per-minute", "5"]).await;
    let mut browser = site.anonymous();
    let mut last = None;
    for _ in 0..4 {
        last = Some(browser.get("api/auth/login/").await);
    }
    let last = last.unwrap();
    assert_eq!(last.status, 429, "{last:?}");
    let wait: u64 = last.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let text = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(last.body, json!({"detail": text}));
    assert_eq!(last.headers["content-type"], "application/json");

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(browser.post("api/user/", &json!({})).await.status);
    }
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429], "strangers count as well");
    for _ in 0..10 {
        assert_eq!(browser.get("api/user/").await.status, 200, "reading has no limit");
    }
}

//! Who may change something: the same for every path.

use reqwest::Method;
use serde_json::json;

use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_change_nothing_whatever_the_path() {
    let site = Site::start(&[]).await;
    let refused = json!({"detail": "Authentication credentials were not provided."});
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for path in ["api/repository/", "api/user/", "api/jobs/", "api/", "api/auth/login/"] {
            let answer = site.anonymous().send(method.clone(), path, &[], Some(&json!({}))).await;
            assert_eq!(answer.told(), (403, &refused), "{method} {path}");
        }
    }
    let mut member = site.member("u@mozilla.com", &[]).await;
    let answer = member.write(Method::PUT, "api/repository/", &json!({})).await;
    assert_eq!(answer.told(), (405, &json!({"detail": "Method \"PUT\" not allowed."})));
}

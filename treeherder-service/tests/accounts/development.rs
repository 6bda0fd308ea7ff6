//! The login for development.

use serde_json::json;

use crate::site::Site;
use crate::support::Place;

const LOGIN: &str = "api/auth/development-login/";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_is_let_in_for_development_and_only_then() {
    let site = Site::start(&["--development-login"]).await;
    let mut browser = site.anonymous();
    let answer = browser.post(LOGIN, &json!({"email": "me@example.org", "is_sheriff": true})).await;
    let account = json!({
        "username": "development/me@example.org", "is_superuser": false, "is_staff": true,
        "email": "me@example.org",
    });
    assert_eq!(answer.told(), (200, &account));
    assert_eq!(browser.get("api/user/").await.body, json!([account]));
    assert_eq!(site.anonymous().post(LOGIN, &json!({"email": " "})).await.status, 400);

    for (email, problem) in [
        ("a\0b".to_owned(), "Null characters are not allowed."),
        ("a".repeat(801), "Ensure this field has no more than 138 characters."),
        ("ü".repeat(139), "Ensure this field has no more than 138 characters."),
    ] {
        let answer = site.anonymous().post(LOGIN, &json!({"email": email})).await;
        assert_eq!(answer.told(), (400, &json!({"email": [problem]})));
    }
    assert_eq!(site.anonymous().post(LOGIN, &json!({"email": "ü".repeat(138)})).await.status, 200);

    // Pages of other sites in a browser on this machine, by their origin or by a name that points here.
    for headers in [[("origin", "https://evil.example")], [("host", "evil.example:8000")]] {
        let body = json!({"email": "x"});
        let answer = site.anonymous().send(reqwest::Method::POST, LOGIN, &headers, Some(&body)).await;
        // A foreign name is refused as one that is not ours, before anything is looked at.
        assert!([400, 403].contains(&answer.status), "{headers:?} {answer:?}");
    }

    let site = Site::start(&[]).await;
    let answer = site.anonymous().post(LOGIN, &json!({"email": "me@example.org"})).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[test]
fn it_refuses_to_start_where_others_can_ask() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let output = Place::new().run(&["serve", "--development-login", "--listen", listen]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("loopback"), "{error}");
    }
}

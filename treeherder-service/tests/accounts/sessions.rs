//! Sessions, the proof against forgery, and their end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use crate::support::Place;

/// A request that changes something and that nothing is at: whoever gets through to it meets 405.
const PROBE: &str = "api/user/";

fn failed(reason: &str) -> Value {
    json!({"detail": format!("CSRF Failed: {reason}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_needs_the_proof_that_our_pages_made_it() {
    let site = Site::start(&["--csrf-trusted-origins", "https://front.example"]).await;
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let token = browser.cookies["csrftoken"].clone();
    let mut other = site.member("other@mozilla.com", &[]).await;
    let others = other.cookies["csrftoken"].clone();
    let own_origin = site.url.trim_end_matches('/').to_owned();
    let body = json!({});

    for (headers, expected) in [
        (vec![("x-csrftoken", token.as_str())], None),
        (vec![("x-csrftoken", token.as_str()), ("origin", own_origin.as_str())], None),
        (vec![("x-csrftoken", token.as_str()), ("origin", "https://front.example")], None),
        (vec![], Some("CSRF token missing.")),
        (vec![("x-csrftoken", "")], Some("CSRF token from the 'X-Csrftoken' HTTP header incorrect.")),
        (
            vec![("x-csrftoken", others.as_str())],
            Some("CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
        ),
        (
            vec![("x-csrftoken", token.as_str()), ("origin", "https://evil.example")],
            Some("Origin checking failed - https://evil.example does not match any trusted origins."),
        ),
        (
            vec![("x-csrftoken", token.as_str()), ("origin", "null")],
            Some("Origin checking failed - null does not match any trusted origins."),
        ),
        // Behind HTTPS somebody has to say where the request comes from.
        (
            vec![("x-csrftoken", token.as_str()), ("x-forwarded-proto", "https")],
            Some("Referer checking failed - no Referer."),
        ),
        (
            vec![
                ("x-csrftoken", token.as_str()),
                ("x-forwarded-proto", "https"),
                ("referer", "https://evil.example/page"),
            ],
            Some("Referer checking failed - https://evil.example/page does not match any trusted origins."),
        ),
        (
            vec![
                ("x-csrftoken", token.as_str()),
                ("x-forwarded-proto", "https"),
                ("referer", "https://front.example/page"),
            ],
            None,
        ),
    ] {
        let answer = browser.send(Method::POST, PROBE, &headers, Some(&body)).await;
        match expected {
            Some(reason) => assert_eq!(answer.told(), (403, &failed(reason)), "{headers:?}"),
            None => assert_eq!(answer.status, 405, "{headers:?} {answer:?}"),
        }
    }

    // A cookie that somebody planted proves nothing, even with a header that equals it.
    let mut planted = browser.clone();
    planted.cookies.insert("csrftoken".to_owned(), others.clone());
    let answer = planted.post(PROBE, &body).await;
    assert_eq!(answer.told(), (403, &failed("CSRF token from the 'X-Csrftoken' HTTP header incorrect.")));
    planted.cookies.remove("csrftoken");
    let answer = planted.send(Method::POST, PROBE, &[("x-csrftoken", &token)], Some(&body)).await;
    assert_eq!(answer.told(), (403, &failed("CSRF cookie not set.")));
    assert_eq!(other.post(PROBE, &body).await.status, 405, "their own proof is as good as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_that_was_tampered_with_is_none() {
    let site = Site::start(&[]).await;
    let browser = site.member("u@mozilla.com", &[]).await;
    let cookie = browser.cookies["sessionid"].clone();
    let last = cookie.len() - 1;
    let changed = format!("{}{}", &cookie[..last], if cookie.ends_with('A') { 'B' } else { 'A' });
    let unsigned: String = cookie.chars().skip(44).collect();
    let not_logged_in = json!({"detail": "Authentication credentials were not provided."});
    for bad in [changed, unsigned, String::new(), "x".repeat(5000)] {
        let mut thief = browser.clone();
        thief.cookies.insert("sessionid".to_owned(), bad.clone());
        assert_eq!(thief.get("api/user/").await.told(), (200, &json!([])), "{bad}");
        assert_eq!(thief.post(PROBE, &json!({})).await.told(), (403, &not_logged_in), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_ends_the_session_on_the_server_too() {
    let site = Site::start(&[]).await;
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let kept = browser.clone();
    let answer = browser.get("api/auth/logout/").await;
    assert_eq!(answer.told(), (200, &json!("User logged out")));
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    let mut thief = kept;
    assert_eq!(thief.get("api/user/").await.told(), (200, &json!([])), "an old cookie is worth nothing");
    assert_eq!(browser.get("api/auth/logout/").await.status, 200, "nobody may log out as well");

    // By POST with the proof, and not without.
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let answer = browser.send(Method::POST, "api/auth/logout/", &[], None).await;
    assert_eq!(answer.told(), (403, &failed("CSRF token missing.")));
    assert_eq!(browser.get("api/user/").await.body.as_array().unwrap().len(), 1);
    assert_eq!(browser.post("api/auth/logout/", &json!({})).await.told(), (200, &json!("User logged out")));
    assert_eq!(browser.get("api/user/").await.body, json!([]));

    // Logging in anew ends the former session of the same browser.
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let mut former = browser.clone();
    site.login(&mut browser, &site.issuer.claims("u@mozilla.com", None)).await;
    assert_eq!(former.get("api/user/").await.body, json!([]));
    assert_eq!(browser.get("api/user/").await.body.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_outlives_a_restart_but_not_its_time() {
    let site = Site::start(&["--max-session-seconds", "2"]).await;
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let mut end = browser.clone();
    assert_eq!(browser.get("api/user/").await.body.as_array().unwrap().len(), 1);
    // It ends by the clock: ask until it has.
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if end.get("api/user/").await.body == json!([]) {
            break;
        }
    }
    let place = site.stop();
    let site = Site::start_in(place, &[]).await;
    let browser = site.member("u@mozilla.com", &[]).await;
    let cookies = browser.cookies;
    let place = site.stop();
    let site = Site::start_in(place, &[]).await;
    let mut browser = site.anonymous();
    browser.cookies = cookies;
    assert_eq!(browser.get("api/user/").await.body.as_array().unwrap().len(), 1, "the secret is kept");
    drop(site);

    // Another secret, another site: the cookie is not ours.
    let place = Place::new();
    let site = Site::start_in(place, &["--secret-key", "another secret, long enough"]).await;
    let mut stranger = site.anonymous();
    stranger.cookies = browser.cookies;
    assert_eq!(stranger.get("api/user/").await.body, json!([]));
}

//! What all answers have in common (§1).

use reqwest::Method;
use serde_json::json;

use crate::database::Backend;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_follow_the_conventions() {
    let site = Site::start(Backend::Sqlite).await.unwrap();
    forms(&site).await;
    methods(&site).await;
    headers(&site).await;
    clients_and_hosts(&site).await;
    paths(&site).await;
}

/// Which forms a client may ask for.
async fn forms(site: &Site) {
    let path = "/api/failureclassification/";
    for (accept, status, detail) in [
        ("application/json", 200, ""),
        ("application/json; version=1.0", 200, ""),
        ("application/json; version=1.1", 200, ""),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200, ""),
        ("application/json; version=2.0", 406, "Invalid version in \"Accept\" header."),
        ("text/html", 406, "Could not satisfy the request Accept header."),
    ] {
        let answer = site.ask(Method::GET, path, &[("accept", accept)], "").await;
        assert_eq!(answer.status, status, "{accept}");
        if status != 200 {
            assert_eq!(answer.json(), json!({"detail": detail}), "{accept}");
        }
    }
    site.json("/api/failureclassification/?format=json").await;
    site.check(&[("/api/failureclassification/?format=api", 404, json!({"detail": "Not found."}))]).await;
}

/// What a path takes, and what it tells to whom.
async fn methods(site: &Site) {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = site.ask(method.clone(), "/api/repository/", &[], "").await;
        assert_eq!(answer.status, 403, "{method}");
        let detail = "Authentication credentials were not provided.";
        assert_eq!(answer.json(), json!({"detail": detail}), "{method}");
    }
    let head = site.ask(Method::HEAD, "/api/repository/", &[], "").await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let options = site.ask(Method::OPTIONS, "/api/repository/", &[], "").await;
    assert_eq!((options.status, options.header("allow").as_str()), (200, "GET, HEAD, OPTIONS"));
    let asks = [("origin", "https://elsewhere.example"), ("access-control-request-method", "GET")];
    let preflight = site.ask(Method::OPTIONS, "/api/jobs/", &asks, "").await;
    assert_eq!((preflight.status, preflight.text.as_str()), (200, ""));
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT"),
        (
            "access-control-allow-headers",
            "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        ),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(preflight.header(name), value, "{name}");
    }
}

async fn headers(site: &Site) {
    let answer = site.ask(Method::GET, "/api/repository/", &[("accept-encoding", "gzip")], "").await;
    // Who asks for the head is told the same; how long the compressed answer is may be left out.
    for coding in ["gzip", "identity"] {
        let accepted = [("accept-encoding", coding)];
        let whole = site.ask(Method::GET, "/api/repository/", &accepted, "").await;
        let head = site.ask(Method::HEAD, "/api/repository/", &accepted, "").await;
        for name in ["content-type", "content-encoding", "allow", "vary", "x-frame-options"] {
            assert_eq!(head.header(name), whole.header(name), "{coding}: {name}");
        }
        let length = if coding == "gzip" { String::new() } else { whole.header("content-length") };
        assert_eq!(head.header("content-length"), length, "{coding}");
    }
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("allow", "GET, HEAD, OPTIONS"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "origin-when-cross-origin"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-opener-policy", ""),
        ("etag", ""),
        ("last-modified", ""),
        ("cache-control", ""),
        ("strict-transport-security", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let vary = answer.header("vary").to_lowercase();
    for name in ["accept", "accept-encoding", "cookie", "origin"] {
        assert!(vary.split(", ").any(|known| known == name), "{name} in {vary}");
    }
    // Short bodies are not worth the effort.
    let short = site.ask(Method::GET, "/api/jobs/0/", &[("accept-encoding", "gzip")], "").await;
    assert_eq!((short.status, short.header("content-encoding").as_str()), (404, ""));
}

async fn clients_and_hosts(site: &Site) {
    for agent in [
        "python-requests/2.32",
        "Go-http-client/2.0",
        "Go 1.1 package http",
        "libcurl/7",
        "Python-urllib/3.1",
    ] {
        let answer = site.ask(Method::GET, "/api/jobs/", &[("user-agent", agent)], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type").as_str()),
            (403, "text/html; charset=utf-8"),
            "{agent}"
        );
        let file = site.ask(Method::GET, "/robots.txt", &[("user-agent", agent)], "").await;
        assert_eq!((file.status, file.text.as_str()), (200, "User-agent: *\nDisallow: /\n"), "{agent}");
    }
    for agent in ["", "treeherder-pyclient/5.0.0", "curl/8"] {
        let answer = site.ask(Method::GET, "/api/jobs/", &[("user-agent", agent)], "").await;
        assert_eq!(answer.status, 200, "{agent}");
    }
    for (host, status) in
        [("evil.example", 400), ("localhost", 200), ("localhost:8000", 200), ("127.0.0.1", 200)]
    {
        let answer = site.ask(Method::GET, "/api/jobs/", &[("host", host)], "").await;
        assert_eq!(answer.status, status, "{host}");
    }
    let health = site.ask(Method::GET, "/__lbheartbeat__", &[("host", "10.1.2.3")], "").await;
    assert_eq!(health.status, 200);
}

/// Small files that programs ask for (§9.1).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_site_tells_what_it_is() {
    let site = Site::start(Backend::Sqlite).await.unwrap();
    let about = site.json("/contribute.json").await;
    assert_eq!(about["name"], "Treeherder");
    let docs = about["participate"]["docs"].as_str().unwrap();
    assert_eq!(site.get(docs).await.status, 200);
}

/// Monitors' parameters are those of the API (§1.2, §1.3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_monitors_send_is_read_as_elsewhere() {
    let site = Site::start(Backend::Sqlite).await.unwrap();
    for path in ["/api/task/?limit=1&limit=2", "/api/task/?limit=&since=", "/api/task/name/x?since=1&since=2"]
    {
        assert_eq!(site.json(path).await, json!([]), "{path}");
    }
    let no_number = json!({"limit": ["Enter a number."]});
    site.check(&[("/api/task/?limit=1&limit=x", 400, no_number)]).await;
    let post = async |kind: &str, body: &str| {
        let answer = site.ask(Method::POST, "/api/revoke/task/", &[("content-type", kind)], body).await;
        (answer.status, answer.json())
    };
    let (status, body) = post("text/plain", "task_id=1").await;
    assert!(status == 415 && body["detail"].is_string(), "{body}");
    let form = "application/x-www-form-urlencoded";
    let required = json!({"task_id": ["This field is required."]});
    assert_eq!(post(form, "other=1").await, (400, required));
    let no_id = json!({"task_id": ["This is no id of a task."]});
    assert_eq!(post(form, "task_id=1&task_id=x").await, (400, no_id));
}

async fn paths(site: &Site) {
    let nothing = json!({"detail": "Not found."});
    for path in [
        "/api/jobs",
        "/api/nothing/",
        "/api",
        "/api/project/autoland/nothing/",
        "/api/repository/%ff/",
        "/api/repository/%00/",
    ] {
        site.check(&[(path, 404, nothing.clone())]).await;
    }
    site.check(&[("/api/jobs/?who=%00", 400, json!({"who": ["Null characters are not allowed."]}))]).await;
    let root = site.json("/api/").await;
    assert_eq!(root["jobs"], format!("{}/api/jobs/", site.url));
    for (name, url) in root.as_object().unwrap() {
        let path = url.as_str().unwrap().strip_prefix(&site.url).unwrap();
        let status = site.get(path).await.status;
        // Some want to know more.
        assert!(matches!(status, 200 | 400), "{name}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_with_encryption_sends_plain_requests_there() {
    let args = ["--site-url", "https://th.example/"];
    let site = Site::start_with(Backend::Sqlite, &args).await.unwrap();
    let plain = site.ask(Method::GET, "/api/jobs/?id=1", &[("host", "th.example")], "").await;
    assert_eq!((plain.status, plain.header("location").as_str()), (301, "https://th.example/api/jobs/?id=1"));
    let headers = [("host", "th.example"), ("x-forwarded-proto", "https")];
    let encrypted = site.ask(Method::GET, "/api/jobs/", &headers, "").await;
    assert_eq!(encrypted.status, 200);
    let always = "max-age=31536000; includeSubDomains; preload";
    assert_eq!(encrypted.header("strict-transport-security"), always);
}

//! Submission over plain HTTP.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Place, Running};

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

/// A site, and a script with a token.
struct Script {
    url: String,
    token: Option<String>,
    _place: Place,
    _running: Running,
}

impl Script {
    fn start() -> Self {
        Self::start_with(|place| Running::serve(place, &[]))
    }

    fn start_with(serve: impl FnOnce(&Place) -> (Running, String)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = Place::new();
        let (running, url) = serve(&place);
        let made = place.json(&["tokens", "create", "--user", "ci@example.org", "--format", "json"]);
        let token = made["token"].as_str().unwrap().to_owned();
        Self { url, token: Some(token), _place: place, _running: running }
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        json: Option<&Value>,
        body: Vec<u8>,
    ) -> (u16, Value) {
        let client = reqwest::Client::builder().no_proxy().user_agent("tests").build().unwrap();
        let mut request = client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = match json {
            Some(json) => request.header("content-type", "application/json").body(json.to_string()),
            None => request.body(body),
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(reqwest::Method::POST, path, Some(body), Vec::new()).await
    }

    async fn put(&self, path: &str, body: Vec<u8>) -> (u16, Value) {
        self.send(reqwest::Method::PUT, path, None, body).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(reqwest::Method::GET, path, None, Vec::new()).await
    }
}

/// A job message.
pub(crate) fn job(guid: &str) -> Value {
    json!({
        "taskId": guid, "version": 1, "buildSystem": "github-actions", "jobKind": "test",
        "origin": {"project": "autoland", "revision": REVISION}, "owner": "ana", "reason": "push",
        "display": {"jobSymbol": "t", "groupSymbol": "GH", "jobName": "tests"}, "labels": ["opt"],
        "buildMachine": {"name": "github", "platform": "linux64", "os": "linux", "architecture": "x86_64"},
        "state": "completed", "result": "fail",
    })
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_a_job_and_its_log_are_submitted_with_a_token() {
    let script = Script::start();
    let jobs = "api/project/autoland/jobs/";
    let (status, taken) = script.post(jobs, &job("gh-1/0")).await;
    assert_eq!((status, taken[0]["status"].as_str()), (409, Some("missing-push")), "{taken}");
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    let (status, stored) = script.post("api/project/autoland/pushes/", &push).await;
    assert_eq!((status, &stored), (200, &json!({"revision": REVISION})));
    let (status, taken) = script.post(jobs, &json!([job("gh-1/0"), job("gh-2/0")])).await;
    assert_eq!(status, 200, "{taken}");
    assert!(taken.as_array().unwrap().iter().all(|job| job["status"] == "created"), "{taken}");
    let (status, again) = script.post(jobs, &job("gh-1/0")).await;
    assert_eq!(
        (status, again[0]["status"].as_str(), &again[0]["id"]),
        (200, Some("ignored"), &taken[0]["id"])
    );

    let text = "fine\nTEST-UNEXPECTED-FAIL | b.js | boom\nlast\n";
    let expected = json!([{"line_number": 1, "line": "TEST-UNEXPECTED-FAIL | b.js | boom"}]);
    let by_id = taken[0]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    for (path, body) in [
        (by_id.clone(), text.as_bytes().to_vec()),
        ("api/project/autoland/jobs/gh-1%2F0/log".to_owned(), gzip(text)),
    ] {
        let (status, log) = script.put(&path, body).await;
        assert_eq!((status, &log["failure_lines"]), (200, &expected), "{log}");
        assert_eq!((&log["total_lines"], &log["job_id"]), (&json!(3), &taken[0]["id"]));
    }
    let (_, lines) = script.get(&format!("{by_id}/lines?start=1&count=1")).await;
    assert_eq!(
        (&lines["lines"], &lines["total_lines"]),
        (&json!(["TEST-UNEXPECTED-FAIL | b.js | boom"]), &json!(3))
    );
    let (_, errors) = script.get(&format!("{by_id}/errors")).await;
    assert_eq!(errors["errors"][0]["context"].as_array().unwrap().len(), 3);
    let whole = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{}{by_id}", script.url));
    let whole = whole.send().await.unwrap();
    assert_eq!(whole.headers()["content-encoding"], "gzip");
    assert!(whole.bytes().await.unwrap().starts_with(&[0x1F, 0x8B]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_is_answered_with_its_place() {
    let mut script = Script::start();
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    script.post("api/project/autoland/pushes/", &push).await;
    let jobs = "api/project/autoland/jobs/";
    let mut bad = job("gh-1/0");
    bad["state"] = json!("sleeping");
    let mut elsewhere = job("gh-2/0");
    elsewhere["origin"]["project"] = json!("try");
    let (status, body) = script.post(jobs, &json!([job("gh-3/0"), bad, elsewhere])).await;
    assert_eq!(status, 400);
    let pointers: Vec<&str> =
        body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/1/state", "/2/origin/project"], "{body}");
    let (_, feed) = script.get("api/jobs/").await;
    assert_eq!(feed["count"], 0, "nothing of a request with a mistake is stored");

    let (_, taken) = script.post(jobs, &job("gh-1/0")).await;
    let log = taken[0]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    let raw = gzip(&"fine\n".repeat(50_000));
    for (body, problem) in [
        (raw[..raw.len() / 2].to_vec(), "ends early"),
        // A block of a type that does not exist.
        ([&raw[..10], &[7], &raw[11..]].concat(), "cannot decode the log"),
    ] {
        let (status, answer) = script.put(&log, body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(problem), "{answer}");
    }
    for (path, body) in [("api/project/nowhere/pushes/", &push), ("api/project/nowhere/jobs/", &json!([]))] {
        let (status, answer) = script.post(path, body).await;
        assert!(status == 404 || body == &json!([]), "{path}: {status} {answer}");
    }
    let (status, answer) = script.put("api/project/autoland/jobs/99/log", b"x".to_vec()).await;
    assert_eq!(status, 404, "{answer}");

    // Without a token nothing is taken.
    script.token = None;
    for (path, body) in [(jobs, &job("gh-9/0")), ("api/project/autoland/pushes/", &push)] {
        assert_eq!(script.post(path, body).await.0, 403, "{path}");
    }
    assert_eq!(script.put(&log, b"x".to_vec()).await.0, 403);
}

/// Scenario 6 of `spec/api.md` §12.3: lines are counted as viewers count them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_carriage_return_ends_a_line() {
    let script = Script::start();
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    script.post("api/project/autoland/pushes/", &push).await;
    let (_, taken) = script.post("api/project/autoland/jobs/", &job("gh-1/0")).await;
    let log = taken[0]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    let text = "10%\r20%\r\r\nTEST-UNEXPECTED-FAIL | b.js | boom\r\nlast";
    let (status, answer) = script.put(&log, text.into()).await;
    assert_eq!((status, &answer["total_lines"]), (200, &json!(5)), "{answer}");
    assert_eq!(answer["failure_lines"][0]["line_number"], 3);
    let (_, lines) = script.get(&format!("{log}/lines?start=1&count=3")).await;
    assert_eq!(lines["lines"], json!(["20%", "", "TEST-UNEXPECTED-FAIL | b.js | boom"]));
    let id = &taken[0]["id"];
    let (_, errors) = script.get(&format!("api/project/autoland/jobs/{id}/text_log_errors/")).await;
    assert_eq!(errors[0]["line_number"], 3, "from zero: {errors}");
}

/// A process that only answers requests has the settings of those that ingest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_submitted_to_a_web_process_is_taken_as_configured() {
    let script = Script::start_with(|place| {
        place.text(&["migrate"]);
        place.set("PROJECTS_TO_INGEST", "autoland,mozilla-central");
        Running::answering(place, &["web", "--listen", "127.0.0.1:0"], &[])
    });
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    assert_eq!(script.post("api/project/autoland/pushes/", &push).await.0, 200);
    let (status, taken) = script.post("api/project/autoland/jobs/", &job("gh-1/0")).await;
    assert_eq!((status, &taken[0]["status"]), (200, &json!("created")), "{taken}");
    let log = taken[0]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    let (status, answer) = script.put(&log, b"TEST-UNEXPECTED-FAIL | b.js | boom\n".to_vec()).await;
    assert_eq!((status, answer["failure_lines"].as_array().unwrap().len()), (200, 1), "{answer}");

    let not_here = json!({"detail": "Project try is not ingested here (PROJECTS_TO_INGEST)"});
    let mut elsewhere = job("gh-2/0");
    elsewhere["origin"]["project"] = json!("try");
    for (path, body) in [("api/project/try/pushes/", &push), ("api/project/try/jobs/", &elsewhere)] {
        assert_eq!(script.post(path, body).await, (404, not_here.clone()), "{path}");
    }
    assert_eq!(script.put("api/project/try/jobs/1/log", b"x".to_vec()).await, (404, not_here));
}

//! Submission over plain HTTP.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Place, Running};

const REVISION: &str = "9c6e4c31ad26efdad0b9af47a2b530bc414ce2c3";

/// A site, and a script with a token.
struct Script {
    url: String,
    token: Option<String>,
    place: Place,
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
        Self { url, token: Some(token), place, _running: running }
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

    /// Asks for a log, with this `Accept-Encoding` or none.
    async fn whole_log(
        &self,
        method: reqwest::Method,
        path: &str,
        accepted: Option<&str>,
    ) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, format!("{}{path}", self.url));
        if let Some(accepted) = accepted {
            request = request.header("accept-encoding", accepted);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
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

fn gunzip(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    MultiGzDecoder::new(raw).read_to_end(&mut text).unwrap();
    text
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
}

/// Bodies are compressed for whoever takes that (`spec/api.md` §1.1), however they are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_log_is_gzipped_for_those_who_take_it() {
    let script = Script::start();
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    script.post("api/project/autoland/pushes/", &push).await;
    let (_, taken) = script.post("api/project/autoland/jobs/", &job("gh-1/0")).await;
    let log = taken[0]["log"].as_str().unwrap().trim_start_matches('/').to_owned();
    // One that comes in several pieces, and one whose pieces become very long.
    let numbers: String =
        (0..200_000_u32).map(|number| format!("{}\n", number.wrapping_mul(0x9E37_79B9))).collect();
    let zeros = "0".repeat(30_000_000);
    for (text, sent) in
        [(&numbers, numbers.clone().into_bytes()), (&numbers, gzip(&numbers)), (&zeros, gzip(&zeros))]
    {
        assert_eq!(script.put(&log, sent).await.0, 200);
        for (accepted, is_gzip) in [
            (None, false),
            (Some("identity"), false),
            (Some("gzip;q=0"), false),
            (Some("br, gzip;q=0.0, identity"), false),
            (Some("gzip"), true),
            (Some("deflate, gzip;q=0.5"), true),
        ] {
            let head = script.whole_log(reqwest::Method::HEAD, &log, accepted).await;
            let answer = script.whole_log(reqwest::Method::GET, &log, accepted).await;
            for name in ["content-encoding", "content-type", "content-length", "vary"] {
                let values = |answer: &reqwest::Response| {
                    let values = answer.headers().get_all(name).iter();
                    values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
                };
                assert_eq!(values(&head), values(&answer), "{name} {accepted:?}");
            }
            let headers = answer.headers().clone();
            assert_eq!(headers.get("content-encoding").is_some_and(|coding| coding == "gzip"), is_gzip);
            assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
            let varies = headers.get_all("vary").iter().filter(|value| *value == "accept-encoding").count();
            assert_eq!(varies, 1, "{headers:?}");
            let body = answer.bytes().await.unwrap();
            let decoded = if is_gzip { gunzip(&body) } else { body.to_vec() };
            assert!(decoded == text.as_bytes(), "{accepted:?}: {} bytes", decoded.len());
        }
    }
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

/// The recipe of `docs/LIVE.md`, whose messages tell no time and come again from each job and each run of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tells_no_time_is_of_now_and_stays_where_it_is() {
    let script = Script::start();
    let pushes = "api/project/autoland/pushes/";
    let told = json!({
        "revision": REVISION, "author": "ana@example.com", "push_timestamp": 1_740_638_000,
        "commits": [{"revision": REVISION, "author": "Ana <ana@example.com>", "message": "Bug 1 - x"}],
    });
    assert_eq!(script.post(pushes, &told).await.0, 200);
    let begun = chrono::Utc::now().timestamp();
    for _ in 0..2 {
        let push = json!({"revision": REVISION.to_uppercase(), "author": "octocat"});
        assert_eq!(script.post(pushes, &push).await, (200, json!({"revision": REVISION})));
        let (_, shown) = script.get("api/project/autoland/push/").await;
        let push = &shown["results"][0];
        assert_eq!((&push["author"], &push["push_timestamp"]), (&json!("octocat"), &json!(1_740_638_000)));
        let commit = &push["revisions"][0];
        assert_eq!(
            (&commit["author"], &commit["comments"]),
            (&json!("Ana <ana@example.com>"), &json!("Bug 1 - x"))
        );
    }
    let mut times = Vec::new();
    for _ in 0..2 {
        let (status, taken) = script.post("api/project/autoland/jobs/", &job("gh-1/0")).await;
        assert_eq!(status, 200, "{taken}");
        let (_, feed) = script.get("api/jobs/").await;
        assert_eq!(feed["results"][0][16], 1, "minutes: {feed}");
        let (_, shown) = script.get(&format!("api/project/autoland/jobs/{}/", taken[0]["id"])).await;
        times.push(shown["submit_timestamp"].as_i64().unwrap());
    }
    assert!(times[0] >= begun && times[0] == times[1], "{begun} {times:?}");
    // It is not older than what is kept.
    script.place.text(&["cycle_data", "--sleep-time", "0", "from:treeherder"]);
    assert_eq!(script.get("api/jobs/").await.1["count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_cannot_be_stored_is_answered_with_its_member() {
    let script = Script::start();
    let pushes = "api/project/autoland/pushes/";
    let commit =
        |author: &str, message: &str| json!({"revision": REVISION, "author": author, "message": message});
    let push =
        |author: &str, commit: Value| json!({"revision": REVISION, "author": author, "commits": [commit]});
    for (body, answer) in [
        (push("a\0", commit("a", "x")), json!({"author": ["holds a NUL character"]})),
        (push("a", commit("a\0", "x")), json!({"commits": ["author: holds a NUL character"]})),
        (push("a", commit("a", "x\0")), json!({"commits": ["message: holds a NUL character"]})),
    ] {
        assert_eq!(script.post(pushes, &body).await, (400, answer), "{body}");
    }
    let long = "ü".repeat(400);
    assert_eq!(script.post(pushes, &push(&long, commit(&long, "x"))).await.0, 200);
    let (_, shown) = script.get("api/project/autoland/push/").await;
    let (push, kept) = (&shown["results"][0], json!("ü".repeat(150)));
    assert_eq!((&push["author"], &push["revisions"][0]["author"]), (&kept, &kept), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_of_a_submitted_log_is_new_once() {
    let script = Script::start();
    let push = json!({"revision": REVISION, "author": "ana@example.com"});
    script.post("api/project/autoland/pushes/", &push).await;
    let (_, taken) = script.post("api/project/autoland/jobs/", &json!([job("gh-1/0"), job("gh-2/0")])).await;
    let log = b"TEST-UNEXPECTED-FAIL | b.js | boom\n";
    // The first log comes twice; the second job then has a line that was seen once.
    for (number, counter) in [(0, 0), (0, 0), (1, 1)] {
        let path = taken[number]["log"].as_str().unwrap().trim_start_matches('/');
        assert_eq!(script.put(path, log.to_vec()).await.0, 200);
        let job = format!("api/project/autoland/jobs/{}/", taken[number]["id"]);
        let (_, lines) = script.get(&format!("{job}text_log_errors/")).await;
        assert_eq!(lines[0]["new_failure"], true, "{lines}");
        let (_, suggestions) = script.get(&format!("{job}bug_suggestions/")).await;
        assert_eq!(suggestions[0]["counter"], counter, "{suggestions}");
        let (_, shown) = script.get(&job).await;
        assert_eq!(shown["failure_classification_id"], 6, "new failure not classified: {shown}");
    }
}

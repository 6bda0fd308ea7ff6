//! Who may write what, for every write; and what comes of it.

use reqwest::Method;
use serde_json::{Value, json};
use treeherder_testdata::scenario::Scenario;
use treeherder_testdata::standin::StandIn;

use crate::browser::Browser;
use crate::history::{self, JOB_TYPE, REVISION};
use crate::site::Site;
use crate::support::Place;

/// Who is asked to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Account,
    Sheriff,
}

/// Every write, with what a member and a sheriff are answered.
fn writes(job: i64) -> Vec<(Method, String, Value, Needs, u16)> {
    use Needs::{Account, Sheriff};
    let project = "api/project/autoland";
    let text = |text: &str| text.to_owned();
    vec![
        (
            Method::POST,
            format!("{project}/note/"),
            json!({"job_id": job, "failure_classification_id": 4}),
            Account,
            200,
        ),
        (Method::DELETE, format!("{project}/note/999/"), Value::Null, Account, 404),
        (Method::DELETE, format!("{project}/classification/"), json!([{"id": job}]), Sheriff, 200),
        (
            Method::POST,
            format!("{project}/bug-job-map/"),
            json!({"job_id": job, "bug_id": 5, "bug_open": true}),
            Account,
            200,
        ),
        (Method::DELETE, format!("{project}/bug-job-map/{job}-5/"), Value::Null, Account, 200),
        (
            Method::POST,
            format!("{project}/investigated-tests/?revision={REVISION}"),
            json!({"test": "a.html", "job_name": "nothing", "job_symbol": "1"}),
            Account,
            404,
        ),
        (Method::DELETE, format!("{project}/investigated-tests/999/"), Value::Null, Account, 404),
        (Method::POST, text("api/internal_issue/"), json!({"summary": "x"}), Account, 201),
        (Method::POST, text("api/bugzilla/create_bug/"), json!({"summary": "x"}), Account, 400),
        (
            Method::POST,
            text("api/bugzilla/post_comment/"),
            json!({"bug_id": 1, "comment": "x"}),
            Account,
            400,
        ),
        (
            Method::POST,
            format!("{project}/pushes/"),
            json!({"revision": REVISION, "author": "ana@example.com"}),
            Account,
            200,
        ),
        (Method::POST, format!("{project}/jobs/"), json!([]), Account, 200),
        (Method::PUT, format!("{project}/jobs/{job}/log"), json!("a log"), Account, 200),
    ]
}

/// Writes that need no account: logging out, and what browsers report.
const OPEN: [&str; 2] = ["/api/auth/logout/", "/api/csp-report/"];

#[test]
fn every_write_of_the_document_is_in_the_table() {
    let document = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let fits = |template: &str, path: &str| {
        let path = path.split('?').next().unwrap();
        let mut parts = template.trim_start_matches('/').split('/').zip(path.split('/'));
        template.matches('/').count() == path.matches('/').count() + 1
            && parts.all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let table = writes(7);
    let mut checked = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        for method in ["post", "put", "patch", "delete"] {
            if item.get(method).is_none() || OPEN.contains(&template.as_str()) {
                continue;
            }
            let is_there = table
                .iter()
                .any(|(known, path, ..)| known.as_str().eq_ignore_ascii_case(method) && fits(template, path));
            assert!(is_there, "{method} {template}: nobody tests who may do this");
            checked += 1;
        }
    }
    assert_eq!(checked, table.len(), "a write of the table is not in the document");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_asks_who_it_is() {
    let place = Place::new();
    let job = history::stored(&place).await[0];
    let site = Site::start_in(place, &[]).await;
    let member = site.member("u@mozilla.com", &[]).await;
    let sheriff = site.member("s@mozilla.com", &["sheriff"]).await;
    let mut tampered = member.clone();
    let cookie = &member.cookies["sessionid"];
    let first = if cookie.starts_with('A') { 'B' } else { 'A' };
    tampered.cookies.insert("sessionid".to_owned(), format!("{first}{}", &cookie[1..]));
    let mut logged_out = member.clone();
    let mut leaving = site.member("u@mozilla.com", &[]).await;
    logged_out.cookies.clone_from(&leaving.cookies);
    leaving.get("api/auth/logout/").await;
    let mut foreign = site.anonymous();
    let mut claims = site.issuer.claims("evil@example.org", Some(&["sheriff"]));
    claims["iss"] = json!("https://evil.example/");
    assert_eq!(site.login(&mut foreign, &claims).await.status, 403);

    let token = |args: &[&str]| {
        let mut all = vec!["--user", "ci@example.org"];
        all.extend(args);
        let made = site.token(&all);
        let script = Browser::script(&site.url, made["token"].as_str().unwrap());
        (made["id"].to_string(), script)
    };
    let (revoked_id, revoked) = token(&[]);
    site.place.text(&["tokens", "revoke", &revoked_id]);
    let (_, expired) = token(&["--expires", "2020-01-01"]);
    let (_, script) = token(&[]);
    let (_, sheriff_script) = token(&["--sheriff"]);

    let detail = |text: &str| json!({"detail": text});
    let not_logged_in = detail("Authentication credentials were not provided.");
    for (method, path, body, needs, status) in writes(job) {
        let what = format!("{method} {path}");
        for (who, mut browser, answer) in [
            ("anonymous", site.anonymous(), &not_logged_in),
            ("tampered cookie", tampered.clone(), &not_logged_in),
            ("logged out", logged_out.clone(), &not_logged_in),
            ("foreign issuer", foreign.clone(), &not_logged_in),
            ("revoked token", revoked.clone(), &detail("Invalid token.")),
            ("expired token", expired.clone(), &detail("The token has expired.")),
        ] {
            let refused = browser.write(method.clone(), &path, &body).await;
            assert_eq!(refused.told(), (403, answer), "{who}: {what}");
        }
        for (header, reason) in [
            (None, "CSRF Failed: CSRF token missing."),
            (Some("wrong"), "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
        ] {
            let headers: Vec<_> = header.iter().map(|value| ("x-csrftoken", *value)).collect();
            let refused = member.clone().send(method.clone(), &path, &headers, Some(&body)).await;
            assert_eq!(refused.told(), (403, &detail(reason)), "{what}");
        }
        for (is_sheriff, mut browser) in [
            (false, member.clone()),
            (false, script.clone()),
            (true, sheriff.clone()),
            (true, sheriff_script.clone()),
        ] {
            let answer = browser.write(method.clone(), &path, &body).await;
            if needs == Needs::Sheriff && !is_sheriff {
                assert_eq!(answer.told(), (403, &json!("Must be staff or in sheriffing group")), "{what}");
            } else {
                assert_eq!(answer.status, status, "{what}: {answer:?}");
            }
        }
    }
}

/// The classification of a job as the front-end's list of jobs has it.
async fn classification(browser: &mut Browser, job: i64) -> Value {
    let feed = browser.get(&format!("api/jobs/?id={job}")).await.body;
    let names = feed["job_property_names"].as_array().unwrap();
    let place = names.iter().position(|name| name == "failure_classification_id").unwrap();
    feed["results"][0][place].clone()
}

/// Scenario 4 of `spec/api.md` §12.3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_classified_and_taken_back() {
    let place = Place::new();
    let jobs = history::stored(&place).await;
    let site = Site::start_in(place, &[]).await;
    let mut member = site.member("u@mozilla.com", &[]).await;
    let mut other = site.anonymous();
    let note = "api/project/autoland/note/";
    assert_eq!(classification(&mut other, jobs[0]).await, 6, "a failure that nobody has seen before");

    // Three jobs are pinned: an intermittent failure with a bug.
    let before = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    for job in &jobs {
        let body =
            json!({"job_id": job.to_string(), "failure_classification_id": "4", "text": "known", "who": "x"});
        let answer = member.post(note, &body).await;
        let message = json!({"message": format!("note stored for job {job}")});
        assert_eq!(answer.told(), (200, &message));
        let body = json!({"job_id": job, "bug_id": 1_900_001, "type": "annotation", "bug_open": true});
        let answer = member.post("api/project/autoland/bug-job-map/", &body).await;
        assert_eq!(answer.told(), (200, &json!({"message": "Bug job map saved"})));
    }
    // Somebody else's page finds them by polling.
    let changed = other.get(&format!("api/jobs/?last_modified__gt={before}")).await.body;
    assert_eq!(changed["count"], 3);
    assert_eq!(classification(&mut other, jobs[1]).await, 4);
    let notes = other.get(&format!("{note}?job_id={}", jobs[0])).await.body;
    assert_eq!(notes.as_array().unwrap().len(), 1);
    assert_eq!(
        (&notes[0]["who"], &notes[0]["text"], &notes[0]["failure_classification_id"]),
        (&json!("u@mozilla.com"), &json!("known"), &json!(4))
    );
    let created = notes[0]["created"].as_str().unwrap();
    assert!(created.as_bytes()[10] == b'T' && !created.ends_with('Z'), "{created}");
    let maps = format!("api/project/autoland/bug-job-map/?job_id={}&job_id={}", jobs[0], jobs[1]);
    let maps = other.get(&maps).await.body;
    assert_eq!((maps.as_array().unwrap().len(), &maps[0]["bug_id"]), (2, &json!(1_900_001)));
    let one = other.get(&format!("api/project/autoland/bug-job-map/{}-1900001/", jobs[0])).await;
    assert_eq!(one.told(), (200, &maps[0]));
    let pushed = other.get(&format!("{note}push_notes/?revision={REVISION}")).await.body;
    assert_eq!(pushed.as_array().unwrap().len(), 3);
    assert_eq!(
        (&pushed[0]["failure_classification_name"], &pushed[0]["job"]["job_type_name"]),
        (&json!("intermittent"), &json!(JOB_TYPE))
    );

    // Live readers are told of each, in the order in which it happened.
    let told = history::events(&site.place).await;
    let expected = jobs.iter().flat_map(|job| {
        let event =
            json!({"id": job, "who": "u@mozilla.com", "event": "job_classification", "branch": "autoland"});
        [event.clone(), event]
    });
    assert_eq!(told, expected.collect::<Vec<_>>());

    // A second note wins until it is deleted.
    let body = json!({"job_id": jobs[0], "failure_classification_id": 2});
    member.post(note, &body).await;
    assert_eq!(classification(&mut other, jobs[0]).await, 2);
    let newest = other.get(&format!("{note}?job_id={}", jobs[0])).await.body[1]["id"].to_string();
    let answer = member.write(Method::DELETE, &format!("{note}{newest}/"), &Value::Null).await;
    assert_eq!(answer.told(), (200, &json!({"message": "Note deleted"})));
    assert_eq!(classification(&mut other, jobs[0]).await, 4);
    let gone = other.get(&format!("{note}{newest}/")).await;
    assert_eq!(gone.told(), (404, &json!(format!("No note with id: {newest}"))));

    // Only a sheriff takes everything back.
    let all: Vec<Value> = jobs.iter().map(|id| json!({"id": id, "state": "completed"})).collect();
    let path = "api/project/autoland/classification/";
    let answer = member.write(Method::DELETE, path, &json!(all)).await;
    assert_eq!(answer.told(), (403, &json!("Must be staff or in sheriffing group")));
    let mut sheriff = site.member("s@mozilla.com", &["perf_sheriff"]).await;
    let answer = sheriff.write(Method::DELETE, path, &json!([])).await;
    assert_eq!(answer.told(), (404, &json!("Must provide job IDs")));
    let answer = sheriff.write(Method::DELETE, path, &json!(all)).await;
    assert_eq!(answer.told(), (200, &json!({"message": "Notes and bug classifications deleted"})));
    for job in &jobs {
        assert_eq!(classification(&mut other, *job).await, 1);
        assert_eq!(other.get(&format!("{note}?job_id={job}")).await.body, json!([]));
        let maps = format!("api/project/autoland/bug-job-map/?job_id={job}");
        assert_eq!(other.get(&maps).await.body, json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_write_is_told() {
    let place = Place::new();
    let job = history::stored(&place).await[0];
    let site = Site::start_in(place, &[]).await;
    let mut member = site.member("u@mozilla.com", &[]).await;
    let project = "api/project/autoland";
    let required = |name: &str| json!({name: ["This field is required."]});
    for (path, body, status, answer) in [
        (format!("{project}/note/"), json!({}), 400, required("job_id")),
        (format!("{project}/note/"), json!({"job_id": job}), 400, required("failure_classification_id")),
        (
            format!("{project}/note/"),
            json!({"job_id": "x", "failure_classification_id": 1}),
            400,
            json!({"job_id": ["A valid integer is required."]}),
        ),
        (
            format!("{project}/note/"),
            json!({"job_id": job, "failure_classification_id": 99}),
            400,
            json!({"failure_classification_id": ["Invalid pk \"99\" - object does not exist."]}),
        ),
        (
            "api/project/try/note/".to_owned(),
            json!({"job_id": job, "failure_classification_id": 1}),
            404,
            json!(format!("No job with id: {job}")),
        ),
        (format!("{project}/bug-job-map/"), json!({"bug_id": 1, "bug_open": true}), 400, required("job_id")),
        (
            format!("{project}/bug-job-map/"),
            json!({"job_id": job, "bug_open": true}),
            400,
            json!("At least one of bug_id or internal_id is required"),
        ),
        (
            format!("{project}/bug-job-map/"),
            json!({"job_id": job, "bug_id": [1], "bug_open": true}),
            400,
            json!("bugzilla_id and internal_id must be integers"),
        ),
        (
            format!("{project}/bug-job-map/"),
            json!({"job_id": job, "internal_id": 999, "bug_open": true}),
            200,
            json!({"message": "Bug job map skipped: mapping already exists"}),
        ),
        ("api/internal_issue/".to_owned(), json!({}), 400, required("summary")),
        (
            "api/internal_issue/".to_owned(),
            json!({"summary": "x".repeat(256)}),
            400,
            json!({"summary": ["Ensure this field has no more than 255 characters."]}),
        ),
        (
            "api/bugzilla/create_bug/".to_owned(),
            json!({"summary": "x"}),
            400,
            json!({"failure": "Bugzilla API key not set!"}),
        ),
        (
            "api/bugzilla/create_bug/".to_owned(),
            json!({"summary": "x", "needinfo_from": "y"}),
            400,
            json!({"failure": "Performance sheriff bot API key not set!"}),
        ),
    ] {
        let told = member.post(&path, &body).await;
        assert_eq!(told.told(), (status, &answer), "{path} {body}");
    }
    for (path, answer) in [
        ("note/", json!({"detail": "The job_id parameter is mandatory for this endpoint"})),
        ("note/?job_id=x", json!({"detail": "The job_id parameter must be an integer"})),
        ("note/push_notes/", json!({"detail": "The revision parameter is mandatory for this endpoint"})),
        ("bug-job-map/", json!({"message": "At least one job_id is required"})),
        ("bug-job-map/?job_id=x", json!({"message": "Valid job_id required"})),
    ] {
        let told = member.get(&format!("{project}/{path}")).await;
        assert_eq!(told.told(), (400, &answer), "{path}");
    }
    // A form is none of ours, and neither is half a body.
    let token = member.cookies["csrftoken"].clone();
    let form = [("x-csrftoken", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let told = member.send(Method::POST, &format!("{project}/note/"), &form, None).await;
    assert!([400, 415].contains(&told.status), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_are_marked_and_reports_are_taken() {
    let place = Place::new();
    history::stored(&place).await;
    let site = Site::start_in(place, &[]).await;
    let mut member = site.member("u@mozilla.com", &[]).await;
    let path = format!("api/project/autoland/investigated-tests/?revision={REVISION}");
    let body = json!({"test": "dom/foo.html", "job_name": JOB_TYPE, "job_symbol": "1"});
    let marked = member.post(&path, &body).await;
    assert_eq!((marked.status, &marked.body["test"]), (201, &json!("dom/foo.html")));
    let again = member.post(&path, &body).await;
    assert_eq!(again.told(), (400, &json!("dom/foo.html already marked investigated")));
    assert_eq!(member.get(&path).await.body, json!([marked.body]));
    let one = format!("api/project/autoland/investigated-tests/{}/", marked.body["id"]);
    assert_eq!(member.write(Method::DELETE, &one, &Value::Null).await.status, 204);
    let gone = member.write(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(gone.told(), (404, &json!("Test already uninvestigated")));

    let report = json!({"csp-report": {"blocked-uri": "https://evil.example/"}});
    let mut browser = site.anonymous();
    assert_eq!(browser.post("api/csp-report/", &report).await.status, 200);
    let wrong = browser.post("api/csp-report/", &json!({"x": 1})).await;
    assert_eq!(wrong.told(), (400, &json!("Invalid CSP violation report")));
}

/// Scenario 5 of `spec/api.md` §12.3, as far as suggestions go, and the way of an issue to Bugzilla.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_is_suggested_filed_and_copied() {
    let place = Place::new();
    let jobs = history::stored(&place).await;
    let stand_in = StandIn::start(Scenario::small(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let bugzilla = stand_in.urls().bugzilla();
    let known = json!({"summary": "Intermittent dom/tests/test_foo.html | boom"});
    let known = stand_in.add_bug(&known);
    let keys = [
        "--bug-filer-api-key",
        stand_in.bugzilla_key(),
        "--bug-perf-sheriff-api-key",
        stand_in.bugzilla_key(),
    ];
    let mut args = vec!["--bugzilla-api-url", bugzilla.as_str()];
    args.extend(keys);
    let site = Site::start_in(place, &args).await;
    let mut member = site.member("u@mozilla.com", &[]).await;
    let path = format!("api/project/autoland/jobs/{}/bug_suggestions/", jobs[0]);
    let suggestions = member.get(&path).await.body;
    let mut keys: Vec<_> = suggestions[0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(
        keys,
        ["bugs", "counter", "failure_new_in_rev", "line_number", "path_end", "search", "search_terms"]
    );
    assert_eq!(suggestions[0]["search_terms"], json!(["test_foo.html"]));
    assert_eq!(
        (&suggestions[0]["counter"], &suggestions[0]["failure_new_in_rev"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(suggestions[0]["bugs"], json!({"open_recent": [], "all_others": []}));
    let third = format!("api/project/autoland/jobs/{}/bug_suggestions/", jobs[2]);
    assert_eq!(member.get(&third).await.body[0]["counter"], 2);

    // An internal issue is suggested at once, with its occurrences.
    let summary = "dom/tests/test_foo.html is flaky";
    let issue = member.post("api/internal_issue/", &json!({"summary": summary})).await;
    assert_eq!(issue.status, 201);
    let again = member.post("api/internal_issue/", &json!({"summary": summary})).await;
    assert_eq!(again.body, issue.body);
    // All that is below the path behaves as it does.
    let below = "api/internal_issue/foo/bar";
    let again = member.post(below, &json!({"summary": summary})).await;
    assert_eq!(again.told(), (201, &issue.body));
    let detail = json!({"detail": "Method \"GET\" not allowed."});
    assert_eq!(member.get(below).await.told(), (405, &detail));
    let id = issue.body["internal_id"].clone();
    let map = json!({"job_id": jobs[0], "internal_id": id, "bug_open": true});
    member.post("api/project/autoland/bug-job-map/", &map).await;
    let bug = member.get(&path).await.body[0]["bugs"]["open_recent"][0].clone();
    assert_eq!((&bug["id"], &bug["internal_id"], &bug["occurrences"]), (&Value::Null, &id, &json!(1)));

    // It is filed and keeps its place here.
    let bug = json!({
        "product": "Core", "component": "DOM", "version": "unspecified", "summary": format!(" {summary} "),
        "comment": "It fails.", "keywords": ["intermittent-failure"],
    });
    let filed = member.post("api/bugzilla/create_bug/", &bug).await;
    let number = filed.body["id"].as_i64().unwrap();
    let url = format!("{bugzilla}/show_bug.cgi?id={number}");
    assert_eq!(filed.told(), (200, &json!({"id": number, "internal_id": id, "url": url})));
    let there = stand_in.bugs().into_iter().find(|bug| bug["id"] == number).unwrap();
    assert_eq!(there["description"], "**Filed by:** u [at] mozilla.com\nIt fails.");
    assert_eq!((&there["summary"], &there["type"]), (&json!(summary), &json!("defect")));
    assert_eq!(member.get(&path).await.body[0]["bugs"]["open_recent"][0]["id"], number);

    // What Bugzilla has against it is shown.
    let refused = member.post("api/bugzilla/create_bug/", &json!({"product": "Core", "summary": "x"})).await;
    assert_eq!(refused.told(), (400, &json!({"failure": "You must select/enter a component."})));
    let secure = json!({"product": "Core", "summary": "x", "is_security_issue": true});
    let refused = member.post("api/bugzilla/create_bug/", &secure).await;
    let failure = "Cannot file security bug for product without default security group in Bugzilla.";
    assert_eq!(refused.told(), (400, &json!({"failure": failure})));
    let groups =
        ["update_bugzilla_security_groups", "--bugzilla-read-url", bugzilla.as_str(), "--format", "json"];
    assert_eq!(site.place.json(&groups), json!({"products": 2, "failed": 0}));
    let secure = json!({
        "product": "Core", "component": "DOM", "version": "unspecified", "summary": "secret", "comment": "x",
        "is_security_issue": true,
    });
    let hidden = member.post("api/bugzilla/create_bug/", &secure).await;
    let there = stand_in.bugs().into_iter().find(|bug| bug["id"] == hidden.body["id"]).unwrap();
    assert_eq!(there["groups"], json!(["core-security"]));
    let comment = json!({"bug_id": number, "comment": "Again."});
    let answer = member.post("api/bugzilla/post_comment/", &comment).await;
    assert_eq!(answer.told(), (200, &json!({"id": number})));
    let there = stand_in.bugs().into_iter().find(|bug| bug["id"] == number).unwrap();
    assert_eq!(there["comments"], json!(["Again."]));
    for (body, failure) in [
        (json!({"comment": "x"}), "bug_id is required"),
        (json!({"bug_id": 5}), "comment is required"),
        (json!({"bug_id": "5/../6", "comment": "x"}), "bug_id must be an integer"),
    ] {
        let answer = member.post("api/bugzilla/post_comment/", &body).await;
        assert_eq!(answer.told(), (400, &json!({"failure": failure})));
    }

    // The copy brings the bug that was there before.
    let args = ["update_bugscache", "--bugzilla-read-url", bugzilla.as_str(), "--format", "json"];
    let done = site.place.json(&args);
    assert_eq!((&done["stored"], &done["failed"]), (&json!(3), &json!(0)));
    let found = member.get(&path).await.body[0]["bugs"]["open_recent"].clone();
    let numbers: Vec<_> = found.as_array().unwrap().iter().map(|bug| bug["id"].as_i64().unwrap()).collect();
    assert!(numbers.contains(&known) && numbers.contains(&number), "{found}");
    stand_in.shutdown().await;
}

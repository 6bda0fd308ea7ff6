//! Lines of logs.

use serde_json::{Value, json};

use crate::reader::Site;

/// A job with failure lines: project, id, the lines as the API has them.
async fn failed_job(site: &Site) -> (String, i64, Vec<Value>) {
    let (_, jobs) = site.json("api/jobs/?result=testfailed").await;
    let names = jobs["job_property_names"].as_array().unwrap();
    let id_at = names.iter().position(|name| name == "id").unwrap();
    for job in jobs["results"].as_array().unwrap() {
        let id = job[id_at].as_i64().unwrap();
        let shown = site.place.json(&["failures", &id.to_string(), "--format", "json"]);
        let project = shown["job"]["repository"].as_str().unwrap().to_owned();
        let (_, lines) = site.json(&format!("api/project/{project}/jobs/{id}/text_log_errors/")).await;
        let lines = lines.as_array().unwrap().clone();
        if !lines.is_empty() {
            return (project, id, lines);
        }
    }
    panic!("the history has a job with failure lines");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_errors_and_streams_of_a_log_agree() {
    let site = Site::with_history().await;
    let (project, id, errors) = failed_job(&site).await;
    let log = format!("api/project/{project}/jobs/{id}/log");

    let (status, page) = site.json(&format!("{log}/lines?start=0&count=3")).await;
    assert_eq!(status, 200, "{page}");
    assert_eq!((page["job_id"].as_i64(), page["start"].as_u64()), (Some(id), Some(0)));
    assert_eq!(page["lines"].as_array().unwrap().len(), 3);
    let total = page["total_lines"].as_u64().unwrap();
    let (_, last) = site.json(&format!("{log}/lines?start=-2")).await;
    assert_eq!((last["start"].as_u64(), last["lines"].as_array().unwrap().len()), (Some(total - 2), 2));
    let (_, behind) = site.json(&format!("{log}/lines?start={total}")).await;
    assert_eq!(behind["lines"], serde_json::json!([]));

    // Each error line is where its number says.
    let (_, shown) = site.json(&format!("{log}/errors?context=2")).await;
    let shown_errors = shown["errors"].as_array().unwrap();
    assert_eq!(shown_errors.len(), errors.len());
    for error in shown_errors {
        let (number, start) =
            (error["line_number"].as_u64().unwrap(), error["context_start"].as_u64().unwrap());
        let context = error["context"].as_array().unwrap();
        assert!(start == number.saturating_sub(2) && context.len() <= 5);
        let in_log = context[(number - start) as usize].as_str().unwrap();
        // The stored text is without the prefix of the task's log.
        assert!(in_log.ends_with(error["line"].as_str().unwrap()), "{in_log}\n{}", error["line"]);
        let (_, line) = site.json(&format!("{log}/lines?start={number}&count=1")).await;
        assert_eq!(line["lines"][0], in_log);
    }

    // The stream of a log that has ended has all of it, and its failure lines.
    let mut stream = site.stream(&format!("{log}/live?from=1"), &[]).await;
    let (mut next, mut failures) = (1, Vec::new());
    loop {
        let event = stream.event().await.unwrap();
        match event.name.as_str() {
            "lines" => {
                assert_eq!(event.data["start"].as_u64(), Some(next));
                next += event.data["lines"].as_array().unwrap().len() as u64;
                assert_eq!(event.id, Some(next as i64));
            }
            "failure" => failures.push(event.data["line_number"].as_i64().unwrap()),
            "end" => break,
            other => panic!("{other}: {}", event.data),
        }
    }
    assert_eq!(next, total);
    let numbers: Vec<i64> = errors.iter().map(|error| error["line_number"].as_i64().unwrap()).collect();
    assert_eq!(failures, numbers);
    assert!(stream.event().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_told() {
    let site = Site::with_history().await;
    let (project, id, _) = failed_job(&site).await;
    for path in [
        "api/project/nowhere/jobs/1/log/lines".to_owned(),
        format!("api/project/nowhere/jobs/{id}/log/lines"),
        format!("api/project/{project}/jobs/999999/log/errors"),
        format!("api/project/{project}/jobs/no-guid/log/live"),
        format!("api/project/{project}/jobs/{id}/log/lines?log_id=999999"),
    ] {
        let (status, body) = site.json(&path).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body["detail"].is_string(), "{path}: {body}");
    }
}

/// What cannot be read is told by its field, in JSON (`spec/api.md` §1.2); blank and repeated parameters are no mistakes (§1.3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_parameters_are_named() {
    let site = Site::with_history().await;
    let (project, id, _) = failed_job(&site).await;
    let log = format!("api/project/{project}/jobs/{id}/log");
    let (no_integer, negative) =
        ("A valid integer is required.", "Ensure this value is greater than or equal to 0.");
    let no_text = "Enter a text of 1 to 500 characters.";
    for (path, field, problem) in [
        ("lines?start=abc", "start", no_integer),
        ("lines?count=-1", "count", negative),
        ("lines?start=0&start=1.5", "start", no_integer),
        ("lines?log_id=x", "log_id", no_integer),
        ("lines?log_id=99999999999", "log_id", "No log has such an id."),
        ("errors?context=-1", "context", negative),
        ("errors?context=many", "context", no_integer),
        ("search", "text", "This field is required."),
        ("search?text=", "text", no_text),
        ("search?text=a&start=-1", "start", negative),
        ("search?text=a&backwards=perhaps", "backwards", "Must be a valid boolean."),
        ("live?from=x", "from", no_integer),
    ] {
        let answer = site.get(&format!("{log}/{path}"), &[]).await;
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/json", "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({field: [problem]}), "{path}");
    }
    for path in
        ["lines?start=&count=&log_id=", "errors?context=", "search?text=a&start=&backwards=on&match_case="]
    {
        let (status, body) = site.json(&format!("{log}/{path}")).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let (_, page) = site.json(&format!("{log}/lines?start=5&count=9&count=2&start=1")).await;
    assert_eq!(
        (page["start"].as_u64(), page["lines"].as_array().unwrap().len()),
        (Some(1), 2),
        "the last one"
    );
    let mut stream = site.stream(&format!("{log}/live?from="), &[]).await;
    assert_eq!(stream.event().await.unwrap().data["start"], 0);
}

/// The error lines of a job are those of the log that was submitted, and so are the lines that are shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submitted_log_is_the_one_that_is_read() {
    let site = Site::with_history().await;
    let (project, id, _) = failed_job(&site).await;
    let log = format!("api/project/{project}/jobs/{id}/log");
    let (_, former) = site.json(&format!("{log}/lines?count=1")).await;
    let made = site.place.json(&["tokens", "create", "--user", "ci@example.org", "--format", "json"]);
    let text = "fine\nTEST-UNEXPECTED-FAIL | b.js | boom\nlast\n";
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let put = client.put(format!("{}{log}", site.url)).bearer_auth(made["token"].as_str().unwrap());
    let put = put.body(text).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let submitted: Value = put.json().await.unwrap();
    assert_ne!(submitted["log_id"], former["log_id"], "the job has two logs now");

    let whole = client.get(submitted["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), whole.url().as_str()), (200, submitted["url"].as_str().unwrap()));
    assert_eq!(whole.text().await.unwrap(), text);
    let (_, lines) = site.json(&format!("{log}/lines")).await;
    assert_eq!((&lines["log_id"], &lines["total_lines"]), (&submitted["log_id"], &json!(3)));
    let (_, errors) = site.json(&format!("{log}/errors?context=1")).await;
    assert_eq!(errors["errors"][0]["context"], lines["lines"]);
    let (_, found) = site.json(&format!("{log}/search?text=boom")).await;
    assert_eq!(found["line_number"], 1);
    let mut stream = site.stream(&format!("{log}/live"), &[]).await;
    assert_eq!(stream.event().await.unwrap().data["lines"], lines["lines"]);

    // The other one is there for who names it.
    let other = &former["log_id"];
    let (_, lines) = site.json(&format!("{log}/lines?count=1&log_id={other}")).await;
    assert_eq!(lines, former);
}

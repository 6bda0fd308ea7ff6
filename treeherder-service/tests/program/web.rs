//! The first JSON endpoints, as clients see them (`spec/api.md` §1, §3).

use serde_json::{Value, json};

use crate::support::{Place, Running, small_scenario, write_messages};

struct Answer {
    status: u16,
    content_type: String,
    body: Value,
}

async fn get(url: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(url).send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        content_type: response.headers()["content-type"].to_str().unwrap().to_owned(),
        body: response.json().await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_errors_and_repositories_have_the_shape_of_the_api() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("m.jsonl");
    write_messages(&file, &messages);
    place.replay_to_the_end(file.to_str().unwrap());
    let (_serve, site) = Running::serve(&place, &[]);
    let ask = async |path: &str| get(&format!("{site}{path}")).await;

    let repositories = ask("api/repository/").await;
    assert_eq!((repositories.status, repositories.content_type.as_str()), (200, "application/json"));
    let autoland =
        repositories.body.as_array().unwrap().iter().find(|row| row["name"] == "autoland").unwrap();
    assert_eq!(autoland["repository_group"]["name"], "development");
    assert!(repositories.body.as_array().unwrap().iter().all(|row| row["active_status"] == "active"));
    assert_eq!(ask(&format!("api/repository/{}/", autoland["id"])).await.body, *autoland);

    let expected = stand_in.scenario().expected();
    let all = ask("api/jobs/").await.body;
    assert_eq!(
        (&all["count"], &all["next"], &all["previous"]),
        (&json!(expected.total_jobs()), &Value::Null, &Value::Null)
    );
    let names = all["job_property_names"].as_array().unwrap();
    assert_eq!(names.len(), 18);
    let rows: Vec<Value> = all["results"].as_array().unwrap().clone();
    let place_of = |name: &str| names.iter().position(|known| known == name).unwrap();
    let ids: Vec<i64> = rows.iter().map(|row| row[place_of("id")].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && rows.iter().all(|row| row.as_array().unwrap().len() == 18));
    let modified = rows[0][place_of("last_modified")].as_str().unwrap();
    assert!(!modified.ends_with('Z') && modified.as_bytes()[10] == b'T', "{modified}");
    assert!(rows.iter().all(|row| row[place_of("duration")].as_i64().unwrap() >= 1));

    // Pages link to each other with absolute addresses and keep the filters.
    let failed = rows.iter().filter(|row| row[place_of("result")] == "testfailed").count();
    let page = ask("api/jobs/?result=testfailed&count=1").await.body;
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(failed), 1));
    let next = page["next"].as_str().unwrap();
    assert_eq!(next, format!("{site}api/jobs/?count=1&page=2&result=testfailed"));
    assert_eq!(get(next).await.body["previous"], format!("{site}api/jobs/?count=1&page=1&result=testfailed"));
    let push = &rows[0][place_of("push_id")];
    let of_push = ask(&format!("api/jobs/?push_id__in={push},&id__gt=0&page=last")).await.body;
    assert_eq!(of_push["count"], rows.iter().filter(|row| row[place_of("push_id")] == *push).count());
    let later = ask("api/jobs/?last_modified__gt=2999-01-01T00:00:00.000").await.body;
    assert_eq!(later["count"], 0);

    let one = ask(&format!("api/jobs/{}/", ids[0])).await.body;
    assert_eq!(one[place_of("id")], ids[0]);

    // Error lines: of the job, under its own project only.
    let mut with_errors =
        rows.iter().filter(|row| row[place_of("result")] == "testfailed").filter_map(|row| {
            let id = &row[place_of("id")];
            let job = place.json(&["failures", &id.to_string(), "--format", "json"]);
            (!job["error_lines"].as_array().unwrap().is_empty()).then_some((id, job))
        });
    let (id, job) = with_errors.next().unwrap();
    let project = job["job"]["repository"].as_str().unwrap();
    let errors = ask(&format!("api/project/{project}/jobs/{id}/text_log_errors/")).await.body;
    let lines: Vec<_> = errors.as_array().unwrap().iter().map(|error| &error["line"]).collect();
    let stored: Vec<_> = job["error_lines"].as_array().unwrap().iter().map(|error| &error["line"]).collect();
    assert_eq!(lines, stored);
    assert_eq!(errors[0]["job"], *id);

    for (path, status, body) in [
        ("api/jobs/?push_id=x", 400, json!({"push_id": ["Enter a number."]})),
        ("api/jobs/?last_modified__gt=x", 400, json!({"last_modified__gt": ["Enter a valid date/time."]})),
        ("api/jobs/?page=0", 404, json!({"detail": "Invalid page."})),
        ("api/jobs/?page=2", 404, json!({"detail": "Invalid page."})),
        ("api/jobs/999999/", 404, json!({"detail": "No Job matches the given query."})),
        ("api/jobs/x/", 404, json!({"detail": "Not found."})),
        ("api/project/nowhere/jobs/1/text_log_errors/", 404, json!("No job with id: 1")),
        ("api/project/autoland/jobs/999999/text_log_errors/", 404, json!("No job with id: 999999")),
        ("api/repository/999999/", 404, json!({"detail": "No Repository matches the given query."})),
        ("api/nothing/", 404, json!({"detail": "Not found."})),
        ("api/jobs", 404, json!({"detail": "Not found."})),
        ("__heartbeat__", 200, json!({"status": "ok"})),
    ] {
        let answer = ask(path).await;
        assert_eq!((answer.status, &answer.body), (status, &body), "{path}");
        assert_eq!(answer.content_type, "application/json", "{path}");
    }
    stand_in.shutdown().await;
}

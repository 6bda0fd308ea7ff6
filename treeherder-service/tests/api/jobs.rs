//! Lists of jobs, single jobs, their logs (§3.0–§3.5, §3.14, §3.15).

use serde_json::{Value, json};

use crate::database::Backend;
use crate::seeded::{BEGIN, revision, task};
use crate::site::Site;

on_every_database!(
    jobs_of_a_project_have_37_properties,
    jobs_of_a_project_are_filtered_and_paged,
    a_job_is_shown_with_its_logs_and_errors,
    similar_jobs_are_those_of_the_same_type,
    the_feed_is_arrays_in_pages,
);

const PROPERTIES: [&str; 37] = [
    "build_architecture",
    "build_os",
    "build_platform",
    "build_platform_id",
    "build_system_type",
    "end_timestamp",
    "failure_classification_id",
    "id",
    "job_group_description",
    "job_group_id",
    "job_group_name",
    "job_group_symbol",
    "job_guid",
    "job_type_description",
    "job_type_id",
    "job_type_name",
    "job_type_symbol",
    "last_modified",
    "machine_name",
    "machine_platform_architecture",
    "machine_platform_os",
    "option_collection_hash",
    "platform",
    "push_id",
    "reason",
    "ref_data_name",
    "result",
    "result_set_id",
    "signature",
    "start_timestamp",
    "state",
    "submit_timestamp",
    "tier",
    "who",
    "task_id",
    "retry_id",
    "platform_option",
];

const FEED: [&str; 18] = [
    "failure_classification_id",
    "id",
    "job_group_name",
    "job_group_symbol",
    "job_type_name",
    "job_type_symbol",
    "last_modified",
    "platform",
    "push_id",
    "push_revision",
    "result",
    "signature",
    "state",
    "tier",
    "task_id",
    "retry_id",
    "duration",
    "platform_option",
];

/// Ids of the jobs in a list of objects.
fn ids(list: &Value) -> Vec<i64> {
    list["results"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()).collect()
}

async fn jobs_of_a_project_have_37_properties(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (jobs, pushes) = (&site.seeded.jobs, &site.seeded.pushes);
    let list = site.json(&format!("/api/project/autoland/jobs/?id={}", jobs[1])).await;
    assert_eq!(list["meta"], json!({"repository": "autoland", "offset": 0, "count": 10}));
    let job = &list["results"][0];
    let names: Vec<_> = job.as_object().unwrap().keys().collect();
    assert_eq!(names, PROPERTIES);
    for (name, value) in [
        ("build_architecture", json!("x86_64")),
        ("build_platform", json!("linux64")),
        ("build_system_type", json!("taskcluster")),
        ("end_timestamp", json!(BEGIN + 210)),
        ("failure_classification_id", json!(4)),
        ("id", json!(jobs[1])),
        ("job_group_symbol", json!("M")),
        ("job_type_name", json!("test-linux1804-64/debug-mochitest-1")),
        ("machine_name", json!("worker-1")),
        ("option_collection_hash", json!("32faaecac742100f7753f0c1d0aa0add01b4046b")),
        ("platform", json!("linux1804-64")),
        ("push_id", json!(pushes[0])),
        ("result_set_id", json!(pushes[0])),
        ("result", json!("testfailed")),
        ("start_timestamp", json!(BEGIN + 60)),
        ("submit_timestamp", json!(BEGIN + 10)),
        ("who", json!("dev@example.com")),
        ("task_id", json!(task(1))),
        ("retry_id", json!(0)),
        ("platform_option", json!("debug")),
    ] {
        assert_eq!(job[name], value, "{name}");
    }
    let modified = job["last_modified"].as_str().unwrap();
    assert!(!modified.ends_with('Z') && modified.as_bytes()[10] == b'T', "{modified}");
    // As arrays, with the same values at the same places.
    let arrays = site.json(&format!("/api/project/autoland/jobs/?id={}&return_type=list", jobs[1])).await;
    assert_eq!(arrays["job_property_names"], json!(PROPERTIES.to_vec()));
    assert_eq!(arrays["results"][0], json!(PROPERTIES.map(|name| &job[name]).to_vec()));
    let elsewhere = site.json("/api/project/try/jobs/").await;
    assert_eq!(
        (&elsewhere["results"][0]["task_id"], &elsewhere["results"][0]["retry_id"]),
        (&Value::Null, &Value::Null)
    );
    // Each property can be filtered by with its own value.
    for name in PROPERTIES {
        let value = job[name].as_str().map_or_else(|| job[name].to_string(), str::to_owned);
        let found = site.json(&format!("/api/project/autoland/jobs/?{name}={value}")).await;
        assert!(ids(&found).contains(&jobs[1]), "{name}={value}");
    }
}

async fn jobs_of_a_project_are_filtered_and_paged(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (jobs, pushes) = (site.seeded.jobs.clone(), site.seeded.pushes.clone());
    let (p0, p1) = (pushes[0], pushes[1]);
    for (query, expected) in [
        (String::new(), vec![0, 1, 2, 3, 4]),
        ("count=2".into(), vec![0, 1]),
        ("count=2&offset=4".into(), vec![4]),
        ("count=0".into(), vec![]),
        ("count=2000".into(), vec![0, 1, 2, 3, 4]),
        ("result=testfailed".into(), vec![1]),
        ("result=".into(), vec![0, 1, 2, 3, 4]),
        ("state=running".into(), vec![2]),
        ("state=pending&state=running".into(), vec![2]),
        ("tier__gt=1".into(), vec![3]),
        ("tier__in=1,3,&push_id=".into(), vec![0, 1, 2, 3, 4]),
        (format!("push_id={p1}"), vec![4]),
        (format!("result_set_id__in={p0},{p1}&tier__lt=3"), vec![0, 1, 2, 4]),
        (format!("id__in={},{}", jobs[0], jobs[3]), vec![0, 3]),
        (format!("id__gte={}&id__lt={}", jobs[1], jobs[3]), vec![1, 2]),
        ("job_type_symbol=D".into(), vec![0]),
        ("job_group_symbol=M&build_os=linux&machine_name=worker-2".into(), vec![2]),
        ("platform=linux1804-64&job_type_name=Gecko+Decision+Task".into(), vec![0]),
        ("option_collection_hash=102210fe594ee9b33d82058545b1ed14f4c8206e".into(), vec![0]),
        (format!("task_id={}&retry_id=0", task(4)), vec![4]),
        (format!("start_timestamp={}", BEGIN + 1000), vec![4]),
        ("start_time=1970-01-01T00:00:00".into(), vec![3]),
        ("end_time__gt=2026-01-01".into(), vec![0, 1, 4]),
        ("last_modified__gt=2999-01-01T00:00:00.123".into(), vec![]),
        ("last_modified__lt=2999-01-01 00:00".into(), vec![0, 1, 2, 3, 4]),
        // Filters that cannot be read are passed over.
        ("push_id=x&tier=y&id__in=1,z&start_time=never".into(), vec![0, 1, 2, 3, 4]),
        ("nonsense=1&result__in=success".into(), vec![0, 1, 2, 3, 4]),
    ] {
        let list = site.json(&format!("/api/project/autoland/jobs/?{query}")).await;
        let expected: Vec<i64> = expected.into_iter().map(|job| jobs[job]).collect();
        assert_eq!(ids(&list), expected, "{query}");
    }
    let count = "Invalid value for offset or count";
    site.check(&[
        (
            "/api/project/autoland/jobs/?count=2001",
            400,
            json!({"detail": "Specified count exceeds API MAX_JOBS_COUNT value: 2000"}),
        ),
        ("/api/project/autoland/jobs/?count=x", 400, json!(count)),
        ("/api/project/autoland/jobs/?offset=-1", 400, json!(count)),
        ("/api/project/autoland/jobs/?offset=", 400, json!(count)),
        (
            "/api/project/autoland/jobs/?last_modified__gt=soon",
            400,
            json!("Invalid date value for `last_modified`: soon"),
        ),
        ("/api/project/nowhere/jobs/", 404, json!({"detail": "No project with name nowhere"})),
    ])
    .await;
}

async fn a_job_is_shown_with_its_logs_and_errors(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let jobs = &site.seeded.jobs;
    let path = format!("/api/project/autoland/jobs/{}/", jobs[1]);
    let job = site.json(&path).await;
    let names: Vec<&str> = job.as_object().unwrap().keys().map(String::as_str).collect();
    let more = ["resource_uri", "logs", "platform_option", "task_id", "retry_id", "taskcluster_metadata"];
    assert_eq!(names, [&PROPERTIES[..34], &more].concat());
    assert_eq!(job["resource_uri"], path);
    assert_eq!(
        job["logs"][0],
        json!({"name": "live_backing_log", "url": "https://tc.example/live_backing.log"})
    );
    assert_eq!(job["logs"][1]["name"], "errorsummary_json");
    assert_eq!(job["taskcluster_metadata"], json!({"task_id": task(1), "retry_id": 0}));
    // What is not known is left out.
    let elsewhere = site.json(&format!("/api/project/try/jobs/{}/", jobs[5])).await;
    for name in ["task_id", "retry_id", "taskcluster_metadata"] {
        assert!(elsewhere.get(name).is_none(), "{name}");
    }
    let errors = site.json(&format!("{path}text_log_errors/")).await;
    let first = &errors[0];
    assert_eq!(
        *first,
        json!({"id": first["id"], "line": "TEST-UNEXPECTED-FAIL | dom/a.html | it broke", "line_number": 1203,
               "new_failure": true, "job": jobs[1]})
    );
    assert_eq!(errors[1]["line"], "Error: é");
    let logs =
        site.json(&format!("/api/project/autoland/job-log-url/?job_id={}&job_id={}", jobs[1], jobs[0])).await;
    let log = &logs[0];
    assert_eq!(
        *log,
        json!({"id": log["id"], "job_id": jobs[1], "name": "live_backing_log",
               "url": "https://tc.example/live_backing.log", "parse_status": "parsed"})
    );
    assert_eq!((&logs[1]["parse_status"], logs.as_array().unwrap().len()), (&json!("pending"), 2));
    assert_eq!(site.json(&format!("/api/project/autoland/job-log-url/{}/", log["id"])).await, *log);
    let missing = "/api/project/try/jobs/";
    for (path, id) in [
        (format!("{missing}{}/", jobs[1]), jobs[1].to_string()),
        (format!("{missing}{}/text_log_errors/", jobs[1]), jobs[1].to_string()),
        ("/api/project/nowhere/jobs/1/".to_owned(), "1".to_owned()),
        ("/api/project/autoland/jobs/x/".to_owned(), "x".to_owned()),
        ("/api/project/autoland/jobs/99999999999999999999/".to_owned(), "99999999999999999999".to_owned()),
    ] {
        site.check(&[(&path, 404, json!(format!("No job with id: {id}")))]).await;
    }
    site.check(&[
        (
            "/api/project/autoland/job-log-url/",
            400,
            json!({"detail": "The job_id parameter is mandatory for this endpoint"}),
        ),
        (
            "/api/project/autoland/job-log-url/?job_id=x",
            400,
            json!({"detail": "The job_id parameter(s) must be integers"}),
        ),
        (
            "/api/project/autoland/job-log-url/999999/",
            404,
            json!({"detail": "No JobLog matches the given query."}),
        ),
    ])
    .await;
}

async fn similar_jobs_are_those_of_the_same_type(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let jobs = &site.seeded.jobs;
    let path = format!("/api/project/autoland/jobs/{}/similar_jobs/", jobs[1]);
    let list = site.json(&path).await;
    // Newest push first, then by the time they began.
    assert_eq!(ids(&list), [jobs[4], jobs[2], jobs[3]]);
    assert_eq!(list["meta"], json!({"repository": "autoland", "offset": 0, "count": 50}));
    assert_eq!(ids(&site.json(&format!("{path}?nosuccess")).await), [jobs[2], jobs[3]]);
    assert_eq!(ids(&site.json(&format!("{path}?count=1&offset=1")).await), [jobs[2]]);
    assert_eq!(ids(&site.json(&format!("{path}?tier=3")).await), [jobs[3]]);
    let missing = "/api/project/autoland/jobs/999999/similar_jobs/";
    site.check(&[
        (missing, 404, json!("No job with id: 999999")),
        ("/api/project/nowhere/jobs/1/similar_jobs/", 404, json!({"detail": "No project with name nowhere"})),
        (&format!("{path}?count=x"), 400, json!("Invalid value for offset or count")),
    ])
    .await;
}

async fn the_feed_is_arrays_in_pages(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (jobs, pushes) = (&site.seeded.jobs, &site.seeded.pushes);
    let id = |row: &Value| row[1].as_i64().unwrap();
    let all = site.json("/api/jobs/").await;
    let names: Vec<_> = all.as_object().unwrap().keys().collect();
    assert_eq!(names, ["count", "next", "previous", "results", "job_property_names"]);
    assert_eq!((&all["count"], &all["next"], &all["previous"]), (&json!(6), &Value::Null, &Value::Null));
    assert_eq!(all["job_property_names"], json!(FEED));
    let rows = all["results"].as_array().unwrap();
    assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), *jobs);
    let failed = &rows[1];
    assert_eq!(
        *failed,
        json!([
            4,
            jobs[1],
            "Mochitests",
            "M",
            "test-linux1804-64/debug-mochitest-1",
            "1",
            failed[6],
            "linux1804-64",
            pushes[0],
            revision(0),
            "testfailed",
            failed[11],
            "completed",
            1,
            task(1),
            0,
            2,
            "debug"
        ])
    );
    assert_eq!((&rows[5][14], &rows[5][15]), (&Value::Null, &Value::Null));
    assert_eq!(site.json(&format!("/api/jobs/{}/", jobs[1])).await, *failed);
    // Pages link to each other with absolute addresses and keep the filters.
    let page = site.json("/api/jobs/?who=dev@example.com&count=4").await;
    let next = page["next"].as_str().unwrap();
    assert_eq!(next, format!("{}/api/jobs/?count=4&page=2&who=dev%40example.com", site.url));
    let second = site.json(next.strip_prefix(&site.url).unwrap()).await;
    assert_eq!(
        (id(&second["results"][0]), &second["count"], &second["next"]),
        (jobs[4], &json!(6), &Value::Null)
    );
    let previous = format!("{}/api/jobs/?count=4&page=1&who=dev%40example.com", site.url);
    assert_eq!(second["previous"], previous);
    for (query, expected) in [
        ("count=6", 6),
        ("count=3&page=last", 6),
        ("count=3&page=2", 6),
        ("count=-1&result=success", 3),
        ("result=nothing", 0),
        ("job_guid__in=00000000-0000-4000-8000-000000000001/0,x", 1),
        ("retry_id=undefined", 6),
        ("last_modified__gt=2020-01-01T00:00:00.5", 6),
    ] {
        assert_eq!(site.json(&format!("/api/jobs/?{query}")).await["count"], expected, "{query}");
    }
    let invalid_page = json!({"detail": "Invalid page."});
    site.check(&[
        ("/api/jobs/?push_id=x", 400, json!({"push_id": ["Enter a number."]})),
        ("/api/jobs/?last_modified__gt=x", 400, json!({"last_modified__gt": ["Enter a valid date/time."]})),
        ("/api/jobs/?page=0", 404, invalid_page.clone()),
        ("/api/jobs/?page=2", 404, invalid_page.clone()),
        ("/api/jobs/?page=x", 404, invalid_page.clone()),
        ("/api/jobs/?page=3&count=3", 404, invalid_page),
        ("/api/jobs/999999/", 404, json!({"detail": "No Job matches the given query."})),
        ("/api/jobs/x/", 404, json!({"detail": "Not found."})),
    ])
    .await;
}

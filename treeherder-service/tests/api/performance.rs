//! Performance data (§4.1–§4.3, §4.8).

use serde_json::{Value, json};

use crate::database::Backend;
use crate::seeded::{AUTOLAND, BEGIN, revision};
use crate::site::Site;

on_every_database!(series_are_listed_by_id, points_are_listed_by_series, graphs_have_all_that_is_drawn);

async fn series(site: &Site) -> (Value, Value) {
    let list = site.json("/api/project/autoland/performance/signatures/").await;
    let find = |test: Option<&str>| {
        let found =
            list.as_object().unwrap().values().find(|row| row.get("test").and_then(Value::as_str) == test);
        found.unwrap().clone()
    };
    (find(None), find(Some("fcp")))
}

async fn series_are_listed_by_id(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (summary, fcp) = series(&site).await;
    assert_eq!(
        summary,
        json!({"id": summary["id"], "signature_hash": summary["signature_hash"], "framework_id": 13,
               "option_collection_hash": "32faaecac742100f7753f0c1d0aa0add01b4046b",
               "machine_platform": "linux1804-64", "suite": "amazon", "should_alert": null,
               "application": "firefox", "has_subtests": true, "tags": ["a", "b"], "extra_options": ["cold"],
               "measurement_unit": "ms"})
    );
    assert_eq!(
        (&fcp["lower_is_better"], &fcp["parent_signature"]),
        (&json!(false), &summary["signature_hash"])
    );
    assert!(fcp.get("has_subtests").is_none() && fcp.get("measurement_unit").is_none());
    let hash = summary["signature_hash"].as_str().unwrap();
    let ids = async |query: &str| {
        let list = site.json(&format!("/api/project/autoland/performance/signatures/?{query}")).await;
        list.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let (first, second) = (summary["id"].to_string(), fcp["id"].to_string());
    for (query, expected) in [
        (String::new(), vec![&first, &second]),
        ("subtests=0".into(), vec![&first]),
        (format!("parent_signature={hash}"), vec![&second]),
        (format!("signature={hash}"), vec![&first]),
        (format!("id={first}&id={second}"), vec![&first, &second]),
        ("framework=1".into(), vec![]),
        ("framework=13&framework=1&platform=linux1804-64".into(), vec![&first, &second]),
        ("platform=other".into(), vec![]),
        ("start_date=2026-01-01&end_date=2026-01-02".into(), vec![&first, &second]),
        ("start_date=2026-01-02".into(), vec![]),
        ("interval=315360000".into(), vec![&first, &second]),
        ("interval=1".into(), vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(ids(&query).await, expected, "{query}");
    }
    let both = json!({"message": "Provide either interval only -or- start (and end) date"});
    site.check(&[
        ("/api/project/autoland/performance/signatures/?interval=1&start_date=2026-01-01", 400, both),
        (
            "/api/project/autoland/performance/signatures/?id=x",
            400,
            json!({"message": "One or more id values invalid (must be integer)"}),
        ),
        (
            "/api/project/nowhere/performance/signatures/",
            404,
            json!({"detail": "No project with name nowhere"}),
        ),
        ("/api/project/autoland/performance/platforms/?framework=13", 200, json!(["linux1804-64"])),
        ("/api/project/autoland/performance/platforms/?interval=1", 200, json!([])),
        ("/api/project/nowhere/performance/platforms/", 200, json!([])),
    ])
    .await;
}

async fn points_are_listed_by_series(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (summary, fcp) = series(&site).await;
    let (job, push) = (site.seeded.jobs[1], site.seeded.pushes[0]);
    let path = "/api/project/autoland/performance/data/";
    let hash = |series: &Value| series["signature_hash"].as_str().unwrap().to_owned();
    let data = site.json(&format!("{path}?signature_id={}", summary["id"])).await;
    let points = &data[hash(&summary)];
    assert_eq!(
        *points,
        json!([{"id": points[0]["id"], "signature_id": summary["id"], "job_id": job, "push_id": push,
                "revision": revision(0), "push_timestamp": BEGIN, "value": 12.35}])
    );
    for (query, expected) in [
        (format!("signatures={}", hash(&fcp)), 1),
        (format!("push_id={push}"), 2),
        (format!("push_id={push}&no_retriggers=true"), 2),
        (format!("job_id={job}&framework=13"), 2),
        (format!("job_id={job}&framework=1"), 0),
        (format!("job_id={job}&start_date=2025-12-31&end_date=2026-01-02"), 2),
        (format!("job_id={job}&start_date=2026-01-01"), 0),
        (format!("job_id={job}&interval=60"), 0),
    ] {
        let found = site.json(&format!("{path}?{query}")).await;
        assert_eq!(found.as_object().unwrap().len(), expected, "{query}");
    }
    let need = json!(["Need to specify either signature_id, signatures, push_id, or job_id"]);
    let both = json!(["Can't specify both signature_id and signatures in same query"]);
    let of_job = site.json(&format!("/api/project/autoland/performance/job-data/?job_id={job}")).await;
    assert_eq!(
        (&of_job["push_timestamp"], &of_job["revision"]),
        (&json!("2026-01-01T00:00:00"), &json!(revision(0)))
    );
    let amazon = &of_job["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["signature_data"]["test"].is_null())
        .unwrap();
    assert_eq!(
        (&amazon["value"], &amazon["signature_data"]["extra_options"]),
        (&json!(12.35), &json!(["cold"]))
    );
    site.check(&[
        (path, 400, need),
        (&format!("{path}?signature_id=1&signatures=x"), 400, both),
        (&format!("{path}?job_id=x"), 400, json!({"message": "Job id(s) must be specified as integers"})),
        (
            "/api/project/autoland/performance/job-data/?job_id=0",
            400,
            json!({"message": "No data found for job_id=0"}),
        ),
        (
            "/api/project/autoland/performance/job-data/",
            400,
            json!({"message": "Job id must be specified as integers"}),
        ),
    ])
    .await;
}

async fn graphs_have_all_that_is_drawn(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (summary, fcp) = series(&site).await;
    let (job, push) = (site.seeded.jobs[1], site.seeded.pushes[0]);
    let path = "/api/performance/summary/?repository=autoland&";
    let drawn = site
        .json(&format!("{path}signature={}&framework=13&interval=315360000&all_data=true", summary["id"]))
        .await;
    let point = &drawn[0]["data"][0];
    assert_eq!(
        drawn,
        json!([{"signature_id": summary["id"], "framework_id": 13, "signature_hash": summary["signature_hash"],
            "platform": "linux1804-64", "test": "", "suite": "amazon", "lower_is_better": true, "has_subtests": true,
            "tags": "a b", "values": [], "name": "amazon debug cold", "parent_signature": null, "job_ids": [],
            "repository_name": "autoland", "repository_id": AUTOLAND,
            "data": [{"job_id": job, "id": point["id"], "value": 12.345, "push_timestamp": "2026-01-01T00:00:00",
                      "push_id": push, "revision": revision(0), "submit_time": "2026-01-01T00:00:10",
                      "machine_name": "worker-1"}],
            "measurement_unit": "ms", "application": "firefox", "should_alert": null, "alert_change_type": null,
            "alert_threshold": null, "submit_times": []}])
    );
    // Without a signature: subtests, or summaries, with values only.
    let subtests = site.json(&format!("{path}revision={}", revision(0))).await;
    let row = &subtests[0];
    assert_eq!((&row["values"], &row["job_ids"], &row["data"]), (&json!([7.0]), &json!([job]), &json!([])));
    assert_eq!((&row["name"], &row["should_alert"]), (&json!("amazon fcp debug cold"), &json!(false)));
    assert_eq!(row["submit_times"], json!(["2026-01-01T00:00:10"]));
    for (query, values) in [
        (format!("revision={}&no_subtests=true", revision(0)), json!([12.35])),
        (format!("revision={}&signature={}&replicates=true", revision(0), fcp["id"]), json!([6.5, 7.5])),
        (
            format!(
                "startday=2025-12-31&endday=2026-01-02&signature={}",
                fcp["signature_hash"].as_str().unwrap()
            ),
            json!([7.0]),
        ),
        (format!("startday=2026-01-01&endday=2026-01-02&signature={}", fcp["id"]), json!([])),
        (format!("revision={}&parent_signature={}", revision(0), summary["id"]), json!([7.0])),
    ] {
        assert_eq!(site.json(&format!("{path}{query}")).await[0]["values"], values, "{query}");
    }
    assert_eq!(site.json(&format!("{path}interval=60")).await, json!([]));
    let by_id = format!("/api/performance/summary/?repository={AUTOLAND}&revision={}", revision(0));
    assert_eq!(site.json(&by_id).await, subtests);
    let required = "Required: revision, startday and endday or interval.";
    site.check(&[
        ("/api/performance/summary/?repository=autoland", 400, json!({"non_field_errors": [required]})),
        (
            "/api/performance/summary/?repository=foo&interval=1",
            400,
            json!({"repository": ["foo does not exist."]}),
        ),
        ("/api/performance/summary/?interval=1", 400, json!({"repository": ["This field is required."]})),
        (
            &format!("{path}interval=1&all_data=perhaps"),
            400,
            json!({"all_data": ["Must be a valid boolean."]}),
        ),
    ])
    .await;
}

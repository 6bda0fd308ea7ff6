//! Reference data (§3.16, §4.4).

use serde_json::{Value, json};

use crate::database::Backend;
use crate::seeded::task;
use crate::site::Site;

on_every_database!(reference_data_is_listed);

async fn reference_data_is_listed(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let repositories = site.json("/api/repository/").await;
    let repositories = repositories.as_array().unwrap();
    let autoland = repositories.iter().find(|row| row["name"] == "autoland").unwrap();
    let names: Vec<_> = autoland.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "id",
            "repository_group",
            "name",
            "dvcs_type",
            "url",
            "codebase",
            "description",
            "active_status",
            "life_cycle_order",
            "performance_alerts_enabled",
            "expire_performance_data",
            "is_try_repo",
            "tc_root_url",
            "accepts_pull_requests"
        ]
    );
    assert_eq!((&autoland["id"], &autoland["repository_group"]["name"]), (&json!(77), &json!("development")));
    assert!(repositories.iter().all(|row| row["active_status"] == "active"));
    assert_eq!(site.json("/api/repository/77/").await, *autoland);

    let options = site.json("/api/optioncollectionhash/").await;
    let opt = json!({"option_collection_hash": "102210fe594ee9b33d82058545b1ed14f4c8206e", "options": [{"name": "opt"}]});
    assert!(options.as_array().unwrap().contains(&opt), "{options}");

    let classifications = site.json("/api/failureclassification/").await;
    assert_eq!(classifications.as_array().unwrap().len(), 8);
    let intermittent = json!({"id": 4, "name": "intermittent", "description": ""});
    assert_eq!(classifications[3], intermittent);
    assert_eq!(site.json("/api/failureclassification/4/").await, intermittent);

    let platforms = site.json("/api/machineplatforms/").await;
    assert_eq!(platforms[0]["platform"], "linux1804-64");

    let (first, last) = (site.seeded.jobs[0], site.seeded.jobs[5]);
    let of_first = json!({"job": first, "task_id": task(0), "retry_id": 0});
    site.check(&[
        (&format!("/api/taskclustermetadata/?job_ids={first},{last}"), 200, json!([of_first])),
        (&format!("/api/taskclustermetadata/{first}/"), 200, of_first),
        ("/api/taskclustermetadata/", 200, json!([])),
        ("/api/taskclustermetadata/?job_ids=x", 400, json!({"job_ids": ["A valid integer is required."]})),
        ("/api/repository/999999/", 404, json!({"detail": "No Repository matches the given query."})),
        ("/api/repository/x/", 404, json!({"detail": "Not found."})),
        (
            "/api/failureclassification/9/",
            404,
            json!({"detail": "No FailureClassification matches the given query."}),
        ),
    ])
    .await;

    let frameworks = site.json("/api/performance/framework/").await;
    let named = |list: &Value, name: &str| list.as_array().unwrap().iter().any(|row| row["name"] == name);
    assert_eq!(frameworks[0], json!({"id": 1, "name": "talos"}));
    assert!(named(&frameworks, "browsertime") && !named(&frameworks, "awfy"), "only enabled ones");
    site.check(&[
        ("/api/performance/framework/1/", 200, json!({"id": 1, "name": "talos"})),
        ("/api/performance/tag/1/", 200, json!({"id": 1, "name": "harness"})),
        (
            "/api/performance/issue-tracker/1/",
            200,
            json!({"id": 1, "text": "Bugzilla", "issue_tracker_url": "https://bugzilla.mozilla.org/show_bug.cgi?id="}),
        ),
        (
            "/api/performance/bug-template/?framework=999",
            400,
            json!({"framework": ["Select a valid choice. That choice is not one of the available choices."]}),
        ),
    ])
    .await;
    assert_eq!(site.json("/api/performance/tag/").await.as_array().unwrap().len(), 8);
    assert_eq!(site.json("/api/performance/issue-tracker/").await.as_array().unwrap().len(), 2);
    site.json("/api/performance/bug-template/?framework=1").await;
}

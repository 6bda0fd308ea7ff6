//! Changes of other projects, and how long jobs ran (§3.22, §3.25).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use treeherder_ingest::store::changelog::NewChange;

use crate::database::Backend;
use crate::seeded::{BEGIN, revision};
use crate::site::Site;

on_every_database!(changes_are_listed, jobs_are_compared_by_their_time);

fn change(number: usize, date: DateTime<Utc>) -> NewChange {
    NewChange {
        remote_id: format!("{number}"),
        kind: "commit",
        date,
        author: "dev".to_owned(),
        message: format!("Fix {number}"),
        description: "why".to_owned(),
        owner: "mozilla".to_owned(),
        project: "treeherder".to_owned(),
        project_url: "https://github.com/mozilla/treeherder".to_owned(),
        url: format!("https://github.com/mozilla/treeherder/commit/{number}"),
        files: vec!["a/b.py".to_owned()],
    }
}

async fn changes_are_listed(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let begin = DateTime::from_timestamp(BEGIN, 0).unwrap();
    let recent = Utc::now() - TimeDelta::days(14);
    let changes = [
        change(1, begin),
        change(2, begin + TimeDelta::milliseconds(1500)),
        change(3, recent),
        change(4, recent - TimeDelta::days(2)),
    ];
    assert_eq!(site.store().store_changes(&changes).await.unwrap(), 4);
    let numbers = async |query: &str| -> Vec<String> {
        let list = site.json(&format!("/api/changelog/{query}")).await;
        list.as_array().unwrap().iter().map(|row| row["remote_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers("").await, ["3"], "of the last 15 days");
    assert_eq!(numbers("?startdate=2025-12-31").await, ["1", "2", "4", "3"], "the oldest first");
    assert_eq!(numbers("?startdate=2026-01-01T00:00:01&enddate=2026-01-02").await, ["2"]);
    let first = site.json("/api/changelog/?startdate=2026-01-01&enddate=2026-01-01").await;
    let id = first[0]["id"].clone();
    assert_eq!(
        first,
        json!([{
            "id": id, "remote_id": "1", "date": "2026-01-01T00:00:00", "author": "dev", "message": "Fix 1",
            "description": "why", "owner": "mozilla", "project": "treeherder",
            "project_url": "https://github.com/mozilla/treeherder", "type": "commit",
            "url": "https://github.com/mozilla/treeherder/commit/1", "files": ["a/b.py"],
        }])
    );
    let wrong = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DD.";
    site.check(&[("/api/changelog/?enddate=tomorrow", 400, json!({"enddate": [wrong]}))]).await;
}

async fn jobs_are_compared_by_their_time(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let again = json!([{
        "id": site.seeded.jobs[4], "job_type__name": "test-linux1804-64/debug-mochitest-1", "duration": -790,
        "result": "success",
    }]);
    let of_push = format!("/api/infracompare/?project=autoland&revision={}", revision(1));
    let no_choice = json!({"non_field_errors": ["Required: revision, startday and endday, or interval."]});
    site.check(&[
        (&of_push, 200, again),
        ("/api/infracompare/?project=autoland&interval=60", 200, json!([])),
        ("/api/infracompare/?project=autoland", 400, no_choice.clone()),
        ("/api/infracompare/?project=autoland&startday=2026-01-01", 400, no_choice),
        ("/api/infracompare/?interval=60", 400, json!({"project": ["This field is required."]})),
        (
            "/api/infracompare/?project=nowhere&interval=60",
            400,
            json!({"project": ["nowhere does not exist."]}),
        ),
    ])
    .await;
    let day = "/api/infracompare/?project=autoland&startday=2026-01-01&endday=2026-01-01T00:01:00";
    let ran = site.json(day).await;
    let ids: Vec<&Value> = ran.as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [site.seeded.jobs[0], site.seeded.jobs[1], site.seeded.jobs[2]]);
    assert_eq!(ran[0]["duration"], 150);
}

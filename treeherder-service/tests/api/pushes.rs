//! Pushes and what their jobs tell about them (§3.6–§3.10).

use serde_json::{Value, json};

use crate::database::Backend;
use crate::seeded::{AUTOLAND, BEGIN, revision, task};
use crate::site::Site;

on_every_database!(
    a_push_is_shown_with_its_commits,
    pushes_are_filtered,
    the_filters_are_told,
    wrong_filters_are_refused,
    jobs_tell_about_their_push,
);

fn ids(list: &Value) -> Vec<i64> {
    list["results"].as_array().unwrap().iter().map(|push| push["id"].as_i64().unwrap()).collect()
}

async fn a_push_is_shown_with_its_commits(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let pushes = &site.seeded.pushes;
    let list = site.json("/api/project/autoland/push/").await;
    assert_eq!(ids(&list), [2, 1, 0].map(|push| i64::from(pushes[push])));
    let first = json!({
        "id": pushes[0], "revision": revision(0), "author": "Dev0@example.com", "branch": null,
        "revisions": [{"result_set_id": pushes[0], "repository_id": AUTOLAND, "revision": revision(0),
                       "author": "Dev 0 <dev0@example.com>", "comments": "Bug 00 - fixes crashes on 0 é"}],
        "revision_count": 1, "push_timestamp": BEGIN, "repository_id": AUTOLAND,
    });
    assert_eq!(list["results"][2], first);
    assert_eq!(site.json(&format!("/api/project/autoland/push/{}/", pushes[0])).await, first);
    let many = &list["results"][1];
    assert_eq!((&many["revision_count"], many["revisions"].as_array().unwrap().len()), (&json!(25), 20));
    assert_eq!(many["revisions"][0]["revision"], revision(1));
    let missing = format!("No push with id: {}", pushes[0]);
    site.check(&[
        (&format!("/api/project/try/push/{}/", pushes[0]), 404, json!(missing)),
        ("/api/project/autoland/push/x/", 404, json!("No push with id: x")),
    ])
    .await;
}

async fn pushes_are_filtered(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let pushes = &site.seeded.pushes;
    let day = 86_400;
    let commit = format!("1{:039x}", 7);
    for (query, expected) in [
        ("count=1".to_owned(), vec![2]),
        ("count=1&offset=1".into(), vec![1]),
        (format!("revision={}", revision(1)), vec![1]),
        ("revision=11111".into(), vec![1]),
        (format!("revision={}", "9".repeat(40)), vec![]),
        (format!("commit_revision={commit}"), vec![1]),
        (format!("fromchange={}", revision(1)), vec![2, 1]),
        ("fromchange=0000&tochange=1111".into(), vec![1, 0]),
        ("startdate=2026-01-02".into(), vec![2, 1]),
        ("enddate=2026-01-02".into(), vec![1, 0]),
        ("startdate=2026-01-02&enddate=2026-01-02".into(), vec![1]),
        (format!("push_timestamp__gt={BEGIN}"), vec![2, 1]),
        (format!("push_timestamp__gte={BEGIN}.5&push_timestamp__lt={}", BEGIN + 2 * day), vec![1]),
        (format!("push_timestamp__lte={BEGIN}"), vec![0]),
        (format!("id={}", pushes[1]), vec![1]),
        ("id=0&id__gt=0".into(), vec![2, 1, 0]),
        (format!("id__lt={}", pushes[1]), vec![0]),
        (format!("id__in={},{}", pushes[0], pushes[2]), vec![2, 0]),
        (format!("full=true&id__in={}", pushes[3]), vec![]),
        ("author=DEV0@example.com".into(), vec![0]),
        ("author=-dev0@EXAMPLE.com".into(), vec![2, 1]),
        ("author_contains=EV1".into(), vec![1]),
        ("author_contains=%25".into(), vec![]),
        ("hide_reviewbot_pushes=true".into(), vec![1, 0]),
        ("hide_reviewbot_pushes=1".into(), vec![2, 1, 0]),
        ("all_repos=1&count=2".into(), vec![3, 2]),
        // Words in any form, without those that every text has.
        ("search=the+crash".into(), vec![2, 1, 0]),
        ("search=crashing+on+2".into(), vec![2]),
        ("search=fixed+crashes&author=Dev1@example.com".into(), vec![1]),
        ("search=reviewb".into(), vec![2]),
        (format!("search={}", revision(1)), vec![1]),
        ("search=nothing".into(), vec![]),
        ("search=%22)(*".into(), vec![]),
    ] {
        let list = site.json(&format!("/api/project/autoland/push/?{query}")).await;
        let expected: Vec<i64> = expected.into_iter().map(|push: usize| i64::from(pushes[push])).collect();
        assert_eq!(ids(&list), expected, "{query}");
        assert_eq!(list["meta"]["count"], expected.len(), "{query}");
    }
}

async fn the_filters_are_told(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let query = format!("fromchange={}&count=10&count=3", revision(0));
    let list = site.json(&format!("/api/project/autoland/push/?{query}")).await;
    assert_eq!(
        list["meta"],
        json!({"fromchange": revision(0), "count": 3, "repository": "autoland",
               "filter_params": {"count": "3", "push_timestamp__gte": BEGIN}})
    );
    let query = "all_repos=true&startdate=2026-01-01&enddate=2026-01-01&revision=00";
    let meta = &site.json(&format!("/api/project/nowhere/push/?{query}")).await["meta"];
    assert_eq!((&meta["repository"], &meta["startdate"]), (&json!("all"), &json!("2026-01-01")));
    assert_eq!(
        meta["filter_params"],
        json!({"all_repos": "true", "push_timestamp__gte": BEGIN, "push_timestamp__lt": BEGIN + 86_400,
               "revisions_short_revision": "00"})
    );
}

async fn wrong_filters_are_refused(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    for (query, status, detail) in [
        ("push_timestamp__lt=x", 400, "Invalid timestamp specified for push_timestamp__lt"),
        ("push_timestamp__gt=1e300", 400, "Invalid timestamp specified for push_timestamp__gt"),
        ("id__lt=x", 400, "Invalid timestamp specified for id__lt"),
        ("id__in=1,x", 400, "Invalid id__in specification"),
        ("count=x", 400, "Valid count value required"),
        ("count=1001", 400, "Specified count exceeds api limit: 1000"),
        ("count=0", 400, "count requires a positive integer, not: 0"),
        ("fromchange=9999", 404, "No push with revision: 9999"),
        ("startdate=soon", 400, "Invalid startdate: soon is not of the form YYYY-MM-DD"),
        ("all_repos=1&fromchange=00", 400, "fromchange cannot be used with all_repos"),
    ] {
        let path = format!("/api/project/autoland/push/?{query}");
        site.check(&[(&path, status, json!({"detail": detail}))]).await;
    }
    let detail = "No project with name nowhere";
    site.check(&[("/api/project/nowhere/push/", 404, json!({"detail": detail}))]).await;
}

async fn jobs_tell_about_their_push(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let pushes = &site.seeded.pushes;
    let status = |push: i32| format!("/api/project/autoland/push/{push}/status/");
    let groups = json!({task(1): {"dom/a.toml": true, "dom/b.toml": false}});
    let decision = "/api/project/autoland/push/decisiontask/?push_ids=";
    let group_results = "/api/project/autoland/push/group_results/?revision=";
    site.check(&[
        // The failed job is classified, the pending one of tier 3.
        (&status(pushes[0]), 200, json!({"completed": 1, "pending": 0, "running": 1, "success": 1})),
        (&status(pushes[2]), 200, json!({"completed": 0, "pending": 0, "running": 0})),
        (&status(999_999), 404, json!("No push with id: 999999")),
        (
            &format!("{decision}{},{}", pushes[0], pushes[1]),
            200,
            json!({pushes[0].to_string(): {"id": task(0), "run": "0"}}),
        ),
        (
            &format!("{decision}{}", pushes[1]),
            404,
            json!(format!("No decision tasks found for pushes: ['{}']", pushes[1])),
        ),
        (decision, 400, json!({"detail": "push_ids must be integers with commas between them"})),
        (&format!("{group_results}{}&format=json", revision(0)), 200, groups),
        (&format!("{group_results}{}", revision(1)), 200, json!({})),
        (&format!("{group_results}123"), 404, json!("No push with revision: 123")),
        ("/api/project/nowhere/push/group_results/?revision=1", 404, json!("No push with revision: 1")),
    ])
    .await;
}

//! Events that give no job, and why.

use serde_json::json;
use treeherder_ingest::job;
use treeherder_ingest::task::{
    DropReason, Filter, Ignored, MemoryTaskQueue, Outcome, RouteError, TaskError, handle,
};

use super::support::{
    REVISION, ROOT, TASK, definition, dropped, event, message, outcome, queue_of, run, task, with, without,
};

#[tokio::test]
async fn exactly_one_route_is_needed() {
    let route = format!("tc-treeherder.v2.try.{REVISION}");
    let event = event("running", Some(0), &json!([run("running")]));
    for (routes, candidates) in [
        (json!([]), 0),
        (json!([format!("tc-treeherder-stage.v2.try.{REVISION}"), "index.a.b"]), 0),
        (json!([route, route]), 2),
        (json!([route, "index.a.b", route, "tc-treeherder"]), 3),
    ] {
        assert_eq!(
            dropped(with(definition(), "/routes", routes), &event).await,
            DropReason::NoRoute { candidates }
        );
    }
    let short =
        outcome(with(definition(), "/routes", json!(["tc-treeherder.v2.try"])), &event).await.unwrap_err();
    assert!(matches!(short, TaskError::Route { source: RouteError::TooShort { words: 3, .. }, .. }));
    assert!(!short.is_retryable());
}

#[tokio::test]
async fn only_listed_projects_are_ingested() {
    let event = event("running", Some(0), &json!([run("running")]));
    for (projects, expected) in
        [("", None), ("autoland,try", None), ("try, autoland", None), ("try", Some(Ignored::Project))]
    {
        let outcome = handle(&event, ROOT, &queue_of(definition()), &Filter::new(projects)).await.unwrap();
        match expected {
            None => assert!(outcome.into_job().is_some(), "{projects:?}"),
            Some(reason) => {
                assert_eq!(outcome, Outcome::Dropped(DropReason::Filtered(reason)), "{projects:?}");
            }
        }
    }
}

#[tokio::test]
async fn mobile_projects_count_on_the_main_branch_of_the_main_repository_only() {
    let ours = "https://github.com/mozilla-mobile/reference-browser";
    let fork = "https://github.com/someone/reference-browser";
    let env = |base: &str, head: Option<&str>, head_ref: Option<&str>| json!({"MOBILE_BASE_REPOSITORY": base, "MOBILE_HEAD_REPOSITORY": head, "MOBILE_HEAD_REF": head_ref});
    let table = [
        (env(ours, Some(ours), Some("refs/heads/main")), None),
        (env(ours, Some(ours), Some("master")), None),
        (env(ours, Some(ours), Some("releases/1")), Some(Ignored::Branch)),
        (env(ours, Some(fork), Some("main")), Some(Ignored::Fork)),
        (env(ours, Some(fork), None), Some(Ignored::Fork)),
        (env(ours, None, Some("releases/1")), None),
        (env(ours, Some(ours), None), None),
        (env("https://github.com/mozilla-mobile/fenix", Some(fork), Some("x")), None),
    ];
    let event = event("running", Some(0), &json!([run("running")]));
    for (env, expected) in table {
        let mobile = with(
            definition(),
            "/routes",
            json!([format!("tc-treeherder.v2.m/reference-browser.{REVISION}")]),
        );
        let outcome = outcome(with(mobile, "/payload/env", env.clone()), &event).await.unwrap();
        match expected {
            None => assert!(outcome.into_job().is_some(), "{env}"),
            Some(reason) => assert_eq!(outcome, Outcome::Dropped(DropReason::Filtered(reason)), "{env}"),
        }
    }
}

#[tokio::test]
async fn without_a_base_repository_the_decision_task_decides() {
    let event = event("running", Some(0), &json!([run("running")]));
    for (routes, ingested) in [
        (json!(["index.x.branch.main.y"]), true),
        (json!(["a", "index.master"]), true),
        (json!(["index.releases"]), false),
        (json!([]), false),
    ] {
        for payload in [
            json!({}),
            json!({"env": {}}),
            json!({"env": {"MOBILE_BASE_REPOSITORY": ""}}),
            json!({"env": null}),
        ] {
            let task_routes = json!([format!("tc-treeherder.v2.mozilla-vpn-client.{REVISION}")]);
            let mobile = with(with(definition(), "/routes", task_routes), "/payload", payload);
            let decision = with(definition(), "/routes", routes.clone());
            let queue = MemoryTaskQueue::new([
                (TASK.to_owned(), task(mobile)),
                ("XrWNyFwpT2in-wLY9frb-w".to_owned(), task(decision)),
            ]);
            let outcome = handle(&event, ROOT, &queue, &Filter::default()).await.unwrap();
            assert_eq!(outcome.into_job().is_some(), ingested, "{routes}");
        }
    }
}

#[tokio::test]
async fn tasks_without_a_block_are_not_for_treeherder() {
    let event = event("running", Some(0), &json!([run("running")]));
    assert_eq!(
        dropped(without(definition(), "/extra/treeherder"), &event).await,
        DropReason::NotForTreeherder
    );
    assert_eq!(dropped(without(definition(), "/extra"), &event).await, DropReason::NotForTreeherder);
    for nothing in [json!({}), json!(null), json!("")] {
        let definition = with(definition(), "/extra/treeherder", nothing);
        assert_eq!(dropped(definition, &event).await, DropReason::NotForTreeherder);
    }
}

#[tokio::test]
async fn invalid_blocks_are_dropped_with_the_place() {
    let event = event("running", Some(0), &json!([run("running")]));
    let table = [
        (json!({"tier": 1}), "/symbol"),
        (json!({"symbol": 1}), "/symbol"),
        (json!({"symbol": "x".repeat(26)}), "/symbol"),
        (json!({"symbol": "x", "reason": ""}), "/reason"),
        (json!({"symbol": "x", "reason": "x".repeat(126)}), "/reason"),
        (json!({"symbol": "x", "tier": 0}), "/tier"),
        (json!({"symbol": "x", "tier": 4}), "/tier"),
        (json!({"symbol": "x", "tier": "1"}), "/tier"),
        (json!({"symbol": "x", "tier": true}), "/tier"),
        (json!({"symbol": "x", "jobKind": "perf"}), "/jobKind"),
        (json!({"symbol": "x", "machine": {}}), "/machine/platform"),
        (json!({"symbol": "x", "machine": {"platform": "a.b"}}), "/machine/platform"),
        (json!({"symbol": "x", "machine": {"platform": "größe"}}), "/machine/platform"),
        (json!({"symbol": "x", "machine": {"platform": "x".repeat(51)}}), "/machine/platform"),
        (json!({"symbol": "x", "machine": {"platform": "x", "os": ""}}), "/machine/os"),
        (
            json!({"symbol": "x", "machine": {"platform": "x", "architecture": "x".repeat(26)}}),
            "/machine/architecture",
        ),
        (json!({"symbol": "x", "machine": {"platform": "x", "name": "y"}}), "/machine/name"),
        (json!({"symbol": "x", "labels": "a"}), "/labels"),
        (json!({"symbol": "x", "labels": ["ok", "a b"]}), "/labels/1"),
        (json!({"symbol": "x", "labels": [""]}), "/labels/0"),
        (json!({"symbol": "x", "groupName": "x".repeat(256)}), "/groupName"),
        (json!({"symbol": "x", "groupSymbol": ""}), "/groupSymbol"),
        (json!({"symbol": "x", "groupSymbol": null}), "/groupSymbol"),
        (json!({"symbol": "x", "productName": "x".repeat(126)}), "/productName"),
        (json!({"symbol": "x", "collection": ["opt"]}), "/collection"),
        (json!("symbol"), ""),
    ];
    for (block, pointer) in table {
        let reason = dropped(with(definition(), "/extra/treeherder", block.clone()), &event).await;
        let DropReason::InvalidConfig(violations) = reason else { panic!("{block}: {reason:?}") };
        let places: Vec<&str> =
            violations.as_slice().iter().map(|violation| violation.pointer.as_str()).collect();
        assert_eq!(places, [format!("/extra/treeherder{pointer}")], "{block}");
    }
    for block in [
        json!({"symbol": "x".repeat(25), "tier": 2.0, "more": {"x": null}, "labels": ["a", "a"]}),
        json!({"symbol": "", "groupName": "x".repeat(255), "machine": {"platform": "a-b_C", "os": "-", "architecture": "-"}}),
    ] {
        let message = message(with(definition(), "/extra/treeherder", block), &event).await;
        assert!(job::load(message).is_ok());
    }
}

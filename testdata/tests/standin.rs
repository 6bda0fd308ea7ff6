//! The stand-in answers as the servers it stands for.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic")]

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::Value;
use treeherder_testdata::logs::Packing;
use treeherder_testdata::scenario::{ArtifactBody, Message, Scenario, Source, Special, Task};
use treeherder_testdata::standin::{Fault, StandIn};

async fn start(scenario: Scenario) -> (StandIn, Client) {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let standin = StandIn::start(scenario, SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
    (standin, client)
}

async fn get(client: &Client, url: &str) -> Response {
    client.get(url).send().await.unwrap()
}

async fn json(client: &Client, url: &str) -> Value {
    let response = get(client, url).await;
    assert_eq!(response.status(), 200, "{url}");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The task of the burst with this special case.
fn special(scenario: &Scenario, special: Special) -> Task {
    (0..scenario.pushes())
        .flat_map(|at| scenario.tasks(&scenario.push(at)))
        .find(|task| task.special == Some(special))
        .unwrap()
}

/// Address of the artifact that is a log.
fn log_url(standin: &StandIn, task: &Task) -> String {
    let run = task.runs.len() - 1;
    format!(
        "{}/api/queue/v1/task/{}/runs/{run}/artifacts/public/logs/live_backing.log",
        standin.urls().root(),
        task.id
    )
}

async fn fetch(client: &Client, url: &str) -> Response {
    let redirect = get(client, url).await;
    assert_eq!(redirect.status(), 303, "{url}");
    get(client, header(&redirect, "location")).await
}

#[tokio::test]
async fn every_message_leads_to_a_definition_with_its_route() {
    let (standin, client) = start(Scenario::small()).await;
    let mut seen = HashSet::new();
    for message in standin.scenario().messages(standin.urls()) {
        let Some(id) =
            message.body.as_ref().and_then(|body| body["status"]["taskId"].as_str().map(str::to_owned))
        else {
            continue;
        };
        assert_eq!(message.root_url, standin.urls().root());
        if !seen.insert(id.clone()) {
            continue;
        }
        let definition = json(&client, &format!("{}/api/queue/v1/task/{id}", standin.urls().root())).await;
        let routes: Vec<String> = definition["routes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| format!("route.{}", r.as_str().unwrap()))
            .collect();
        assert_eq!(routes, message.cc);
    }
    assert_eq!(standin.counts().definitions, seen.len() as u64);
    let unknown =
        get(&client, &format!("{}/api/queue/v1/task/A35mWTRuQmyj88yMnIF0fA", standin.urls().root())).await;
    assert_eq!(unknown.status(), 404);
    standin.shutdown().await;
}

#[tokio::test]
async fn listings_come_in_pages_and_hold_everything() {
    let (standin, client) = start(Scenario::small()).await;
    let task = special(standin.scenario(), Special::ManyArtifacts);
    let url = format!("{}/api/queue/v1/task/{}/runs/0/artifacts", standin.urls().root(), task.id);
    let first = json(&client, &url).await;
    assert_eq!(first["artifacts"].as_array().unwrap().len(), 1000);
    let token = first["continuationToken"].as_str().unwrap();
    let second = json(&client, &format!("{url}?continuationToken={}", token.replace('/', "%2F"))).await;
    assert_eq!(second.get("continuationToken"), None);
    let names: Vec<&str> =
        second["artifacts"].as_array().unwrap().iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), task.artifacts(0).len() - 1000);
    assert!(names.contains(&"public/logs/live_backing.log"));
    assert!(names.iter().any(|name| name.ends_with("_errorsummary.log")));
    assert_eq!(get(&client, &format!("{url}?continuationToken=nonsense")).await.status(), 400);
    assert_eq!(standin.counts().listings, 3);
    standin.shutdown().await;
}

#[tokio::test]
async fn logs_come_compressed_after_a_redirect() {
    let (standin, client) = start(Scenario::small()).await;
    let task = special(standin.scenario(), Special::LogMultiMember);
    let response = fetch(&client, &log_url(&standin, &task)).await;
    assert_eq!(
        (header(&response, "content-encoding"), header(&response, "content-type")),
        ("gzip", "text/plain")
    );
    let log = task.log.clone().unwrap();
    let (packed, _) = treeherder_testdata::logs::pack(&log.spec, Packing::MultiMember(16 * 1024)).unwrap();
    assert!(response.bytes().await.unwrap() == packed);
    for (case, status) in [(Special::LogNotFound, 404), (Special::LogForbidden, 403)] {
        let task = special(standin.scenario(), case);
        assert_eq!(fetch(&client, &log_url(&standin, &task)).await.status(), status);
    }
    let flaky = special(standin.scenario(), Special::LogServerError);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(fetch(&client, &log_url(&standin, &flaky)).await.status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 200]);
    let plain = special(standin.scenario(), Special::LogPlain);
    let response = fetch(&client, &log_url(&standin, &plain)).await;
    assert_eq!(header(&response, "content-encoding"), "");
    assert!(response.bytes().await.unwrap() == plain.log.unwrap().spec.to_bytes().0);
    standin.shutdown().await;
}

#[tokio::test]
async fn a_large_log_is_streamed_as_it_is_made() {
    let (standin, client) = start(Scenario::demo()).await;
    let push = standin.scenario().push(3);
    let task = standin.scenario().task(&push, 30);
    let log = task.log.clone().unwrap();
    assert!(log.spec.bytes > 10_000_000);
    let response = fetch(&client, &log_url(&standin, &task)).await;
    assert_eq!(header(&response, "content-length"), "");
    let packed = response.bytes().await.unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text).unwrap();
    let mut written = Vec::new();
    log.spec.write_to(&mut written).unwrap();
    assert!(text == written);
    standin.shutdown().await;
}

#[tokio::test]
async fn the_log_of_a_running_task_grows() {
    let (standin, client) = start(Scenario::small()).await;
    let task = special(standin.scenario(), Special::StillRunning);
    let url = format!(
        "{}/api/queue/v1/task/{}/runs/0/artifacts/public/logs/live.log",
        standin.urls().root(),
        task.id
    );
    let mut response = fetch(&client, &url).await;
    assert_eq!((header(&response, "content-encoding"), header(&response, "content-length")), ("", ""));
    let mut read = response.chunk().await.unwrap().unwrap().to_vec();
    read.extend(response.chunk().await.unwrap().unwrap());
    let (whole, truth) = task.live.unwrap().0.to_bytes();
    assert!(whole.starts_with(&read) && read.len() < whole.len() / 2, "{} of {}", read.len(), whole.len());
    assert_ne!(truth.errors, []);
    drop(response);
    standin.shutdown().await;
}

#[tokio::test]
async fn summaries_and_measurements_can_be_fetched() {
    let (standin, client) = start(Scenario::small()).await;
    let (mut summaries, mut measurements) = (0, 0);
    for index in 0..standin.scenario().pushes() {
        for task in standin.scenario().tasks(&standin.scenario().push(index)) {
            let run = task.runs.len().saturating_sub(1) as u16;
            for artifact in task.artifacts(run) {
                let url = format!(
                    "{}/api/queue/v1/task/{}/runs/{run}/artifacts/{}",
                    standin.urls().root(),
                    task.id,
                    artifact.name
                );
                let expected = match &artifact.body {
                    ArtifactBody::Summary(spec) if artifact.delivery.succeeds() => spec.text().0,
                    ArtifactBody::Perf(spec) => spec.text(),
                    _ => continue,
                };
                let packed = fetch(&client, &url).await.bytes().await.unwrap();
                let mut text = String::new();
                std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text)
                    .unwrap();
                assert_eq!(text, expected);
                summaries += u64::from(artifact.name.ends_with("_errorsummary.log"));
                measurements += u64::from(artifact.name.contains("perfherder-data"));
            }
        }
    }
    assert!(summaries > 10 && measurements > 5, "{summaries} {measurements}");
    standin.shutdown().await;
}

fn push_messages(standin: &StandIn, exchange: &str) -> Vec<Message> {
    standin
        .scenario()
        .messages(standin.urls())
        .into_iter()
        .filter(|m| m.exchange.ends_with(exchange))
        .collect()
}

#[tokio::test]
async fn pushlogs_answer_ranges_changesets_and_polls() {
    let (standin, client) = start(Scenario::demo()).await;
    let scenario = standin.scenario().clone();
    let mut pushes = 0;
    for message in push_messages(&standin, "hgpushes/v1") {
        if message.routing_key == "retired-branch" {
            continue;
        }
        let body = message.body.unwrap();
        let url = body["payload"]["pushlog_pushes"][0]["push_full_json_url"].as_str().unwrap();
        let answer = json(&client, url).await;
        let entries = answer["pushes"].as_object().unwrap();
        assert_eq!(entries.len(), 1, "{url}");
        let changesets = entries.values().next().unwrap()["changesets"].as_array().unwrap();
        assert_eq!(changesets.last().unwrap()["node"], body["payload"]["heads"][0]);
        pushes += 1;
    }
    assert_eq!(pushes, 8);
    let base = format!("{}/integration/autoland/json-pushes", standin.urls().hg());
    let poll = json(&client, &format!("{base}/?full=1&version=2")).await;
    let of_autoland: Vec<u64> = (0..10)
        .map(|at| scenario.push(at))
        .filter(|p| p.repository.name == "autoland")
        .map(|p| p.id)
        .collect();
    let ids: Vec<u64> = poll["pushes"].as_object().unwrap().keys().map(|id| id.parse().unwrap()).collect();
    assert_eq!(ids, of_autoland);
    assert_eq!(poll["lastpushid"].as_u64(), of_autoland.last().copied());
    let since = json(&client, &format!("{base}?version=2&startID={}", of_autoland[1])).await;
    assert_eq!(since["pushes"].as_object().unwrap().len(), of_autoland.len() - 2);
    let one = json(&client, &format!("{base}?version=2&changeset={}", scenario.push(0).revision)).await;
    assert_eq!(one["pushes"].as_object().unwrap().len(), 1);
    assert_eq!(get(&client, &format!("{base}?changeset={}", "0".repeat(40))).await.status(), 404);
    let plain = json(&client, &base).await;
    assert_eq!(plain.get("lastpushid"), None, "version 1 has the pushes at the top");
    standin.announce(30);
    let poll = json(&client, &format!("{base}?version=2")).await;
    assert_eq!(poll["pushes"].as_object().unwrap().len(), 10, "the last ten of those announced");
    standin.shutdown().await;
}

async fn all_pages(client: &Client, url: &str, list: &str) -> Vec<Value> {
    let mut commits = Vec::new();
    let mut next = Some(url.to_owned());
    while let Some(url) = next.take() {
        let response = get(client, &url).await;
        assert_eq!(response.status(), 200, "{url}");
        next = header(&response, "link").split(',').find(|l| l.contains("rel=\"next\"")).and_then(|l| {
            let (_, rest) = l.split_once('<')?;
            rest.split_once('>').map(|(url, _)| url.to_owned())
        });
        let page: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        commits.extend(page.pointer(list).unwrap().as_array().unwrap().clone());
    }
    commits
}

#[tokio::test]
async fn github_compares_and_lists_commits_in_pages() {
    let (standin, client) = start(Scenario::demo()).await;
    let api = standin.urls().github_api();
    let scenario = standin.scenario().clone();
    for push in (0..10).map(|at| scenario.push(at)).filter(|push| push.repository.source != Source::Hg) {
        let shas = |commits: &[Value]| {
            commits.iter().map(|c| c["sha"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let wanted: Vec<String> = push.commits.iter().map(|commit| commit.revision.clone()).collect();
        let compare = format!(
            "{api}/repos/mozilla/enterprise-firefox/compare/{}...{}",
            push.base_revision, push.revision
        );
        assert_eq!(shas(&all_pages(&client, &compare, "/commits").await), wanted);
        if push.repository.source == Source::GitHubPullRequest {
            let pull = format!("{api}/repos/mozilla/enterprise-firefox/pulls/{}", push.id);
            assert_eq!(json(&client, &pull).await["number"].as_u64(), Some(push.id));
            assert_eq!(shas(&all_pages(&client, &format!("{pull}/commits"), "").await), wanted);
        }
    }
    let repository = json(&client, &format!("{api}/repos/mozilla/enterprise-firefox")).await;
    assert_eq!(repository["full_name"], "mozilla/enterprise-firefox");
    assert_eq!(get(&client, &format!("{api}/repos/mozilla/other")).await.status(), 404);
    standin.shutdown().await;
}

#[tokio::test]
async fn the_continuation_is_served_too() {
    let (standin, client) = start(Scenario::small()).await;
    let messages = standin.scenario().continue_from(0, standin.urls());
    for message in messages.skip(2000).take(40) {
        let Some(id) =
            message.body.as_ref().and_then(|body| body["status"]["taskId"].as_str().map(str::to_owned))
        else {
            continue;
        };
        let definition = json(&client, &format!("{}/api/queue/v1/task/{id}", standin.urls().root())).await;
        assert!(definition["metadata"]["name"].is_string());
        let status = json(&client, &format!("{}/api/queue/v1/task/{id}/status", standin.urls().root())).await;
        assert_eq!(status["status"]["taskId"].as_str(), Some(id.as_str()));
    }
    standin.shutdown().await;
}

#[tokio::test]
async fn faults_do_what_they_say() {
    let (standin, client) = start(Scenario::small()).await;
    let task = special(standin.scenario(), Special::Tier2);
    let path = format!("/api/queue/v1/task/{}", task.id);
    let url = format!("{}{path}", standin.urls().root());
    standin.inject(&path, Fault::StatusTimes(502, 2));
    let statuses = [
        get(&client, &url).await.status(),
        get(&client, &url).await.status(),
        get(&client, &url).await.status(),
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [502, 502, 200]);
    standin.inject(&path, Fault::Stall);
    assert!(client.get(&url).timeout(Duration::from_millis(200)).send().await.unwrap_err().is_timeout());
    standin.inject(&path, Fault::CutAfter(10));
    let cut = get(&client, &url).await;
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err(), "the body ends before its announced length");
    standin.inject(&path, Fault::Endless);
    let mut endless = get(&client, &url).await;
    let mut read = 0;
    while read < 3_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    standin.inject(&path, Fault::Bomb(20));
    let bomb = get(&client, &url).await.bytes().await.unwrap();
    assert!(bomb.len() < 100_000);
    let inflated = std::io::copy(&mut flate2::read::GzDecoder::new(&bomb[..]), &mut std::io::sink()).unwrap();
    assert_eq!(inflated, 20_000_000);
    standin.inject(&path, Fault::Slow(100_000));
    assert_eq!(json(&client, &url).await["metadata"]["name"], task.name);
    standin.inject(&path, Fault::Redirect("http://10.0.0.1/".to_owned()));
    assert_eq!(header(&get(&client, &url).await, "location"), "http://10.0.0.1/");
    standin.clear_faults();
    assert_eq!(get(&client, &url).await.status(), 200);
    assert_eq!((standin.counts().faults, standin.requests_to(&path)), (8, 10));
    standin.inject(&path, Fault::Stall);
    let stalled = tokio::spawn(client.get(&url).send());
    tokio::time::sleep(Duration::from_millis(50)).await;
    standin.shutdown().await;
    assert!(stalled.await.unwrap().is_ok_and(|answer| answer.status() == 503), "a shutdown ends what stalls");
}

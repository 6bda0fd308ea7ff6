//! Lines about requests, and metrics for statsd (`spec/api.md` §9.2, §9.4).

use std::net::UdpSocket;

use serde_json::json;

use crate::deployment::servers::Logged;
use crate::support::{PATIENCE, Place, Running, small_scenario, write_messages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_leaves_one_line() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = Place::new();
    let serve = Logged::start(&place, &["serve", "--listen", "127.0.0.1:0", "--development-login"]);
    let started = serve.await_message("\"serving\"");
    let url = started["url"].as_str().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |path: &str| {
        let request = client.get(format!("{url}{path}")).header("user-agent", "probe/1.0");
        request.header("accept-language", "de").header("x-request-id", "abc-123").send()
    };
    ask("api/repository/?secret=hunter2").await.unwrap();
    let line = serve.await_message("\"request\"");
    for (name, expected) in [
        ("agent", json!("probe/1.0")),
        ("errno", json!(0)),
        ("lang", json!("de")),
        ("method", json!("GET")),
        ("path", json!("/api/repository/")),
        ("uid", json!("")),
        ("rid", json!("abc-123")),
        ("code", json!(200)),
    ] {
        assert_eq!(line[name], expected, "{name}: {line}");
    }
    assert!(line["t"].is_u64() && !line.to_string().contains("hunter2"), "{line}");

    // What load balancers ask as well, and what is not there; a request without a name is given one.
    client.get(format!("{url}__lbheartbeat__")).send().await.unwrap();
    let line = serve.await_message("\"request\"");
    assert_eq!((&line["path"], &line["code"]), (&json!("/__lbheartbeat__"), &json!(200)));
    assert_eq!(line["rid"].as_str().unwrap().len(), 32, "{line}");
    ask("api/nothing/").await.unwrap();
    assert_eq!(serve.await_message("\"request\"")["code"], 404);

    let script = place.text(&["tokens", "create", "--user", "probe", "--format", "json"]);
    let token: serde_json::Value = serde_json::from_str(&script).unwrap();
    let request = client.get(format!("{url}api/user/")).bearer_auth(token["token"].as_str().unwrap());
    assert!(request.send().await.unwrap().status().is_success());
    let line = serve.await_message("\"request\"");
    assert!(line["uid"].as_str().unwrap().parse::<i32>().is_ok(), "{line}");
    serve.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_and_timers_go_to_statsd() {
    let statsd = UdpSocket::bind("127.0.0.1:0").unwrap();
    statsd.set_read_timeout(Some(PATIENCE)).unwrap();
    let (stand_in, messages) = small_scenario().await;
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("m.jsonl");
    write_messages(&file, &messages);
    let port = statsd.local_addr().unwrap().port().to_string();
    let variables = [("STATSD_HOST", "127.0.0.1"), ("STATSD_PORT", &port), ("STATSD_PREFIX", "th.stage")];
    let (_serve, _) = Running::serve_with(&place, &["--replay", file.to_str().unwrap()], &variables);
    let mut missing = vec![
        "pulse_handle_message",
        "taskcluster_fetch_definition",
        "load_job",
        "process_job_validate",
        "process_job_transform",
        "process_job_store",
    ];
    let mut buffer = [0; 1_000];
    while !missing.is_empty() {
        let length = statsd.recv(&mut buffer).unwrap_or_else(|error| panic!("no {missing:?}: {error}"));
        let text = std::str::from_utf8(&buffer[..length]).unwrap();
        let (name, value) = text.split_once(':').unwrap();
        let name = name.strip_prefix("th.stage.").unwrap_or_else(|| panic!("{text}"));
        if value.contains("|ms") {
            assert!(value.split('|').next().unwrap().parse::<f64>().unwrap() >= 0.0, "{text}");
        } else {
            assert!(value.ends_with("|c"), "{text}");
        }
        missing.retain(|wanted| *wanted != name);
    }
    stand_in.shutdown().await;
}

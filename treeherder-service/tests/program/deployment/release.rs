//! The release phase.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use super::servers::started;
use crate::servers::postgres::Postgres;
use crate::support::{PATIENCE, Place, eventually, finished};

const SECRET: &str = "x7Gq02mLwP9sRt5vBn8cKd3fHj6yZa4e";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_machines_release_at_once_and_again() {
    let Some(postgres) = started(Postgres::start) else { return };
    let place = Place::new();
    place.set("DATABASE_URL", &postgres.create_database().await);
    place.set("TREEHERDER_SECRET_KEY", SECRET);
    for _ in 0..2 {
        let machines: Vec<_> = (0..3).map(|_| place.command(&["release"]).spawn().unwrap()).collect();
        for machine in machines {
            let output = tokio::task::block_in_place(|| finished(machine));
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains("is up to date, with"), "{text}");
        }
    }
    let repositories = place.json(&["repositories", "list", "--format", "json"]);
    assert!(repositories.as_array().unwrap().len() > 10);
}

#[test]
fn an_unsafe_setting_or_an_absent_database_aborts_the_release() {
    let place = Place::new();
    let refused = |expected: &str| {
        let output = place.run(&["release", "--pause", "0"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
    };
    refused("TREEHERDER_SECRET_KEY is not set");
    place.set("TREEHERDER_SECRET_KEY", "hunter2");
    refused("TREEHERDER_SECRET_KEY has only 7 characters");
    place.set("TREEHERDER_SECRET_KEY", SECRET);
    place.set("DATABASE_URL", "postgres://u:hunter2@db.example/t?sslmode=prefer");
    refused("DATABASE_URL does not insist on TLS to db.example");
    assert!(!place.file("treeherder.sqlite").exists(), "nothing was done");
    // What is not safe is let pass where it does not matter, and then there is no such server.
    place.set("TREEHERDER_DEBUG", "1");
    place.set("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/t");
    refused("cannot reach the database, tried 10 times");
    place.set("SKIP_PREDEPLOY", "1");
    assert!(place.text(&["release"]).contains("SKIP_PREDEPLOY"));
}

#[test]
fn the_notice_tells_what_is_released_after_what() {
    let site = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", site.local_addr().unwrap());
    let place = Place::new();
    for (name, value) in [
        ("TREEHERDER_SECRET_KEY", SECRET),
        ("SITE_URL", &address),
        ("TREEHERDER_DEPLOY_WEBHOOK", &format!("{address}/hook?token=hunter2")),
        ("SOURCE_VERSION", "def"),
        ("TREEHERDER_SOURCE_URL", "https://git.example/th"),
        ("TREEHERDER_DEPLOY_DESCRIPTION", "faster"),
    ] {
        place.set(name, value);
    }
    let release = place.command(&["release"]).spawn().unwrap();
    let (question, _) = answer(&site, "{\"commit\": \"abc\"}");
    assert!(question.starts_with("GET /__version__ "), "{question}");
    let (question, body) = answer(&site, "");
    assert!(question.starts_with("POST /hook?token=hunter2 "), "{question}");
    let notice: Value = serde_json::from_str(&body).unwrap();
    for (name, expected) in [
        ("event", "deployment"),
        ("site", address.as_str()),
        ("revision", "def"),
        ("former_revision", "abc"),
        ("changes", "https://git.example/th/compare/abc...def"),
        ("description", "faster"),
    ] {
        assert_eq!(notice[name], expected, "{notice}");
    }
    assert!(finished(release).status.success());

    // Nobody answers any more: that does not abort a release.
    drop(site);
    let output = place.run(&["release"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("notice of the deployment was not taken") && !text.contains("hunter2"), "{text}");
}

/// Answers one request; returns its head and its body.
fn answer(site: &TcpListener, body: &str) -> (String, String) {
    site.set_nonblocking(true).unwrap();
    let (mut stream, _) = eventually("request", || site.accept());
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let (head, received) = loop {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "a request that ends early: {request:?}");
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if rest.len() >= length.unwrap_or(0) {
            break (head.to_owned(), rest.to_owned());
        }
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
    (head, received)
}

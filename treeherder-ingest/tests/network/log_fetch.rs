//! Fetching logs and artifacts: what comes through, and what a fault means for the log.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use treeherder_ingest::http::{Client, ClientOptions, ContentEncoding, HostList, HttpErrorKind};
use treeherder_ingest::job::LogStatus;
use treeherder_ingest::log::{
    ArtifactFetchOptions, FetchError, LogFetchOptions, fetch_error_summary, fetch_perfherder_json, open_log,
};

use crate::server::{Answer, Server, response};

const FAILED: Option<LogStatus> = Some(LogStatus::Failed);

fn client() -> Client {
    Client::new(ClientOptions::for_local_servers()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Fetches the whole log at `/log`.
async fn fetch(client: &Client, server: &Server, options: &LogFetchOptions) -> Result<Vec<u8>, FetchError> {
    let log = open_log(client, &server.url("/log"), options).await?;
    let pieces: Vec<Bytes> = log.into_stream().try_collect().await?;
    Ok(pieces.concat())
}

fn outcome(error: &FetchError) -> (Option<LogStatus>, bool) {
    (error.status(), error.is_retried())
}

#[tokio::test]
async fn a_redirected_gzipped_log_arrives_untouched() {
    let stored = gzip("a line\n".repeat(50_000).as_bytes());
    let answer = response(200, "content-encoding: gzip\r\ncontent-type: text/plain\r\n", &stored);
    let server = Server::start(move |path| match path {
        "/log" => Answer::Close(response(303, "location: /object?X-Amz-Signature=hunter2\r\n", b"{}")),
        _ => Answer::Close(answer.clone()),
    })
    .await;
    let log = open_log(&client(), &server.url("/log"), &LogFetchOptions::default()).await.unwrap();
    assert_eq!(log.encoding(), ContentEncoding::Gzip);
    assert_eq!(log.content_length(), Some(stored.len() as u64));
    assert!(log.url().ends_with("/object?X-Amz-Signature=REDACTED"), "{}", log.url());
    assert_eq!(fetch(&client(), &server, &LogFetchOptions::default()).await.unwrap(), stored);
}

#[tokio::test]
async fn error_statuses_set_the_status_of_the_log() {
    for (status, retried) in [(403, false), (404, false), (410, true), (429, true), (500, true), (503, true)]
    {
        let server = Server::always(Answer::Close(response(status, "", b"no"))).await;
        let error = fetch(&client(), &server, &LogFetchOptions::default()).await.unwrap_err();
        assert_eq!(outcome(&error), (FAILED, retried), "{error}");
        let options = ArtifactFetchOptions::error_summary();
        let error = fetch_error_summary(&client(), &server.url("/"), &options).await.unwrap_err();
        assert_eq!(outcome(&error), (FAILED, retried), "{error}");
        assert_eq!(error.is_gone(), !retried);
    }
}

#[tokio::test]
async fn faults_on_the_way_are_retried() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    let cut_off = [head(1000), b"only this".to_vec()].concat();
    let broken_chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n".to_vec();
    let cut_chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
    let answers = [
        ("cut off", Answer::Close(cut_off)),
        ("broken chunk", Answer::Close(broken_chunk)),
        ("cut chunks", Answer::Close(cut_chunks)),
        ("no answer", Answer::Close(Vec::new())),
        ("no HTTP", Answer::Close(b"220 smtp.example.org ESMTP\r\n".to_vec())),
        ("stall before the head", Answer::Stall(Vec::new())),
        ("stall in the body", Answer::Stall([head(1000), b"only this".to_vec()].concat())),
        ("redirect loop", Answer::Close(response(302, "location: /log\r\n", b""))),
    ];
    let mut client_options = ClientOptions::for_local_servers();
    client_options.connect_timeout = Duration::from_millis(100);
    let client = Client::new(client_options).unwrap();
    let options = LogFetchOptions { idle_timeout: Duration::from_millis(200), ..LogFetchOptions::default() };
    for (name, answer) in answers {
        let server = Server::always(answer).await;
        let error = fetch(&client, &server, &options).await.expect_err(name);
        assert_eq!(outcome(&error), (FAILED, true), "{name}: {error}");
    }
}

#[tokio::test]
async fn what_came_before_a_fault_is_handed_out() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this".to_vec();
    let server = Server::always(Answer::Close(answer)).await;
    let mut log = open_log(&client(), &server.url("/"), &LogFetchOptions::default()).await.unwrap();
    assert_eq!(log.chunk().await.unwrap().unwrap(), "only this");
    assert!(matches!(log.chunk().await.unwrap_err().http().kind(), HttpErrorKind::Body(_)));
    assert_eq!((log.chunk().await, log.received()), (Ok(None), 9));
}

#[tokio::test]
async fn bytes_past_the_content_length_do_not_count() {
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello and more".to_vec();
    let server = Server::always(Answer::Close(answer)).await;
    assert_eq!(fetch(&client(), &server, &LogFetchOptions::default()).await.unwrap(), b"hello");
}

#[tokio::test]
async fn endless_logs_end() {
    let again = b"a line of a log that never ends\n".repeat(1000);
    let server = Server::always(Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), again)).await;
    let options = LogFetchOptions { max_compressed: 1 << 20, ..LogFetchOptions::default() };
    let error = fetch(&client(), &server, &options).await.unwrap_err();
    assert_eq!(outcome(&error), (Some(LogStatus::SkippedSize), false), "{error}");
    let options =
        LogFetchOptions { total_timeout: Some(Duration::from_millis(300)), ..LogFetchOptions::default() };
    let error = fetch(&client(), &server, &options).await.unwrap_err();
    assert_eq!(outcome(&error), (FAILED, true), "{error}");
}

/// Conformance item 4: 5242880 is parsed, 5242881 is skipped, without the header it is parsed.
#[tokio::test]
async fn the_size_limit_looks_at_the_content_length() {
    let limited = LogFetchOptions { max_content_length: Some(5_242_880), ..LogFetchOptions::default() };
    for (length, accepted) in [(5_242_880, true), (5_242_881, false)] {
        let server = Server::always(Answer::Close(response(200, "", &vec![b'x'; length]))).await;
        match fetch(&client(), &server, &limited).await {
            Ok(log) => assert!(accepted && log.len() == length),
            Err(error) => {
                assert!(!accepted, "{error}");
                assert_eq!(outcome(&error), (Some(LogStatus::SkippedSize), false));
            }
        }
        assert_eq!(fetch(&client(), &server, &LogFetchOptions::default()).await.unwrap().len(), length);
    }
    let body = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 5_242_881]].concat();
    let server = Server::always(Answer::Close(body)).await;
    assert_eq!(fetch(&client(), &server, &limited).await.unwrap().len(), 5_242_881);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_final() {
    let mut options = ClientOptions::for_local_servers();
    options.hosts = HostList::new(["*"]);
    options.private_hosts = HostList::new(["127.0.0.1"]);
    let client = Client::new(options).unwrap();
    for target in ["http://10.0.0.1/x", "http://localhost/x", "http://2130706434/x", "ftp://127.0.0.1/x"] {
        let headers = format!("location: {target}\r\n");
        let server = Server::always(Answer::Close(response(302, &headers, b""))).await;
        let error = fetch(&client, &server, &LogFetchOptions::default()).await.unwrap_err();
        assert!(matches!(error.http().kind(), HttpErrorKind::Refused(_)), "{target}: {error}");
        assert_eq!(outcome(&error), (FAILED, false), "{error}");
    }
}

#[tokio::test]
async fn error_summaries_are_utf_8_text() {
    let text = "{\"action\": \"log\", \"message\": \"caf\u{e9} \u{1f342}\u{85}\"}\n";
    let body = gzip(text.as_bytes());
    let headers = "content-type: text/plain\r\ncontent-encoding: gzip\r\n";
    let server = Server::always(Answer::Close(response(200, headers, &body))).await;
    let options = ArtifactFetchOptions::error_summary();
    assert_eq!(fetch_error_summary(&client(), &server.url("/"), &options).await.unwrap(), text);
    let options = ArtifactFetchOptions { max_bytes: text.len() as u64 - 1, ..options };
    let error = fetch_error_summary(&client(), &server.url("/"), &options).await.unwrap_err();
    assert_eq!(outcome(&error), (Some(LogStatus::SkippedSize), false));
}

#[tokio::test]
async fn error_summaries_cut_off_stay_pending_and_are_retried() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this".to_vec();
    let server = Server::always(Answer::Close(answer)).await;
    let options = ArtifactFetchOptions::error_summary();
    let error = fetch_error_summary(&client(), &server.url("/"), &options).await.unwrap_err();
    assert_eq!(outcome(&error), (None, true), "{error}");
}

#[tokio::test]
async fn performance_data_are_json_of_limited_size() {
    let options = ArtifactFetchOptions::perfherder_data();
    let server = Server::always(Answer::Close(response(200, "", b"{\"framework\": {}}"))).await;
    let json = fetch_perfherder_json(&client(), &server.url("/"), &options).await.unwrap();
    assert_eq!(json, serde_json::json!({"framework": {}}));
    let server = Server::always(Answer::Close(response(200, "", b"{\"framework\": NaN}"))).await;
    let error = fetch_perfherder_json(&client(), &server.url("/"), &options).await.unwrap_err();
    assert_eq!(outcome(&error), (FAILED, false));
    let text = error.to_string();
    assert!(text.starts_with("cannot fetch the performance data: http://127.0.0.1:"), "{text}");
    let big = format!("\"{}\"", "x".repeat(5_242_879));
    let server = Server::always(Answer::Close(response(200, "", big.as_bytes()))).await;
    let error = fetch_perfherder_json(&client(), &server.url("/"), &options).await.unwrap_err();
    assert_eq!(outcome(&error), (Some(LogStatus::SkippedSize), false));
}

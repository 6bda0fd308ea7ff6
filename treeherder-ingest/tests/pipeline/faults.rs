//! What can happen to a log on its way, and what that means for its status, its rows and its work item.

use std::io::Write as _;
use std::time::Duration;

use treeherder_ingest::pipeline::{Handled, LogResult};

use crate::harness::{Harness, options};
use crate::server::{Answer, Server, response};

const LOG: &str = "TEST-START | a\n10:00:02     INFO - TEST-UNEXPECTED-FAIL | b | boom\nend\n";
const STORED: &str = "10:00:02     INFO - TEST-UNEXPECTED-FAIL | b | boom";

const PENDING: i32 = 0;
const PARSED: i32 = 1;
const FAILED: i32 = 2;
const SKIPPED: i32 = 3;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What became of one log in the end.
struct End {
    status: i32,
    rows: Vec<(i32, String)>,
    dead: Vec<String>,
    requests: usize,
}

/// Lets a pipeline parse the log that the server gives, to the end of all retries.
async fn end_of(harness: &Harness, name: &str, server: &Server) -> End {
    let log = harness.job_with_log(name, &server.url("/log")).await;
    harness.work().await;
    assert_eq!(harness.unfinished().await, 0);
    let of_job = format!("\"job_id\":{},", log.job_id);
    let dead = harness.dead_letters().await.into_iter().filter(|letter| letter.payload.contains(&of_job));
    End {
        status: harness.log_status(log.job_id).await,
        rows: harness.error_lines(log.job_id).await,
        dead: dead.map(|letter| letter.error).collect(),
        requests: server.requests().len(),
    }
}

async fn raw_log(harness: &Harness, answer: Answer) -> End {
    end_of(harness, "live_backing_log", &Server::always(answer).await).await
}

#[tokio::test]
async fn a_plain_and_a_gzipped_log_are_parsed() {
    let harness = Harness::sqlite(options()).await;
    for body in [LOG.as_bytes().to_vec(), gzip(LOG.as_bytes())] {
        let end = raw_log(&harness, Answer::Close(response(200, "", &body))).await;
        assert_eq!((end.status, end.rows), (PARSED, vec![(1, STORED.to_owned())]));
        assert_eq!((end.dead.len(), end.requests), (0, 1));
    }
}

#[tokio::test]
async fn a_log_that_is_gone_is_failed_and_done() {
    let harness = Harness::sqlite(options()).await;
    for status in [403, 404] {
        let end = raw_log(&harness, Answer::Close(response(status, "", b"no"))).await;
        assert_eq!((end.status, end.rows.len(), end.dead.len(), end.requests), (FAILED, 0, 0, 1), "{status}");
    }
}

#[tokio::test]
async fn faults_that_may_pass_are_tried_again_and_kept_in_the_end() {
    let harness = Harness::sqlite(options()).await;
    let whole = response(200, "", &gzip(LOG.repeat(200).as_bytes()));
    let damaged = {
        let mut bytes = gzip(LOG.as_bytes());
        let end = bytes.len() - 6;
        bytes[end] ^= 0xff;
        bytes
    };
    let cases = [
        ("server error", Answer::Close(response(500, "", b"")), "500"),
        ("stall before the head", Answer::Stall(Vec::new()), "timeout waiting for the response"),
        ("stall in the body", Answer::Stall(whole[..whole.len() - 20].to_vec()), "timeout"),
        ("redirect loop", Answer::Close(response(302, "location: /log\r\n", b"")), "redirect"),
        ("cut", Answer::Close(whole[..whole.len() - 20].to_vec()), "cannot fetch the log"),
        ("damaged", Answer::Close(response(200, "", &damaged)), "gzip checksum mismatch"),
        ("no gzip header", Answer::Close(response(200, "", b"\x1f\x8b\xff\xff")), "bad gzip header"),
    ];
    for (name, answer, reason) in cases {
        let end = raw_log(&harness, answer).await;
        assert_eq!((end.status, end.rows.len()), (FAILED, 0), "{name}");
        // Each attempt follows as many redirects as are permitted.
        let per_attempt = if name == "redirect loop" { end.requests / 5 } else { 1 };
        assert_eq!((end.requests, end.dead.len()), (5 * per_attempt, 1), "{name}");
        let error = &end.dead[0];
        assert!(error.contains("gave up after 5 attempts") && error.contains(reason), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_fault_that_passes_leaves_no_trace() {
    let attempts = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| {
        if attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            Answer::Close(response(503, "", b""))
        } else {
            Answer::Close(response(200, "", &gzip(LOG.as_bytes())))
        }
    })
    .await;
    let end = end_of(&Harness::sqlite(options()).await, "live_backing_log", &server).await;
    assert_eq!((end.status, end.rows.len(), end.dead.len(), end.requests), (PARSED, 1, 0, 3));
}

#[tokio::test]
async fn a_gzip_stream_that_ends_early_counts_as_far_as_it_goes() {
    let harness = Harness::sqlite(options()).await;
    let bytes = gzip(LOG.as_bytes());
    let end = raw_log(&harness, Answer::Close(response(200, "", &bytes[..bytes.len() - 8]))).await;
    assert_eq!((end.status, end.rows.len(), end.dead.len()), (PARSED, 1, 0));
}

#[tokio::test]
async fn an_endless_log_is_skipped_at_the_limit() {
    let mut limited = options();
    limited.log_fetch.max_compressed = 1 << 20;
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    let server = Server::always(Answer::Endless(head, LOG.repeat(100).into_bytes())).await;
    let end = end_of(&Harness::sqlite(limited).await, "live_backing_log", &server).await;
    assert_eq!((end.status, end.rows.len(), end.dead.len(), end.requests), (SKIPPED, 0, 0, 1));
}

#[tokio::test]
async fn a_log_that_inflates_beyond_the_limit_is_skipped() {
    let mut limited = options();
    limited.log_fetch.max_decompressed = 1 << 20;
    let bytes = gzip(&vec![b'a'; 2 << 20]);
    let server = Server::always(Answer::Close(response(200, "", &bytes))).await;
    let end = end_of(&Harness::sqlite(limited).await, "live_backing_log", &server).await;
    assert_eq!((end.status, end.dead.len(), end.requests), (SKIPPED, 0, 1));
}

#[tokio::test]
async fn a_content_length_over_the_limit_is_skipped() {
    let mut limited = options();
    limited.log_fetch.max_content_length = Some(10);
    let server = Server::always(Answer::Close(response(200, "", LOG.as_bytes()))).await;
    let end = end_of(&Harness::sqlite(limited).await, "live_backing_log", &server).await;
    assert_eq!((end.status, end.dead.len()), (SKIPPED, 0));
}

/// One line of a gigabyte between two failures, in a megabyte of gzip.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_gigabyte_is_parsed_in_little_memory() {
    let harness = Harness::sqlite(options()).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(LOG.as_bytes()).unwrap();
    let piece = vec![b'a'; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.write_all(b"\n").unwrap();
    // A line equal to the failure before it would not count as another one.
    encoder.write_all(LOG.replace("boom", "bang").as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    let end = raw_log(&harness, Answer::Close(response(200, "content-encoding: gzip\r\n", &bytes))).await;
    assert_eq!(end.status, PARSED);
    assert_eq!(end.rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 5]);
    // What all tests of this process ever took at a time stays far below the gigabyte.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes < 700_000, "{kilobytes} kB");
    }
}

#[tokio::test]
async fn faults_of_error_summaries_follow_their_own_table() {
    let harness = Harness::sqlite(options()).await;
    let summary = br#"{"action": "test_result", "line": 7, "test": "a.html", "status": "FAIL"}"#;
    let broken = b"{\"action\": \"log\", \"line\": 1}\n<html>\n";
    let cases = [
        ("good", Answer::Close(response(200, "", summary)), PARSED, 0),
        ("gone", Answer::Close(response(404, "", b"")), FAILED, 0),
        ("server error", Answer::Close(response(502, "", b"")), FAILED, 1),
        ("stall", Answer::Stall(Vec::new()), PENDING, 1),
        ("empty", Answer::Close(response(200, "", b"")), PENDING, 0),
        ("not JSON", Answer::Close(response(200, "", broken)), PENDING, 1),
    ];
    for (name, answer, status, dead) in cases {
        let end = end_of(&harness, "errorsummary_json", &Server::always(answer).await).await;
        assert_eq!((end.status, end.dead.len()), (status, dead), "{name}: {:?}", end.dead);
    }
}

#[tokio::test]
async fn faults_of_performance_data_set_the_status() {
    let harness = Harness::sqlite(options()).await;
    let good = br#"{"framework": {"name": "talos"}, "suites": [{"name": "s", "value": 1, "subtests": [{"name": "t", "value": 2}]}]}"#;
    let cases: [(&str, Answer, i32, usize); 6] = [
        ("good", Answer::Close(response(200, "", good)), PARSED, 0),
        ("schema", Answer::Close(response(200, "", br#"{"framework": {}, "suites": 1}"#)), FAILED, 0),
        ("not JSON", Answer::Close(response(200, "", b"<html>")), FAILED, 0),
        ("empty object", Answer::Close(response(200, "", b"{}")), PENDING, 0),
        ("gone", Answer::Close(response(403, "", b"")), FAILED, 0),
        ("server error", Answer::Close(response(500, "", b"")), FAILED, 1),
    ];
    for (name, answer, status, dead) in cases {
        let server = Server::always(answer).await;
        let end = end_of(&harness, "perfherder-data-talos.json", &server).await;
        assert_eq!((end.status, end.dead.len()), (status, dead), "{name}: {:?}", end.dead);
    }
}

#[tokio::test]
async fn one_bad_log_of_an_item_does_not_keep_the_others_from_being_parsed() {
    let server = Server::start(|path| match path {
        "/bad" => Answer::Close(response(500, "", b"")),
        _ => Answer::Close(response(200, "", LOG.as_bytes())),
    })
    .await;
    let harness = Harness::sqlite(options()).await;
    let (bad, good, other) = (server.url("/bad"), server.url("/good"), server.url("/other"));
    let logs = [("live_backing_log", bad.as_str()), ("live_backing_log", &good), ("builds-4h", &other)];
    let log = harness.job_with_logs(&logs).await;
    let error = harness.pipeline.handle(&log.item).await.unwrap_err();
    assert!(error.to_string().contains("500"), "{error}");
    let statuses: Vec<i32> =
        harness.log_statuses(log.job_id).await.into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, [FAILED, PARSED, PENDING]);
    assert_eq!(harness.error_lines(log.job_id).await.len(), 1);
}

#[tokio::test]
async fn a_parsed_log_is_not_fetched_again() {
    let server = Server::always(Answer::Close(response(200, "", LOG.as_bytes()))).await;
    let harness = Harness::sqlite(options()).await;
    let log = harness.job_with_log("live_backing_log", &server.url("/log")).await;
    for expected in ["parsed", "skipped"] {
        let Handled::Logs(outcomes) = harness.pipeline.handle(&log.item).await.unwrap() else { panic!() };
        let found = match &outcomes[0].result {
            LogResult::Parsed { failure_lines: 1, lines: 3, truncated: false, .. } => "parsed",
            LogResult::Skipped(_) => "skipped",
            other => panic!("{other:?}"),
        };
        assert_eq!((outcomes[0].job_log_id, found), (log.log_id, expected));
    }
    assert_eq!(server.requests().len(), 1);
}

/// A log that stalls must not hold a thread: with a single one, others are parsed meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_logs_hold_up_no_others() {
    let server = Server::start(|path| match path {
        "/good" => Answer::Close(response(200, "", LOG.as_bytes())),
        _ => Answer::Stall(response(200, "", LOG.as_bytes())[..90].to_vec()),
    })
    .await;
    let mut options = options();
    options.parse_threads = 1;
    options.log_fetch.idle_timeout = Duration::from_secs(600);
    let harness = Harness::sqlite(options).await;
    let stalled = harness.job_with_log("live_backing_log", &server.url("/stalled")).await;
    let pipeline = harness.pipeline.clone();
    let item = stalled.item.clone();
    let stuck = tokio::spawn(async move { pipeline.handle(&item).await });
    while server.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let url = server.url("/good");
    let other = harness.job_with_log("live_backing_log", &url).await;
    assert!(harness.pipeline.handle(&other.item).await.is_ok());
    assert!(!stuck.is_finished());
    stuck.abort();
}

//! Logs and jobs that are submitted.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures_util::stream;
use treeherder_ingest::log::ViewOptions;
use treeherder_ingest::pipeline::{SubmitLogError, SubmittedLog};
use treeherder_ingest::store::{JobStatus, SubmittedPush};

use crate::harness::{Harness, loaded_job, options};
use crate::support::database::Backend;

const URL: &str = "http://localhost:8000/api/project/autoland/jobs/1/log";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn submit(
    harness: &Harness,
    job_id: i64,
    body: &[u8],
    limit: u64,
) -> Result<SubmittedLog, SubmitLogError> {
    let pieces: Vec<Result<Bytes, String>> =
        body.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    harness.pipeline.submit_log(job_id, URL, limit, stream::iter(pieces)).await
}

/// The whole log as it is kept, inflated.
async fn kept(harness: &Harness, log_id: i32) -> String {
    let log = harness.store.kept_log(log_id).await.unwrap().unwrap();
    let raw = harness.store.kept_log_part(&log, 0..u64::MAX).await.unwrap().unwrap();
    assert_eq!(raw.len() as u64, log.bytes);
    let mut text = String::new();
    MultiGzDecoder::new(&raw[..]).read_to_string(&mut text).unwrap();
    text
}

async fn a_submitted_log(backend: Backend) {
    let Some(harness) = Harness::new(backend, options(), None).await else { return };
    let job = harness.job_with_log("builds-4h", "http://127.0.0.1/none").await.job_id;
    let noise: String =
        (0..60_000_u64).map(|n| format!("{:x} fine\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    let text = format!("{noise}TEST-UNEXPECTED-FAIL | a.js | boom\nabort: disk full\n");
    let lines =
        [(60_000, "TEST-UNEXPECTED-FAIL | a.js | boom".to_owned()), (60_001, "abort: disk full".to_owned())];
    // Plain and gzipped come to the same, however often.
    let mut ids = Vec::new();
    for body in [text.clone().into_bytes(), gzip(&text), gzip(&text)] {
        let taken = submit(&harness, job, &body, u64::MAX).await.unwrap();
        let found: Vec<_> =
            taken.failure_lines.iter().map(|line| (line.line_number as i32, line.line.clone())).collect();
        assert_eq!(found, lines);
        assert_eq!((taken.lines, taken.bytes), (60_002, text.len() as u64));
        assert_eq!(harness.error_lines(job).await, lines);
        assert_eq!(kept(&harness, taken.log.id).await, text);
        let log = harness.store.job_logs(job, &[taken.log.id]).await.unwrap().remove(0);
        assert_eq!((log.name.as_str(), log.url.as_str(), log.status), ("live_backing_log", URL, 1));
        let viewer = harness.pipeline.viewer(ViewOptions::default());
        let page = viewer.lines(&log, 60_001, 5).await.unwrap();
        assert_eq!((page.lines.len(), page.lines[0].text.as_str()), (1, "abort: disk full"));
        ids.push(taken.log.id);
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "one log: {ids:?}");

    // What cannot be taken leaves everything as it was.
    let raw = gzip(&text);
    let cut = submit(&harness, job, &raw[..raw.len() / 2], u64::MAX).await.unwrap_err();
    assert!(cut.to_string().contains("ends early"), "{cut}");
    let mut damaged = raw.clone();
    damaged[raw.len() / 2] ^= 0xFF;
    damaged[raw.len() / 2 + 1] ^= 0xFF;
    let error = submit(&harness, job, &damaged, u64::MAX).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot decode the log"), "{error}");
    let error = submit(&harness, job, &raw, 1000).await.unwrap_err();
    assert_eq!(error.to_string(), "the log is longer than 1000 bytes");
    let interrupted = stream::iter([Ok(Bytes::from_static(b"abort: x\n")), Err("connection lost")]);
    let error = harness.pipeline.submit_log(job, URL, u64::MAX, interrupted).await.unwrap_err();
    assert_eq!(error.to_string(), "the log was not sent to its end: connection lost");
    assert_eq!(harness.error_lines(job).await, lines);
    assert_eq!(kept(&harness, ids[0]).await, text);

    // Another log takes the place of the first, its failure lines too.
    let other = format!("{noise}TEST-UNEXPECTED-FAIL | a.js | boom\nabort: no network\n");
    submit(&harness, job, other.as_bytes(), u64::MAX).await.unwrap();
    let now = [lines[0].clone(), (60_001, "abort: no network".to_owned())];
    assert_eq!(harness.error_lines(job).await, now);
    assert_eq!(kept(&harness, ids[0]).await, other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submitted_log_is_parsed_and_kept_on_sqlite() {
    a_submitted_log(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submitted_log_is_parsed_and_kept_on_postgres() {
    a_submitted_log(Backend::Postgres).await;
}

#[tokio::test]
async fn an_empty_log_is_a_log() {
    let harness = Harness::sqlite(options()).await;
    let job = harness.job_with_log("builds-4h", "http://127.0.0.1/none").await.job_id;
    let taken = submit(&harness, job, b"", u64::MAX).await.unwrap();
    assert_eq!((taken.lines, taken.bytes, taken.failure_lines.len()), (0, 0, 0));
}

#[tokio::test]
async fn submitted_jobs_are_stored_once_their_push_is() {
    let harness = Harness::sqlite(options()).await;
    let jobs = [loaded_job(0, &[("live_backing_log", "http://127.0.0.1:9/log")]), loaded_job(1, &[])];
    let statuses = async || -> Vec<JobStatus> {
        let outcomes = harness.pipeline.submit_jobs(&jobs).await.unwrap();
        outcomes.into_iter().map(|outcome| outcome.status).collect()
    };
    assert_eq!(statuses().await, [JobStatus::MissingPush, JobStatus::MissingPush]);
    let push = SubmittedPush {
        revision: jobs[0].revision.clone(),
        author: "ana@example.com".to_owned(),
        push_timestamp: Some(1_740_638_000.0),
        commits: Vec::new(),
    };
    let autoland = harness.store.repository_by_name("autoland").await.unwrap().unwrap();
    harness.pipeline.submit_push(autoland.id, &push).await.unwrap();
    assert_eq!(statuses().await, [JobStatus::Created, JobStatus::Created]);
    assert_eq!(harness.unfinished().await, 1, "the log that the first one refers to is to be parsed");
    assert_eq!(statuses().await, [JobStatus::Ignored, JobStatus::Ignored]);
}

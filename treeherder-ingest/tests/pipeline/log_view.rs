//! Lines of logs for viewers: what is read of them, from where, and how much.

use std::io::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use treeherder_ingest::log::{LogPage, LogSearch, LogViewer, ViewOptions};
use treeherder_ingest::store::entity::job_log;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::harness::{Harness, StoredLog, options};
use crate::support::database::Backend;

/// Lines of the large log: about 20 MB of text.
const LINES: u64 = 250_000;

fn line(number: u64) -> String {
    let hash = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!(
        "[task 2026-11-22T10:{:02}] INFO - TEST-PASS | dir/test_{}.js | {hash:x}",
        number % 60,
        hash >> 54
    )
}

fn text(lines: Range<u64>) -> String {
    lines.map(|number| line(number) + "\n").collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// An artifact server, and what was asked of it.
#[derive(Clone)]
struct Artifact {
    body: Arc<Mutex<Vec<u8>>>,
    knows_ranges: bool,
    /// The ranges that were asked for; nothing for the whole.
    asked: Arc<Mutex<Vec<Option<Range<usize>>>>>,
}

impl Artifact {
    async fn serve(body: Vec<u8>, knows_ranges: bool) -> (Self, MockServer) {
        let artifact = Self { body: Arc::new(Mutex::new(body)), knows_ranges, asked: Arc::default() };
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(artifact.clone()).mount(&server).await;
        (artifact, server)
    }

    fn asked(&self) -> Vec<Option<Range<usize>>> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Respond for Artifact {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body = self.body.lock().unwrap();
        let range = request.headers.get("range").map(|range| {
            let (from, to) = range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            from.parse().unwrap()..body.len().min(to.parse::<usize>().unwrap() + 1)
        });
        self.asked.lock().unwrap().push(range.clone());
        match range.filter(|_| self.knows_ranges) {
            None => ResponseTemplate::new(200).set_body_bytes(body.clone()),
            Some(range) if range.start >= body.len() => ResponseTemplate::new(416),
            Some(range) => ResponseTemplate::new(206)
                .insert_header(
                    "content-range",
                    format!("bytes {}-{}/{}", range.start, range.end - 1, body.len()),
                )
                .set_body_bytes(&body[range]),
        }
    }
}

async fn log_row(harness: &Harness, log: &StoredLog) -> job_log::Model {
    harness.store.job_logs(log.job_id, &[log.log_id]).await.unwrap().remove(0)
}

fn viewer(harness: &Harness) -> LogViewer {
    harness.pipeline.viewer(ViewOptions::default())
}

fn texts(page: &LogPage) -> Vec<&str> {
    page.lines.iter().map(|line| line.text.as_str()).collect()
}

async fn the_last_lines_of_a_parsed_log(backend: Backend) {
    let raw = gzip(&text(0..LINES));
    let (artifact, server) = Artifact::serve(raw.clone(), true).await;
    let Some(harness) = Harness::new(backend, options(), None).await else { return };
    let log = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    harness.work().await;
    assert_eq!(artifact.asked(), [None], "parsed once");
    let index = harness.store.log_index(log.log_id).await.unwrap().expect("the index is stored with the log");
    assert_eq!(index.lines, LINES);
    assert!(!index.checkpoints().is_empty());

    let (row, viewer) = (log_row(&harness, &log).await, viewer(&harness));
    let page = viewer.lines(&row, LINES - 2, 10).await.unwrap();
    assert_eq!(texts(&page), [line(LINES - 2), line(LINES - 1)]);
    assert_eq!((page.total_lines, page.total_bytes), (LINES, index.decoded_bytes));
    let asked = artifact.asked();
    let Some(range) = &asked[0] else { panic!("asked for the whole log") };
    assert!(asked.len() == 1 && range.len() * 2 < raw.len(), "{asked:?} of {}", raw.len());
    // The same part again is in memory, and so is what lies beside it.
    let page = viewer.lines(&row, LINES - 1000, 3).await.unwrap();
    assert_eq!(texts(&page), [line(LINES - 1000), line(LINES - 999), line(LINES - 998)]);
    assert!(artifact.asked().is_empty());
    // A page that goes over a place where decoding can begin.
    let middle = index.checkpoints()[0].lines;
    let page = viewer.lines(&row, middle - 2, 5).await.unwrap();
    let expected: Vec<String> = (middle - 2..middle + 3).map(line).collect();
    assert_eq!(texts(&page), expected);
    assert!(viewer.lines(&row, LINES, 5).await.unwrap().lines.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_lines_of_a_parsed_log_on_sqlite() {
    the_last_lines_of_a_parsed_log(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_lines_of_a_parsed_log_on_postgres() {
    the_last_lines_of_a_parsed_log(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_an_index_is_read_once_for_all_who_look() {
    let (artifact, server) = Artifact::serve(gzip(&text(0..LINES)), false).await;
    let harness = Harness::sqlite(options()).await;
    let log = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    let (row, viewer) = (log_row(&harness, &log).await, viewer(&harness));
    let looks = (0..4).map(|number| {
        let (row, viewer) = (row.clone(), viewer.clone());
        tokio::spawn(async move { viewer.lines(&row, number * 1000, 1).await.unwrap() })
    });
    for (number, look) in (0..4).zip(looks.collect::<Vec<_>>()) {
        assert_eq!(texts(&look.await.unwrap()), [line(number * 1000)]);
    }
    let asked = artifact.asked();
    assert_eq!(asked.iter().filter(|range| range.is_none()).count(), 1, "{asked:?}");
    // A server that does not know ranges sends everything each time; the lines are the same.
    let page = viewer.lines(&row, LINES - 1, 1).await.unwrap();
    assert_eq!(texts(&page), [line(LINES - 1)]);
}

#[tokio::test]
async fn a_log_that_became_another_one_is_noticed() {
    let (artifact, server) = Artifact::serve(gzip(&text(0..100)), true).await;
    let harness = Harness::sqlite(options()).await;
    let log = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    let row = log_row(&harness, &log).await;
    assert_eq!(viewer(&harness).lines(&row, 99, 5).await.unwrap().total_lines, 100);
    *artifact.body.lock().unwrap() = gzip(&text(1000..1300));
    let page = viewer(&harness).lines(&row, 99, 1).await.unwrap();
    assert_eq!((page.total_lines, texts(&page)), (300, vec![line(1099).as_str()]));
}

#[tokio::test]
async fn a_log_that_is_gone_is_told_so() {
    let server = MockServer::start().await;
    let harness = Harness::sqlite(options()).await;
    let log = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    let error = viewer(&harness).lines(&log_row(&harness, &log).await, 0, 1).await.unwrap_err();
    assert!(error.is_gone(), "{error}");
}

#[tokio::test]
async fn a_log_is_followed_with_its_failure_lines() {
    let body = format!("{}TEST-UNEXPECTED-FAIL | a.js | boom\nlast", text(0..5000));
    for raw in [body.clone().into_bytes(), gzip(&body)] {
        let (_artifact, server) = Artifact::serve(raw, true).await;
        let harness = Harness::sqlite(options()).await;
        let url = format!("{}/live.log", server.uri());
        let mut follower = viewer(&harness).follow_url(&url, 10).await.unwrap();
        let (mut numbers, mut failures, mut ends) = (Vec::new(), Vec::new(), 0);
        while let Some(followed) = follower.next().await.unwrap() {
            numbers.extend(followed.lines.iter().map(|line| line.number));
            failures.extend(followed.failure_lines.iter().map(|line| (line.line_number, line.line.clone())));
            ends += usize::from(followed.is_end);
        }
        assert_eq!(numbers, (10..=5001).collect::<Vec<_>>());
        assert_eq!(failures, [(5000, "TEST-UNEXPECTED-FAIL | a.js | boom".to_owned())]);
        assert_eq!(ends, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_found_in_both_directions() {
    const LONG: u64 = 345_000;
    let needles = [7, LONG / 2, LONG - 5];
    let line = |number: u64| {
        let needle = if needles.contains(&number) { " Needle [a.c" } else { "" };
        format!("{number:>400}{needle}\n")
    };
    let raw = gzip(&(0..LONG).map(line).collect::<String>());
    let (_artifact, server) = Artifact::serve(raw, true).await;
    let harness = Harness::sqlite(options()).await;
    let log = harness.job_with_log("live_backing_log", &format!("{}/log", server.uri())).await;
    let (row, viewer) = (log_row(&harness, &log).await, viewer(&harness));
    let find = async |text: &str, match_case, start, backwards| {
        let mut search = LogSearch::new(text, match_case, start, backwards).unwrap();
        let mut requests = 1;
        loop {
            let searched = viewer.search(&row, &search).await.unwrap();
            assert_eq!(searched.total_lines, LONG);
            match searched.next {
                Some(next) => search.start = next,
                None => return (searched.found, requests),
            }
            requests += 1;
        }
    };
    assert_eq!(find("needle [A.C", false, 0, false).await, (Some(7), 1));
    assert_eq!(find("needle [A.C", false, 7, false).await, (Some(7), 1), "the line itself is looked at");
    assert_eq!(find("needle [A.C", false, 8, false).await, (Some(LONG / 2), 1));
    assert_eq!(find("needle [A.C", false, LONG - 4, false).await, (None, 1));
    assert_eq!(find("needle [A.C", false, LONG + 9, true).await, (Some(LONG - 5), 1));
    assert_eq!(find("needle [A.C", false, LONG - 6, true).await, (Some(LONG / 2), 1));
    assert_eq!(find("needle [A.C", false, 6, true).await, (None, 1));
    assert_eq!(
        find("needle", true, 0, false).await,
        (None, 2),
        "the log is longer than one request looks through"
    );
    assert_eq!(find("needle", true, LONG, true).await.0, None);
    assert_eq!(find("Needle [abc", false, 0, false).await.0, None, "no character stands for others");
}

//! The server itself.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::read::GzEncoder;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::body;
use super::counts::{Counters, Counts};
use super::fault::{Fault, Faults};
use super::objects::Cache;
use super::query::Query;
use super::{bugzilla, github, hg, queue};
use crate::scenario::{REPOSITORIES, Scenario, Source, Urls};

/// Longest body that is taken.
const MAX_BODY: usize = 1 << 20;

/// A running stand-in; see the [module](super).
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    state: Arc<State>,
    close: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) scenario: Scenario,
    pub(crate) urls: Urls,
    pub(crate) counters: Counters,
    pub(crate) cache: Cache,
    pub(crate) pushes: queue::RecentPushes,
    pub(crate) bugs: bugzilla::Bugs,
    faults: Faults,
    announced: AtomicU32,
    closing: watch::Receiver<bool>,
}

/// A row of the repository table for the repositories of a scenario (`spec/ingest.md` §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRow {
    /// Project name.
    pub name: &'static str,
    /// `hg` or `git`.
    pub dvcs_type: &'static str,
    /// URL that push messages name.
    pub url: String,
    /// Taskcluster root URL.
    pub tc_root_url: String,
    /// Branch rule.
    pub branch: Option<&'static str>,
    /// Whether pull requests go to it.
    pub accepts_pull_requests: bool,
    /// Whether it is a try repository.
    pub is_try_repo: bool,
    /// Whether performance alerts are wanted.
    pub performance_alerts_enabled: bool,
}

impl StandIn {
    /// Starts serving a scenario; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(scenario: Scenario, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (close, closing) = watch::channel(false);
        let state = Arc::new(State {
            urls: Urls::new(&format!("http://{address}")),
            announced: AtomicU32::new(scenario.pushes()),
            scenario,
            counters: Counters::default(),
            cache: Cache::default(),
            pushes: queue::RecentPushes::default(),
            bugs: bugzilla::Bugs::default(),
            faults: Faults::default(),
            closing: closing.clone(),
        });
        let shared = Arc::clone(&state);
        let router = Router::new().fallback(move |request: Request| answer(Arc::clone(&shared), request));
        let mut closed = closing;
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
            let _ = closed.wait_for(|closing| *closing).await;
        });
        let server = tokio::spawn(server.into_future());
        Ok(Self { address, state, close, server })
    }

    /// Returns the address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the addresses to make messages with.
    pub fn urls(&self) -> &Urls {
        &self.state.urls
    }

    /// Returns the scenario it serves.
    pub fn scenario(&self) -> &Scenario {
        &self.state.scenario
    }

    /// Returns the rows that the repository table needs so that pushes and jobs find their repository.
    pub fn repositories(&self) -> Vec<RepositoryRow> {
        REPOSITORIES
            .iter()
            .map(|repository| RepositoryRow {
                name: repository.name,
                dvcs_type: repository.dvcs_type(),
                url: repository.url(&self.state.urls),
                tc_root_url: self.state.urls.root().to_owned(),
                branch: if repository.source == Source::GitHubPush { repository.branch } else { None },
                accepts_pull_requests: repository.source == Source::GitHubPullRequest,
                is_try_repo: repository.name == "try",
                performance_alerts_enabled: repository.name == "autoland",
            })
            .collect()
    }

    /// Returns the rows as a fixture in Mozilla's form; `known` tells id and group of a repository that is there already.
    pub fn fixture(&self, known: impl Fn(&str) -> Option<(i32, i32)>) -> Value {
        let mut entries = Vec::new();
        for (id, row) in (10_000..).zip(self.repositories()) {
            let new = id;
            let (id, group) = known(row.name).unwrap_or((id, 1));
            entries.push(json!({"pk": id, "model": "model.repository", "fields": {
                "name": row.name,
                "repository_group": group,
                "dvcs_type": row.dvcs_type,
                "url": row.url,
                "codebase": "gecko",
                "description": "",
                "active_status": "active",
                "performance_alerts_enabled": row.performance_alerts_enabled,
                "expire_performance_data": true,
                "is_try_repo": row.is_try_repo,
                "tc_root_url": row.tc_root_url,
                "accepts_pull_requests": row.accepts_pull_requests,
            }}));
            if let Some(branch) = row.branch {
                entries.push(json!({"pk": new, "model": "model.repositorybranch", "fields": {
                    "repository": id,
                    "branch": branch,
                }}));
            }
        }
        Value::Array(entries)
    }

    /// Lets everything whose path begins with `prefix` go wrong; replaces a fault for the same prefix.
    pub fn inject(&self, prefix: &str, fault: Fault) {
        self.state.faults.inject(prefix, fault);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Adds a bug to Bugzilla and returns its number; fields that are left out get usual values.
    pub fn add_bug(&self, fields: &Value) -> i64 {
        self.state.bugs.add(fields)
    }

    /// Returns the bugs that Bugzilla has, with the comments that were made.
    pub fn bugs(&self) -> Vec<Value> {
        self.state.bugs.all()
    }

    /// The key with which Bugzilla lets one file bugs.
    pub fn bugzilla_key(&self) -> &'static str {
        bugzilla::KEY
    }

    /// Tells how many pushes pushlogs show when no range is asked for; at first those of the burst.
    pub fn announce(&self, pushes: u32) {
        self.state.announced.store(pushes, Ordering::Relaxed);
    }

    /// Returns the number of requests so far, by kind.
    pub fn counts(&self) -> Counts {
        self.state.counters.snapshot()
    }

    /// Returns the number of requests for one path, without its query.
    pub fn requests_to(&self, path: &str) -> u64 {
        self.state.counters.of_path(path)
    }

    /// Stops serving; answers under way end first, those that never would are broken off.
    pub async fn shutdown(self) {
        let _ = self.close.send(true);
        let abort = self.server.abort_handle();
        if tokio::time::timeout(Duration::from_secs(3), self.server).await.is_err() {
            abort.abort();
        }
    }
}

impl State {
    pub(crate) fn not_found(&self) -> Response {
        self.counters.count(|counts| counts.not_found += 1);
        body::status(404)
    }

    pub(crate) fn announced(&self) -> u32 {
        self.announced.load(Ordering::Relaxed)
    }

    /// Tells bodies without end when to end.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.clone()
    }

    async fn dispatch(&self, path: &str, query: &Query, before: u64) -> Response {
        if let Some(rest) = path.strip_prefix("/api/queue/v1/") {
            queue::serve(self, rest, query)
        } else if let Some(rest) = path.strip_prefix("/objects/") {
            queue::serve_object(self, rest, before).await
        } else if let Some(rest) = path.strip_prefix("/hg/") {
            hg::serve(self, rest, query)
        } else if let Some(rest) = path.strip_prefix("/github-api/") {
            github::serve(self, rest, query)
        } else {
            self.not_found()
        }
    }
}

async fn answer(state: Arc<State>, request: Request) -> Response {
    let path = super::query::decode(request.uri().path());
    let query = Query::parse(request.uri().query());
    let before = state.counters.request(&path);
    let fault = state.faults.meet(&path);
    if let (Some(rest), None) = (path.strip_prefix("/bugzilla/"), &fault) {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else { return body::status(413) };
        return bugzilla::serve(&state, &parts.method, rest, &query, &parts.headers, &body);
    }
    let Some(fault) = fault else {
        return state.dispatch(&path, &query, before).await;
    };
    state.counters.count(|counts| counts.faults += 1);
    match fault {
        Fault::Status(code) | Fault::StatusTimes(code, _) => body::status(code),
        Fault::Stall => {
            let mut closing = state.closing.clone();
            let _ = closing.wait_for(|closing| *closing).await;
            body::status(503)
        }
        Fault::CutAfter(n) => body::cut(state.dispatch(&path, &query, before).await, n).await,
        Fault::Slow(rate) => {
            body::slow(state.dispatch(&path, &query, before).await, rate, state.closing.clone())
        }
        Fault::Endless => {
            ([(header::CONTENT_TYPE, "text/plain")], body::endless(state.closing.clone())).into_response()
        }
        Fault::Bomb(megabytes) => {
            let zeros = io::Read::take(io::repeat(b'a'), u64::from(megabytes) * 1_000_000);
            let body = body::from_reader(GzEncoder::new(zeros, Compression::default()));
            ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")], body).into_response()
        }
        Fault::Redirect(to) => match HeaderValue::from_str(&to) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(_) => body::status(500),
        },
    }
}

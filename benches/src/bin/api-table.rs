//! Measures reads of the API on 100,000 jobs in 200 pushes and prints the table for the README; `--write` puts it there.
//!
//! A server of its own process is asked over loopback by 8 connections that take gzip. Processor time is that of the server and,
//! with PostgreSQL, of all processes of the database.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use treeherder_benches::api_data;
use treeherder_benches::machine;
use treeherder_benches::process_time::{ProcessTimes, children_of, parent_of};
use treeherder_benches::table::{self, Row};
use treeherder_ingest::store::Store;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 8;

#[derive(Parser)]
struct Args {
    /// The program to measure.
    #[arg(long, default_value = "target/release/treeherder")]
    program: PathBuf,
    /// Empty PostgreSQL database to measure with as well: `postgres://…`.
    #[arg(long)]
    postgres: Option<String>,
    /// Pushes of 500 jobs each.
    #[arg(long, default_value_t = 200)]
    pushes: usize,
    /// Requests of each kind.
    #[arg(long, default_value_t = 2_000)]
    requests: usize,
    /// Measures only what has this text in its name.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Replaces the table in this file.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "README.md")]
    write: Option<PathBuf>,
}

/// A kind of request.
struct Kind {
    what: &'static str,
    /// Treeherder's figures on a machine of the same kind.
    beside: &'static str,
    /// Milliseconds of processor time that Treeherder takes.
    beside_ms: f64,
    goal: &'static str,
    /// Requests are this many times fewer.
    slower: usize,
    path: fn(&api_data::Stored, usize) -> String,
}

const KINDS: [Kind; 6] = [
    Kind {
        what: "`/api/jobs/?push_id=`, 500 jobs",
        beside: "36 ms, 53/s",
        beside_ms: 36.0,
        goal: "2 ms",
        slower: 1,
        path: |stored, turn| format!("/api/jobs/?push_id={}", stored.pushes[turn % stored.pushes.len()]),
    },
    Kind {
        what: "project jobs, 500 jobs",
        beside: "64 ms, 31/s",
        beside_ms: 64.0,
        goal: "4 ms",
        slower: 1,
        path: |stored, turn| {
            let push = stored.pushes[turn % stored.pushes.len()];
            format!("/api/project/autoland/jobs/?count=2000&push_id={push}")
        },
    },
    Kind {
        what: "project jobs, 2,000 jobs",
        beside: "137 ms, 14/s",
        beside_ms: 137.0,
        goal: "14 ms",
        slower: 4,
        path: |stored, turn| {
            let offset = turn * 2000 % stored.jobs.len().saturating_sub(2000).max(1);
            format!("/api/project/autoland/jobs/?count=2000&offset={offset}")
        },
    },
    Kind {
        what: "job detail",
        beside: "9.4 ms, 200/s",
        beside_ms: 9.4,
        goal: "0.15 ms",
        slower: 1,
        path: |stored, turn| {
            let job = stored.jobs[turn * 7919 % stored.jobs.len()];
            format!("/api/project/autoland/jobs/{job}/")
        },
    },
    Kind {
        what: "push list, 10 pushes",
        beside: "20 ms",
        beside_ms: 20.0,
        goal: "1 ms",
        slower: 1,
        path: |_, turn| format!("/api/project/autoland/push/?count=10&offset={}", turn % 100),
    },
    Kind {
        what: "suggestions for 10 lines among 20,000 bugs",
        beside: "140 ms",
        beside_ms: 140.0,
        goal: "3 ms",
        slower: 2,
        path: |stored, turn| {
            let job = stored.failed[turn % stored.failed.len()];
            format!("/api/project/autoland/jobs/{job}/bug_suggestions/")
        },
    },
];

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let directory = tempfile::tempdir()?;
    let sqlite = format!("sqlite://{}?mode=rwc", directory.path().join("bench.sqlite").display());
    let mut rows = Vec::new();
    for (name, url) in [("SQLite", Some(&sqlite)), ("PostgreSQL", args.postgres.as_ref())] {
        let Some(url) = url else { continue };
        let store = Store::connect(url, 4).await?;
        let stored = api_data::store(&store, args.pushes).await?;
        let database = database_processes(&store).await?;
        store.connection().clone().close().await?;
        let server = Server::start(&args.program, url, directory.path())?;
        let wanted = |kind: &&Kind| args.only.as_deref().is_none_or(|only| kind.what.contains(only));
        for kind in KINDS.iter().filter(wanted) {
            let requests = args.requests / kind.slower;
            // Once round, so that what is kept in memory is there.
            ask_all(&server, kind, &stored, requests / 4).await?;
            let before = times(&server, database)?;
            let begin = Instant::now();
            let mut taken = ask_all(&server, kind, &stored, requests).await?;
            let wall = begin.elapsed().as_secs_f64();
            let spent = times(&server, database)?.since(&before);
            taken.sort_unstable();
            let percentile = |part: f64| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a place in the list"
                )]
                let place = ((taken.len() as f64 * part) as usize).min(taken.len() - 1);
                taken[place].as_secs_f64() * 1e3
            };
            let each = spent * 1e3 / taken.len() as f64;
            rows.push(Row::new(
                format!("{}, {name}", kind.what),
                format!(
                    "{each:.2} ms CPU, {:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
                    taken.len() as f64 / wall,
                    percentile(0.5),
                    percentile(0.99)
                ),
                format!("Treeherder: {}", kind.beside),
                format!("{:.0} ×", kind.beside_ms / each),
                kind.goal,
            ));
        }
    }
    let text = format!(
        "{}\n{} connections, gzip; {}. Treeherder's figures (CPU of server and database) were measured on another machine of this kind.",
        table::markdown(&rows),
        CONNECTIONS,
        machine::describe()
    );
    println!("{text}");
    if let Some(path) = args.write {
        table::replace(&path, "api", &text)?;
    }
    Ok(())
}

/// Returns the process that all of the database's are children of; nothing for a database within the server.
async fn database_processes(store: &Store) -> Result<Option<u32>> {
    let Some(backend) = api_data::backend_process(store).await? else { return Ok(None) };
    Ok(Some(parent_of(backend)?))
}

fn times(server: &Server, database: Option<u32>) -> Result<ProcessTimes> {
    let mut processes = vec![server.child.id()];
    if let Some(parent) = database {
        processes.extend(children_of(parent)?);
    }
    ProcessTimes::of(&processes)
}

/// The program that is measured.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &std::path::Path, database: &str, directory: &std::path::Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["serve", "--skip-ingestion", "--listen", "127.0.0.1:0"])
            .env("TREEHERDER_DATA_DIR", directory)
            .env("DATABASE_URL", database)
            .env("LOGGING_LEVEL", "info")
            .env("TREEHERDER_LOGGING_FORMAT", "json")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}: build it first", program.display()))?;
        let output = child.stderr.take().context("its output is piped")?;
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(output));
        let address = loop {
            let line = lines.next().context("the server ended")??;
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(url) = line["url"].as_str() {
                break url.trim_start_matches("http://").trim_end_matches('/').to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks from all connections and returns how long each answer took.
async fn ask_all(
    server: &Server,
    kind: &Kind,
    stored: &api_data::Stored,
    requests: usize,
) -> Result<Vec<Duration>> {
    let mut running = Vec::new();
    for connection in 0..CONNECTIONS {
        let paths: Vec<String> =
            (connection..requests).step_by(CONNECTIONS).map(|turn| (kind.path)(stored, turn)).collect();
        let address = server.address.clone();
        running.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut taken = Vec::with_capacity(paths.len());
            for path in paths {
                let begin = Instant::now();
                connection.get(&path).await.with_context(|| path.clone())?;
                taken.push(begin.elapsed());
            }
            anyhow::Ok(taken)
        }));
    }
    let mut taken = Vec::with_capacity(requests);
    for connection in running {
        taken.extend(connection.await??);
    }
    Ok(taken)
}

/// A connection that is kept; it reads no more of HTTP than the server writes.
struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = BufReader::with_capacity(64 << 10, stream);
        Ok(Self { stream, address: address.to_owned(), line: String::new(), body: Vec::new() })
    }

    async fn get(&mut self, path: &str) -> Result<()> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: api-table\r\naccept-encoding: gzip\r\n\r\n",
            self.address
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let status = self.line().await?.to_owned();
        ensure!(status.starts_with("HTTP/1.1 200"), "{status}");
        let (mut length, mut chunked) = (None, false);
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            match line.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = Some(value.parse::<usize>()?),
                Some(("transfer-encoding", "chunked")) => chunked = true,
                Some(_) => (),
            }
        }
        match length {
            Some(length) => self.read(length).await,
            None if chunked => loop {
                let size = usize::from_str_radix(self.line().await?, 16)?;
                self.read(size + 2).await?;
                if size == 0 {
                    return Ok(());
                }
            },
            None => bail!("an answer without a length"),
        }
    }

    async fn line(&mut self) -> Result<&str> {
        self.line.clear();
        ensure!(self.stream.read_line(&mut self.line).await? > 0, "the connection was closed");
        Ok(self.line.trim_end())
    }

    async fn read(&mut self, length: usize) -> Result<()> {
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok(())
    }
}

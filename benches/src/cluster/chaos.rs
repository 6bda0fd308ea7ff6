//! A deployment in which everything dies, again and again, and nothing may be lost.
//!
//! Messages come over a Pulse-like exchange while processes are killed and both servers are restarted. When it is over,
//! the database has to hold what a deployment makes of the same messages in peace.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use tokio::task::{JoinHandle, block_in_place};
use treeherder_testdata::Rng;
use treeherder_testdata::scenario::{Message, Scenario};

use super::dead_letters;
use super::{Deployment, Process, Publisher, Servers, Story, first_differences, rows_of};

/// Queues that the processes called `log` work on: all but those of the processes called `store`.
const OTHER_QUEUES: &str = "log_parser,log_parser_fail_raw_sheriffed,log_parser_fail_raw_unsheriffed,\
log_parser_fail_json_sheriffed,log_parser_fail_json_unsheriffed,perf_ingest,generate_perf_alerts,default,pushlog,statsd";
/// Periodic tasks that would ask servers that are none of ours.
const OUTSIDE: [&str; 4] =
    ["fetch-push-logs", "update-bugscache", "update-bugzilla-security-groups", "update-changelog"];
/// How long a command or a stop may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pause between two looks at the queues.
const LOOK: Duration = Duration::from_secs(1);
/// How long the broker's numbers may be behind: it counts quorum queues every five seconds.
const SETTLED: Duration = Duration::from_secs(12);
/// How long a stopped process may take to end.
const STOP: Duration = Duration::from_secs(30);

/// What is done to the deployment.
#[derive(Clone, Debug)]
pub struct Chaos {
    /// The program.
    pub program: PathBuf,
    /// Messages, at least; whole pushes are taken.
    pub messages: usize,
    /// Messages that are published in a second.
    pub rate: f64,
    /// Decides who is killed when.
    pub seed: u64,
    /// Processes that are killed, at least.
    pub kills: u32,
    /// Shortest and longest pause between two kills, in milliseconds.
    pub pause: (u64, u64),
    /// How often each of the two servers is restarted.
    pub restarts: u32,
    /// First pause before failed work is tried again, in seconds.
    pub retry_seconds: f64,
    /// How long all of it may take.
    pub limit: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Messages published.
    pub messages: usize,
    /// Processes killed.
    pub kills: u32,
    /// Restarts of the broker and of the database, each.
    pub restarts: u32,
    /// Jobs stored.
    pub jobs: u64,
    /// Rows that were compared.
    pub rows: usize,
    /// Dead letters, which are meant to be.
    pub dead_letters: usize,
    /// From the first message to the last acknowledgement.
    pub time: Duration,
    /// The same of a deployment that nobody disturbed, which gets the messages as fast as it can take them.
    pub undisturbed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        writeln!(formatter, "messages               {}", self.messages)?;
        writeln!(formatter, "processes killed       {}", self.kills)?;
        writeln!(formatter, "RabbitMQ restarted     {}", self.restarts)?;
        writeln!(formatter, "PostgreSQL restarted   {}", self.restarts)?;
        writeln!(formatter, "jobs stored            {}", self.jobs)?;
        writeln!(formatter, "rows compared          {}, all equal", self.rows)?;
        writeln!(formatter, "dead letters           {}, all meant to be", self.dead_letters)?;
        writeln!(formatter, "messages left          0")?;
        let rate = self.messages as f64 / seconds;
        writeln!(formatter, "time                   {seconds:.0} s, {rate:.0} messages/s")?;
        let undisturbed = self.undisturbed.as_secs_f64();
        let rate = self.messages as f64 / undisturbed;
        write!(formatter, "undisturbed            {undisturbed:.0} s, {rate:.0} messages/s")
    }
}

/// What a deployment made of the messages.
struct Run {
    rows: Vec<String>,
    dead: Vec<String>,
    time: Duration,
    kills: u32,
}

impl Chaos {
    /// Does it all.
    ///
    /// # Errors
    /// Something is lost, left over or stored otherwise, a process ended by itself, or it takes too long.
    pub async fn run(&self, servers: Servers) -> Result<Report> {
        let servers = Arc::new(servers);
        let story = Story::of(Scenario::small().with_base_time(now()), self.messages).await?;
        let folder = tempfile::tempdir()?;
        let run = tokio::time::timeout(self.limit, self.run_in(folder.path(), &servers, &story)).await;
        let report = run.with_context(|| format!("not done in {:?}", self.limit)).and_then(|report| report);
        story.stand_in.shutdown().await;
        report
    }

    async fn run_in(&self, folder: &Path, servers: &Arc<Servers>, story: &Story) -> Result<Report> {
        let calm = self.deploy(&folder.join("calm"), servers, Servers::SECOND_VHOST, story, None).await?;
        let dead = calm.dead.len();
        let disturbed = self.deploy(&folder.join("chaos"), servers, "/", story, Some(dead)).await?;
        if let Some(differences) = first_differences(&disturbed.rows, &calm.rows) {
            bail!("the database differs from that of an undisturbed run: {differences}");
        }
        if let Some(differences) = first_differences(&disturbed.dead, &calm.dead) {
            bail!("dead letters differ from those of an undisturbed run: {differences}");
        }
        // Both could have lost the same.
        let jobs = disturbed.rows.iter().filter(|row| row.starts_with("[\"job\"")).count() as u64;
        ensure!(
            jobs == story.expected.total_jobs(),
            "{jobs} jobs instead of {}",
            story.expected.total_jobs()
        );
        let dead = disturbed.dead.len();
        let planned = story.expected.dead_letters + story.expected.summaries_invalid;
        ensure!(dead as u64 >= planned, "{dead} dead letters instead of {planned}");
        Ok(Report {
            messages: story.messages.len(),
            kills: disturbed.kills,
            restarts: self.restarts,
            jobs,
            rows: disturbed.rows.len(),
            dead_letters: dead,
            time: disturbed.time,
            undisturbed: calm.time,
        })
    }

    /// Lets a deployment take the messages in; kills it meanwhile where it is told how many dead letters are to come of it.
    async fn deploy(
        &self,
        folder: &Path,
        servers: &Arc<Servers>,
        vhost: &'static str,
        story: &Story,
        disturbed: Option<usize>,
    ) -> Result<Run> {
        let database = servers.create_database().await;
        let deployment = self.deployment(folder, servers, vhost, story, &database)?;
        block_in_place(|| deployment.run(&["release"], PATIENCE))?;
        story.load_repositories(&database).await?;
        for name in OUTSIDE {
            block_in_place(|| deployment.run(&["schedule", "disable", name], PATIENCE))?;
        }
        let publisher = Arc::new(Publisher::new(&servers.broker_url(vhost)));
        publisher.declare().await?;

        let site = format!("127.0.0.1:{}", Servers::free_port());
        let mut processes = start(&deployment, &site)?;
        let begun = Instant::now();
        let rate = disturbed.map(|_| self.rate);
        let publishing = publish(&publisher, story.messages.clone(), rate);
        let kills = if disturbed.is_some() {
            self.disturb(&deployment, &mut processes, servers, &publisher, story.messages.len()).await?
        } else {
            0
        };
        publishing.await?;
        let mut last = await_empty(servers, vhost, &mut processes).await?;
        // The broker does not count what it is about to move from a waiting queue to a work queue, and after its restart it
        // may take three minutes to try that again.
        while let Some(expected) = disturbed
            && begun.elapsed() < self.limit
        {
            let dead = block_in_place(|| deployment.run(&LIST_DEAD, PATIENCE))?;
            if dead_letters::kinds(&dead)?.len() >= expected {
                break;
            }
            tokio::time::sleep(SETTLED).await;
            last = await_empty(servers, vhost, &mut processes).await?;
        }
        let time = last - begun;

        let front = block_in_place(|| get(&site, "/__heartbeat__"))?;
        ensure!(front.starts_with("HTTP/1.1 200 "), "the site's heartbeat: {front}");
        for process in processes {
            block_in_place(|| process.stop(STOP))?;
        }
        // What a stopped process gave back would be counted by now.
        tokio::time::sleep(SETTLED).await;
        let left = waiting(servers, vhost).await?;
        ensure!(left.is_empty(), "left on queues: {left:?}");
        let dead = block_in_place(|| deployment.run(&LIST_DEAD, PATIENCE))?;
        Ok(Run { rows: rows_of(&database).await?, dead: dead_letters::kinds(&dead)?, time, kills })
    }

    /// The settings of a deployment.
    fn deployment(
        &self,
        folder: &Path,
        servers: &Servers,
        vhost: &str,
        story: &Story,
        database: &str,
    ) -> Result<Deployment> {
        std::fs::create_dir_all(folder)?;
        let broker = servers.broker_url(vhost);
        let urls = story.stand_in.urls();
        let source = json!([{"pulse_url": broker, "vhost": vhost, "root_url": urls.root(), "hgmo": true, "github": true}]);
        Ok(Deployment::new(&self.program, folder)
            .with("DATABASE_URL", database)
            .with("BROKER_URL", &broker)
            .with("PULSE_PUSH_SOURCES", &source.to_string())
            .with("PULSE_TASK_SOURCES", &source.to_string())
            .with("GITHUB_API_URL", &urls.github_api())
            .with("TREEHERDER_DEBUG", "1")
            .with("TREEHERDER_PRIVATE_HOSTS", "127.0.0.1")
            .with("TREEHERDER_RETRY_SECONDS", &self.retry_seconds.to_string()))
    }

    /// Kills processes and restarts servers while messages are published; returns how many were killed.
    async fn disturb(
        &self,
        deployment: &Deployment,
        processes: &mut [Process],
        servers: &Arc<Servers>,
        publisher: &Publisher,
        messages: usize,
    ) -> Result<u32> {
        let mut rng = Rng::new(self.seed);
        let (mut kills, mut restarted) = (0, 0);
        let mut restarting: Option<JoinHandle<()>> = None;
        // Broker and database take turns, evenly spread over the messages.
        let restarts = 2 * self.restarts;
        let due = |number: u32| messages * (number as usize + 1) / (restarts as usize + 1);
        loop {
            tokio::time::sleep(Duration::from_millis(rng.range(self.pause.0, self.pause.1))).await;
            for process in processes.iter_mut() {
                process.check()?;
            }
            if let Some(done) = restarting.take_if(|restarting| restarting.is_finished()) {
                done.await.context("a server does not start again")?;
            }
            let confirmed = publisher.confirmed();
            if restarting.is_none() && restarted < restarts && confirmed >= due(restarted) {
                let (servers, is_broker) = (Arc::clone(servers), restarted % 2 == 0);
                restarting = Some(tokio::task::spawn_blocking(move || {
                    if is_broker { servers.restart_broker() } else { servers.restart_database() }
                }));
                restarted += 1;
            }
            let all_published = confirmed >= messages;
            if all_published && kills >= self.kills && restarted == restarts && restarting.is_none() {
                return Ok(kills);
            }
            let chosen = usize::try_from(rng.below(processes.len() as u64))?;
            block_in_place(|| processes[chosen].kill_and_restart(deployment))?;
            kills += 1;
        }
    }
}

const LIST_DEAD: [&str; 6] = ["queues", "dead", "--limit", "1000000", "--format", "json"];

/// Starts the processes of a small deployment.
fn start(deployment: &Deployment, site: &str) -> Result<Vec<Process>> {
    let log = ["worker", "--queues", OTHER_QUEUES];
    let all: [(&str, &[&str]); 9] = [
        ("pushes", &["pulse_listener_pushes"]),
        ("tasks", &["pulse_listener_tasks"]),
        ("store-1", &["worker_store_pulse_data"]),
        ("store-2", &["worker_store_pulse_data"]),
        ("log-1", &log),
        ("log-2", &log),
        ("log-3", &log),
        ("scheduler", &["scheduler"]),
        ("web", &["web", "--listen", site]),
    ];
    all.into_iter().map(|(name, args)| deployment.start(name, args)).collect()
}

fn publish(publisher: &Arc<Publisher>, messages: Vec<Message>, rate: Option<f64>) -> JoinHandle<()> {
    let publisher = Arc::clone(publisher);
    tokio::spawn(async move { publisher.publish(&messages, rate).await })
}

/// Lists the queues that hold more than dead letters.
async fn waiting(servers: &Arc<Servers>, vhost: &'static str) -> Result<Vec<(String, u64)>> {
    let servers = Arc::clone(servers);
    let queues = tokio::task::spawn_blocking(move || servers.messages(vhost)).await?;
    Ok(queues.into_iter().filter(|(name, messages)| *messages > 0 && !name.ends_with(".dead")).collect())
}

/// Waits until no message is anywhere, and returns since when.
async fn await_empty(
    servers: &Arc<Servers>,
    vhost: &'static str,
    processes: &mut [Process],
) -> Result<Instant> {
    let mut empty_since = None;
    let mut shown = String::new();
    loop {
        for process in processes.iter_mut() {
            process.check()?;
        }
        let now = Instant::now();
        let left = waiting(servers, vhost).await?;
        let since = if left.is_empty() { empty_since.or(Some(now)) } else { None };
        if let Some(since) = since
            && since.elapsed() > SETTLED
        {
            return Ok(since);
        }
        empty_since = since;
        let state = format!("waiting: {left:?}");
        if state != shown {
            println!("{state}");
            shown = state;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// Asks for a path; returns head and body.
fn get(site: &str, path: &str) -> Result<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(site).with_context(|| site.to_owned())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {site}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

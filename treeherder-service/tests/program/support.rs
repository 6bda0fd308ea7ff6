//! A data folder, the program, stand-in servers and the rows that must be equal.

use std::cell::{OnceCell, RefCell};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use treeherder_ingest::store::Store;
use treeherder_testdata::scenario::{Message, Scenario};
use treeherder_testdata::standin::StandIn;

/// A data folder of its own for each test.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    github_api: OnceCell<String>,
    variables: RefCell<Vec<(String, String)>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            github_api: OnceCell::new(),
            variables: RefCell::default(),
        }
    }

    /// Sets a variable of the environment for all commands from here on.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.variables.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with this data folder, without settings of the surroundings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treeherder"));
        command.env_clear().args(args).env("TREEHERDER_DATA_DIR", self.path());
        command.env("LOGGING_LEVEL", "error").env("TREEHERDER_PRIVATE_HOSTS", "127.0.0.1");
        command.env("TREEHERDER_RETRY_SECONDS", "0.02");
        if let Some(url) = self.github_api.get() {
            command.env("GITHUB_API_URL", url);
        }
        command.envs(self.variables.borrow().iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.text(args)).unwrap()
    }

    /// Makes the repositories of the stand-in known, and where its GitHub is.
    pub(crate) fn load_repositories(&self, stand_in: &StandIn) {
        self.github_api.set(stand_in.urls().github_api()).unwrap();
        let known = self.json(&["repositories", "list", "--all", "--format", "json"]);
        let id_of = |name: &str| {
            let found = known.as_array().unwrap().iter().find(|repository| repository["name"] == name);
            found.map(|repository| repository["id"].as_i64().unwrap())
        };
        let mut entries = Vec::new();
        for (position, row) in stand_in.repositories().iter().enumerate() {
            let id = id_of(row.name).unwrap_or(position as i64 + 10_000);
            entries.push(json!({"pk": id, "model": "model.repository", "fields": {
                "name": row.name, "repository_group": 1, "dvcs_type": row.dvcs_type, "url": row.url,
                "tc_root_url": row.tc_root_url, "is_try_repo": row.is_try_repo,
                "accepts_pull_requests": row.accepts_pull_requests,
            }}));
            if let Some(branch) = row.branch {
                entries.push(json!({"pk": 10_000 + position, "model": "model.repositorybranch",
                    "fields": {"repository": id, "branch": branch}}));
            }
        }
        let fixture = self.file("repositories.json");
        std::fs::write(&fixture, serde_json::to_vec(&entries).unwrap()).unwrap();
        self.text(&["repositories", "load", fixture.to_str().unwrap()]);
    }

    /// Replays a file and waits for what is tried again later too, so that the end does not depend on chance.
    pub(crate) fn replay_to_the_end(&self, file: &str) -> Value {
        self.json(&["replay", "--wait-for-retries", "--format", "json", file])
    }

    /// The rows of the embedded database.
    pub(crate) async fn rows(&self) -> Vec<String> {
        rows_of(&format!("sqlite://{}?mode=rwc", self.file("treeherder.sqlite").display())).await
    }
}

/// Rows of the tables that ingestion fills, in the words of people: no ids, no times of storing.
pub(crate) async fn rows_of(url: &str) -> Vec<String> {
    let store = Store::connect(url, 1).await.unwrap();
    let mut rows = Vec::new();
    for sql in EXPORTS {
        let sql = match store.backend() {
            DbBackend::Postgres => {
                format!("SELECT jsonb_build_array({}", sql.replacen(") FROM", ")::text FROM", 1))
            }
            _ => format!("SELECT json_array({sql}"),
        };
        let statement = Statement::from_string(store.backend(), sql);
        for row in store.connection().query_all_raw(statement).await.unwrap() {
            rows.push(row.try_get_by_index::<String>(0).unwrap());
        }
    }
    store.connection().clone().close().await.unwrap();
    rows.sort();
    rows
}

const EXPORTS: [&str; 6] = [
    "'push', repository.name, push.revision, author, branch, time) FROM push
     JOIN repository ON repository.id = repository_id",
    r#"'commit', push.revision, "commit".revision, "commit".author, comments) FROM "commit"
     JOIN push ON push.id = push_id"#,
    "'job', guid, push.revision, state, result, tier, reason, who, submit_time, start_time, end_time,
     job_type.name, job_type.symbol, job_group.symbol, machine.name, platform) FROM job
     JOIN push ON push.id = push_id JOIN job_type ON job_type.id = job_type_id
     JOIN job_group ON job_group.id = job.job_group_id JOIN machine ON machine.id = machine_id
     JOIN machine_platform ON machine_platform.id = machine_platform_id",
    "'log', job.guid, job_log.name, url, status) FROM job_log JOIN job ON job.id = job_id",
    "'error line', job.guid, line_number, line) FROM text_log_error JOIN job ON job.id = job_id",
    "'failure line', job.guid, failure_line.line, action, test, subtest, failure_line.status, expected, message) FROM failure_line
     JOIN job_log ON job_log.id = job_log_id JOIN job ON job.id = job_log.job_id",
];

/// The servers that the messages of a scenario point to, and the messages.
pub(crate) async fn small_scenario() -> (StandIn, Vec<Message>) {
    let stand_in = StandIn::start(Scenario::small(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let messages = stand_in.scenario().messages(stand_in.urls());
    (stand_in, messages)
}

pub(crate) fn write_messages<'m>(path: &Path, messages: impl IntoIterator<Item = &'m Message>) {
    Message::write_lines(messages, std::fs::File::create(path).unwrap()).unwrap();
}

/// Kills the program at the end of a test, whatever the end was.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts `treeherder serve` and returns it with its URL once it answers.
    pub(crate) fn serve(place: &Place, args: &[&str]) -> (Self, String) {
        Self::serve_with(place, args, &[])
    }

    /// As [`Running::serve`], with further variables.
    pub(crate) fn serve_with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> (Self, String) {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        Self::answering(place, &all, variables)
    }

    /// Starts any process that answers requests and returns it with its URL once it does.
    pub(crate) fn answering(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> (Self, String) {
        let mut command = place.command(args);
        command.env("LOGGING_LEVEL", "info").env("TREEHERDER_LOGGING_FORMAT", "json");
        command.envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let value: Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(url) = value["url"].as_str() {
                    let _ = sender.send(url.to_owned());
                }
            }
        });
        let running = Self(child);
        let url = receiver.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        (running, url)
    }

    /// Sends a signal by the system's own program.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(status.unwrap().success());
    }
}

/// Compares the rows of two databases and tells the first differences.
pub(crate) fn assert_same(rows: &[String], expected: &[String]) {
    let missing: Vec<_> = expected.iter().filter(|row| rows.binary_search(row).is_err()).take(5).collect();
    let surplus: Vec<_> = rows.iter().filter(|row| expected.binary_search(row).is_err()).take(5).collect();
    assert!(rows == expected, "missing {missing:#?}, surplus {surplus:#?}");
}

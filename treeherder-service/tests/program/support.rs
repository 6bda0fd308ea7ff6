//! A data folder, the program, stand-in servers and the rows that must be equal.

use std::cell::{OnceCell, RefCell};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use treeherder_testdata::scenario::{Message, Scenario};
use treeherder_testdata::standin::StandIn;

/// How long a test waits for what must come, however slow the machine is. Then it fails and tells what it saw last.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// Looks again and again until there is something; what is seen meanwhile is told when it never comes.
pub(crate) fn eventually<T, S: std::fmt::Debug>(what: &str, mut look: impl FnMut() -> Result<T, S>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => {
                assert!(start.elapsed() < PATIENCE, "no {what} in {PATIENCE:?}; last seen: {seen:?}");
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// As [`eventually`], for what has to be awaited.
pub(crate) async fn eventually_async<T, S: std::fmt::Debug>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, S>,
) -> T {
    let start = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => {
                assert!(start.elapsed() < PATIENCE, "no {what} in {PATIENCE:?}; last seen: {seen:?}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits for the end of a process; one that does not end is killed, and the test fails.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("process {} did not end in {PATIENCE:?}", child.id());
        }
        std::thread::sleep(PAUSE / 5);
    }
}

/// Runs a program to its end; one that does not end is killed, and the test fails.
pub(crate) fn output_of(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finished(command.spawn().unwrap())
}

/// As [`output_of`], for a program that runs already.
pub(crate) fn finished(child: Child) -> Output {
    let id = child.id().to_string();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        panic!("process {id} did not end in {PATIENCE:?}");
    };
    output.unwrap()
}

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
        output_of(&mut self.command(args))
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) fn text(&self, args: &[&str]) -> String {
        self.text_with(args, &[])
    }

    /// As [`Place::text`], with further variables.
    pub(crate) fn text_with(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let output = output_of(self.command(args).envs(variables.iter().copied()));
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
            found.map(|repository| (i32::try_from(repository["id"].as_i64().unwrap()).unwrap(), 1))
        };
        let entries = stand_in.fixture(id_of);
        let fixture = self.file("repositories.json");
        std::fs::write(&fixture, entries.to_string()).unwrap();
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

/// Rows of the tables that ingestion fills, in the words of people.
pub(crate) async fn rows_of(url: &str) -> Vec<String> {
    treeherder_benches::cluster::rows_of(url).await.unwrap()
}

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
    if let Some(differences) = treeherder_benches::cluster::first_differences(rows, expected) {
        panic!("{differences}");
    }
}

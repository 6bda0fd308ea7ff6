//! A private PostgreSQL for tests: own data directory, 127.0.0.1 and a free port only, gone at the end.
//!
//! `TEST_DATABASE_URL` names a server to use instead. With neither, tests say that they skip, unless
//! `TREEHERDER_REQUIRE_SERVICES` is set: then they fail.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sea_orm::{ConnectionTrait as _, Database};

use super::ports::free_port;
use super::tls::{ELSEWHERE, Identity};

/// A running PostgreSQL, stopped when dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// URL of the server without a database name, `postgres://…:port`.
    base_url: String,
    /// `None` for a server that is not ours.
    cluster: Option<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    programs: PathBuf,
    directory: tempfile::TempDir,
}

/// A test's data need not outlive the machine's power.
const QUICK: &str = "-c fsync=off";
/// As Debian's default, with memory for a table of some size.
const DURABLE: &str = "-c shared_buffers=256MB";

impl Postgres {
    /// Starts a server, or returns `None` after saying why there is none.
    ///
    /// # Panics
    /// When there is none although `TREEHERDER_REQUIRE_SERVICES` is set, or when it is there and does not start.
    #[must_use]
    pub(crate) fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            let base_url = url.rsplit_once('/').map_or(url.as_str(), |(base, _)| base).to_owned();
            return Some(Self { base_url, cluster: None });
        }
        Some(Self::start_cluster(required_programs()?, QUICK, None))
    }

    /// Starts a server that listens at [`ELSEWHERE`] too and lets everybody but `postgres` in with TLS and a password only,
    /// as the one that `identity` names; or returns `None` after saying why there is none.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub(crate) fn start_encrypted(identity: &Identity) -> Option<Self> {
        Some(Self::start_cluster(required_programs()?, QUICK, Some(identity)))
    }

    /// As [`Postgres::start`], but only a server of our own, which may be restarted; `durable` makes it write as in earnest.
    ///
    /// # Panics
    /// As [`Postgres::start`].
    pub(crate) fn start_own(durable: bool) -> Option<Self> {
        if std::env::var_os("TEST_DATABASE_URL").is_some() {
            println!("skipped: needs a server of its own, and TEST_DATABASE_URL is set");
            return None;
        }
        if !durable {
            return Self::start();
        }
        let Some(programs) = find_programs() else { return Self::start() };
        Some(Self::start_cluster(programs, DURABLE, None))
    }

    fn start_cluster(programs: PathBuf, options: &str, identity: Option<&Identity>) -> Self {
        // /tmp itself: the server's user must be able to walk to its data.
        let directory = tempfile::Builder::new().prefix("treeherder-pg").tempdir_in("/tmp").unwrap();
        give_to_server_user(directory.path());
        let data = directory.path().join("data");
        let log = directory.path().join("log");
        let initdb = format!(
            "'{}' --pgdata='{}' --auth=trust --username=postgres --encoding=UTF8 --locale=C --no-sync",
            programs.join("initdb").display(),
            data.display()
        );
        run(&initdb, "initdb");
        let encryption = identity.map_or_else(String::new, |identity| encrypt(&data, identity));
        let addresses =
            if identity.is_some() { format!("127.0.0.1,{ELSEWHERE}") } else { "127.0.0.1".to_owned() };
        // A port may be taken between the moment it is found free and the server's start.
        for attempt in 1..=5 {
            let port = free_port();
            let start = format!(
                "'{}' start --wait --pgdata='{}' --log='{}' --options=\"-c listen_addresses={addresses} -c port={port} \
                 -c unix_socket_directories='' -c max_connections=400 {options}{encryption}\"",
                programs.join("pg_ctl").display(),
                data.display(),
                log.display()
            );
            let output = as_server_user(&start);
            if output.status.success() {
                let base_url = format!("postgres://postgres@127.0.0.1:{port}");
                return Self { base_url, cluster: Some(Cluster { programs, directory }) };
            }
            println!("PostgreSQL did not start (attempt {attempt}): {}", text(&output));
        }
        panic!("PostgreSQL did not start: {}", std::fs::read_to_string(log).unwrap_or_default());
    }

    fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("a server of our own")
    }

    /// Ends the server as a crash does and starts it again on the same data.
    ///
    /// # Panics
    /// When it does not start again.
    pub(crate) fn restart(&self) {
        self.cluster().control("restart --wait --mode=immediate");
    }

    /// Returns the server's first process, whose children work for connections.
    ///
    /// # Panics
    /// When the server does not run.
    pub(crate) fn process(&self) -> u32 {
        let file = self.cluster().directory.path().join("data/postmaster.pid");
        std::fs::read_to_string(file).unwrap().lines().next().unwrap().trim().parse().unwrap()
    }

    /// As [`Postgres::create_database`], in the words of a user elsewhere: with [`ELSEWHERE`] as the host and a password.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn create_database_elsewhere(&self, password: &str) -> String {
        let url = self.create_database().await;
        let connection = Database::connect(&url).await.unwrap();
        let role = format!("CREATE ROLE stranger LOGIN SUPERUSER PASSWORD '{password}'");
        connection.execute_unprepared(&role).await.unwrap();
        connection.close().await.unwrap();
        url.replace("postgres@127.0.0.1", &format!("stranger:{password}@{ELSEWHERE}"))
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn create_database(&self) -> String {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let connection = Database::connect(format!("{}/postgres", self.base_url)).await.unwrap();
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        connection.close().await.unwrap();
        format!("{}/{name}", self.base_url)
    }
}

impl Cluster {
    /// Runs `pg_ctl`, which takes the options of the start again at a restart.
    fn control(&self, command: &str) {
        let program = self.programs.join("pg_ctl");
        let data = self.directory.path().join("data");
        let log = self.directory.path().join("log");
        let (program, data, log) = (program.display(), data.display(), log.display());
        run(&format!("'{program}' {command} --pgdata='{data}' --log='{log}'"), command);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(Cluster { programs, directory }) = &self.cluster {
            let data = directory.path().join("data");
            let stop = format!(
                "'{}' stop --mode=immediate --pgdata='{}'",
                programs.join("pg_ctl").display(),
                data.display()
            );
            let output = as_server_user(&stop);
            if !output.status.success() {
                println!("PostgreSQL was not stopped: {}", text(&output));
            }
        }
    }
}

/// Finds the server's programs, or returns `None` after saying that there are none.
///
/// # Panics
/// When there are none although `TREEHERDER_REQUIRE_SERVICES` is set.
fn required_programs() -> Option<PathBuf> {
    let programs = find_programs();
    if programs.is_none() {
        assert!(
            std::env::var_os("TREEHERDER_REQUIRE_SERVICES").is_none(),
            "TREEHERDER_REQUIRE_SERVICES is set, but PostgreSQL is not installed"
        );
        println!("skipped: PostgreSQL is not installed");
    }
    programs
}

/// Debian keeps the server's programs outside of the search path, one folder per version.
fn find_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders
        .into_iter()
        .rev()
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// PostgreSQL refuses to run as root.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

fn give_to_server_user(directory: &Path) {
    if is_root() {
        let output = Command::new("chown").arg("postgres").arg(directory).output().unwrap();
        assert!(output.status.success(), "chown: {}", text(&output));
    }
}

/// Writes what a server needs for TLS into its data folder and returns the options that name it.
fn encrypt(data: &Path, identity: &Identity) -> String {
    let rules = "host all postgres all trust\nhostssl all all all scram-sha-256\n";
    for (name, content) in [
        ("certificate.pem", identity.certificate.as_str()),
        ("key.pem", &identity.key),
        ("pg_hba.conf", rules),
    ] {
        let path = data.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        give_to_server_user(&path);
    }
    " -c ssl=on -c ssl_cert_file=certificate.pem -c ssl_key_file=key.pem".to_owned()
}

fn as_server_user(command: &str) -> Output {
    let mut shell = if is_root() {
        let mut shell = Command::new("su");
        shell.args(["postgres", "-s", "/bin/sh", "-c", command]);
        shell
    } else {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        shell
    };
    // pg_ctl leaves the server behind, which must not hold the pipes of the test's output open.
    let quiet = tempfile::tempfile().unwrap();
    shell.current_dir("/tmp").stdin(std::process::Stdio::null());
    shell.stdout(quiet.try_clone().unwrap()).stderr(quiet.try_clone().unwrap());
    let status = shell.status().unwrap();
    let mut said = Vec::new();
    let mut quiet = quiet;
    std::io::Seek::rewind(&mut quiet).unwrap();
    std::io::Read::read_to_end(&mut quiet, &mut said).unwrap();
    Output { status, stdout: said, stderr: Vec::new() }
}

fn run(command: &str, what: &str) {
    let output = as_server_user(command);
    assert!(output.status.success(), "{what}: {}", text(&output));
}

fn text(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

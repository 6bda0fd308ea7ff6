//! Clients of Treeherder from the Python package index, against what the demo has ingested (§12.3).

use std::process::{Command, Output};

use serde_json::Value;
use treeherder_ingest::store::Store;

use crate::database::Backend;
use crate::python::program;
use crate::seeded::{self, revision};
use crate::site::Site;

/// Jobs of one push: two full pages of a client.
const MANY: usize = 4000;

async fn run(mut command: Command) -> Output {
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_work_unmodified_on_the_demo() {
    let Some(python) = program("python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_treeherder"));
    demo.env_clear().env("TREEHERDER_DATA_DIR", folder.path());
    demo.args(["demo", "--once", "--size", "small", "--listen", "127.0.0.1:0"]);
    let output = run(demo).await;
    assert!(output.status.success(), "{output:?}");
    let database = format!("sqlite://{}?mode=rwc", folder.path().join("demo/treeherder.sqlite").display());
    let store = Store::connect(&database, 1).await.unwrap();
    let push = store.store_push(seeded::TRY, &seeded::push(9)).await.unwrap();
    let many: Vec<_> = (0..MANY)
        .map(|number| {
            let mut message = seeded::message(number);
            message.job.job_guid = format!("99999999-0000-4000-8000-{number:012}/0");
            (message.repository, message.revision) = ("try".to_owned(), revision(9));
            message
        })
        .collect();
    for part in many.chunks(1000) {
        store.store_jobs(part).await.unwrap();
    }
    store.connection().clone().close().await.unwrap();
    let site = Site::serve(&database, &[]);
    let mut scenarios = Command::new(python);
    scenarios.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/scenarios.py")).arg(&site.url);
    scenarios.args(["try", &push.to_string(), &MANY.to_string()]);
    let output = run(scenarios).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all scenarios went well"), "{said}");
}

/// What made-up requests ask for most of the time, so that not all of them end at a project or a job that is not there; and
/// what a server may answer: a log is on another server, which is not there.
const MADE_UP: &str = r#"
[dictionaries.projects]
values = ["autoland", "try"]
[dictionaries.ids]
values = [1, 2, 3, 5]
[dictionaries.words]
values = ["1", "2", "3", "5"]
[parameters]
"path.project" = { dictionary = "projects", probability = 0.8 }
"path.id" = { dictionary = "ids", probability = 0.8 }
"path.job_id" = { dictionary = "ids", probability = 0.8 }
"path.job" = { dictionary = "words", probability = 0.8 }
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 502]
"#;

on_every_database!(made_up_requests_never_break_the_server);

async fn made_up_requests_never_break_the_server(backend: Backend) {
    let Some(schemathesis) = program("schemathesis") else { return };
    let Some(site) = Site::start_with(backend, &["--writes-per-minute", "60000"]).await else { return };
    // A sheriff may do everything: then requests are not just refused.
    let mut token = Command::new(env!("CARGO_BIN_EXE_treeherder"));
    token.env_clear().args(["tokens", "create", "--user", "a@example.org", "--sheriff", "--format", "json"]);
    token.env("DATABASE_URL", site.database());
    let token = run(token).await;
    let token: Value = serde_json::from_slice(&token.stdout).unwrap_or_else(|_| panic!("{token:?}"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), MADE_UP).unwrap();
    let mut command = Command::new(schemathesis);
    command.arg("run").arg(format!("{}/api/schema/", site.url));
    command.arg("--header").arg(format!("Authorization: Bearer {}", token["token"].as_str().unwrap()));
    command.args(["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing"]);
    command.args(["--max-examples", "10", "--seed", "1", "--generation-database", "none", "--no-color"]);
    // A stream of events has no end.
    command.args(["--exclude-path-regex", "/events"]);
    command.current_dir(folder.path());
    let output = run(command).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // The configuration was understood, and was of use.
    assert!(!said.contains("Dictionary mismatch"), "{said}");
    println!("{said}");
}

//! Clients of Treeherder from the Python package index, against what the demo has ingested (§12.3).

use std::process::{Command, Output};

use treeherder_ingest::store::Store;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_requests_never_break_the_server() {
    let Some(schemathesis) = program("schemathesis") else { return };
    let site = Site::start(crate::database::Backend::Sqlite).await.unwrap();
    let mut command = Command::new(schemathesis);
    command.arg("run").arg(format!("{}/api/schema/", site.url));
    command.args([
        "--checks",
        "not_a_server_error",
        "--max-examples",
        "5",
        "--seed",
        "1",
        "--phases",
        "examples,fuzzing",
    ]);
    command.args(["--generation-database", "none", "--no-color"]);
    // A stream of events has no end.
    command.args(["--exclude-path-regex", "/events"]);
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path());
    let output = run(command).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

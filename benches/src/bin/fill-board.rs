//! Fills a database with made-up pushes and jobs, as many as a busy day has, for tests and measurements of the web pages.
//!
//! ```sh
//! cargo run -p treeherder-benches --bin fill-board -- 'sqlite://board.sqlite?mode=rwc' 10 500
//! ```
//!
//! The arguments are the database, the number of pushes and that of jobs of each. Every kind of result is among them, and some jobs
//! have measurements.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use indexmap::IndexMap;
use treeherder_ingest::job::{JobData, LoadedJob, LogReference, Platform};
use treeherder_ingest::push::{LoadedPush, Revision};
use treeherder_ingest::store::Store;
use treeherder_ingest::store::performance::PerformanceOptions;
use treeherder_logparse::perf::parse_json;

/// Platform, option.
const PLATFORMS: [(&str, &str); 12] = [
    ("linux1804-64-qr", "opt"),
    ("linux1804-64-qr", "debug"),
    ("linux2404-64-shippable", "opt"),
    ("linux2404-64", "asan"),
    ("macosx1015-64-qr", "opt"),
    ("macosx1500-aarch64", "debug"),
    ("windows11-64-24h2", "opt"),
    ("windows11-64-24h2", "debug"),
    ("android-hw-p6-13-0-aarch64", "opt"),
    ("android-em-7-0-x86_64", "debug"),
    ("toolchains", "opt"),
    ("lint", "opt"),
];

/// Suite, its group, the symbol before the number of the chunk.
const SUITES: [(&str, &str, &str, &str); 8] = [
    ("mochitest-browser-chrome", "Mochitests", "M", "bc"),
    ("mochitest-plain", "Mochitests", "M", ""),
    ("web-platform-tests", "Web platform tests", "W", "wpt"),
    ("reftest", "Reftests", "R", "R"),
    ("xpcshell", "unknown", "?", "X"),
    ("mochitest-devtools-chrome", "Mochitests", "M", "dt"),
    ("talos-pages", "Talos performance tests", "T", "p"),
    ("gtest", "unknown", "?", "GTest"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, pushes, jobs] = arguments.as_slice() else { return Err("DATABASE PUSHES JOBS".into()) };
    let (pushes, jobs): (u32, u32) = (pushes.parse()?, jobs.parse()?);
    let store = Store::connect(url, 1).await?;
    store.migrate().await?;
    if store.repositories().await?.is_empty() {
        store.seed().await?;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let repository = store.repository_by_name("autoland").await?.ok_or("no autoland")?;
    for push in 0..pushes {
        let time = i64::try_from(now)? - i64::from(pushes - push) * 1800;
        store.store_push(repository.id, &made_push(push, time as f64)).await?;
        let made: Vec<LoadedJob> = (0..jobs).map(|job| made_job(push, job, time)).collect();
        for batch in made.chunks(250) {
            let stored = store.store_jobs(batch).await?;
            for (job, id) in batch.iter().zip(stored).filter_map(|(job, stored)| Some((job, stored.job_id?)))
            {
                if job.job.name.ends_with("-talos-pages-1") && job.job.result == "success" {
                    let measured =
                        parse_json(measured(push).as_bytes()).map_err(|error| error.to_string())?;
                    store.store_performance_data(id, &measured, PerformanceOptions::default()).await?;
                }
            }
        }
    }
    println!("{pushes} pushes with {jobs} jobs each");
    Ok(())
}

fn revision(push: u32, commit: u32) -> String {
    format!("{:08x}{:032x}", (push + 1).wrapping_mul(0x9e37_79b9), u64::from(push) * 100 + u64::from(commit))
}

fn made_push(push: u32, time: f64) -> LoadedPush {
    const AUTHORS: [&str; 4] = ["Ana Silva", "Bo Lindqvist", "Chidi Okafor", "Dana Wu"];
    let author = AUTHORS[push as usize % AUTHORS.len()];
    let mail = format!("{}@example.org", author.to_lowercase().replace(' ', "."));
    let commits: Vec<Revision> = (0..push % 4 + 1)
        .map(|commit| Revision {
            revision: revision(push, commit),
            author: format!("{author} <{mail}>"),
            comment: format!(
                "Bug {} - Part {}: Draw the toolbar once per frame. r=dana",
                1_900_000 + push,
                commit + 1
            ),
        })
        .collect();
    LoadedPush {
        revision: revision(push, push % 4),
        push_timestamp: time,
        author: mail,
        revisions: commits,
        branch: None,
    }
}

/// What a performance test measures: about the same each time, and less from the 16th push on.
fn measured(push: u32) -> String {
    let level = if push < 15 { 240.0 } else { 214.0 };
    let value = |part: u32| level / f64::from(part) + f64::from((push * 7 + part * 3) % 11) - 5.0;
    format!(
        r#"{{"framework": {{"name": "talos"}}, "suites": [{{"name": "pages", "value": {:.2}, "unit": "ms", "lowerIsBetter": true,
            "subtests": [{{"name": "home", "value": {:.2}, "unit": "ms"}}, {{"name": "search", "value": {:.2}, "unit": "ms"}}]}}]}}"#,
        value(1),
        value(2),
        value(3)
    )
}

fn made_job(push: u32, job: u32, time: i64) -> LoadedJob {
    let (platform, option) = PLATFORMS[job as usize % PLATFORMS.len()];
    let place = job as usize / PLATFORMS.len();
    let (suite, group, group_symbol, symbol) = SUITES[place % SUITES.len()];
    let chunk = place / SUITES.len() + 1;
    // The same for every run, and spread over all results.
    let dice = (job.wrapping_mul(2_654_435_761) ^ push.wrapping_mul(40_503)) >> 7;
    let newest = push % 10 == 9;
    let (state, result) = match dice % 100 {
        0..3 => ("completed", "testfailed"),
        3 => ("completed", "busted"),
        4 if dice.is_multiple_of(3) => ("completed", "exception"),
        5 => ("completed", "retry"),
        6 if dice.is_multiple_of(4) => ("completed", "usercancel"),
        7..20 if newest => ("pending", "unknown"),
        20..40 if newest => ("running", "unknown"),
        _ => ("completed", "success"),
    };
    let ran = i64::from(dice % 90 + 2) * 60;
    let machine = Platform {
        platform: platform.to_owned(),
        os_name: platform.split(|c: char| !c.is_alphabetic()).next().unwrap_or("-").to_owned(),
        architecture: "x86_64".to_owned(),
    };
    // 22 letters, as slugs have, none of which needs 128 bits.
    let task_id = format!("{push:03}{job:06}AAAAAAAAAAAAg");
    LoadedJob {
        repository: "autoland".to_owned(),
        revision: revision(push, push % 4),
        superseded: Vec::new(),
        job: JobData {
            job_guid: format!("{push:08x}-{:04x}-4000-8000-{job:012x}/0", push & 0xffff),
            name: format!("test-{platform}/{option}-{suite}-{chunk}"),
            job_symbol: format!("{symbol}{chunk}"),
            group_name: group.to_owned(),
            group_symbol: group_symbol.to_owned(),
            product_name: "firefox".to_owned(),
            state: state.to_owned(),
            result: result.to_owned(),
            reason: "scheduled".to_owned(),
            who: "ana.silva@example.org".to_owned(),
            build_system_type: "taskcluster".to_owned(),
            tier: if place % 11 == 10 { 2 } else { 1 },
            machine: format!("worker-{}", job % 40),
            option_collection: IndexMap::from([(option.to_owned(), true)]),
            log_references: vec![LogReference {
                name: "live_backing_log".to_owned(),
                url: format!(
                    "https://firefox-ci-tc.services.mozilla.com/api/queue/v1/task/{task_id}/runs/0/artifacts/public/logs/live_backing.log"
                ),
                parse_status: "parsed".to_owned(),
            }],
            perfherder_data_references: Vec::new(),
            submit_timestamp: Some(time + 60),
            start_timestamp: (state != "pending").then_some(time + 120),
            end_timestamp: (state == "completed").then_some(time + 120 + ran),
            build_platform: Some(machine.clone()),
            machine_platform: Some(machine),
            taskcluster_task_id: Some(task_id),
            taskcluster_retry_id: Some(0),
        },
    }
}

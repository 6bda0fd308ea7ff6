//! A deployment in which processes are killed and servers restarted; `scripts/chaos` does the same at length.
#![allow(clippy::unwrap_used, reason = "in a test it is the assertion")]

use std::time::Duration;

use treeherder_benches::cluster::Servers;
use treeherder_benches::cluster::chaos::Chaos;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whoever_dies() {
    let Some(servers) = tokio::task::block_in_place(|| Servers::start(false)) else { return };
    let chaos = Chaos {
        program: env!("CARGO_BIN_EXE_treeherder").into(),
        messages: 400,
        rate: 25.0,
        seed: 7,
        kills: 9,
        pause: (800, 2_500),
        restarts: 1,
        retry_seconds: 0.03,
        limit: Duration::from_secs(900),
    };
    let report = chaos.run(servers).await.unwrap();
    println!("{report}");
    assert!(report.kills >= 9 && report.restarts == 1, "{report}");
}

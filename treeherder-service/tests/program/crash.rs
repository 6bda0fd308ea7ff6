//! A replay that is killed at any moment and begun again ends as one that was left alone.

use std::io::Read as _;
use std::time::Duration;

use crate::support::{Place, assert_same, small_scenario, write_messages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_begun_again_it_ends_the_same() {
    let (stand_in, messages) = small_scenario().await;
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    write_messages(&calm.file("m.jsonl"), &messages);
    let file = calm.file("m.jsonl");
    let file = file.to_str().unwrap();
    calm.replay_to_the_end(file);
    let expected = calm.rows().await;
    assert!(expected.len() > 400, "{}", expected.len());

    let place = Place::new();
    place.load_repositories(&stand_in);
    let mut killed = 0;
    for milliseconds in [150, 300, 450, 700, 1100] {
        let mut child = place.command(&["replay", file]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(!complaint.contains("panicked"), "{complaint}");
    }
    assert!(killed > 0, "no run was long enough to be killed");
    place.replay_to_the_end(file);
    let rows = place.rows().await;
    assert_same(&rows, &expected);
    stand_in.shutdown().await;
}

//! A stop in the middle of work ends quickly, with status 0, and loses nothing.

use std::time::Duration;

use crate::support::{Place, Running, assert_same, ended, small_scenario, write_messages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_flight_at_sigterm_is_done_by_the_next_process() {
    let (stand_in, messages) = small_scenario().await;
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    let file = calm.file("m.jsonl");
    let file_text = file.to_str().unwrap().to_owned();
    write_messages(&file, &messages);
    calm.replay_to_the_end(&file_text);
    let expected = calm.rows().await;

    let place = Place::new();
    place.load_repositories(&stand_in);
    // Every message is on a queue before the work begins: from here on only the queues know them.
    place.text(&["replay", "--queue-only", &file_text]);
    for (signal, milliseconds) in [("TERM", 100), ("INT", 300), ("TERM", 600)] {
        let (mut serve, _) = Running::serve(&place, &[]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        serve.signal(signal);
        let status = ended(&mut serve.0);
        assert_eq!(status.code(), Some(0), "after {signal}");
        let depths = place.json(&["queues", "--format", "json"]);
        let leased: u64 =
            depths.as_array().unwrap().iter().map(|depth| depth["leased"].as_u64().unwrap()).sum();
        assert_eq!(leased, 0, "{depths}");
    }
    let nothing = place.file("nothing.jsonl");
    std::fs::write(&nothing, "").unwrap();
    place.replay_to_the_end(nothing.to_str().unwrap());
    assert_same(&place.rows().await, &expected);
    stand_in.shutdown().await;
}

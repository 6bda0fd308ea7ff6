//! Messages may come in any order, and twice.

use treeherder_testdata::Rng;

use crate::support::{Place, assert_same, small_scenario, write_messages};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_twice_and_shuffled_comes_to_the_same() {
    let (stand_in, messages) = small_scenario().await;
    let calm = Place::new();
    calm.load_repositories(&stand_in);
    let file = calm.file("m.jsonl");
    write_messages(&file, &messages);
    calm.replay_to_the_end(file.to_str().unwrap());
    let expected = calm.rows().await;
    assert!(expected.len() > 400, "{}", expected.len());

    let mut shuffled: Vec<_> = messages.iter().chain(&messages).collect();
    let mut random = Rng::new(7);
    for place in (1..shuffled.len()).rev() {
        let other = random.below(place as u64 + 1) as usize;
        shuffled.swap(place, other);
    }
    let place = Place::new();
    place.load_repositories(&stand_in);
    let file = place.file("m.jsonl");
    write_messages(&file, shuffled);
    place.replay_to_the_end(file.to_str().unwrap());
    assert_same(&place.rows().await, &expected);
    stand_in.shutdown().await;
}

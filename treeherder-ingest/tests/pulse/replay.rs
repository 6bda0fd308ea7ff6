//! Replaying recorded files.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use treeherder_ingest::pulse::{Broken, ChannelSource, Delivery, Incoming, Pace, ReplaySource, Source};

use crate::support::{COMPLETED, ROOT_URL, Recordings, line};

fn delivery(incoming: &Incoming) -> &Delivery {
    match incoming {
        Incoming::Delivery(delivery) => delivery,
        Incoming::Broken(broken) => panic!("broken: {broken:?}"),
    }
}

fn broken(incoming: &Incoming) -> &Broken {
    match incoming {
        Incoming::Broken(broken) => broken,
        Incoming::Delivery(delivery) => panic!("delivery: {delivery:?}"),
    }
}

#[tokio::test]
async fn lines_come_in_order_with_all_their_parts() {
    let recordings = Recordings::new();
    let first = json!({
        "exchange": COMPLETED, "routing_key": "primary.x", "cc": ["route.a", "route.b"],
        "root_url": ROOT_URL, "at": 3, "body": {"z": 1.50, "a": ["é"]},
    });
    let files = [
        recordings.file("a.jsonl", format!("{first}\r\n\n  \n{}", line("e", "second", &json!({})))),
        recordings.file("b.jsonl", format!("{}\n", line("e", "third", &json!({})))),
    ];
    let mut source = ReplaySource::new(files, Pace::AsFastAsPossible);
    let mut keys = Vec::new();
    while let Some(received) = source.next().await.unwrap() {
        let got = delivery(&received.incoming).clone();
        if keys.is_empty() {
            assert_eq!(got.exchange, COMPLETED);
            assert_eq!(got.cc, ["route.a", "route.b"]);
            assert_eq!(got.root_url, ROOT_URL);
            assert_eq!(String::from_utf8(got.body).unwrap(), r#"{"z":1.5,"a":["é"]}"#);
        }
        keys.push(got.routing_key);
        received.ack().await.unwrap();
    }
    assert_eq!(keys, ["primary.x", "second", "third"]);
}

#[tokio::test]
async fn a_broken_line_is_reported_with_file_and_number_and_the_replay_goes_on() {
    let recordings = Recordings::new();
    let good = line("e", "good", &json!({}));
    let mut content = format!("{good}\n{{\"exchange\": 1}}\n").into_bytes();
    content.extend(b"\xff\xfe\n");
    content.extend(br#"{"exchange":"e","routing_key":"r","root_url":"u","at":-1,"body":{}}"#);
    content.extend(format!("\n{good}\n{{\"exchange\": \"cut o").into_bytes());
    let file = recordings.file("events.jsonl", content);
    let mut source = ReplaySource::new([file.clone()], Pace::AsFastAsPossible);
    let mut seen = Vec::new();
    while let Some(received) = source.next().await.unwrap() {
        seen.push(received.incoming.clone());
        received.ack().await.unwrap();
    }
    assert_eq!(seen.len(), 6);
    let place = |number: u32| format!("{}:{number}", file.display());
    for (index, number, error) in [
        (1, 2, "not a recorded message: invalid type: integer `1`, expected a string at column 14"),
        (2, 3, "not a recorded message: expected value at column 1"),
        (3, 4, "\"at\" is out of range"),
        (5, 6, "not a recorded message: EOF while parsing a string at column 19"),
    ] {
        assert_eq!(
            (&broken(&seen[index]).place, broken(&seen[index]).error.as_str()),
            (&place(number), error)
        );
    }
    assert_eq!(broken(&seen[2]).raw, b"\xff\xfe");
    assert_eq!(delivery(&seen[4]).routing_key, "good");
}

#[tokio::test]
async fn a_missing_file_is_an_error_once() {
    let recordings = Recordings::new();
    let good = recordings.file("good.jsonl", line("e", "good", &json!({})));
    let mut source = ReplaySource::new(["/nowhere/x.jsonl".into(), good], Pace::AsFastAsPossible);
    let error = source.next().await.unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/x.jsonl: No such file"), "{error}");
    let received = source.next().await.unwrap().unwrap();
    assert_eq!(delivery(&received.incoming).routing_key, "good");
}

#[tokio::test(start_paused = true)]
async fn a_timed_replay_keeps_the_recorded_distances() {
    let recordings = Recordings::new();
    let at = |at: serde_json::Value| {
        json!({"exchange": "e", "routing_key": at.to_string(), "root_url": ROOT_URL, "at": at, "body": {}})
            .to_string()
    };
    let seconds = [at(json!(0)), at(json!(10.5)), at(json!(40))].join("\n");
    let moments = [at(json!("2026-11-22T10:00:00Z")), at(json!("2026-11-22T12:00:30+02:00"))].join("\n");
    for (content, speed, expected) in [
        (&seconds, 1.0, &[0, 10_500, 40_000][..]),
        (&seconds, 10.0, &[0, 1_050, 4_000]),
        (&moments, 2.0, &[0, 15_000]),
        (&moments, 0.0, &[0, 30_000]),
    ] {
        let file = recordings.file("timed.jsonl", content);
        let mut source = ReplaySource::new([file], Pace::Timed { speed });
        let mut start = None;
        let mut times = Vec::new();
        while let Some(received) = source.next().await.unwrap() {
            times.push(start.get_or_insert_with(Instant::now).elapsed().as_millis());
            received.ack().await.unwrap();
        }
        // Timers have a resolution of a millisecond.
        for (time, expected) in times.iter().zip(expected) {
            assert!(time.abs_diff(*expected) <= 2, "{times:?} instead of {expected:?}");
        }
        assert_eq!(times.len(), expected.len());
    }
}

#[tokio::test]
async fn what_is_given_back_or_dropped_comes_again_before_the_end() {
    let recordings = Recordings::new();
    let lines = ["one", "two", "three"].map(|key| line("e", key, &json!({}))).join("\n");
    let mut source = ReplaySource::new([recordings.file("x.jsonl", lines)], Pace::AsFastAsPossible);
    let key = |incoming: &Incoming| delivery(incoming).routing_key.clone();
    let one = source.next().await.unwrap().unwrap();
    let two = source.next().await.unwrap().unwrap();
    let three = source.next().await.unwrap().unwrap();
    one.retry().await.unwrap();
    drop(three);
    let mut again = Vec::new();
    for _ in 0..2 {
        let received = source.next().await.unwrap().unwrap();
        again.push(key(&received.incoming));
        received.ack().await.unwrap();
    }
    assert_eq!(again, ["one", "three"]);

    // The end comes only when the last delivery is settled.
    let end = tokio::spawn(async move { source.next().await.unwrap().is_none() });
    tokio::task::yield_now().await;
    assert!(!end.is_finished());
    two.ack().await.unwrap();
    assert!(end.await.unwrap());
}

#[tokio::test]
async fn an_interrupted_wait_loses_nothing() {
    let recordings = Recordings::new();
    let body = json!({"text": "x".repeat(300_000)});
    let lines: Vec<String> = (0..20).map(|number| line("e", &number.to_string(), &body)).collect();
    let file = recordings.file("x.jsonl", lines.join("\n"));
    let mut source = ReplaySource::new([file], Pace::AsFastAsPossible);
    let mut keys = Vec::new();
    loop {
        // Interrupts nearly every read of the file.
        let next = tokio::select! {
            biased;
            next = source.next() => next.unwrap(),
            () = tokio::task::yield_now() => continue,
        };
        let Some(received) = next else { break };
        assert_eq!(delivery(&received.incoming).body.len(), body.to_string().len());
        keys.push(delivery(&received.incoming).routing_key.clone());
        received.ack().await.unwrap();
    }
    assert_eq!(keys, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_channel_ends_with_its_senders_and_the_last_settlement() {
    let (sender, mut source) = ChannelSource::new(2);
    let sent = Delivery {
        exchange: COMPLETED.into(),
        routing_key: "k".into(),
        cc: Vec::new(),
        root_url: ROOT_URL.into(),
        body: b"{}".to_vec(),
    };
    assert!(sender.send(sent.clone()).await);
    drop(sender);
    let received = source.next().await.unwrap().unwrap();
    assert_eq!(received.incoming, Incoming::Delivery(sent.clone()));
    let waiting = tokio::spawn(async move {
        let again = source.next().await.unwrap().unwrap();
        let same = again.incoming == Incoming::Delivery(sent);
        again.ack().await.unwrap();
        (same, source.next().await.unwrap().is_none())
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(!waiting.is_finished());
    received.retry().await.unwrap();
    assert_eq!(waiting.await.unwrap(), (true, true));
}

//! `GET /events`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::reader::{Event, Site, Stream};

/// Reads until every job of the history was told of.
async fn until_all_jobs(stream: &mut Stream, jobs: usize) -> (Vec<Event>, BTreeSet<String>) {
    let (mut events, mut guids) = (Vec::new(), BTreeSet::new());
    while guids.len() < jobs {
        let event = stream.event().await.unwrap();
        if let Some(told) = event.data["job_guids"].as_object() {
            guids.extend(told.keys().cloned());
        }
        events.push(event);
    }
    (events, guids)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_on_behind_the_last_event_that_was_seen() {
    let site = Site::with_history().await;
    let (_, jobs) = site.json("api/jobs/").await;
    let jobs = jobs["count"].as_u64().unwrap() as usize;

    let mut all = site.stream("events?subscribe=*", &[("Last-Event-ID", "0")]).await;
    let greeting = all.block().await.unwrap();
    assert!(greeting.contains("retry: ") && greeting.contains("id: 0"), "{greeting}");
    let (events, guids) = until_all_jobs(&mut all, jobs).await;
    assert_eq!(guids.len(), jobs);
    let ids: Vec<i64> = events.iter().map(|event| event.id.unwrap()).collect();
    assert!(ids.is_sorted() && ids[0] == 1, "{ids:?}");
    for event in &events {
        assert_eq!(event.data["event"], event.name);
        assert!(event.data["branch"].is_string());
    }

    // From the middle on, and only one kind of one branch.
    let middle = ids[ids.len() / 2];
    let wanted = events.iter().rfind(|event| event.name == "job").unwrap();
    let branch = wanted.data["branch"].as_str().unwrap();
    let expected: Vec<(i64, &Value)> = events
        .iter()
        .filter(|event| event.id.unwrap() > middle && event.name == "job" && event.data["branch"] == branch)
        .map(|event| (event.id.unwrap(), &event.data))
        .collect();
    assert!(!expected.is_empty());
    let path = format!("events?subscribe={branch}.job&lastEventId={middle}");
    // Repeated parameters add up, as subscriptions over Socket.IO do.
    let repeated =
        format!("events?subscribe={branch}.job&subscribe=nowhere&lastEventId=0&lastEventId={middle}");
    for path in [path, repeated] {
        let mut some = site.stream(&path, &[]).await;
        for (id, data) in &expected {
            let event = some.event().await.unwrap();
            assert_eq!((event.id, &event.data), (Some(*id), *data), "{path}");
        }
    }

    // An id of another database: whoever shows state has to ask for it anew.
    let mut stranger = site.stream("events?subscribe=*", &[("Last-Event-ID", "999999")]).await;
    let gap = stranger.event().await.unwrap();
    assert_eq!((gap.name.as_str(), gap.data["after"].as_i64()), ("gap", Some(999_999)));
    assert_eq!(gap.id, gap.data["newest"].as_i64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_subscription_is_refused_with_its_name() {
    let site = Site::with_history().await;
    let nothing = json!({"subscribe": ["name a BRANCH or BRANCH.EVENT, such as try.job or *"]});
    for (path, headers, body) in [
        ("events", &[][..], nothing.clone()),
        ("events?subscribe=,", &[], nothing),
        ("events?subscribe=a.b.c", &[], json!({"subscribe": ["malformed subscription: \"a.b.c\""]})),
        (
            "events?subscribe=*",
            &[("Last-Event-ID", "x")],
            json!({"Last-Event-ID": ["not the id of an event"]}),
        ),
        ("events?subscribe=*&lastEventId=-1", &[], json!({"Last-Event-ID": ["not the id of an event"]})),
    ] {
        let response = site.get(path, headers).await;
        assert_eq!(response.status(), 400, "{path}");
        assert_eq!(response.json::<Value>().await.unwrap(), body, "{path}");
    }
    let (status, count) = site.json("api/project/autoland/jobs/0/unclassified_failure_count/").await;
    assert_eq!(status, 200);
    assert!(count["count"].as_u64().unwrap() >= count["count_excluded"].as_u64().unwrap());
    assert_eq!(site.json("api/project/nowhere/jobs/0/unclassified_failure_count/").await.0, 404);
}

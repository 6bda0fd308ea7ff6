//! The stream of messages: the same on every run, complete, and as the expected counts say.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use treeherder_testdata::logs::pack;
use treeherder_testdata::scenario::{Delivery, Message, Scenario, Special, Urls, ids};

fn urls() -> Urls {
    Urls::new("http://127.0.0.1:4321/")
}

#[test]
fn the_same_scenario_gives_the_same_messages() {
    for scenario in [Scenario::small(), Scenario::demo(), Scenario::scaled(1000)] {
        let first = scenario.messages(&urls());
        assert_eq!(first, scenario.messages(&urls()));
        assert_ne!(first, scenario.clone().with_seed(1).messages(&urls()));
        assert_eq!(first.len() as u64, scenario.expected().messages);
        assert!(first.is_sorted_by(|a, b| a.at <= b.at));
        assert!(first.last().unwrap().at <= scenario.burst_seconds(), "{}", first.last().unwrap().at);
    }
}

#[test]
fn every_special_case_is_in_the_burst() {
    for scenario in [Scenario::small(), Scenario::demo()] {
        let missing: Vec<_> = Special::ALL.into_iter().filter(|special| !scenario.has(*special)).collect();
        assert_eq!(missing, []);
    }
}

/// The jobs that a plain reading of the messages gives (§4.3, §4.6, §4.9.1): an independent count.
fn jobs_of(scenario: &Scenario, messages: &[Message]) -> BTreeMap<String, u64> {
    let rank =
        |state: &str| ["unscheduled", "pending", "running", "completed"].iter().position(|s| *s == state);
    let mut jobs: BTreeMap<String, (String, String)> = BTreeMap::new();
    for message in messages {
        let Some(body) = &message.body else { continue };
        let Some(slug) = body["status"]["taskId"].as_str() else { continue };
        let (push, task) = ids::decode_task_id(scenario.seed(), slug).unwrap();
        let push = scenario.push(push);
        let definition = scenario.definition(&push, &scenario.task(&push, task), &urls());
        let route = definition["routes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .find_map(|r| r.strip_prefix("tc-treeherder.v2."));
        let known = route
            .is_some_and(|route| route.starts_with(&format!("{}.{}.", push.repository.name, push.revision)));
        if !known || !definition["extra"]["treeherder"]["symbol"].is_string() {
            continue;
        }
        let run_id = body["runId"].as_u64().unwrap_or(0) as usize;
        let runs = body["status"]["runs"].as_array().unwrap();
        let kind = definition["extra"]["treeherder"]["jobKind"].as_str().unwrap();
        let (state, result) = match message.exchange.rsplit('/').next().unwrap() {
            "task-defined" => ("unscheduled", "unknown"),
            "task-pending" => ("pending", "unknown"),
            "task-running" => ("running", "unknown"),
            "task-completed" => ("completed", "success"),
            "task-failed" => ("completed", if kind == "test" { "testfailed" } else { "busted" }),
            "task-exception" => {
                if runs[run_id]["reasonCreated"] == "exception" {
                    continue;
                }
                let retried = runs.get(run_id + 1).is_some_and(|next| next["reasonCreated"] == "retry");
                match runs[run_id]["reasonResolved"].as_str().unwrap() {
                    _ if retried => ("completed", "retry"),
                    "canceled" => ("completed", "usercancel"),
                    "superseded" => ("completed", "superseded"),
                    _ => ("completed", "exception"),
                }
            }
            _ => continue,
        };
        let guid = format!("{}/{run_id}", ids::uuid_text(slug).unwrap());
        let job = (state.to_owned(), result.to_owned());
        if jobs.get(&guid).is_none_or(|known| known.0 != "completed" && rank(state) >= rank(&known.0)) {
            jobs.insert(guid, job);
        }
    }
    let mut counts = BTreeMap::new();
    for (state, result) in jobs.into_values() {
        *counts.entry(format!("{state}/{result}")).or_default() += 1;
    }
    counts
}

#[test]
fn the_expected_jobs_are_those_of_the_messages() {
    for scenario in [Scenario::small(), Scenario::demo(), Scenario::scaled(900)] {
        let jobs = jobs_of(&scenario, &scenario.messages(&urls()));
        assert_eq!(jobs, scenario.expected().jobs);
    }
    let expected = Scenario::small().expected();
    for state in [
        "completed/retry",
        "completed/superseded",
        "completed/usercancel",
        "completed/exception",
        "running/unknown",
        "pending/unknown",
        "unscheduled/unknown",
        "completed/success",
        "completed/testfailed",
    ] {
        assert!(expected.jobs.contains_key(state), "{state}");
    }
}

#[test]
fn the_expected_logs_are_those_that_are_written() {
    for scenario in [Scenario::small(), Scenario::scaled(60)] {
        let (mut parsed, mut failed, mut lines, mut objects) = (0, 0, 0, 0);
        for index in 0..scenario.pushes() {
            for task in scenario.tasks(&scenario.push(index)) {
                let Some(log) = task.log.filter(|_| !task.special.is_some_and(Special::hides_job)) else {
                    continue;
                };
                let (bytes, truth) = pack(&log.spec, log.delivery.packing()).unwrap();
                if matches!(log.delivery, Delivery::Status(_)) {
                    failed += 1;
                    continue;
                }
                let mut inflated = Vec::new();
                let gzip = !matches!(log.delivery, Delivery::Plain | Delivery::Empty);
                let result = if gzip {
                    std::io::Read::read_to_end(
                        &mut flate2::read::MultiGzDecoder::new(&bytes[..]),
                        &mut inflated,
                    )
                } else {
                    Ok(0)
                };
                match log.delivery {
                    Delivery::Corrupt => {
                        assert_ne!(result.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
                        failed += 1;
                        continue;
                    }
                    Delivery::Truncated => {
                        assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
                        let whole = inflated.iter().filter(|byte| **byte == b'\n').count() as u64;
                        assert!(
                            truth.errors.iter().all(|error| error.linenumber + 20 < whole),
                            "every failure is before the cut"
                        );
                    }
                    _ => {
                        result.unwrap();
                    }
                }
                parsed += 1;
                lines += truth.stored_errors().len() as u64;
                objects += truth.performance_data.len() as u64;
            }
        }
        let expected = scenario.expected();
        assert_eq!(
            (parsed, failed, lines, objects),
            (expected.logs_parsed, expected.logs_failed, expected.failure_lines, expected.log_perf_objects)
        );
        assert!(lines > 0 && parsed > 0);
    }
}

#[test]
fn the_demo_is_as_large_as_it_says() {
    let scenario = Scenario::demo();
    let mut bytes = 0;
    for index in 0..scenario.pushes() {
        for task in scenario.tasks(&scenario.push(index)) {
            bytes += task.log.map_or(0, |log| log.spec.bytes);
        }
    }
    let expected = scenario.expected();
    println!("{bytes} bytes, {expected:#?}");
    assert!((200_000_000..400_000_000).contains(&bytes), "{bytes}");
    assert_eq!(expected.pushes, 10);
    assert!((550..620).contains(&expected.total_jobs()));
    assert!(expected.data_points > 500 && expected.group_results > 500 && expected.dead_letters == 3);
}

#[test]
fn the_continuation_goes_on_at_human_pace() {
    let scenario = Scenario::small();
    let messages: Vec<Message> = scenario.continue_from(scenario.pushes(), &urls()).take(1500).collect();
    let again: Vec<Message> = scenario.continue_from(scenario.pushes(), &urls()).take(1500).collect();
    assert_eq!(messages, again);
    assert!(messages.is_sorted_by(|a, b| a.at <= b.at));
    assert!(messages[0].at >= scenario.burst_seconds());
    let seconds = messages.last().unwrap().at - messages[0].at;
    let pace = seconds / messages.len() as f64;
    assert!((0.4..2.0).contains(&pace), "a message every {pace} seconds");
    let burst: BTreeSet<String> =
        scenario.messages(&urls()).iter().map(Message::payload).map(|p| format!("{p:?}")).collect();
    assert!(messages.iter().all(|message| !burst.contains(&format!("{:?}", message.payload()))));
}

#[test]
fn a_push_comes_before_its_tasks_but_for_one() {
    let scenario = Scenario::demo();
    for index in 0..scenario.pushes() {
        let push = scenario.push(index);
        let messages = scenario.push_messages(index, &urls());
        let early = messages.iter().filter(|m| m.exchange.contains("task-") && m.at < push.at).count();
        let wanted =
            scenario.tasks(&push).iter().filter(|task| task.special == Some(Special::BeforePush)).count();
        assert_eq!(early, wanted, "push {index}");
    }
}

#[test]
fn replay_files_can_be_read_back() {
    let messages = Scenario::small().messages(&urls());
    let mut file = Vec::new();
    Message::write_lines(&messages, &mut file).unwrap();
    let read = Message::read_lines(std::str::from_utf8(&file).unwrap()).unwrap();
    assert_eq!(read.len(), messages.len());
    for (read, message) in read.iter().zip(&messages) {
        assert_eq!(read, message);
    }
    let broken: Vec<_> =
        messages.iter().filter(|m| serde_json::from_slice::<Value>(&m.payload()).is_err()).collect();
    assert_eq!(broken.len(), 1, "one message of the burst is not JSON");
}

#[test]
fn a_base_time_moves_every_date() {
    let scenario = Scenario::small().with_base_time(1_900_000_000_000);
    let push = scenario.push(0);
    assert!(push.time < 1_900_000_000 && push.time > 1_900_000_000 - 5 * 3600);
    let later = scenario.push(scenario.pushes() + 3);
    assert!(later.time >= 1_900_000_000);
}

#[test]
fn a_scaled_scenario_has_few_different_logs_and_one_message_a_task() {
    let scenario = Scenario::scaled(2_000);
    let mut logs = BTreeSet::new();
    let mut tasks = 0;
    for index in 0..scenario.pushes() {
        for task in scenario.tasks(&scenario.push(index)) {
            let log = task.log.unwrap();
            assert_eq!((log.spec.bytes, log.delivery), (1_400_000, Delivery::Gzip));
            assert!(task.summary.is_some());
            logs.insert(format!("{:?}", log.spec));
            tasks += 1;
        }
    }
    assert_eq!(tasks, 2_000);
    assert!((2..=20).contains(&logs.len()), "{} different logs", logs.len());
    let expected = scenario.expected();
    assert_eq!(expected.messages, 2_000 + u64::from(scenario.pushes()));
    assert_eq!((expected.logs_parsed, expected.summaries_parsed, expected.dead_letters), (2_000, 2_000, 0));
}

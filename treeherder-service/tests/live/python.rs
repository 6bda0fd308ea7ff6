//! Clients in Python (`scripts/install-clients`).

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::installed::program;
use crate::reader::Site;

/// Runs a program with the site's URL; what it prints is JSON.
async fn run(python: PathBuf, program: &'static str, url: String) -> Value {
    let output = tokio::task::spawn_blocking(move || {
        Command::new(python).args(["-c", program, &url]).stdin(Stdio::null()).output().unwrap()
    });
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const SSE: &str = r#"
import json, sys, requests, sseclient
response = requests.get(sys.argv[1] + "events?subscribe=*.job,*.resultset", headers={"Last-Event-ID": "0"}, stream=True)
told = []
for event in sseclient.SSEClient(response).events():
    told.append([event.event, event.id, json.loads(event.data)])
    if len(told) == 5:
        break
print(json.dumps(told))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_event_streams_in_python_gets_events() {
    let Some(python) = program("python") else { return };
    let site = Site::with_history().await;
    let told = run(python, SSE, site.url.clone()).await;
    for event in told.as_array().unwrap() {
        assert!(matches!(event[0].as_str(), Some("job" | "resultset")), "{event}");
        assert_eq!(event[2]["event"], event[0]);
        assert!(event[1].as_str().unwrap().parse::<i64>().unwrap() > 0);
    }
}

/// Joins the namespace over both transports, makes and breaks subscriptions, and waits for a push of each.
const SOCKET_IO: &str = r#"
import json, queue, sys, socketio
site = sys.argv[1]
result = {}
for transport in ["polling", "websocket"]:
    told = queue.Queue()
    client = socketio.Client(reconnection=False)
    client.on("error", lambda body: told.put(["error", body]), namespace="/events")
    for name in ["job", "resultset", "unclassified_failure_count"]:
        client.on(name, lambda body, name=name: told.put([name, body]), namespace="/events")
    client.connect(site, namespaces=["/events"], transports=[transport])
    client.emit("subscribe", "a.b.c", namespace="/events")
    result[transport] = [told.get(timeout=60)]
    client.emit("subscribe", "autoland.resultset", namespace="/events")
    client.emit("subscribe", "*.resultset", namespace="/events")
    client.emit("subscribe", "try", namespace="/events")
    client.emit("unsubscribe", "try", namespace="/events")
    client.emit("unsubscribe", "never.job", namespace="/events")
    # The answer to a bad one comes after the others were heard.
    client.emit("subscribe", "", namespace="/events")
    result[transport].append(told.get(timeout=60))
    print(transport, file=sys.stderr, flush=True)
    result[transport].append(told.get(timeout=60))
    client.emit("unsubscribe", namespace="/events")
    client.emit("subscribe", "x.y.z", namespace="/events")
    result[transport].append(told.get(timeout=60))
    client.disconnect()
    assert told.empty(), told.get()
print(json.dumps(result))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_socketio_gets_what_it_subscribed_to_once() {
    let Some(python) = program("python") else { return };
    let site = Site::with_history().await;
    let mut child = Command::new(python)
        .args(["-c", SOCKET_IO, &site.url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let store = site.store().await;
    let stderr = child.stderr.take().unwrap();
    let (sender, mut ready) = tokio::sync::mpsc::channel(10);
    let lines = std::thread::spawn(move || {
        use std::io::BufRead as _;
        let mut rest = String::new();
        for line in std::io::BufReader::new(stderr).lines().map_while(Result::ok) {
            if matches!(line.as_str(), "polling" | "websocket") {
                let _ = sender.blocking_send(());
            } else {
                rest += &line;
            }
        }
        rest
    });
    for number in 0..2 {
        let Some(()) = ready.recv().await else { break };
        // As another process publishes it: through the table.
        let events = [
            treeherder_ingest::events::Event::jobs("autoland", []),
            treeherder_ingest::events::Event::push(&treeherder_ingest::store::EventPush {
                id: number,
                branch: "autoland".to_owned(),
                author: "ana@example.com".to_owned(),
            }),
        ];
        store.append_events(&events).await.unwrap();
    }
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let stderr = lines.join().unwrap();
    assert!(output.status.success(), "{stderr}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (number, transport) in ["polling", "websocket"].into_iter().enumerate() {
        let malformed = serde_json::json!(["error", "malformed subscription"]);
        let push = serde_json::json!(["resultset",
            {"event": "resultset", "branch": "autoland", "id": number, "author": "ana@example.com"}]);
        let expected = [malformed.clone(), malformed.clone(), push, malformed];
        assert_eq!(result[transport].as_array().unwrap(), &expected, "{transport}");
    }
}

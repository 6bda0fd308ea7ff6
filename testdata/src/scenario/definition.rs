//! Task definitions, as the queue serves them (`spec/ingest.md` §4.3, §4.5).

use serde_json::{Value, json};

use super::events::{PROVISIONER, SCHEDULER};
use super::push::Push;
use super::repository::Source;
use super::special::Special;
use super::task::Task;
use super::urls::Urls;
use super::{Scenario, ids};
use crate::time::iso_millis;

impl Task {
    /// Returns the routes of the task.
    pub(crate) fn routes(&self, push: &Push) -> Vec<String> {
        let project = match self.special {
            Some(Special::UnknownProject) => "retired-branch",
            _ => push.repository.name,
        };
        let mut routes = vec![format!("index.demo.v2.{project}.latest.{}", self.id)];
        if self.special != Some(Special::NoRoute) {
            routes.push(format!("tc-treeherder.v2.{project}.{}.{}", push.revision, push.id));
        }
        if self.index == 0 && push.repository.source != Source::Hg {
            routes.push("index.demo.v2.branch.main.decision".to_owned());
        }
        routes
    }
}

impl Scenario {
    /// Makes the definition of a task.
    pub fn definition(&self, push: &Push, task: &Task, urls: &Urls) -> Value {
        let created = self.event_ms(push, task.created);
        let decision = ids::task_id(self.seed, push.index, 0);
        let head = push.repository.url(urls);
        let chunk = task.name.rsplit('-').next().and_then(|text| text.parse::<u16>().ok());
        let mut treeherder = json!({
            "symbol": task.symbol,
            "jobKind": task.kind.name(),
            "tier": task.tier,
            "machine": {"platform": task.platform},
            "collection": {task.option: true},
        });
        if let Some((symbol, name)) = task.group {
            treeherder["groupSymbol"] = json!(symbol);
            treeherder["groupName"] = json!(name);
        }
        if task.special == Some(Special::InvalidTreeherder) {
            treeherder["symbol"] = json!(7);
            treeherder["tier"] = json!(9);
        }
        json!({
            "provisionerId": PROVISIONER,
            "workerType": task.worker_type(),
            "taskQueueId": format!("{PROVISIONER}/{}", task.worker_type()),
            "schedulerId": SCHEDULER,
            "projectId": "gecko",
            "taskGroupId": decision,
            "dependencies": if task.index == 0 { json!([]) } else { json!([decision]) },
            "requires": "all-completed",
            "routes": task.routes(push),
            "priority": "low",
            "retries": 5,
            "created": iso_millis(created),
            "deadline": iso_millis(created + 86_400_000),
            "expires": iso_millis(created + 28 * 86_400_000),
            "scopes": [],
            "payload": {
                "command": ["/builds/worker/bin/run-task", "--", "demo-runner", task.name],
                "env": {"DEMO_HEAD_REPOSITORY": head, "DEMO_HEAD_REV": push.revision},
                "maxRunTime": 7200,
            },
            "metadata": {
                "name": task.name,
                "owner": push.author,
                "description": format!("{} of a made-up push", task.name),
                "source": format!("{head}/file/{}/taskcluster/kinds", push.revision),
            },
            "tags": {"kind": task.kind.name(), "label": task.name, "createdForUser": push.author},
            "extra": {
                "parent": decision,
                "suite": task.group.map_or(task.symbol.as_str(), |(symbol, _)| symbol),
                "chunks": chunk.map_or(json!({}), |chunk| json!({"current": chunk, "total": 12})),
                "treeherder": treeherder,
            },
        })
    }
}

//! The task definition, as far as it is used (`spec/ingest.md` §4.2–4.6).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The definition of a task, which never changes once the task exists.
///
/// Whatever else a definition holds (commands, caches, scopes, …) is skipped while reading. Parts that Taskcluster
/// guarantees are optional here, so that only a task whose job needs a missing part is refused.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Routes, one of which may be for Treeherder.
    #[serde(default)]
    pub routes: Vec<String>,
    /// When the task was created.
    #[serde(default)]
    pub created: Option<String>,
    /// Worker type, the default for the platform.
    #[serde(default)]
    pub worker_type: Option<String>,
    /// Slug of the decision task.
    #[serde(default)]
    pub task_group_id: Option<String>,
    /// Texts for people.
    #[serde(default)]
    pub metadata: TaskMetadata,
    /// What the worker is told, of which only some variables are read.
    #[serde(default)]
    pub payload: TaskPayload,
    /// Data for other services.
    #[serde(default)]
    pub extra: TaskExtra,
}

impl TaskDefinition {
    /// Estimates the bytes that the definition takes in memory.
    pub fn weight(&self) -> usize {
        /// The structure itself and its place in a map.
        const FIXED: usize = 1024;
        /// A value or text in a collection, without its characters.
        const SLOT: usize = 48;
        fn of_value(value: &Value) -> usize {
            SLOT + match value {
                Value::String(text) => text.len(),
                Value::Array(values) => values.iter().map(of_value).sum(),
                Value::Object(members) => {
                    members.iter().map(|(key, value)| SLOT + key.len() + of_value(value)).sum()
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            }
        }
        let texts = [
            &self.created,
            &self.worker_type,
            &self.task_group_id,
            &self.metadata.name,
            &self.metadata.description,
            &self.metadata.owner,
            &self.payload.mobile_base_repository,
            &self.payload.mobile_head_repository,
            &self.payload.mobile_head_ref,
        ];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let routes: usize = self.routes.iter().map(|route| SLOT + route.len()).sum();
        FIXED + texts + routes + of_value(&self.extra.treeherder)
    }
}

/// Texts for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TaskMetadata {
    /// Name of the task.
    #[serde(default)]
    pub name: Option<String>,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// Mail address of the owner.
    #[serde(default)]
    pub owner: Option<String>,
}

/// The variables of `payload.env` that the filter looks at (§4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskPayload {
    /// `MOBILE_BASE_REPOSITORY`.
    pub mobile_base_repository: Option<String>,
    /// `MOBILE_HEAD_REPOSITORY`.
    pub mobile_head_repository: Option<String>,
    /// `MOBILE_HEAD_REF`.
    pub mobile_head_ref: Option<String>,
}

/// Data for other services.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TaskExtra {
    /// The block for Treeherder, null when there is none; [`TreeherderConfig`](super::TreeherderConfig) reads it.
    #[serde(default)]
    pub treeherder: Value,
}

impl<'de> Deserialize<'de> for TaskPayload {
    /// Payloads are as the worker wants them, so that `env` may be anything.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Payload {
            #[serde(default)]
            env: Value,
        }
        let env = Payload::deserialize(deserializer)?.env;
        let variable = |name: &str| env.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            mobile_base_repository: variable("MOBILE_BASE_REPOSITORY"),
            mobile_head_repository: variable("MOBILE_HEAD_REPOSITORY"),
            mobile_head_ref: variable("MOBILE_HEAD_REF"),
        })
    }
}

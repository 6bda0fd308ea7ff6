//! The block `extra.treeherder` of a task definition (`spec/ingest.md` §4.5).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::job::JobKind;
use crate::job::schema::{Checker, Violation, Violations};

/// Where the block is in a task definition.
const POINTER: &str = "/extra/treeherder";

static SCHEMA: LazyLock<Checker> = LazyLock::new(|| {
    // The schema is a constant of the program, and every test of this module compiles it.
    #[expect(clippy::unwrap_used, reason = "see above")]
    Checker::of::<TreeherderConfig>().unwrap()
});

/// How a task wants to be shown on Treeherder: the block `extra.treeherder` of its definition.
///
/// Properties that are not listed here are permitted and ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "TaskTreeherderConfig",
    extend("$id" = "/schemas/treeherder/v1/task-treeherder-config.json#")
)]
pub struct TreeherderConfig {
    /// Symbol of the job. Jobs of the same platform and group are told apart by it.
    #[schemars(length(max = 25))]
    pub symbol: String,
    /// Why the job was scheduled; "scheduled" when not given.
    #[schemars(length(min = 1, max = 125))]
    pub reason: Option<String>,
    /// Tier 1 is watched by sheriffs and the default, tier 3 is hidden.
    #[serde(default, deserialize_with = "crate::job::optional_integer")]
    #[schemars(range(min = 1, max = 3))]
    pub tier: Option<i64>,
    /// Kind of job; failures of builds are shown red, those of tests orange.
    pub job_kind: Option<JobKind>,
    /// Machine the job is for. The platform decides on the row the job is shown in; its default is the worker type.
    pub machine: Option<MachineConfig>,
    /// Options of the platform, such as "debug"; "opt" when neither these nor a collection are given.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 50), regex(pattern = r"^[A-Za-z0-9_-]+$")))]
    pub labels: Vec<String>,
    /// Name of the group the job is shown in.
    #[schemars(length(min = 1, max = 255))]
    pub group_name: Option<String>,
    /// Symbol of the group; "?", no group, when not given.
    #[schemars(length(min = 1, max = 25))]
    pub group_symbol: Option<String>,
    /// Product that is built or tested.
    #[schemars(length(min = 1, max = 125))]
    pub product_name: Option<String>,
    /// An object whose keys are labels, used when there are no labels. The values do not matter.
    #[serde(default, deserialize_with = "keys")]
    #[schemars(with = "Value")]
    pub collection: Vec<String>,
}

/// Machine a job is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachineConfig {
    /// Platform, such as "linux64".
    #[schemars(length(min = 1, max = 50), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub platform: String,
    /// Operating system.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub os: Option<String>,
    /// Architecture.
    #[schemars(length(min = 1, max = 25), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub architecture: Option<String>,
}

impl TreeherderConfig {
    /// Reads and validates the block; `None` when it is absent or empty, which means "not for Treeherder".
    ///
    /// # Errors
    /// What violates the schema, with pointers into the task definition.
    pub fn read(block: &Value) -> Result<Option<Self>, Violations> {
        if is_empty(block) {
            return Ok(None);
        }
        SCHEMA.check(block, POINTER)?;
        if let Some(collection) = block.get("collection")
            && !collection.is_object()
            && !is_empty(collection)
        {
            return Err(Violation::new(format!("{POINTER}/collection"), "is not an object").into());
        }
        Self::deserialize(block)
            .map(Some)
            .map_err(|error| Violation::new(POINTER, format!("cannot be read: {error}")).into())
    }

    /// Names the options of the job: labels, else keys of the collection, else `opt`.
    pub fn options(self) -> Vec<String> {
        [self.labels, self.collection]
            .into_iter()
            .find(|options| !options.is_empty())
            .unwrap_or_else(|| vec!["opt".to_owned()])
    }
}

/// Tells whether a value is nothing: null, false, zero or without content.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(members) => members.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    })
}

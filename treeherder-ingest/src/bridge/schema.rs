//! The schemas that the bridge publishes and enforces (`spec/bridge-l10n-platform.md` §1.5, §1.7).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::job::schema::{Checker, UnsupportedSchema, Violations, document};
use crate::task::TreeherderConfig;

use super::message::PulseJob;
use super::origin;

/// What the messages of Taskcluster's era were described with; none of the keywords used is younger.
const DRAFT: &str = "http://json-schema.org/draft-06/schema#";

/// Longest name of a group in a task's configuration; the ingester takes longer ones.
const GROUP_NAME_LENGTH: u64 = 100;

static TASK_CONFIG: LazyLock<Checker> = LazyLock::new(|| compiled(&task_config_schema()));
static JOB: LazyLock<Checker> = LazyLock::new(|| compiled(&job_schema(false)));
static LEGACY_JOB: LazyLock<Checker> = LazyLock::new(|| compiled(&job_schema(true)));

fn compiled(document: &Value) -> Checker {
    let checker: Result<Checker, UnsupportedSchema> = Checker::with_formats(document);
    // The documents are constants of the program, and tests compile all of them.
    #[expect(clippy::unwrap_used, reason = "see above")]
    checker.unwrap()
}

/// Returns the schema of job messages; with the third form of an origin, if revision hashes are published.
#[must_use]
pub fn job_schema(legacy_revision_hash: bool) -> Value {
    let mut document = draft_six::<PulseJob>();
    if let Some(Value::Array(forms)) = document.pointer_mut("/properties/origin/oneOf")
        && !legacy_revision_hash
    {
        forms.truncate(origin::FORMS);
    }
    document
}

/// Returns the schema of `extra.treeherder` in task definitions.
///
/// It is that of the ingester with the bridge's limit of the group's name and the defaults that the bridge fills in.
#[must_use]
pub fn task_config_schema() -> Value {
    let mut document = draft_six::<TreeherderConfig>();
    for (pointer, keyword, value) in [
        ("/properties/groupName", "maxLength", json!(GROUP_NAME_LENGTH)),
        ("/properties/reason", "default", json!("scheduled")),
        ("/properties/tier", "default", json!(1)),
        ("/properties/jobKind", "default", json!("other")),
    ] {
        if let Some(property) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
            property.insert(keyword.to_owned(), value);
        }
    }
    document
}

fn draft_six<T: JsonSchema>() -> Value {
    let mut document = document::<T>();
    document.insert("$schema".to_owned(), DRAFT.into());
    // A schema always has a JSON form; this one has its name and kind in front.
    serde_json::to_value(&document).unwrap_or_default()
}

/// Checks a job message before it is published.
pub(super) fn check_job(job: &Value, legacy_revision_hash: bool) -> Result<(), Violations> {
    let checker = if legacy_revision_hash { &LEGACY_JOB } else { &JOB };
    checker.check(job, "")
}

/// Checks `extra.treeherder`; pointers are those of the task definition.
pub(super) fn check_task_config(block: &Value) -> Result<(), Violations> {
    TASK_CONFIG.check(block, "/extra/treeherder")
}

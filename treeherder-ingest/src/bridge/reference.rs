//! The documents that tell others what the bridge publishes (`spec/bridge-l10n-platform.md` §1.9).

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::schema::{job_schema, task_config_schema};

/// A document, and where it is below the root URL of a deployment and below the folder it is written to.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceFile {
    /// Its path, without a slash in front.
    pub path: &'static str,
    /// The document.
    pub document: Value,
}

impl ReferenceFile {
    /// Returns the document as it is served, as `application/json`, and written: indented by two spaces.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{:#}\n", self.document)
    }
}

/// Lists the documents of a bridge that publishes as `namespace`.
#[must_use]
pub fn reference_files(namespace: &str) -> Vec<ReferenceFile> {
    vec![
        ReferenceFile {
            path: "references/treeherder/v1/exchanges.json",
            document: exchanges_reference(namespace),
        },
        ReferenceFile { path: "schemas/treeherder/v1/pulse-job.json", document: job_schema(false) },
        ReferenceFile {
            path: "schemas/treeherder/v1/task-treeherder-config.json",
            document: task_config_schema(),
        },
    ]
}

/// Writes the documents below a folder, which is made where it is missing.
///
/// # Errors
/// When a folder or file cannot be written; the error names it.
pub fn write_references(folder: &Path, namespace: &str) -> io::Result<()> {
    for file in reference_files(namespace) {
        let path = folder.join(file.path);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(named)?;
        }
        std::fs::write(&path, file.text()).map_err(named)?;
    }
    Ok(())
}

/// Describes the exchange.
#[must_use]
pub fn exchanges_reference(namespace: &str) -> Value {
    let word = |name: &str, summary: &str, multiple_words: bool, required: bool| json!({"name": name, "summary": summary, "multipleWords": multiple_words, "required": required});
    json!({
        "$schema": "/schemas/common/exchanges-reference-v0.json#",
        "serviceName": "treeherder",
        "apiVersion": "v1",
        "title": "Treeherder job messages",
        "description": "Jobs made of Taskcluster's task events, for Treeherder and for whoever else follows the \
            progress of tasks.\n\nA task is reported when one of its routes names a Treeherder instance and its \
            definition has a block `extra.treeherder` that satisfies the schema `task-treeherder-config.json`.",
        "exchangePrefix": format!("exchange/{namespace}/v1/"),
        "entries": [{
            "type": "topic-exchange",
            "exchange": "jobs",
            "name": "jobs",
            "title": "Job messages",
            "description": "A message for each change of a job: it waits, it runs, it is over. Bind with `#` for all of \
                them, with `<destination>.#` for those of one Treeherder instance and with `*.<project>` or \
                `*.<project>.#` for those of one project.",
            "schema": "v1/pulse-job.json#",
            "routingKey": [
                word("destination", "Treeherder instance that the route of the task names.", false, true),
                word("project", "Repository as Treeherder knows it, without the owner.", false, true),
                word("reserved", "Always `_`, so that more words can follow one day.", true, false),
            ]
        }]
    })
}

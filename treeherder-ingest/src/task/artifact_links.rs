//! Links and logs of a run, made from the names of its artifacts (`spec/ingest.md` §4.6).

use std::collections::HashMap;

use crate::job::{JobLink, MessageLog};

use super::queue::{Artifact, service_url};

/// Returns the URL of an artifact of a run.
pub fn artifact_url(root_url: &str, task_id: &str, run_id: u32, name: &str) -> String {
    service_url(root_url, "queue", "v1", &format!("task/{task_id}/runs/{run_id}/artifacts/{name}"))
}

/// Returns the entry for the log that every run has.
pub fn live_log(root_url: &str, task_id: &str, run_id: u32) -> MessageLog {
    MessageLog {
        name: "live_backing_log".to_owned(),
        url: artifact_url(root_url, task_id, run_id, "public/logs/live_backing.log"),
    }
}

/// Makes a link of every artifact, in order.
///
/// The text is the file name, with a number from its second appearance on; directories (names that end with `/`)
/// give none.
pub fn artifact_links(root_url: &str, task_id: &str, run_id: u32, artifacts: &[Artifact]) -> Vec<JobLink> {
    artifact_links_at(artifacts, |name| artifact_url(root_url, task_id, run_id, name))
}

/// Does the same with URLs of the caller's making, from the full names of the artifacts.
pub fn artifact_links_at(artifacts: &[Artifact], url: impl Fn(&str) -> String) -> Vec<JobLink> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut links = Vec::with_capacity(artifacts.len());
    for artifact in artifacts {
        let name = artifact.name.rsplit('/').next().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let count = seen.entry(name).or_default();
        let link_text = if *count == 0 { name.to_owned() } else { format!("{name} ({count})") };
        *count += 1;
        links.push(JobLink { url: url(&artifact.name), link_text, label: "artifact uploaded".to_owned() });
    }
    links
}

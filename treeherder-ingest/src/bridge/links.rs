//! Where logs and artifacts of a run are (`spec/bridge-l10n-platform.md` §1.6).

use crate::job::schema::format::may_be_in_uri;
use crate::job::{JobLink, MessageLog};
use crate::task::{Artifact, artifact_links_at, artifact_url};

/// The deployment whose services had hosts of their own.
const LEGACY_ROOT: &str = "https://taskcluster.net";
/// The queue service of that deployment.
const LEGACY_QUEUE: &str = "https://queue.taskcluster.net/v1";

/// Returns the URL of an artifact; what cannot be in a URL is escaped, slashes and the rest stay as they are.
pub(super) fn url_of_artifact(root_url: &str, task_id: &str, run_id: u32, name: &str) -> String {
    let name = escaped(name);
    if root_url.trim_end_matches('/') == LEGACY_ROOT {
        format!("{LEGACY_QUEUE}/task/{task_id}/runs/{run_id}/artifacts/{name}")
    } else {
        artifact_url(root_url, task_id, run_id, &name)
    }
}

/// Returns the reference to the log that every run has.
pub(super) fn log_of_run(log_name: &str, root_url: &str, task_id: &str, run_id: u32) -> MessageLog {
    let url = url_of_artifact(root_url, task_id, run_id, "public/logs/live_backing.log");
    MessageLog { name: log_name.to_owned(), url }
}

/// Makes a link of every artifact.
pub(super) fn links_of_artifacts(
    root_url: &str,
    task_id: &str,
    run_id: u32,
    artifacts: &[Artifact],
) -> Vec<JobLink> {
    artifact_links_at(artifacts, |name| url_of_artifact(root_url, task_id, run_id, name))
}

/// Escapes what would break the path of a URL.
fn escaped(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if may_be_in_uri(byte) && !matches!(byte, b'%' | b'?' | b'#' | b'[' | b']') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_the_form_of_their_deployment() {
        let name = "public/logs/live_backing.log";
        for (root, expected) in [
            (
                "https://taskcluster.net",
                "https://queue.taskcluster.net/v1/task/T/runs/1/artifacts/public/logs/live_backing.log",
            ),
            (
                "https://taskcluster.net/",
                "https://queue.taskcluster.net/v1/task/T/runs/1/artifacts/public/logs/live_backing.log",
            ),
            (
                "https://tc.example.com/",
                "https://tc.example.com/api/queue/v1/task/T/runs/1/artifacts/public/logs/live_backing.log",
            ),
        ] {
            assert_eq!(url_of_artifact(root, "T", 1, name), expected);
        }
    }

    #[test]
    fn only_what_cannot_be_in_a_path_is_escaped() {
        for (name, expected) in [
            ("public/a-b_c.d~e/f+g@h,i;j=k&l(m)'n*o!p$q:r", "public/a-b_c.d~e/f+g@h,i;j=k&l(m)'n*o!p$q:r"),
            ("public/a b.log", "public/a%20b.log"),
            ("public/100%.log", "public/100%25.log"),
            ("public/a?b#c[d]", "public/a%3Fb%23c%5Bd%5D"),
            ("public/ü\n.log", "public/%C3%BC%0A.log"),
        ] {
            assert_eq!(escaped(name), expected);
        }
    }
}

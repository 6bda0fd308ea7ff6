//! Bugs about what failed: made-up people file them, and they are copied as from a real Bugzilla.

use std::collections::HashSet;

use anyhow::Context as _;
use serde_json::json;
use treeherder_ingest::bugzilla::{Bugzilla, update_bugs};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::suggestions::{SearchTerms, cleaned_line, crash_signature};
use treeherder_testdata::standin::StandIn;

use super::stand_in;
use crate::roles::Database;

/// Failure lines of a repository that somebody looks at.
const LINES: u64 = 300;
/// Most characters of a summary.
const SUMMARY: usize = 250;

/// Files bugs about two of three failures and copies them.
pub(super) async fn file_and_copy(database: &Database, stand_in: &StandIn) -> anyhow::Result<()> {
    let mut known = HashSet::new();
    for repository in database.store.repositories().await? {
        for line in database.store.newest_error_lines(repository.id, None, LINES).await? {
            let Some(summary) = summary(&line.line) else { continue };
            if known.insert(summary.clone()) {
                file(stand_in, known.len(), &summary);
            }
        }
    }
    let client = Client::new(ClientOptions::for_local_servers()).context("cannot set up HTTP")?;
    let bugzilla = Bugzilla::new(client, stand_in::bugzilla(stand_in));
    update_bugs(&bugzilla, &database.store).await?;
    Ok(())
}

/// What a bug about this line would be called; not every line is worth one.
fn summary(line: &str) -> Option<String> {
    let line = cleaned_line(line);
    let terms = SearchTerms::of_line(&line);
    let subject = match (crash_signature(&line), terms.path_end) {
        (Some(signature), _) => format!("crash [@ {signature}]"),
        (None, Some(path)) if path.contains('/') => path,
        _ => return None,
    };
    let summary = format!("Intermittent {subject} | single tracking bug");
    Some(summary.chars().take(SUMMARY).collect())
}

fn file(stand_in: &StandIn, number: usize, summary: &str) {
    let (status, resolution) = match number % 6 {
        0 | 3 => return,
        1 => ("RESOLVED", "INCOMPLETE"),
        2 => ("RESOLVED", "FIXED"),
        _ => ("NEW", ""),
    };
    stand_in.add_bug(&json!({"summary": summary, "status": status, "resolution": resolution}));
}

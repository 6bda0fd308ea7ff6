//! Suggestions for all failure lines of a job (§6.5.1).

use std::collections::HashMap;
use std::sync::Arc;

use super::bug_index::FoundBugs;
use super::{BugIndex, BugSearch, SearchTerms, cleaned_line, crash_signature};
use crate::store::StoreError;
use crate::store::failures::CountedLine;

pub use crate::store::bugs::SuggestedBug;

/// What is suggested for a failure line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The cleaned line.
    pub search: String,
    /// What was searched for; nothing when the line says too little.
    pub search_terms: Vec<String>,
    /// Path of the test that the line names, if it names one.
    pub path_end: Option<String>,
    /// Bugs without a resolution, the most similar first.
    pub open_recent: Vec<SuggestedBug>,
    /// Other bugs, the most similar first.
    pub all_others: Vec<SuggestedBug>,
    /// Number of the line in its log, from 0.
    pub line_number: i32,
    /// How often the line was seen in the last three weeks before.
    pub counter: i64,
    /// Whether the push of the job was the first with this line.
    pub failure_new_in_rev: bool,
}

/// What was searched for a line, and what was found.
struct Searched {
    search: String,
    terms: SearchTerms,
    found: FoundBugs,
}

impl BugSearch {
    /// Returns the suggestions for the failure lines of a job, one for each, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn suggestions(&self, job_id: i64) -> Result<Vec<Suggestion>, StoreError> {
        let lines = self.store().counted_lines(job_id).await?;
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let index = self.index().await?;
        let searched = tokio::task::spawn_blocking(move || search_all(&index, lines)).await;
        let searched = searched.map_err(|error| StoreError::Value(format!("searching for bugs: {error}")))?;
        let ids = searched.iter().flat_map(|(_, line)| line.found.open.iter().chain(&line.found.others));
        let mut ids: Vec<i64> = ids.copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let bugs: HashMap<i64, SuggestedBug> =
            self.store().suggested_bugs(&ids).await?.into_iter().map(|bug| (bug.internal_id, bug)).collect();
        // A bug that was deleted since the index was made is left out.
        let shown = |ids: &[i64]| ids.iter().filter_map(|id| bugs.get(id).cloned()).collect();
        Ok(searched
            .into_iter()
            .map(|(line, searched)| Suggestion {
                open_recent: shown(&searched.found.open),
                all_others: shown(&searched.found.others),
                search: searched.search,
                search_terms: searched.terms.terms,
                path_end: searched.terms.path_end,
                line_number: line.line_number,
                counter: line.counter,
                failure_new_in_rev: line.is_new_in_revision,
            })
            .collect())
    }
}

fn search_all(index: &Arc<BugIndex>, lines: Vec<CountedLine>) -> Vec<(CountedLine, Searched)> {
    // Lines of one job are often alike.
    let mut known: HashMap<String, FoundBugs> = HashMap::new();
    let mut search =
        |term: &str| known.entry(term.to_lowercase()).or_insert_with(|| index.search(term)).clone();
    lines
        .into_iter()
        .map(|line| {
            let cleaned = cleaned_line(&line.line).into_owned();
            let mut terms = SearchTerms::of_line(&cleaned);
            let mut found = FoundBugs::default();
            for term in &terms.terms {
                found.merge(&search(term));
            }
            if found.is_empty()
                && let Some(signature) = crash_signature(&cleaned)
            {
                terms.terms.push(signature.to_owned());
                found = search(signature);
            }
            (line, Searched { search: cleaned, terms, found })
        })
        .collect()
}

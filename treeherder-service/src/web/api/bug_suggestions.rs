//! Suggestions of bugs for a job's failure lines (§3.4).

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::Store;
use treeherder_ingest::suggestions::{BugSearch, SuggestedBug, Suggestion};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::job_detail::existing;
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Makes the route of suggestions.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// What is suggested for a failure line.
#[derive(Debug, Serialize, ToSchema)]
struct ShownSuggestion {
    /// The line without what differs from run to run.
    search: String,
    /// What was searched for.
    search_terms: Vec<String>,
    /// Path of the test that the line names.
    path_end: Option<String>,
    /// What was found.
    bugs: ShownBugs,
    /// Number of the line in its log, from 0.
    line_number: i32,
    /// How often the line was seen in the three weeks before.
    counter: i64,
    /// Whether the job's push was the first with this line.
    failure_new_in_rev: bool,
}

/// Bugs, the most similar first.
#[derive(Debug, Serialize, ToSchema)]
struct ShownBugs {
    /// Those without a resolution.
    open_recent: Vec<ShownBug>,
    /// The others.
    all_others: Vec<ShownBug>,
}

/// A bug.
#[derive(Debug, Serialize, ToSchema)]
struct ShownBug {
    /// Status.
    status: String,
    /// Resolution, empty while open.
    resolution: String,
    /// Summary.
    summary: String,
    /// Number of the bug that this one is a duplicate of.
    dupe_of: Option<i32>,
    /// Crash signatures.
    crash_signature: String,
    /// Keywords.
    keywords: String,
    /// Whiteboard.
    whiteboard: String,
    /// Id of the bug here.
    internal_id: i64,
    /// Number at Bugzilla; null for an internal issue.
    id: Option<i32>,
    /// Jobs of the last week that are occurrences of an internal issue; null for other bugs.
    occurrences: Option<i64>,
}

impl From<SuggestedBug> for ShownBug {
    fn from(bug: SuggestedBug) -> Self {
        Self {
            status: bug.status,
            resolution: bug.resolution,
            summary: bug.summary,
            dupe_of: bug.dupe_of,
            crash_signature: bug.crash_signature,
            keywords: bug.keywords,
            whiteboard: bug.whiteboard,
            internal_id: bug.internal_id,
            id: bug.id,
            occurrences: bug.occurrences,
        }
    }
}

impl From<Suggestion> for ShownSuggestion {
    fn from(suggestion: Suggestion) -> Self {
        let shown = |bugs: Vec<SuggestedBug>| bugs.into_iter().map(ShownBug::from).collect();
        Self {
            search: suggestion.search,
            search_terms: suggestion.search_terms,
            path_end: suggestion.path_end,
            bugs: ShownBugs {
                open_recent: shown(suggestion.open_recent),
                all_others: shown(suggestion.all_others),
            },
            line_number: suggestion.line_number,
            counter: suggestion.counter,
            failure_new_in_rev: suggestion.failure_new_in_rev,
        }
    }
}

/// Suggests bugs for the failure lines of a job
///
/// One element for each line, in the order of the log.
#[utoipa::path(
    get,
    path = "/api/project/{project}/jobs/{id}/bug_suggestions/",
    tag = "jobs",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i64, Path, description = "Id of the job"),
    ),
    responses((status = OK, body = Vec<ShownSuggestion>), (status = NOT_FOUND, body = Value))
)]
async fn list(
    State(store): State<Store>,
    State(search): State<BugSearch>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Json<Vec<ShownSuggestion>>, Refused> {
    let job = existing(&store, &project, &id).await?;
    let suggestions = search.suggestions(job).await?;
    Ok(Json(suggestions.into_iter().map(ShownSuggestion::from).collect()))
}

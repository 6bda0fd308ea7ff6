//! The REST API: one module for each resource, each with a router of its own (`spec/api.md` §2).

mod bug_job_map;
mod bug_suggestions;
mod bugzilla;
mod changelog;
mod classification;
mod components;
mod csp_report;
mod filters;
mod group_summary;
mod infra_compare;
mod intermittents;
mod internal_issue;
mod investigated_tests;
mod job_detail;
mod job_logs;
mod job_object;
mod jobs;
mod notes;
mod numbers;
mod performance;
mod project_jobs;
mod push_jobs;
mod pushes;
mod reference;
mod repositories;
mod root;
pub(super) mod schema;

pub(in crate::web) use self::jobs::duration_of;
use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// Makes the routes below `/api/` with their part of the OpenAPI document; none of them redirects to another
/// spelling (§1.6).
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(root::router())
        .merge(project_jobs::router())
        .merge(job_detail::router())
        .merge(job_logs::router())
        .merge(pushes::router())
        .merge(push_jobs::router())
        .merge(jobs::router())
        .merge(repositories::router())
        .merge(reference::router())
        .merge(components::router())
        .merge(intermittents::router())
        .merge(group_summary::router())
        .merge(changelog::router())
        .merge(infra_compare::router())
        .merge(performance::router())
        .merge(bug_suggestions::router())
        .merge(notes::router())
        .merge(classification::router())
        .merge(bug_job_map::router())
        .merge(investigated_tests::router())
        .merge(internal_issue::router())
        .merge(bugzilla::router())
        .merge(csp_report::router())
}

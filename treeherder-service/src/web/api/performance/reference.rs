//! Frameworks, tags, issue trackers and bug templates (§4.4).

use axum::extract::{Path, State};
use serde::Serialize;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::performance_bug_template;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(frameworks))
        .routes(routes!(framework))
        .routes(routes!(tags))
        .routes(routes!(tag))
        .routes(routes!(issue_trackers))
        .routes(routes!(issue_tracker))
        .routes(routes!(bug_templates))
        .routes(routes!(bug_template))
}

/// Something with a name.
#[derive(Debug, Serialize, ToSchema)]
struct Named {
    /// Id.
    id: i32,
    /// Name.
    name: String,
}

/// Finds a row by the id in a path.
fn by_id<Row>(
    rows: Vec<Row>,
    text: &str,
    id_of: impl Fn(&Row) -> i32,
    model: &str,
) -> Result<Json<Row>, Refused> {
    let Ok(id) = text.parse::<i32>() else { return Err(Refused::not_found("Not found.")) };
    let found = rows.into_iter().find(|row| id_of(row) == id);
    found.map(Json).ok_or_else(|| Refused::not_found(&format!("No {model} matches the given query.")))
}

async fn all_frameworks(store: &Store) -> Result<Vec<Named>, Refused> {
    let rows = store.performance_frameworks().await?;
    Ok(rows.into_iter().map(|row| Named { id: row.id, name: row.name }).collect())
}

/// Lists the frameworks that measure
#[utoipa::path(
    get,
    path = "/api/performance/framework/",
    tag = "performance",
    responses((status = OK, body = Vec<Named>))
)]
async fn frameworks(State(store): State<Store>) -> Result<Json<Vec<Named>>, Refused> {
    Ok(Json(all_frameworks(&store).await?))
}

/// Shows a framework
#[utoipa::path(
    get,
    path = "/api/performance/framework/{id}/",
    tag = "performance",
    params(("id" = i32, Path, description = "Id of the framework")),
    responses((status = OK, body = Named), (status = NOT_FOUND, body = Value))
)]
async fn framework(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Named>, Refused> {
    by_id(all_frameworks(&store).await?, &id, |row| row.id, "PerformanceFramework")
}

async fn all_tags(store: &Store) -> Result<Vec<Named>, Refused> {
    let rows = store.performance_tags().await?;
    Ok(rows.into_iter().map(|row| Named { id: row.id, name: row.name }).collect())
}

/// Lists the tags of alert summaries
#[utoipa::path(
    get,
    path = "/api/performance/tag/",
    tag = "performance",
    responses((status = OK, body = Vec<Named>))
)]
async fn tags(State(store): State<Store>) -> Result<Json<Vec<Named>>, Refused> {
    Ok(Json(all_tags(&store).await?))
}

/// Shows a tag
#[utoipa::path(
    get,
    path = "/api/performance/tag/{id}/",
    tag = "performance",
    params(("id" = i32, Path, description = "Id of the tag")),
    responses((status = OK, body = Named), (status = NOT_FOUND, body = Value))
)]
async fn tag(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<Named>, Refused> {
    by_id(all_tags(&store).await?, &id, |row| row.id, "PerformanceTag")
}

/// Where bugs of alerts are kept.
#[derive(Debug, Serialize, ToSchema)]
struct IssueTracker {
    /// Id.
    id: i32,
    /// Name.
    text: String,
    /// Beginning of the URL of a bug.
    issue_tracker_url: String,
}

async fn all_trackers(store: &Store) -> Result<Vec<IssueTracker>, Refused> {
    let shown = store.issue_trackers().await?.into_iter().map(|row| IssueTracker {
        id: row.id,
        text: row.name,
        issue_tracker_url: row.task_base_url,
    });
    Ok(shown.collect())
}

/// Lists the issue trackers
#[utoipa::path(
    get,
    path = "/api/performance/issue-tracker/",
    tag = "performance",
    responses((status = OK, body = Vec<IssueTracker>))
)]
async fn issue_trackers(State(store): State<Store>) -> Result<Json<Vec<IssueTracker>>, Refused> {
    Ok(Json(all_trackers(&store).await?))
}

/// Shows an issue tracker
#[utoipa::path(
    get,
    path = "/api/performance/issue-tracker/{id}/",
    tag = "performance",
    params(("id" = i32, Path, description = "Id of the tracker")),
    responses((status = OK, body = IssueTracker), (status = NOT_FOUND, body = Value))
)]
async fn issue_tracker(
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Result<Json<IssueTracker>, Refused> {
    by_id(all_trackers(&store).await?, &id, |row| row.id, "IssueTracker")
}

/// How bugs about a framework's alerts are filed.
#[derive(Debug, Serialize, ToSchema)]
struct BugTemplate {
    /// Id of the framework.
    framework: i32,
    /// Keywords.
    keywords: String,
    /// Whiteboard.
    status_whiteboard: String,
    /// Component.
    default_component: String,
    /// Product.
    default_product: String,
    /// Who is told.
    cc_list: String,
    /// Text, with places to fill in double braces.
    text: String,
    /// Text about critical tests.
    critical_text: String,
    /// Text when nothing has to be done.
    no_action_required_text: String,
}

impl From<performance_bug_template::Model> for BugTemplate {
    fn from(row: performance_bug_template::Model) -> Self {
        Self {
            framework: row.framework_id,
            keywords: row.keywords,
            status_whiteboard: row.status_whiteboard,
            default_component: row.default_component,
            default_product: row.default_product,
            cc_list: row.cc_list,
            text: row.text,
            critical_text: row.critical_text,
            no_action_required_text: row.no_action_required_text,
        }
    }
}

/// Lists the templates for performance bugs
#[utoipa::path(
    get,
    path = "/api/performance/bug-template/",
    tag = "performance",
    params(("framework" = Option<i32>, Query, description = "Id of the framework")),
    responses((status = OK, body = Vec<BugTemplate>), (status = BAD_REQUEST, body = Value))
)]
async fn bug_templates(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<BugTemplate>>, Refused> {
    let mut templates = store.performance_bug_templates().await?;
    if let Some(text) = parameters.text("framework") {
        let id = text.trim().parse::<i32>().ok();
        if !store.performance_frameworks().await?.iter().any(|row| Some(row.id) == id) {
            let problem = "Select a valid choice. That choice is not one of the available choices.";
            return Err(Refused::field("framework", problem));
        }
        templates.retain(|template| Some(template.framework_id) == id);
    }
    Ok(Json(templates.into_iter().map(BugTemplate::from).collect()))
}

/// Shows a template for performance bugs
#[utoipa::path(
    get,
    path = "/api/performance/bug-template/{id}/",
    tag = "performance",
    params(("id" = i32, Path, description = "Id of the template")),
    responses((status = OK, body = BugTemplate), (status = NOT_FOUND, body = Value))
)]
async fn bug_template(
    State(store): State<Store>,
    Path(id): Path<String>,
) -> Result<Json<BugTemplate>, Refused> {
    let rows = store.performance_bug_templates().await?;
    let Json(row) = by_id(rows, &id, |row| row.id, "PerformanceBugTemplate")?;
    Ok(Json(row.into()))
}

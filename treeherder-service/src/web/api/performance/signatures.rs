//! Series of a project and their platforms (§4.1).

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::{SeriesQuery, SeriesSummary};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::span;
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(signatures)).routes(routes!(platforms))
}

/// A series.
#[derive(Debug, Serialize, ToSchema)]
struct Signature {
    /// Id.
    id: i32,
    /// Hash of what makes it this series.
    signature_hash: String,
    /// Framework.
    framework_id: i32,
    /// Hash of the build options.
    option_collection_hash: String,
    /// Platform.
    machine_platform: String,
    /// Suite.
    suite: String,
    /// Whether changes alert; null leaves it to the rule for its kind.
    should_alert: Option<bool>,
    /// False when larger values are better, else missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_is_better: Option<bool>,
    /// Subtest; missing for a summary.
    #[serde(skip_serializing_if = "String::is_empty")]
    test: String,
    /// Application.
    #[serde(skip_serializing_if = "String::is_empty")]
    application: String,
    /// True when subtests count into it, else missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_subtests: Option<bool>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Hash of the series that it counts into.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_signature: Option<String>,
    /// Extra options.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extra_options: Vec<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    measurement_unit: Option<String>,
}

impl From<SeriesSummary> for Signature {
    fn from(series: SeriesSummary) -> Self {
        Self {
            id: series.id,
            signature_hash: series.signature_hash,
            framework_id: series.framework_id,
            option_collection_hash: series.option_collection_hash,
            machine_platform: series.machine_platform,
            suite: series.suite,
            should_alert: series.should_alert,
            lower_is_better: (!series.lower_is_better).then_some(false),
            test: series.test,
            application: series.application,
            has_subtests: series.has_subtests.then_some(true),
            tags: words(&series.tags),
            parent_signature: series.parent_signature,
            extra_options: words(&series.extra_options),
            measurement_unit: series.measurement_unit.filter(|unit| !unit.is_empty()),
        }
    }
}

/// Cuts a list that is kept as one text.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Lists the series of a project
///
/// By their ids.
#[utoipa::path(
    get,
    path = "/api/project/{project}/performance/signatures/",
    tag = "performance",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("parent_signature" = Option<Vec<String>>, Query, description = "Hashes of series: only what counts into them"),
        ("subtests" = Option<String>, Query, description = "`0` for series that count into no other one"),
        ("id" = Option<Vec<i64>>, Query, description = "Ids"),
        ("signature" = Option<Vec<String>>, Query, description = "Hashes"),
        ("framework" = Option<Vec<i64>>, Query, description = "Ids of frameworks"),
        ("interval" = Option<i64>, Query, description = "Seconds since the newest point at most"),
        ("start_date" = Option<String>, Query, description = "The newest point is not older"),
        ("end_date" = Option<String>, Query, description = "The newest point is not younger"),
        ("platform" = Option<String>, Query, description = "Platform"),
    ),
    responses(
        (status = OK, body = BTreeMap<String, Signature>),
        (status = BAD_REQUEST, body = Value),
        (status = NOT_FOUND, body = Value),
    )
)]
async fn signatures(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<IndexMap<String, Signature>>, Refused> {
    let ids: Result<Vec<i64>, _> = parameters.all("id").map(|id| id.trim().parse()).collect();
    let ids =
        ids.map_err(|_| Refused::bad(json!({"message": "One or more id values invalid (must be integer)"})))?;
    let (updated_since, updated_until) = span(&parameters)?;
    let repository =
        store.repository_by_name(&project).await?.ok_or_else(|| Refused::no_project(&project))?;
    let query = SeriesQuery {
        repository_id: repository.id,
        parents: parameters.all("parent_signature").map(str::to_owned).collect(),
        without_parent: parameters.last("subtests").is_some_and(|flag| flag.trim() == "0"),
        ids,
        hashes: parameters.all("signature").map(str::to_owned).collect(),
        frameworks: parameters.integers("framework")?,
        updated_since,
        updated_until,
        platform: parameters.text("platform").map(str::to_owned),
    };
    let series = store.performance_series(&query).await?;
    Ok(Json(series.into_iter().map(|series| (series.id.to_string(), series.into())).collect()))
}

/// Lists the platforms of a project's series
#[utoipa::path(
    get,
    path = "/api/project/{project}/performance/platforms/",
    tag = "performance",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("interval" = Option<i64>, Query, description = "Seconds since the newest point at most"),
        ("framework" = Option<Vec<i64>>, Query, description = "Ids of frameworks"),
    ),
    responses((status = OK, body = Vec<String>), (status = BAD_REQUEST, body = Value))
)]
async fn platforms(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<String>>, Refused> {
    let Some(repository) = store.repository_by_name(&project).await? else { return Ok(Json(Vec::new())) };
    let query = SeriesQuery {
        repository_id: repository.id,
        frameworks: parameters.integers("framework")?,
        updated_since: parameters.integer("interval")?.map(super::ago),
        ..SeriesQuery::default()
    };
    Ok(Json(store.performance_platforms(&query).await?))
}

//! Points of series (§4.2).

use std::collections::HashSet;

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::DatumQuery;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{rounded, span};
use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the route.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(data))
}

/// A point of a series.
#[derive(Debug, Serialize, ToSchema)]
struct Datum {
    /// Id.
    id: i64,
    /// Id of the series.
    signature_id: i32,
    /// Job that measured, if it is still there.
    job_id: Option<i64>,
    /// Id of the push.
    push_id: i32,
    /// Head commit of the push.
    revision: String,
    /// Time of the push, in Unix seconds.
    push_timestamp: i64,
    /// Value, with two decimals.
    value: f64,
}

/// Lists points of series
///
/// By the hashes of the series; those without points are missing.
#[utoipa::path(
    get,
    path = "/api/project/{project}/performance/data/",
    tag = "performance",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("signature_id" = Option<Vec<i64>>, Query, description = "Ids of series"),
        ("signatures" = Option<Vec<String>>, Query, description = "Hashes of series, not together with their ids"),
        ("push_id" = Option<Vec<i64>>, Query, description = "Ids of pushes"),
        ("job_id" = Option<Vec<i64>>, Query, description = "Ids of jobs"),
        ("framework" = Option<Vec<i64>>, Query, description = "Ids of frameworks"),
        ("interval" = Option<i64>, Query, description = "Seconds back from now"),
        ("start_date" = Option<String>, Query, description = "Points after this time"),
        ("end_date" = Option<String>, Query, description = "Points before this time"),
        ("no_retriggers" = Option<bool>, Query, description = "Only the first point of each push"),
    ),
    responses(
        (status = OK, body = BTreeMap<String, Vec<Datum>>),
        (status = BAD_REQUEST, body = Value),
        (status = NOT_FOUND, body = Value),
    )
)]
async fn data(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<IndexMap<String, Vec<Datum>>>, Refused> {
    let job_ids: Result<Vec<i64>, _> = parameters.all("job_id").map(|id| id.trim().parse()).collect();
    let job_ids =
        job_ids.map_err(|_| Refused::bad(json!({"message": "Job id(s) must be specified as integers"})))?;
    let (after, before) = span(&parameters)?;
    let mut query = DatumQuery {
        repository_id: 0,
        signature_ids: parameters.integers("signature_id")?,
        hashes: parameters.all("signatures").map(str::to_owned).collect(),
        push_ids: parameters.integers("push_id")?,
        job_ids,
        frameworks: parameters.integers("framework")?,
        after,
        before,
    };
    if !query.signature_ids.is_empty() && !query.hashes.is_empty() {
        let problem = "Can't specify both signature_id and signatures in same query";
        return Err(Refused::bad(json!([problem])));
    }
    let nothing = query.signature_ids.is_empty()
        && query.hashes.is_empty()
        && query.push_ids.is_empty()
        && query.job_ids.is_empty();
    if nothing {
        let problem = "Need to specify either signature_id, signatures, push_id, or job_id";
        return Err(Refused::bad(json!([problem])));
    }
    let no_retriggers = parameters.truth("no_retriggers")?;
    let repository =
        store.repository_by_name(&project).await?.ok_or_else(|| Refused::no_project(&project))?;
    query.repository_id = repository.id;
    let mut seen = HashSet::new();
    let mut series: IndexMap<String, Vec<Datum>> = IndexMap::new();
    for point in store.performance_data(&query).await? {
        if no_retriggers && !seen.insert((point.signature_hash.clone(), point.push_id)) {
            continue;
        }
        series.entry(point.signature_hash).or_default().push(Datum {
            id: point.id,
            signature_id: point.signature_id,
            job_id: point.job_id,
            push_id: point.push_id,
            revision: point.revision,
            push_timestamp: point.push_timestamp.timestamp(),
            value: rounded(point.value),
        });
    }
    Ok(Json(series))
}

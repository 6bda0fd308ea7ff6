//! Components of Bugzilla for files, and pushes for numbers in messages (§3.17, §3.19).

use axum::extract::State;
use chrono::{Days, NaiveTime};
use serde::Serialize;
use serde_json::json;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::read::FileSearch;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Most components that are suggested.
const SUGGESTED: usize = 5;

/// The repository whose pushes are told apart by numbers in their messages.
const TRY: &str = "try";

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(components)).routes(routes!(hash_to_commit))
}

/// Where bugs are filed.
#[derive(Debug, Serialize, ToSchema)]
struct Component {
    /// Product.
    product: String,
    /// Component.
    component: String,
}

/// Suggests Bugzilla components for a file
#[utoipa::path(
    get,
    path = "/api/bugzilla-component/",
    tag = "failures",
    params(("path" = String, Query, description = "Path of the file, or name of a Java class")),
    responses((status = OK, body = Vec<Component>), (status = BAD_REQUEST, body = Value))
)]
async fn components(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Vec<Component>>, Refused> {
    let path = parameters.text("path").ok_or_else(|| Refused::field("path", "This field is required."))?;
    let path = normal(path);
    let (directory, file) = path.rsplit_once('/').unwrap_or((&path, &path));
    let stem = match file.find('.') {
        Some(dot) => file.get(..=dot).unwrap_or(file),
        None => file,
    };
    let beginning = format!("{directory}/{stem}");
    for search in [
        FileSearch::PathEnds(&path),
        FileSearch::PathContains(&beginning),
        FileSearch::Name(file),
        FileSearch::NameBegins(stem),
    ] {
        let found = store.components_of_files(search).await?;
        if !found.is_empty() {
            let useful =
                found.into_iter().filter(|row| row.product != "Testing" || row.component != "Mochitest");
            let shown = useful.map(|row| Component { product: row.product, component: row.component });
            return Ok(Json(shown.take(SUGGESTED).collect()));
        }
    }
    Ok(Json(Vec::new()))
}

/// Brings what a test calls its file into the form of a path.
fn normal(path: &str) -> String {
    let mut path = path.trim();
    if path.starts_with("org.mozilla.") {
        path = path.split('#').next().unwrap_or(path);
        path = path.rsplit('.').next().unwrap_or(path);
    }
    let path = path.replace('\\', "/");
    path.split('?').next().unwrap_or(&path).to_owned()
}

/// Two commits to compare.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Revisions {
    /// Head commit of the push to compare with.
    base_revision: String,
    /// Head commit of the push that is compared.
    new_revision: String,
}

/// Finds the pushes to try with numbers in their messages
#[utoipa::path(
    get,
    path = "/api/project/{project}/hash/tocommit/",
    tag = "performance",
    params(
        ("project" = String, Path, description = "Name of the repository; always `try` is meant"),
        ("newhash" = i64, Query, description = "Number in the message of the new push"),
        ("basehash" = i64, Query, description = "Number in the message of the push to compare with"),
        ("newhashdate" = String, Query, description = "Day of the new push, `YYYY-MM-DD`"),
        ("basehashdate" = String, Query, description = "Day of the push to compare with, `YYYY-MM-DD`"),
    ),
    responses((status = OK, body = Revisions), (status = BAD_REQUEST, body = Value))
)]
async fn hash_to_commit(
    State(store): State<Store>,
    parameters: Parameters,
) -> Result<Json<Revisions>, Refused> {
    let new_revision = revision(&store, &parameters, "newhash", "newhashdate").await?;
    let base_revision = revision(&store, &parameters, "basehash", "basehashdate").await?;
    Ok(Json(Revisions { base_revision, new_revision }))
}

async fn revision(
    store: &Store,
    parameters: &Parameters,
    hash: &'static str,
    date: &'static str,
) -> Result<String, Refused> {
    let required = |name: &str| Refused::field(name, "This field is required.");
    let number = parameters.integer(hash)?.ok_or_else(|| required(hash))?;
    let day = parameters.day(date)?.ok_or_else(|| required(date))?;
    let time = day.and_time(NaiveTime::MIN).and_utc();
    let (from, to) = (time.checked_sub_days(Days::new(1)), time.checked_add_days(Days::new(1)));
    let found = match from.zip(to) {
        Some((from, to)) => store.push_with_message(TRY, &number.to_string(), from, to).await?,
        None => None,
    };
    found.ok_or_else(|| {
        let problem = format!("The date and hash combination you provided({day} and {number}) is invalid");
        Refused::bad(json!([problem]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_and_windows_paths_become_paths() {
        for (path, expected) in [
            ("dom/a.html?x=1", "dom/a.html"),
            ("dom\\base\\a.js", "dom/base/a.js"),
            ("org.mozilla.geckoview.test.NavigationTest#load", "NavigationTest"),
        ] {
            assert_eq!(normal(path), expected);
        }
    }
}

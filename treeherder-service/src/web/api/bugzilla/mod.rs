//! Filing bugs and commenting on them in the name of the site (§3.20).

mod create_bug;
mod post_comment;

use serde_json::{Value, json};
use treeherder_ingest::bugzilla::BugzillaError;
use utoipa_axum::router::OpenApiRouter;

use crate::web::AppState;
use crate::web::response::Refused;

/// Makes the routes to Bugzilla.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(create_bug::router()).merge(post_comment::router())
}

/// 400 as the dialogues for filing show it.
fn failure(text: &str) -> Refused {
    Refused::bad(json!({"failure": text}))
}

/// What Bugzilla, or the way there, has against it.
fn refused(error: &BugzillaError) -> Refused {
    tracing::warn!(%error, "Bugzilla refused");
    failure(&error.to_string())
}

/// Whether a field says something, as scripts understand it.
fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(truth)) => *truth,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
    }
}

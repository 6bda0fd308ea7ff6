//! Whether the service is well (§9.2).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use treeherder_ingest::store::Store;

use super::Health;
use crate::web::json::Json;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How bad a finding is; numbers and words are those of the framework that load balancers and monitors know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok = 0,
    Warning = 30,
    Error = 40,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a check found: messages by their ids.
struct Check {
    name: &'static str,
    level: Level,
    messages: BTreeMap<&'static str, String>,
}

impl Check {
    fn ok(name: &'static str) -> Self {
        Self { name, level: Level::Ok, messages: BTreeMap::new() }
    }

    fn found(name: &'static str, level: Level, id: &'static str, message: String) -> Self {
        Self { name, level, messages: BTreeMap::from([(id, message)]) }
    }
}

/// Answers the endpoints for operators before anything else does; their paths match as prefixes.
pub(in crate::web) async fn operational(
    State(watched): State<Arc<(Store, Health)>>,
    request: Request,
    next: Next,
) -> Response {
    let (store, health) = &*watched;
    let path = request.uri().path();
    if path.starts_with("/__lbheartbeat__") {
        return StatusCode::OK.into_response();
    }
    if path.starts_with("/__heartbeat__") {
        return heartbeat(store, health).await;
    }
    if path.starts_with("/__version__") {
        return version(health).await;
    }
    if health.debug && path.starts_with("/__error__") {
        tracing::error!("an error was asked for at /__error__");
        return (StatusCode::INTERNAL_SERVER_ERROR, "The __error__ endpoint was called\n").into_response();
    }
    next.run(request).await
}

/// Answers 500 when the service cannot do its work.
async fn heartbeat(store: &Store, health: &Health) -> Response {
    let checks = checks(store, health).await;
    let level = checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok);
    let mut body = json!({"status": level.word()});
    if health.debug {
        let words: BTreeMap<_, _> = checks.iter().map(|check| (check.name, check.level.word())).collect();
        let details: BTreeMap<_, Value> = checks
            .iter()
            .filter(|check| check.level > Level::Ok)
            .map(|check| {
                let level = check.level;
                (
                    check.name,
                    json!({"status": level.word(), "level": level as u8, "messages": check.messages}),
                )
            })
            .collect();
        body["checks"] = json!(words);
        body["details"] = json!(details);
    }
    let status = if level < Level::Error { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, Json(body)).into_response()
}

async fn checks(store: &Store, health: &Health) -> Vec<Check> {
    let mut checks = Vec::new();
    match tokio::time::timeout(PATIENCE, store.pending_migrations()).await {
        Ok(Ok(pending)) => {
            checks.push(Check::ok("check_database_connected"));
            checks.push(if pending.is_empty() {
                Check::ok("check_migrations_applied")
            } else {
                let message = format!("Unapplied migrations: {}", pending.join(", "));
                Check::found("check_migrations_applied", Level::Error, "unapplied-migration", message)
            });
        }
        failed => {
            let error = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => "no answer in time".to_owned(),
            };
            tracing::error!(error, "the heartbeat finds no database");
            let message = format!("Could not connect to database: {error}");
            checks.push(Check::found(
                "check_database_connected",
                Level::Error,
                "cannot-connect-database",
                message,
            ));
        }
    }
    checks.push(if health.debug {
        let message = "Debug mode is on: TREEHERDER_DEBUG is not for production".to_owned();
        Check::found("check_settings", Level::Warning, "debug", message)
    } else {
        Check::ok("check_settings")
    });
    checks
}

/// Answers what the file of the deployment says.
async fn version(health: &Health) -> Response {
    match tokio::fs::read(&health.version_file).await {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::error!(%error, file = %health.version_file.display(), "cannot read the version");
            }
            (StatusCode::NOT_FOUND, "version.json not found").into_response()
        }
    }
}

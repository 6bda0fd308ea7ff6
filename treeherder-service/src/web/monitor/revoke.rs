//! `POST /api/revoke/task/`: takes a task off its queue.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::{HeaderMap, header};
use chrono::Utc;
use serde_json::{Value, json};
use treeherder_ingest::monitor::{TaskRecord, TaskState};
use treeherder_ingest::queue::{MessageId, Queue};
use treeherder_ingest::store::Store;

use crate::web::accounts::MaybeAccount;
use crate::web::json::Json;
use crate::web::response::Refused;

/// Headers that a proxy adds: the request does not come from where the connection does.
const OF_PROXIES: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// The fields of the form that came, or why there are none.
type Fields = Result<Form<Vec<(String, String)>>, FormRejection>;

/// Takes a task off its queue, or has it removed when it comes up.
///
/// A task that waits in the database is gone at once. For one on a broker, or one that a worker has, the revocation is
/// noted: workers know of it with their next heartbeat and remove the message unseen when it comes (again).
pub(super) async fn revoke(
    State(store): State<Store>,
    State(queue): State<Arc<dyn Queue>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    MaybeAccount(account): MaybeAccount,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Json<Value>, Refused> {
    let revoked_by = match account {
        Some(account) if account.may_sheriff() => account.username,
        Some(_) => return Err(Refused::forbidden("You do not have permission to perform this action.")),
        None => permitted(peer, &headers)?,
    };
    let text = task_id(fields)?;
    let id: MessageId = text.parse().map_err(|_| Refused::field("task_id", "This is no id of a task."))?;
    let known = store.task_record(id).await?;
    if let Some(record) = &known
        && matches!(record.state, TaskState::Success | TaskState::Failure)
    {
        let detail = match record.state {
            TaskState::Success => "The task has succeeded already.",
            _ => "The task is a dead letter already; `treeherder queues discard` removes it.",
        };
        return Err(Refused::conflict(detail));
    }
    let removed = queue.remove(id).await?;
    let now = Utc::now();
    let record = removed.as_ref().map(|waiting| TaskRecord::of_waiting(waiting, TaskState::Revoked, now));
    store.revoke(id, &revoked_by, record.as_ref()).await?;
    tracing::warn!(message.id = %id, revoked_by, removed = removed.is_some(), "a task was revoked");
    Ok(Json(json!({"ok": true, "removed": removed.is_some()})))
}

/// Returns the field of that name, the last one when it is repeated.
fn task_id(fields: Fields) -> Result<String, Refused> {
    let Form(fields) =
        fields.map_err(|rejection| Refused::detail(rejection.status(), &rejection.body_text()))?;
    let last = fields.into_iter().rfind(|(name, _)| name == "task_id");
    let text = last.map(|(_, text)| text.trim().to_owned()).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refused::field("task_id", "This field is required."))
}

/// Tells who revokes where nobody is logged in. Only this machine may: no proxy on it for others, and no page of another site in a browser.
fn permitted(peer: SocketAddr, headers: &HeaderMap) -> Result<String, Refused> {
    let is_proxied = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_foreign = headers.get(header::ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        origin.split_once("://").is_none_or(|(_, site)| site != host)
    });
    if peer.ip().to_canonical().is_loopback() && !is_proxied && !is_foreign {
        return Ok(format!("{} (this machine)", peer.ip()));
    }
    Err(Refused::forbidden("Sheriffs revoke tasks, and whoever is on the machine that the server runs on."))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn only_this_machine_may_revoke() {
        let here: SocketAddr = ([127, 0, 0, 1], 5).into();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8000"));
        assert!(permitted(here, &headers).is_ok());
        assert!(permitted("[::ffff:127.0.0.1]:5".parse().unwrap(), &headers).is_ok());
        let refused = permitted(([192, 0, 2, 1], 5).into(), &headers).unwrap_err();
        assert_eq!(refused.into_response().status(), StatusCode::FORBIDDEN);
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://localhost:8000"));
        assert!(permitted(here, &headers).is_ok());
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(permitted(here, &headers).is_err());
        headers.remove(header::ORIGIN);
        headers.insert("x-forwarded-for", HeaderValue::from_static("192.0.2.1"));
        assert!(permitted(here, &headers).is_err());
    }
}

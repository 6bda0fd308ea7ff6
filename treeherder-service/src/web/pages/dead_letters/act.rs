//! Putting dead letters back, and discarding them.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use treeherder_ingest::queue::{Queue, QueueName};

use crate::web::accounts::Accounts;
use crate::web::pages::html::{Failed, PageError};
use crate::web::pages::query::Query;
use crate::web::pages::shell::Shell;
use crate::web::response::Refused;

/// Does what a form of the page asks for, if a sheriff has sent it, and shows the page again.
pub(super) async fn act(
    shell: Shell,
    State(accounts): State<Accounts>,
    State(queue): State<Arc<dyn Queue>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let shell = shell.at("dead-letters", None);
    let fields = Query::new(fields);
    let refuse = |shell, refused: &Refused| Ok(Failed::refused(shell, refused).into_response());
    let proof = fields.get("proof").unwrap_or_default();
    let who = match accounts.sender_of_form(&headers, proof).await {
        Ok(Some(account)) if account.may_sheriff() => account.username,
        Ok(Some(_)) => return refuse(shell, &Refused::forbidden("Only sheriffs may do that.")),
        Ok(None) => return refuse(shell, &Refused::forbidden("Log in as a sheriff first.")),
        Err(refused) => return refuse(shell, &refused),
    };
    let Some(name) = fields.get("queue").and_then(|name| name.parse::<QueueName>().ok()) else {
        return refuse(shell, &Refused::invalid("There is no such queue."));
    };
    let id = fields.get("id").and_then(|id| id.parse::<i64>().ok());
    let done = match (fields.get("do"), id) {
        (Some("put-back-all"), _) => ("put-back", queue.put_back_all(name).await?),
        (Some("put-back"), Some(id)) => ("put-back", queue.put_back(name, id).await?.into()),
        (Some("discard"), Some(id)) => ("discard", queue.discard(name, id).await?.into()),
        _ => return refuse(shell, &Refused::invalid("Nothing was asked for that can be done here.")),
    };
    let (what, number) = done;
    tracing::warn!(account = who, queue = name.as_str(), id, number, what, "dead letters were dealt with");
    // One that is shown alone goes on being alone.
    let only = if fields.get("only").is_some() { format!("&queue={name}") } else { String::new() };
    Ok(Redirect::to(&format!("/dead-letters?done={what}&number={number}&of={name}{only}")).into_response())
}

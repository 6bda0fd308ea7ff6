//! Dead letters: messages that could not be worked on, with their errors, to be put back or discarded.

mod act;
mod page;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::sync::Arc;
use treeherder_ingest::queue::{DeadLetter, Page, Queue, QueueError, QueueName};

use super::html::PageError;
use crate::web::AppState;
use crate::web::accounts::{Accounts, limit_writes};

/// Makes the routes of this folder.
pub(super) fn router(accounts: &Accounts) -> Router<AppState> {
    let page = Router::new().route("/dead-letters", get(page::show).post(act::act));
    limit_writes(page, accounts).route("/dead-letters/{queue}/{id}", get(whole))
}

/// Answers with a whole dead letter as JSON, to be kept or looked into by programs.
async fn whole(
    State(queue): State<Arc<dyn Queue>>,
    Path((name, id)): Path<(String, i64)>,
) -> Result<Response, PageError> {
    let letter = match name.parse::<QueueName>() {
        Ok(name) => find(queue.as_ref(), name, id).await?,
        Err(_) => None,
    };
    Ok(match letter {
        Some(letter) => axum::Json(letter).into_response(),
        None => (StatusCode::NOT_FOUND, format!("{name} has no dead letter {id}.\n")).into_response(),
    })
}

/// Finds a dead letter.
async fn find(queue: &dyn Queue, name: QueueName, id: i64) -> Result<Option<DeadLetter>, QueueError> {
    // Newest first: the letter is the first one below the next id.
    let page = Page { before: id.checked_add(1), limit: 1 };
    let letters = queue.dead_letters(name, page).await?;
    Ok(letters.into_iter().find(|letter| letter.id == id))
}

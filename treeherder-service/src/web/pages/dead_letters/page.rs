//! The page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::Value;
use treeherder_ingest::queue::{DeadLetter, Depth, Page as Part, Queue, QueueName};

use crate::web::pages::html::{PageError, render};
use crate::web::pages::query::Query;
use crate::web::pages::shell::Shell;
use crate::web::pages::time::iso;

/// Dead letters of each queue where all queues are shown.
const OF_EACH: u32 = 10;
/// Dead letters on the page of one queue.
const OF_ONE: u32 = 50;
/// Characters of a message or an error that are shown; the whole is a link away.
const SHOWN: usize = 20_000;

/// Dead letters by queue.
#[derive(Debug, Template)]
#[template(path = "dead_letters.html")]
struct Page<'p> {
    shell: &'p Shell,
    only: Option<QueueName>,
    queues: Vec<QueueView>,
    total: u64,
    done: Option<String>,
}

/// A queue with some of its dead letters, newest first.
#[derive(Debug)]
struct QueueView {
    name: QueueName,
    dead: u64,
    letters: Vec<LetterView>,
    /// Address of those before.
    more: Option<String>,
}

/// A dead letter as it is shown.
#[derive(Debug)]
struct LetterView {
    id: i64,
    message: String,
    attempts: u32,
    first_seen: (String, String),
    dead_since: (String, String),
    reason: String,
    error: String,
    payload: String,
    is_cut: bool,
}

/// Shows the dead letters of all queues, or of one.
pub(super) async fn show(
    shell: Shell,
    State(queue): State<Arc<dyn Queue>>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let query = Query::new(pairs);
    let shell = shell.at("dead-letters", query.get("repo"));
    let only = query.get("queue").and_then(|name| name.parse::<QueueName>().ok());
    let before = query.get("before").and_then(|id| id.parse().ok()).filter(|_| only.is_some());
    let depths = queue.depths().await?;
    let total = depths.iter().map(|depth| depth.dead).sum();
    let mut queues = Vec::new();
    for Depth { queue: name, dead, .. } in depths {
        if only.map_or(dead == 0, |only| only != name) {
            continue;
        }
        let limit = if only.is_some() { OF_ONE } else { OF_EACH };
        // One more than is shown tells whether there are more.
        let mut letters = queue.dead_letters(name, Part { before, limit: limit + 1 }).await?;
        let is_more = letters.len() > limit as usize;
        letters.truncate(limit as usize);
        let more = letters.last().filter(|_| is_more).map(|last| match only {
            Some(_) => format!("/dead-letters?queue={name}&before={}", last.id),
            None => format!("/dead-letters?queue={name}"),
        });
        queues.push(QueueView { name, dead, letters: letters.into_iter().map(letter).collect(), more });
    }
    let done = told(&query);
    Ok(render(&Page { shell: &shell, only, queues, total, done }))
}

fn letter(letter: DeadLetter) -> LetterView {
    let DeadLetter { id, message_id, payload, error, attempts, first_seen, dead_since, .. } = letter;
    let reason = error.lines().next().unwrap_or_default().to_owned();
    // Most are JSON; what is not is the very reason why it is here.
    let readable = match serde_json::from_str::<Value>(&payload) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or(payload),
        Err(_) => payload,
    };
    let (payload, is_cut) = cut(&readable);
    let (error, _) = cut(&error);
    LetterView {
        id,
        message: message_id.to_string(),
        attempts,
        first_seen: moment(first_seen),
        dead_since: moment(dead_since),
        reason,
        error,
        payload,
        is_cut,
    }
}

fn cut(text: &str) -> (String, bool) {
    let shown: String = text.chars().take(SHOWN).collect();
    let is_cut = shown.len() < text.len();
    (shown, is_cut)
}

fn moment(time: DateTime<Utc>) -> (String, String) {
    (time.format("%-d %b %Y, %H:%M:%S").to_string(), iso(&time))
}

/// What was just done, in words; the address tells it after a form was sent.
fn told(query: &Query) -> Option<String> {
    let number: u64 = query.get("number")?.parse().ok()?;
    let queue: QueueName = query.get("of")?.parse().ok()?;
    Some(match (query.get("done")?, number) {
        ("put-back", 0) => "That dead letter is not there any more.".to_owned(),
        ("put-back", 1) => format!("One dead letter is back in {queue}."),
        ("put-back", _) => format!("{number} dead letters are back in {queue}."),
        ("discard", 0) => "That dead letter is not there any more.".to_owned(),
        ("discard", _) => format!("One dead letter of {queue} is discarded."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_our_words_only() {
        let told = |pairs: &[(&str, &str)]| {
            told(&Query::new(
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ))
        };
        let put_back = |number| told(&[("done", "put-back"), ("number", number), ("of", "log_parser")]);
        assert_eq!(put_back("1").unwrap(), "One dead letter is back in log_parser.");
        assert_eq!(put_back("3").unwrap(), "3 dead letters are back in log_parser.");
        assert_eq!(put_back("0").unwrap(), "That dead letter is not there any more.");
        assert_eq!(told(&[("done", "put-back"), ("number", "1"), ("of", "anything else")]), None);
        assert_eq!(told(&[("done", "hello"), ("number", "1"), ("of", "log_parser")]), None);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(cut("é"), ("é".to_owned(), false));
        let (text, is_cut) = cut(&"é".repeat(SHOWN + 1));
        assert_eq!((text.chars().count(), is_cut), (SHOWN, true));
    }
}

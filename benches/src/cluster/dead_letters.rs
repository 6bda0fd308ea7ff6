//! Dead letters, in a form that two databases have in common.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Reads what `treeherder queues dead --format json` prints; sorted.
///
/// A crash between a letter's publication and the acknowledgement of the message it was made of leaves two of it
/// (`RabbitQueue`): they count once. Numbers are left out of errors, since ids of rows are among them, and so is how the last of the
/// tries ended: one that was killed is not reported.
pub(super) fn kinds(json: &str) -> Result<Vec<String>> {
    let letters: Vec<Value> = serde_json::from_str(json).context("dead letters")?;
    let texts = |letter: &Value| {
        let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
        (text("queue"), text("payload"), text("error"))
    };
    let mut seen = BTreeSet::new();
    let mut kinds = Vec::new();
    for (queue, payload, error) in letters.iter().map(texts) {
        if seen.insert((queue.clone(), payload)) {
            let error = without_numbers(&error);
            let reason = GIVEN_UP.iter().find_map(|how| error.strip_prefix(how));
            kinds.push(format!("{queue}: {}", reason.unwrap_or(&error)));
        }
    }
    kinds.sort_unstable();
    Ok(kinds)
}

/// What a worker writes before the last reason of a message that it gives up.
const GIVEN_UP: [&str; 2] =
    ["gave up after # attempts: ", "handed out # times without an end being reported; last error: "];

fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' if plain.ends_with('#') => {}
            '0'..='9' => plain.push('#'),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_is_there_twice_counts_once() {
        let letter = |payload: &str, error: &str| serde_json::json!({"id": payload.len(), "queue": "log_parser", "payload": payload, "error": error});
        let letters = serde_json::json!([
            letter("a", "log 17: bad"),
            letter("a", "log 17: bad"),
            letter("b", "gave up after 11 attempts: log 4: bad"),
            letter("c", "handed out 11 times without an end being reported; last error: log 4: bad")
        ]);
        assert_eq!(kinds(&letters.to_string()).unwrap(), ["log_parser: log #: bad"; 3]);
    }
}

//! The other end: job messages of the bridge's exchange become jobs (`spec/bridge-l10n-platform.md` §7, S1-21).

use serde_json::{Map, Value};

use crate::job::schema::Violation;
use crate::job::{InvalidJob, LoadedJob, load_json};
use crate::pulse::{Binding, Delivery};

use super::options::{CLASSIC_LOG_NAME, MODERN_LOG_NAME};

/// Last part of the names of exchanges with job messages.
const EXCHANGE_END: &str = "/v1/jobs";

/// Tells whether an exchange has job messages, ours or another bridge's.
#[must_use]
pub fn is_job_exchange(exchange: &str) -> bool {
    exchange.starts_with("exchange/") && exchange.ends_with(EXCHANGE_END)
}

/// Returns the binding that receives the jobs of a destination, or of all.
#[must_use]
pub fn jobs_binding(namespace: &str, destination: Option<&str>) -> Binding {
    let routing_key = destination.map_or_else(|| "#".to_owned(), |destination| format!("{destination}.#"));
    Binding { exchange: format!("exchange/{namespace}{EXCHANGE_END}"), routing_keys: vec![routing_key] }
}

/// Makes the job of a delivery from a bridge's exchange.
///
/// # Errors
/// [`InvalidJob`] when the body is not JSON or [`job_of_message`] refuses it; trying again cannot help.
pub fn job_of_delivery(delivery: &Delivery) -> Result<LoadedJob, InvalidJob> {
    let message = serde_json::from_slice(&delivery.body).map_err(|error| InvalidJob {
        task_id: String::new(),
        violations: Violation::new("", format!("of {:?} is not JSON: {error}", delivery.exchange)).into(),
    })?;
    job_of_message(message)
}

/// Makes the job of a bridge's job message.
///
/// What the loader does not use is left out: the kind and owner of the origin, steps of logs and further data. The loader
/// checks the rest. A log of the classic name is one that the ingester parses, under the modern name.
///
/// # Errors
/// As for [`load_json`].
pub fn job_of_message(mut message: Value) -> Result<LoadedJob, InvalidJob> {
    if let Some(members) = message.as_object_mut() {
        members.shift_remove("extra");
        if let Some(origin) = members.get_mut("origin").and_then(Value::as_object_mut) {
            plain_origin(origin);
        }
        if let Some(Value::Array(logs)) = members.get_mut("logs") {
            for log in logs.iter_mut().filter_map(Value::as_object_mut) {
                log.shift_remove("steps");
                log.shift_remove("errorsTruncated");
                if let Some(Value::String(name)) = log.get_mut("name")
                    && name == CLASSIC_LOG_NAME
                {
                    MODERN_LOG_NAME.clone_into(name);
                }
            }
        }
    }
    load_json(message)
}

/// Renames what the origin of each form calls its own way.
fn plain_origin(origin: &mut Map<String, Value>) {
    origin.shift_remove("kind");
    origin.shift_remove("owner");
    for (name, plain) in [("pushLogID", "id"), ("pullRequestID", "id"), ("revision_hash", "revision")] {
        if let Some(value) = origin.shift_remove(name) {
            origin.insert(plain.to_owned(), value);
        }
    }
}

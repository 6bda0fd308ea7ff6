//! A bug as Bugzilla tells of it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::store::bugs::FetchedBug;

/// The fields that are asked for.
pub(super) const FIELDS: &str = "id,summary,status,resolution,dupe_of,duplicates,cf_crash_signature,keywords,\
                                 last_change_time,whiteboard";

/// A bug with what it is a duplicate of, and what are duplicates of it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RemoteBug {
    id: i32,
    summary: String,
    status: Option<String>,
    resolution: Option<String>,
    pub(super) dupe_of: Option<i32>,
    #[serde(default)]
    pub(super) duplicates: Vec<i32>,
    cf_crash_signature: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    last_change_time: DateTime<Utc>,
    whiteboard: Option<String>,
}

impl RemoteBug {
    /// Reads a bug; the error names it.
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let id = value.get("id").map_or_else(|| "without a number".to_owned(), Value::to_string);
        serde_json::from_value(value).map_err(|error| format!("bug {id}: {error}"))
    }

    /// Its number.
    pub(super) fn id(&self) -> i32 {
        self.id
    }

    /// What is stored of it.
    pub(super) fn stored(&self) -> FetchedBug {
        FetchedBug {
            bugzilla_id: self.id,
            status: self.status.clone().unwrap_or_default(),
            resolution: self.resolution.clone().unwrap_or_default(),
            summary: self.summary.clone(),
            dupe_of: self.dupe_of,
            crash_signature: self.cf_crash_signature.clone().unwrap_or_default(),
            keywords: self.keywords.join(","),
            modified: self.last_change_time,
            whiteboard: self.whiteboard.clone().unwrap_or_default(),
        }
    }
}

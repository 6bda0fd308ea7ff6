//! Parameters of the lists.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::web::response::Refused;

/// Records in a list unless told otherwise.
const USUAL_LIMIT: u32 = 100;
/// Most records in a list.
const MAX_LIMIT: u32 = 1_000;

/// How much of a list is wanted, as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ListParameters {
    limit: Option<String>,
    since: Option<String>,
}

impl ListParameters {
    /// Returns the number of records wanted; none is all that can be had at once, as with celerymon.
    pub(super) fn limit(&self) -> Result<u32, Refused> {
        match self.limit.as_deref().filter(|limit| !limit.is_empty()) {
            None => Ok(USUAL_LIMIT),
            Some(limit) => match limit.parse::<u32>() {
                Ok(limit) => Ok(limit.min(MAX_LIMIT)),
                Err(_) => Err(Refused::field("limit", "Enter a number.")),
            },
        }
    }

    /// Returns the time since which changes are wanted, given in seconds since the epoch.
    pub(super) fn since(&self) -> Result<Option<DateTime<Utc>>, Refused> {
        let Some(since) = self.since.as_deref().filter(|since| !since.is_empty()) else { return Ok(None) };
        let time = since.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        #[expect(clippy::cast_possible_truncation, reason = "a float that is too large saturates")]
        let time = time.and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64));
        time.map(Some).ok_or_else(|| Refused::field("since", "Enter a number of seconds since 1970."))
    }
}

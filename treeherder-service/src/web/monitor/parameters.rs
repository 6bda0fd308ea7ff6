//! Parameters of the lists.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Records in a list unless told otherwise.
const USUAL_LIMIT: u32 = 100;
/// Most records in a list.
const MAX_LIMIT: u32 = 1_000;

/// How much of a list is wanted, as it comes.
#[derive(Clone, Debug)]
pub(super) struct ListParameters(Parameters);

impl<State: Sync> FromRequestParts<State> for ListParameters {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refused> {
        Parameters::from_request_parts(parts, state).await.map(Self)
    }
}

impl ListParameters {
    /// Returns the number of records wanted; none is all that can be had at once, as with celerymon.
    pub(super) fn limit(&self) -> Result<u32, Refused> {
        match self.0.text("limit") {
            None => Ok(USUAL_LIMIT),
            Some(limit) => match limit.parse::<u32>() {
                Ok(limit) => Ok(limit.min(MAX_LIMIT)),
                Err(_) => Err(Refused::field("limit", "Enter a number.")),
            },
        }
    }

    /// Returns the time since which changes are wanted, given in seconds since the epoch.
    pub(super) fn since(&self) -> Result<Option<DateTime<Utc>>, Refused> {
        let Some(since) = self.0.text("since") else { return Ok(None) };
        let time = since.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        #[expect(clippy::cast_possible_truncation, reason = "a float that is too large saturates")]
        let time = time.and_then(|seconds| DateTime::from_timestamp_millis((seconds * 1000.0) as i64));
        time.map(Some).ok_or_else(|| Refused::field("since", "Enter a number of seconds since 1970."))
    }
}

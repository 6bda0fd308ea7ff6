//! Performance data as clients and graphs read it (§4).

mod data;
mod graphs;
mod job_data;
mod reference;
mod signatures;

use chrono::{DateTime, TimeDelta, Utc};
use utoipa_axum::router::OpenApiRouter;

use crate::web::AppState;
use crate::web::parameters::Parameters;
use crate::web::response::Refused;

/// Makes the routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(signatures::router())
        .merge(data::router())
        .merge(job_data::router())
        .merge(reference::router())
        .merge(graphs::router())
}

/// Rounds to two decimals, a value exactly between two to the even one.
fn rounded(value: f64) -> f64 {
    // Multiplying first would make 12.345, which is a little more than that, a tie.
    format!("{value:.2}").parse().unwrap_or(value)
}

/// The two ends of a span, as far as they are given.
type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Reads seconds back from now, or the two ends of a span, but not both.
fn span(parameters: &Parameters) -> Result<Span, Refused> {
    let interval = parameters.integer("interval")?;
    let start = parameters.moment("start_date")?;
    let end = parameters.moment("end_date")?;
    match interval {
        Some(_) if start.is_some() || end.is_some() => Err(Refused::bad(serde_json::json!(
            {"message": "Provide either interval only -or- start (and end) date"}
        ))),
        Some(seconds) => Ok((Some(ago(seconds)), None)),
        None => Ok((start, end)),
    }
}

/// Returns the moment so many seconds ago, no earlier than the epoch.
fn ago(seconds: i64) -> DateTime<Utc> {
    let span = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
    let epoch = DateTime::UNIX_EPOCH;
    Utc::now().checked_sub_signed(span).map_or(epoch, |time| time.max(epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_rounded_to_two_decimals() {
        for (value, expected) in [(12.345, 12.35), (0.125, 0.12), (0.375, 0.38), (-3.0, -3.0), (1e308, 1e308)]
        {
            assert_eq!(rounded(value), expected, "{value}");
        }
    }

    #[test]
    fn spans_of_any_length_have_a_beginning() {
        assert_eq!(ago(i64::MAX), DateTime::UNIX_EPOCH);
        assert!(ago(60) < Utc::now());
    }
}

//! Counting what was ingested lately (§2.7).

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::{Handled, Pipeline, PipelineError};
use crate::monitor::Metric;

/// Length of the interval that is counted.
const INTERVAL: TimeDelta = TimeDelta::minutes(20);

impl Pipeline {
    /// Counts the pushes and jobs of the last full interval and logs the numbers.
    pub(super) async fn publish_stats(&self) -> Result<Handled, PipelineError> {
        let (start, end) = interval(Utc::now());
        tracing::info!(%start, %end, "counting what was ingested");
        let counts = self.shared.store.ingested_counts(start, end).await?;
        tracing::info!(number = counts.pushes, "pushes ingested");
        tracing::info!(number = counts.jobs(), "jobs ingested");
        Metric::Push.add(&[], counts.pushes);
        Metric::Jobs.add(&[], counts.jobs());
        for (name, number) in counts.jobs_by_repository() {
            Metric::JobsRepo.add(&[("repository", name)], number);
            tracing::debug!(repository = name, number, "jobs ingested by repository");
        }
        for (name, number) in counts.jobs_by_state() {
            Metric::JobsState.add(&[("state", name)], number);
            tracing::debug!(state = name, number, "jobs ingested by state");
        }
        Ok(Handled::Counted(counts))
    }
}

/// The last full interval before `now`; intervals start at full hours.
fn interval(now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    // Rounding fails only beyond the years a nanosecond count can express.
    let end = now.duration_trunc(INTERVAL).unwrap_or(now);
    (end - INTERVAL, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_ends_at_a_full_twenty_minutes() {
        for (now, start, end) in [
            ("2026-11-22T10:00:00Z", "2026-11-22T09:40:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:19:59.999Z", "2026-11-22T09:40:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:59:01Z", "2026-11-22T10:20:00Z", "2026-11-22T10:40:00Z"),
        ] {
            let times = [now, start, end].map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(interval(times[0]), (times[1], times[2]), "{now}");
        }
    }
}

//! Times as CI systems write them.

use chrono::{DateTime, Utc};

/// Formats milliseconds since the epoch as Taskcluster does: `2026-03-02T09:58:31.699Z`.
pub fn iso_millis(epoch_ms: i64) -> String {
    date(epoch_ms).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Formats milliseconds since the epoch without a fraction, as GitHub does: `2026-03-02T09:58:31Z`.
pub fn iso_seconds(epoch_ms: i64) -> String {
    date(epoch_ms).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn date(epoch_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(epoch_ms).unwrap_or_default()
}

/// The clock of a log: renders the current second once and not for every line.
#[derive(Clone, Debug)]
pub(crate) struct LogClock {
    epoch_ms: i64,
    rendered_second: i64,
    /// `2026-03-02T09:58:31`
    pub(crate) second: String,
}

impl LogClock {
    pub(crate) fn new(epoch_ms: i64) -> Self {
        let mut clock = Self { epoch_ms, rendered_second: i64::MIN, second: String::new() };
        clock.advance(0);
        clock
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        self.epoch_ms += ms as i64;
        let second = self.epoch_ms.div_euclid(1000);
        if second != self.rendered_second {
            self.rendered_second = second;
            self.second = date(second * 1000).format("%Y-%m-%dT%H:%M:%S").to_string();
        }
    }

    pub(crate) fn millis(&self) -> u16 {
        self.epoch_ms.rem_euclid(1000) as u16
    }

    /// `09:58:31`
    pub(crate) fn time_of_day(&self) -> &str {
        self.second.get(11..).unwrap_or_default()
    }
}

//! When a failed message is tried again, and when not (§2.4).

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use rand::RngExt as _;

/// What a failure means for the message that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Trying again can help: network, locks, something that is not there yet.
    Retry,
    /// The message itself is wrong: it becomes a dead letter at once.
    Permanent,
}

/// An error that knows what it means for the message that met it.
///
/// Every module's error says so itself, because only there is it known (§2.4 lists upstream's classes).
pub trait Failure: Error {
    /// Tells whether trying again can help.
    fn disposition(&self) -> Disposition;
}

/// Returns the error with all its causes, `outer: inner: innermost`, leaving out causes already told.
#[must_use]
pub fn error_text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let told = inner.to_string();
        if !text.contains(&told) {
            // Writing to a `String` cannot fail.
            let _ = write!(text, ": {told}");
        }
        cause = inner.source();
    }
    text
}

/// How often and after which time a failed message is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Retries before the message becomes a dead letter.
    pub max_retries: u32,
    /// Delay of the first retry.
    pub unit: Duration,
    /// Smallest growth per retry.
    pub min_growth: f64,
    /// Largest growth per retry.
    pub max_growth: f64,
}

impl Default for RetryPolicy {
    /// Returns the policy of §2.4: `10 * floor(u^n)` seconds with `u` in [1.9, 2.1], 10 retries.
    fn default() -> Self {
        Self { max_retries: 10, unit: Duration::from_secs(10), min_growth: 1.9, max_growth: 2.1 }
    }
}

impl RetryPolicy {
    /// Returns the delay before the next retry when `retries` have been made, or nothing when there is none left.
    #[must_use]
    pub fn next_delay(&self, retries: u32) -> Option<Duration> {
        (retries < self.max_retries)
            .then(|| self.delay(retries, rand::rng().random_range(self.min_growth..=self.max_growth)))
    }

    /// Returns `unit * floor(growth^retries)`.
    fn delay(&self, retries: u32, growth: f64) -> Duration {
        let steps = growth.powi(i32::try_from(retries).unwrap_or(i32::MAX)).floor();
        // A day is far beyond what the default policy can reach and keeps any other one within bounds.
        let seconds = (self.unit.as_secs_f64() * steps).clamp(0.0, 86_400.0);
        Duration::from_secs_f64(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of §2.4: retries made, smallest and largest delay in seconds.
    const DELAYS: [(u32, u64, u64); 10] = [
        (0, 10, 10),
        (1, 10, 20),
        (2, 30, 40),
        (3, 60, 90),
        (4, 130, 190),
        (5, 240, 400),
        (6, 470, 850),
        (7, 890, 1800),
        (8, 1690, 3780),
        (9, 3220, 7940),
    ];

    #[test]
    fn delays_span_the_ranges_of_the_specification() {
        let policy = RetryPolicy::default();
        for (retries, least, most) in DELAYS {
            assert_eq!(policy.delay(retries, 1.9).as_secs(), least, "n = {retries}");
            assert_eq!(policy.delay(retries, 2.1).as_secs(), most, "n = {retries}");
            for _ in 0..200 {
                let delay = policy.next_delay(retries).unwrap();
                assert!((least..=most).contains(&delay.as_secs()), "n = {retries}: {delay:?}");
                assert_eq!(delay.as_secs() % 10, 0);
                assert_eq!(delay.subsec_nanos(), 0);
            }
        }
    }

    #[test]
    fn there_are_ten_retries() {
        assert_eq!(RetryPolicy::default().next_delay(10), None);
        assert_eq!(RetryPolicy { max_retries: 0, ..RetryPolicy::default() }.next_delay(0), None);
    }

    #[test]
    fn an_extreme_policy_stays_within_a_day() {
        let policy = RetryPolicy { max_retries: u32::MAX, ..RetryPolicy::default() };
        assert_eq!(policy.next_delay(u32::MAX - 1), Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn an_error_is_told_with_its_causes_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot fetch the log")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("status 503: {0}")]
        struct Inner(#[source] std::io::Error);

        let error = Outer(Inner(std::io::Error::other("overloaded")));
        assert_eq!(error_text(&error), "cannot fetch the log: status 503: overloaded");
    }
}

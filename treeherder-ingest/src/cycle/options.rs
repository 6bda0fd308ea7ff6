//! Settings of a run.

use std::time::Duration;

use tokio::time::Instant;

/// Days for which jobs are kept unless a setting says otherwise.
pub const RETENTION_DAYS: u32 = 120;

/// Settings of a run; start from the default and change fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CycleOptions {
    /// Rows per step: jobs, data points or rows of reference data; 100 by default.
    pub chunk: u32,
    /// Pause after each step; none by default.
    pub pause: Duration,
    /// Whether to tell about each step as something of note, not only to those who look for mistakes.
    pub tell: bool,
    /// When to end, whatever is left; 23 hours from now by default.
    pub until: Option<Instant>,
    /// How often a step is done again that found the database busy.
    pub tries: u32,
    /// Pause before that, multiplied by the number of tries.
    pub busy_pause: Duration,
}

impl Default for CycleOptions {
    fn default() -> Self {
        Self {
            chunk: 100,
            pause: Duration::ZERO,
            tell: false,
            until: Some(Instant::now() + Duration::from_secs(23 * 3600)),
            tries: 5,
            busy_pause: Duration::from_millis(200),
        }
    }
}

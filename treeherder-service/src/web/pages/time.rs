//! Times as pages have them.

use chrono::{DateTime, Utc};

/// Writes a time for the attribute `datetime`, from which scripts tell it in the reader's own zone.
pub(super) fn iso(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

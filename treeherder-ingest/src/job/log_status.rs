//! How far the parsing of a job's log has come (`spec/ingest.md` §4.9.5).

/// Status of one log of a job, with the number it is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum LogStatus {
    /// Not parsed yet.
    Pending = 0,
    /// Parsed, its results are stored.
    Parsed = 1,
    /// Could not be fetched or parsed.
    Failed = 2,
    /// Larger than the size limit.
    SkippedSize = 3,
}

impl LogStatus {
    /// Reads the text of a log reference; an unknown text means pending.
    pub fn from_text(text: &str) -> Self {
        match text {
            "parsed" => Self::Parsed,
            "failed" => Self::Failed,
            "skipped-size" => Self::SkippedSize,
            _ => Self::Pending,
        }
    }

    /// Returns the number in the `job_log.status` column.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// Reads the number of the `job_log.status` column.
    pub fn from_code(code: i32) -> Option<Self> {
        [Self::Pending, Self::Parsed, Self::Failed, Self::SkippedSize]
            .into_iter()
            .find(|status| status.code() == code)
    }
}

//! What a failed fetch means for the status of a log (§5.2, 5.7, 5.8.1).

use crate::http::{HttpError, HttpErrorKind};
use crate::job::LogStatus;

/// The kinds of files of a job that are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactKind {
    /// The text log of the task.
    RawLog,
    /// The structured error summary of a test task.
    ErrorSummary,
    /// Performance data as a JSON file.
    PerfherderData,
}

impl ArtifactKind {
    /// Tells the kind by the name of the log reference; other names are not fetched.
    #[must_use]
    pub fn of_log(name: &str) -> Option<Self> {
        match name {
            "live_backing_log" => Some(Self::RawLog),
            "errorsummary_json" => Some(Self::ErrorSummary),
            _ if name.replace('-', "_").starts_with("perfherder_data") => Some(Self::PerfherderData),
            _ => None,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::RawLog => "log",
            Self::ErrorSummary => "error summary",
            Self::PerfherderData => "performance data",
        }
    }
}

/// A log or artifact that could not be fetched.
///
/// | event | status | retried |
/// |---|---|---|
/// | larger than a limit | skipped-size | no |
/// | 403 or 404 | failed | no |
/// | URL that is none, refused by the guard, JSON syntax | failed | no |
/// | other HTTP status | failed | yes |
/// | connection, timeout, broken body | failed; unchanged for an error summary | yes |
///
/// A retry that succeeds sets the status to parsed. Performance data follow the same table: a passing fault of
/// the server must not lose them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot fetch the {}: {source}", .kind.label())]
pub struct FetchError {
    kind: ArtifactKind,
    source: HttpError,
}

impl FetchError {
    pub(super) fn new(kind: ArtifactKind, source: HttpError) -> Self {
        Self { kind, source }
    }

    /// What should have been fetched.
    #[must_use]
    pub fn kind(&self) -> ArtifactKind {
        self.kind
    }

    /// The failed request.
    #[must_use]
    pub fn http(&self) -> &HttpError {
        &self.source
    }

    /// The status the log gets; `None` leaves it as it is.
    #[must_use]
    pub fn status(&self) -> Option<LogStatus> {
        match self.source.kind() {
            HttpErrorKind::TooLarge { .. } => Some(LogStatus::SkippedSize),
            HttpErrorKind::Status(_) => Some(LogStatus::Failed),
            _ if self.source.is_permanent() || self.kind != ArtifactKind::ErrorSummary => {
                Some(LogStatus::Failed)
            }
            _ => None,
        }
    }

    /// Tells whether the work item is to be retried (§2.4).
    #[must_use]
    pub fn is_retried(&self) -> bool {
        !self.is_gone() && !self.source.is_permanent()
    }

    /// Tells whether the server says that there is nothing (any more) for us: 403 or 404.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.source.status(), Some(403 | 404))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Refusal, StatusCode, TimeoutPhase};

    #[test]
    fn kinds_by_name() {
        let table = [
            ("live_backing_log", Some(ArtifactKind::RawLog)),
            ("errorsummary_json", Some(ArtifactKind::ErrorSummary)),
            ("perfherder-data-build-metrics.json", Some(ArtifactKind::PerfherderData)),
            ("perfherder_data.json", Some(ArtifactKind::PerfherderData)),
            ("builds-4h", None),
        ];
        for (name, expected) in table {
            assert_eq!(ArtifactKind::of_log(name), expected, "{name}");
        }
    }

    #[test]
    fn statuses_and_retries() {
        use ArtifactKind::{ErrorSummary, PerfherderData, RawLog};
        let status = |code| HttpErrorKind::Status(StatusCode::from_u16(code).unwrap());
        let timeout = HttpErrorKind::Timeout(TimeoutPhase::Body);
        let connection = HttpErrorKind::Connection("refused".into());
        let (failed, skipped) = (Some(LogStatus::Failed), Some(LogStatus::SkippedSize));
        let table = [
            (RawLog, HttpErrorKind::TooLarge { limit: 1 }, skipped, false),
            (RawLog, status(403), failed, false),
            (RawLog, status(404), failed, false),
            (RawLog, status(410), failed, true),
            (RawLog, status(500), failed, true),
            (RawLog, timeout.clone(), failed, true),
            (RawLog, connection.clone(), failed, true),
            (RawLog, HttpErrorKind::Body("cut".into()), failed, true),
            (RawLog, HttpErrorKind::Refused(Refusal::NoHost), failed, false),
            (RawLog, HttpErrorKind::Invalid("x".into()), failed, false),
            (ErrorSummary, status(404), failed, false),
            (ErrorSummary, status(503), failed, true),
            (ErrorSummary, timeout.clone(), None, true),
            (ErrorSummary, connection, None, true),
            (ErrorSummary, HttpErrorKind::Refused(Refusal::NoHost), failed, false),
            (PerfherderData, status(404), failed, false),
            (PerfherderData, status(502), failed, true),
            (PerfherderData, timeout, failed, true),
            (PerfherderData, HttpErrorKind::Json("x".into()), failed, false),
            (PerfherderData, HttpErrorKind::TooLarge { limit: 1 }, skipped, false),
        ];
        for (kind, fault, status, retried) in table {
            let error = FetchError::new(kind, HttpError::new("https://x/", fault));
            assert_eq!((error.status(), error.is_retried()), (status, retried), "{error}");
        }
    }
}

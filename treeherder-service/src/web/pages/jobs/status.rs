//! What became of a job, as the page shows it: its result once it is completed, its state before (§11.3).

/// Status of a job on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::web::pages) enum Status {
    TestFailed,
    Busted,
    Exception,
    Success,
    Retry,
    UserCancel,
    Superseded,
    Running,
    Pending,
    Unscheduled,
    Unknown,
}

impl Status {
    /// All of them, in the order in which counts are shown.
    pub(in crate::web::pages) const ALL: [Self; 11] = [
        Self::TestFailed,
        Self::Busted,
        Self::Exception,
        Self::Success,
        Self::Retry,
        Self::UserCancel,
        Self::Superseded,
        Self::Running,
        Self::Pending,
        Self::Unscheduled,
        Self::Unknown,
    ];

    /// Finds the status of a job with this state and result.
    pub(in crate::web::pages) fn of(state: &str, result: &str) -> Self {
        let name = if state == "completed" { result } else { state };
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Unknown)
    }

    /// Returns the name that the API and URLs use.
    pub(in crate::web::pages) fn name(self) -> &'static str {
        match self {
            Self::TestFailed => "testfailed",
            Self::Busted => "busted",
            Self::Exception => "exception",
            Self::Success => "success",
            Self::Retry => "retry",
            Self::UserCancel => "usercancel",
            Self::Superseded => "superseded",
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Unscheduled => "unscheduled",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the words that people and screen readers get.
    pub(in crate::web::pages) fn words(self) -> &'static str {
        match self {
            Self::TestFailed => "test failed",
            Self::Busted => "busted",
            Self::Exception => "exception",
            Self::Success => "success",
            Self::Retry => "retried",
            Self::UserCancel => "cancelled",
            Self::Superseded => "superseded",
            Self::Running => "running",
            Self::Pending => "pending",
            Self::Unscheduled => "unscheduled",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the letter that stands for it in the page's data and in class names.
    pub(in crate::web::pages) fn letter(self) -> char {
        match self {
            Self::TestFailed => 't',
            Self::Busted => 'b',
            Self::Exception => 'e',
            Self::Success => 's',
            Self::Retry => 'r',
            Self::UserCancel => 'u',
            Self::Superseded => 'x',
            Self::Running => 'g',
            Self::Pending => 'p',
            Self::Unscheduled => 'n',
            Self::Unknown => 'k',
        }
    }

    /// Tells whether somebody has to look at it.
    pub(in crate::web::pages) fn is_failure(self) -> bool {
        matches!(self, Self::TestFailed | Self::Busted | Self::Exception)
    }
}

/// Tells whether a classification counts as one: the others leave the failure to be looked at (§5.3).
pub(in crate::web::pages) fn is_classified(classification: i32) -> bool {
    !matches!(classification, 1 | 6 | 7 | 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_names_are_distinct_and_lead_back() {
        let letters: std::collections::BTreeSet<char> =
            Status::ALL.iter().map(|status| status.letter()).collect();
        assert_eq!(letters.len(), Status::ALL.len());
        for status in Status::ALL {
            let (state, result) = match status {
                Status::Running | Status::Pending | Status::Unscheduled => (status.name(), "unknown"),
                _ => ("completed", status.name()),
            };
            assert_eq!(Status::of(state, result), status);
        }
        assert_eq!(Status::of("completed", "something new"), Status::Unknown);
    }
}

//! What can go wrong between a push message and its storage.

use super::store::PushStoreError;
use crate::http::{HttpError, HttpErrorKind};

/// Failed pushes that an error text tells one by one.
const TOLD_FAILURES: usize = 10;

/// A push message or pushlog that could not be ingested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The exchange carries no kind of push (§3.2).
    #[error("unsupported push exchange {0:?}")]
    UnsupportedExchange(String),
    /// A field is missing or not of its type.
    #[error("field {field} of the {place} is {problem}")]
    Field {
        /// What was read: `hg push message`, `pushlog`, …
        place: &'static str,
        /// The path of the field.
        field: String,
        /// `missing`, or what is wrong with it.
        problem: String,
    },
    /// A push without commits.
    #[error("{0} has no commits")]
    NoCommits(String),
    /// A pushlog that could not be fetched, or whose body is no pushlog (§3.7).
    #[error("cannot fetch the pushlog: {0}")]
    HgPushFetch(#[source] HttpError),
    /// A pushlog without pushes where one was announced (§3.7).
    #[error("the pushlog at {url} holds no pushes")]
    EmptyPushlog {
        /// Where the pushlog was fetched, without secrets.
        url: String,
    },
    /// GitHub could not be asked, or gave no usable answer.
    #[error("cannot ask GitHub: {0}")]
    Github(#[source] HttpError),
    /// GitHub's pages do not end.
    #[error("more than {limit} pages of commits at {url}")]
    TooManyPages {
        /// The first page, without secrets.
        url: String,
        /// The most pages that are read.
        limit: usize,
    },
    /// A commit to start from could not be found (§3.11).
    #[error("cannot find the base of commit {commit}: {reason}")]
    NoBase {
        /// The head commit.
        commit: String,
        /// Why.
        reason: String,
    },
    /// An argument of a command is not usable (§3.11).
    #[error("invalid argument {argument:?}: {reason}")]
    Argument {
        /// The text given.
        argument: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Some pushes of a pushlog could not be stored; the others were (§3.8).
    #[error("{}", tell_failures(.project, .failures))]
    Collection {
        /// Name of the repository.
        project: String,
        /// The pushes that failed.
        failures: Vec<FailedPush>,
    },
    /// The store or the cache failed.
    #[error(transparent)]
    Store(#[from] PushStoreError),
}

/// One push of a pushlog that could not be stored.
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedPush {
    /// Its id in the pushlog.
    pub push_id: String,
    /// Why.
    pub error: PushError,
}

impl PushError {
    /// Tells whether trying again is useless (§2.4).
    ///
    /// A pushlog that is no JSON is tried again (§3.7): the server answers with a page of its own when it is
    /// in trouble.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::UnsupportedExchange(_)
            | Self::Field { .. }
            | Self::NoCommits(_)
            | Self::TooManyPages { .. }
            | Self::NoBase { .. }
            | Self::Argument { .. } => true,
            Self::HgPushFetch(error) => {
                error.is_permanent() && !matches!(error.kind(), HttpErrorKind::Json(_))
            }
            Self::EmptyPushlog { .. } => false,
            Self::Github(error) => error.is_permanent(),
            Self::Collection { failures, .. } => failures.iter().all(|failed| failed.error.is_permanent()),
            Self::Store(error) => error.is_permanent(),
        }
    }

    pub(super) fn missing(place: &'static str, field: &str) -> Self {
        Self::field(place, field, "missing")
    }

    pub(super) fn field(place: &'static str, field: &str, problem: &str) -> Self {
        Self::Field { place, field: field.to_owned(), problem: problem.to_owned() }
    }
}

fn tell_failures(project: &str, failures: &[FailedPush]) -> String {
    let mut text = format!("{} pushes of project {project} failed (collection result_set)", failures.len());
    for FailedPush { push_id, error } in failures.iter().take(TOLD_FAILURES) {
        text.push_str(&format!("; push {push_id}: {error}"));
    }
    if failures.len() > TOLD_FAILURES {
        text.push_str("; …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_tells_its_failures() {
        let failures = (0..12)
            .map(|number| FailedPush {
                push_id: number.to_string(),
                error: PushError::NoCommits(format!("push {number}")),
            })
            .collect();
        let text = PushError::Collection { project: "try".into(), failures }.to_string();
        assert!(
            text.starts_with("12 pushes of project try failed (collection result_set); push 0: push 0 has")
        );
        assert!(text.ends_with("push 9: push 9 has no commits; …"), "{text}");
    }
}

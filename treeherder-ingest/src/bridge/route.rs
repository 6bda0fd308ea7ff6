//! The route that tells where the job of a task belongs (`spec/bridge-l10n-platform.md` §1.4).
//!
//! The bridge knows more forms than the ingester ([`crate::task::Route`]) and keeps destination, owner and origin,
//! which its messages and routing keys need.

use serde::Serialize;
use thiserror::Error;

/// Which forms of routes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteForms {
    /// All of them: `<destination>.v2.<project>.<revision>[.<id>]` and, without the version,
    /// `<destination>.<project>.<revision>[.<id>]`.
    #[default]
    All,
    /// Those with `v2` only, as the last version of taskcluster-treeherder did.
    VersionTwo,
}

/// Which service has the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteOrigin {
    /// hg.mozilla.org; the id is that of the push log.
    Mercurial,
    /// GitHub; the id is the number of the pull request, and pushes to a branch have none.
    GitHub,
}

/// Push log id or number of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RouteId {
    /// A number, at least at the beginning of the word.
    Number(i64),
    /// A word that does not begin with a number; the schema of job messages refuses it.
    Word(String),
}

/// Where a job belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRoute {
    /// Which Treeherder it is for, such as `tc-treeherder`.
    pub destination: String,
    /// Owner of the GitHub repository; consumers ignore it.
    pub owner: Option<String>,
    /// Repository as Treeherder knows it.
    pub project: String,
    /// Commit id, unless the word is something else.
    pub revision: String,
    /// Push log id or number of a pull request.
    pub id: Option<RouteId>,
    /// Which service has the repository.
    pub origin: RouteOrigin,
    /// Whether the route has the three words that once named a revision hash.
    pub has_three_words: bool,
}

/// A route has none of the forms that are read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Unrecognized treeherder routing key format {route:?}, expected {expected}")]
pub struct UnrecognizedRoute {
    /// The route.
    pub route: String,
    /// The forms that are read.
    pub expected: &'static str,
}

const VERSION_TWO: &str = "<destination>.v2.[<owner>/]<project>.<revision>[.<push log id or pull request>]";
const ALL: &str = "<destination>.[v2.][<owner>/]<project>.<revision>[.<push log id or pull request>]";

impl JobRoute {
    /// Reads a route.
    ///
    /// A second word `v2` decides; without it there are three words, or four of which the last is a number. The id of
    /// a `v2` route is ignored when more words follow.
    ///
    /// # Errors
    /// When the route has none of these forms.
    pub fn parse(route: &str, forms: RouteForms) -> Result<Self, UnrecognizedRoute> {
        let words: Vec<&str> = route.split('.').collect();
        let (destination, project, revision, id) = match (words.as_slice(), forms) {
            ([destination, "v2", project, revision, rest @ ..], _) => {
                let id = if let [id] = rest { Some(*id) } else { None };
                (destination, project, revision, id)
            }
            ([_, "v2", ..], _) => return Err(Self::unrecognized(route, forms)),
            ([destination, project, revision], RouteForms::All) => (destination, project, revision, None),
            ([destination, project, revision, id], RouteForms::All) if is_decimal(id) => {
                (destination, project, revision, Some(*id))
            }
            _ => return Err(Self::unrecognized(route, forms)),
        };
        let (origin, owner, project) = match project.split_once('/') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
                (RouteOrigin::GitHub, Some(owner.to_owned()), name)
            }
            _ => (RouteOrigin::Mercurial, None, *project),
        };
        Ok(Self {
            destination: (*destination).to_owned(),
            owner,
            project: project.to_owned(),
            revision: (*revision).to_owned(),
            id: id.map(RouteId::parse),
            origin,
            has_three_words: words.len() == 3,
        })
    }

    fn unrecognized(route: &str, forms: RouteForms) -> UnrecognizedRoute {
        let expected = match forms {
            RouteForms::All => ALL,
            RouteForms::VersionTwo => VERSION_TWO,
        };
        UnrecognizedRoute { route: route.to_owned(), expected }
    }
}

impl RouteId {
    /// Reads the number that a word begins with: `12ab` is 12.
    fn parse(word: &str) -> Self {
        let text = word.trim_start();
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let number = text.get(..text.len() - digits.len() + length).and_then(|number| number.parse().ok());
        number.map_or_else(|| Self::Word(word.to_owned()), Self::Number)
    }
}

fn is_decimal(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use RouteId::{Number, Word};

    #[test]
    fn every_form_is_read() {
        // route, owner, project, revision, id
        let word = |text: &str| Some(Word(text.to_owned()));
        let table = [
            ("treeherder.v2.try.XYZ.234", None, "try", "XYZ", Some(Number(234))),
            ("treeherder.v2.dummy/try.XYZ.234", Some("dummy"), "try", "XYZ", Some(Number(234))),
            ("treeherder.v2.try.XYZ", None, "try", "XYZ", None),
            ("treeherder.v2._/fenix.XYZ", Some("_"), "fenix", "XYZ", None),
            ("treeherder.v2.try.XYZ.12ab", None, "try", "XYZ", Some(Number(12))),
            ("treeherder.v2.try.XYZ. +7 ", None, "try", "XYZ", Some(Number(7))),
            ("treeherder.v2.try.XYZ.-3", None, "try", "XYZ", Some(Number(-3))),
            ("treeherder.v2.try.XYZ.ab", None, "try", "XYZ", word("ab")),
            ("treeherder.v2.try.XYZ.", None, "try", "XYZ", word("")),
            ("treeherder.v2.try.XYZ.-", None, "try", "XYZ", word("-")),
            ("treeherder.v2.try.XYZ.99999999999999999999", None, "try", "XYZ", word("99999999999999999999")),
            ("treeherder.v2.try.XYZ.1.2", None, "try", "XYZ", None),
            ("treeherder.v2.a/b/c.XYZ", None, "a/b/c", "XYZ", None),
            ("treeherder.v2./b.XYZ", None, "/b", "XYZ", None),
            ("treeherder.v2.a/.XYZ", None, "a/", "XYZ", None),
            // The forms without a version.
            (
                "treeherder.mozilla-inbound.8faa67ad6d0fda3ccf884c90acfd061d37e8558d.1246",
                None,
                "mozilla-inbound",
                "8faa67ad6d0fda3ccf884c90acfd061d37e8558d",
                Some(Number(1246)),
            ),
            ("treeherder.user/project.XYZ.17", Some("user"), "project", "XYZ", Some(Number(17))),
            ("treeherder.user/project.XYZ", Some("user"), "project", "XYZ", None),
            ("treeherder.try.XYZ", None, "try", "XYZ", None),
        ];
        for (text, owner, project, revision, id) in table {
            let route = JobRoute::parse(text, RouteForms::All).unwrap();
            assert_eq!(route.destination, "treeherder", "{text}");
            assert_eq!(route.owner.as_deref(), owner, "{text}");
            assert_eq!((route.project.as_str(), route.revision.as_str()), (project, revision), "{text}");
            assert_eq!(route.id, id, "{text}");
            let expected = if owner.is_some() { RouteOrigin::GitHub } else { RouteOrigin::Mercurial };
            assert_eq!(route.origin, expected, "{text}");
            assert_eq!(route.has_three_words, text.split('.').count() == 3, "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused_with_the_forms_that_are_read() {
        for text in [
            "",
            "treeherder",
            "treeherder.try",
            "treeherder.v2",
            "treeherder.v2.try",
            "treeherder.v1.try.XYZ",
            "treeherder.try.XYZ.ab",
            "treeherder.try.XYZ.12ab",
            "treeherder.try.XYZ.",
            "treeherder.try.XYZ.1.2",
        ] {
            let error = JobRoute::parse(text, RouteForms::All).unwrap_err().to_string();
            assert!(error.starts_with("Unrecognized treeherder routing key format"), "{error}");
            assert!(error.contains(&format!("{text:?}")) && error.contains("[v2.]"), "{error}");
        }
    }

    #[test]
    fn the_strict_forms_are_those_with_a_version() {
        let version_two = RouteForms::VersionTwo;
        assert!(JobRoute::parse("treeherder.v2.try.XYZ.234", version_two).is_ok());
        for text in
            ["treeherder.try.XYZ", "treeherder.try.XYZ.234", "treeherder.v2.try", "treeherder.v3.a.b.1"]
        {
            let error = JobRoute::parse(text, version_two).unwrap_err().to_string();
            assert!(error.contains("<destination>.v2."), "{error}");
        }
    }
}

//! The repositories of the scenarios: names and flags of the fixture (`spec/ingest.md` appendix C).

use super::urls::Urls;

/// A repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Project name, as in routes.
    pub name: &'static str,
    /// Where its commits come from.
    pub source: Source,
    /// Path of the repository on its server.
    pub path: &'static str,
    /// Branch that pushes name (GitHub only).
    pub branch: Option<&'static str>,
}

/// How the pushes of a repository come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Mercurial pushes.
    Hg,
    /// Pushes on GitHub.
    GitHubPush,
    /// Pull requests on GitHub.
    GitHubPullRequest,
}

/// The repositories that receive pushes.
pub const REPOSITORIES: [Repository; 5] = [
    Repository { name: "autoland", source: Source::Hg, path: "integration/autoland", branch: None },
    Repository { name: "try", source: Source::Hg, path: "try", branch: None },
    Repository { name: "mozilla-central", source: Source::Hg, path: "mozilla-central", branch: None },
    Repository {
        name: "enterprise-main",
        source: Source::GitHubPush,
        path: "mozilla/enterprise-firefox",
        branch: Some("enterprise-main"),
    },
    Repository {
        name: "enterprise-firefox-pr",
        source: Source::GitHubPullRequest,
        path: "mozilla/enterprise-firefox",
        branch: Some("enterprise-main"),
    },
];

/// Which repository push number n goes to: a cycle of ten.
const CYCLE: [usize; 10] = [0, 1, 3, 4, 2, 0, 0, 1, 0, 1];

impl Repository {
    pub(crate) fn of_push(index: u32) -> &'static Self {
        &REPOSITORIES[CYCLE[index as usize % CYCLE.len()]]
    }

    /// Returns the type of its version control: `hg` or `git`.
    pub fn dvcs_type(&self) -> &'static str {
        if self.source == Source::Hg { "hg" } else { "git" }
    }

    /// Returns the URL as the repository table holds it: no `.git`, no slash at the end.
    pub fn url(&self, urls: &Urls) -> String {
        match self.dvcs_type() {
            "hg" => format!("{}/{}", urls.hg_identity(), self.path),
            _ => format!("{}/{}", urls.github_identity(), self.path),
        }
    }

    /// Returns organisation and name on GitHub.
    pub(crate) fn organization(&self) -> (&'static str, &'static str) {
        self.path.split_once('/').unwrap_or(("", self.path))
    }
}

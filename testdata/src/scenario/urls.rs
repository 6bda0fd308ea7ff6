//! Where the servers are.

/// The addresses that messages and definitions name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    root: String,
    real_identities: bool,
}

impl Urls {
    /// Everything is at one root URL, such as `http://127.0.0.1:4321`.
    pub fn new(root: &str) -> Self {
        Self { root: root.trim_end_matches('/').to_owned(), real_identities: false }
    }

    /// Names repositories as the fixture does (`https://hg.mozilla.org/…`, `https://github.com/…`), so that they
    /// are found in an unchanged repository table. What is fetched still comes from the root URL.
    #[must_use]
    pub fn with_real_identities(mut self) -> Self {
        self.real_identities = true;
        self
    }

    /// The Taskcluster root URL.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The base that pushlogs are fetched from.
    pub fn hg(&self) -> String {
        format!("{}/hg", self.root)
    }

    /// The base of the GitHub API.
    pub fn github_api(&self) -> String {
        format!("{}/github-api", self.root)
    }

    /// The base of Bugzilla.
    pub fn bugzilla(&self) -> String {
        format!("{}/bugzilla", self.root)
    }

    pub(crate) fn hg_identity(&self) -> String {
        if self.real_identities { "https://hg.mozilla.org".to_owned() } else { self.hg() }
    }

    pub(crate) fn github_identity(&self) -> String {
        if self.real_identities { "https://github.com".to_owned() } else { format!("{}/github", self.root) }
    }
}

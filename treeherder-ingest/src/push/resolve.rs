//! Which repository a push belongs to (§3.4) and the branch recorded on it (§3.5).

use super::message::PushMessage;

/// A repository as far as pushes are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRule {
    /// Primary key.
    pub id: i32,
    /// Name, unique.
    pub name: String,
    /// URL, without slash or `.git` at the end.
    pub url: String,
    /// `hg` or `git`.
    pub dvcs_type: String,
    /// Whether its status is `active`; repositories on hold take no pushes.
    pub active: bool,
    /// Whether pull requests make pushes.
    pub accepts_pull_requests: bool,
    /// Branch rules: names, or beginnings of names that end in `*`.
    pub branches: Vec<String>,
}

/// What came out of the search for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution<'r> {
    /// Exactly one repository fits.
    Found {
        /// The repository.
        repository: &'r RepositoryRule,
        /// The branch to record: set only when a wildcard rule matched.
        branch: Option<String>,
    },
    /// No repository fits.
    Unknown,
    /// More than one repository, or more than one wildcard rule, fits: their repositories' names.
    Ambiguous(Vec<&'r str>),
}

/// Finds the repository of `message` among `repositories` (those of other URLs are passed over).
#[must_use]
pub fn resolve<'r>(message: &PushMessage, repositories: &'r [RepositoryRule]) -> Resolution<'r> {
    let url = message.repo_url();
    let at_url = repositories.iter().filter(|repository| repository.active && repository.url == url);
    match message {
        PushMessage::Hg(_) => exactly_one(at_url.filter(|repository| !has_wildcard(repository)), None),
        PushMessage::GithubPullRequest(_) => {
            exactly_one(at_url.filter(|repository| repository.accepts_pull_requests), None)
        }
        PushMessage::GithubPush(push) => resolve_branch(&at_url.collect::<Vec<_>>(), &push.branch),
    }
}

/// Exact rules first, then wildcards; letter case counts and no character but the final `*` is special.
fn resolve_branch<'r>(repositories: &[&'r RepositoryRule], branch: &str) -> Resolution<'r> {
    let exact = repositories
        .iter()
        .copied()
        .filter(|repository| repository.branches.iter().any(|rule| rule == branch));
    match exactly_one(exact, None) {
        Resolution::Unknown => {}
        decided => return decided,
    }
    // Counted by rule, not by repository: two wildcards of one repository are ambiguous as well.
    let matching = repositories.iter().copied().flat_map(|repository| {
        let rules = repository.branches.iter().filter_map(|rule| rule.strip_suffix('*'));
        rules.filter(|start| branch.starts_with(start)).map(move |_| repository)
    });
    exactly_one(matching, Some(branch).filter(|branch| !branch.is_empty()))
}

fn exactly_one<'r>(
    mut candidates: impl Iterator<Item = &'r RepositoryRule>,
    branch: Option<&str>,
) -> Resolution<'r> {
    let Some(repository) = candidates.next() else { return Resolution::Unknown };
    let others: Vec<&str> = candidates.map(|repository| repository.name.as_str()).collect();
    if others.is_empty() {
        Resolution::Found { repository, branch: branch.map(str::to_owned) }
    } else {
        Resolution::Ambiguous([vec![repository.name.as_str()], others].concat())
    }
}

fn has_wildcard(repository: &RepositoryRule) -> bool {
    repository.branches.iter().any(|rule| rule.ends_with('*'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::message::{GithubPullRequest, GithubPush, HgPush};

    const URL: &str = "https://github.com/mozilla/x";

    fn rule(name: &str, branches: &[&str]) -> RepositoryRule {
        RepositoryRule {
            id: 1,
            name: name.into(),
            url: URL.into(),
            dvcs_type: "git".into(),
            active: true,
            accepts_pull_requests: false,
            branches: branches.iter().map(ToString::to_string).collect(),
        }
    }

    fn push_to(branch: &str) -> PushMessage {
        PushMessage::GithubPush(GithubPush {
            organization: "mozilla".into(),
            repository: "x".into(),
            repo_url: URL.into(),
            branch: branch.into(),
            base_sha: "a".into(),
            head_sha: "b".into(),
            commits: Vec::new(),
        })
    }

    /// `name` or `name@branch` when found, else the outcome.
    fn outcome(message: &PushMessage, repositories: &[RepositoryRule]) -> String {
        match resolve(message, repositories) {
            Resolution::Found { repository, branch: None } => repository.name.clone(),
            Resolution::Found { repository, branch: Some(branch) } => format!("{}@{branch}", repository.name),
            Resolution::Unknown => "unknown".into(),
            Resolution::Ambiguous(names) => format!("ambiguous {}", names.join(",")),
        }
    }

    #[test]
    fn resolves_branches() {
        let inactive = RepositoryRule { active: false, ..rule("old", &["main", "*"]) };
        let elsewhere = RepositoryRule { url: "https://github.com/o/y".into(), ..rule("other", &["*"]) };
        let table: [(&[RepositoryRule], &str, &str); 17] = [
            (&[rule("a", &["main"])], "main", "a"),
            (&[rule("a", &["main"])], "Main", "unknown"),
            (&[rule("a", &["main"])], "main2", "unknown"),
            (&[rule("a", &["main"]), rule("b", &["main"])], "main", "ambiguous a,b"),
            (&[rule("a", &["main"]), rule("b", &["*"])], "main", "a"),
            (&[rule("a", &["main"]), rule("b", &["*"])], "feature", "b@feature"),
            (&[rule("a", &["main", "*"])], "main", "a"),
            (&[rule("a", &["releases/*"])], "releases/1.0+b", "a@releases/1.0+b"),
            (&[rule("a", &["releases/*"])], "releases", "unknown"),
            (&[rule("a", &["releases/*"])], "xreleases/1", "unknown"),
            (&[rule("a", &["a.c/*"])], "abc/1", "unknown"),
            (&[rule("a", &["rel/*"]), rule("b", &["rel/x/*"])], "rel/x/1", "ambiguous a,b"),
            (&[rule("a", &["rel/*", "rel/x/*"])], "rel/x/1", "ambiguous a,a"),
            (&[rule("a", &["*"])], "", "a"),
            (&[rule("a", &[])], "main", "unknown"),
            (&[inactive, elsewhere, rule("a", &["main"])], "main", "a"),
            (&[], "main", "unknown"),
        ];
        for (repositories, branch, expected) in table {
            assert_eq!(outcome(&push_to(branch), repositories), expected, "{branch} in {repositories:?}");
        }
    }

    #[test]
    fn resolves_hg_by_url() {
        let message = PushMessage::Hg(HgPush { repo_url: URL.into(), pushlog_urls: Vec::new() });
        assert_eq!(outcome(&message, &[rule("a", &[]), rule("b", &["x/*"])]), "a");
        assert_eq!(outcome(&message, &[rule("a", &[]), rule("b", &["x"])]), "ambiguous a,b");
        assert_eq!(outcome(&message, &[rule("b", &["*"])]), "unknown");
    }

    #[test]
    fn resolves_pull_requests_by_flag() {
        let message = PushMessage::GithubPullRequest(GithubPullRequest {
            organization: "mozilla".into(),
            repository: "x".into(),
            repo_url: URL.into(),
            number: 1,
        });
        let accepting = |name| RepositoryRule { accepts_pull_requests: true, ..rule(name, &[]) };
        assert_eq!(outcome(&message, &[rule("a", &["main"]), accepting("b")]), "b");
        assert_eq!(outcome(&message, &[accepting("a"), accepting("b")]), "ambiguous a,b");
        assert_eq!(outcome(&message, &[rule("a", &["*"])]), "unknown");
    }
}

//! What commands need to ingest pushes by hand (§3.11).

use serde_json::{Value, json};

use super::error::PushError;
use super::github::{Comparison, GithubCommit};
use super::pushlog::PushlogPoll;
use super::upstream::Upstream;

/// An exchange whose messages are GitHub pushes.
pub const GITHUB_PUSH_EXCHANGE: &str = "exchange/taskcluster-github/v1/push";

/// An exchange whose messages are GitHub pull requests.
pub const GITHUB_PULL_REQUEST_EXCHANGE: &str = "exchange/taskcluster-github/v1/pull-request";

/// Commits walked back in search of a base.
const MAX_STEPS: usize = 100;

/// Makes the message that announces the pull request at `url`, `https://github.com/<org>/<repo>/pull/<n>`.
///
/// Process it with [`GITHUB_PULL_REQUEST_EXCHANGE`]. A slash at the end does not matter.
///
/// # Errors
/// [`PushError::Argument`] when the URL is not of that form.
pub fn pull_request_message(url: &str) -> Result<Value, PushError> {
    let fault = || PushError::Argument {
        argument: crate::http::redact_url(url),
        reason: "not https://github.com/ORGANIZATION/REPOSITORY/pull/NUMBER",
    };
    let parsed = url::Url::parse(url.trim()).map_err(|_| fault())?;
    let segments: Vec<&str> = parsed.path().trim_matches('/').split('/').collect();
    let [organization, repository, "pull", number, ..] = segments.as_slice() else { return Err(fault()) };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(fault());
    }
    let repo_url = format!("https://github.com/{organization}/{repository}.git");
    Ok(json!({
        "organization": organization,
        "repository": repository,
        "action": "synchronize",
        "details": {
            "event.pullNumber": number,
            "event.base.repo.url": repo_url,
            "event.head.repo.url": repo_url,
        },
    }))
}

/// Makes the message that announces a push of `commit` to `branch`, after searching its base commit.
///
/// Process it with [`GITHUB_PUSH_EXCHANGE`]. `repo_url` is the repository's URL with or without `.git`.
///
/// # Errors
/// When GitHub cannot be asked, no base is found, or `repo_url` is not `https://HOST/ORGANIZATION/REPOSITORY`.
pub async fn github_push_message(
    upstream: &Upstream,
    repo_url: &str,
    branch: &str,
    commit: &str,
) -> Result<Value, PushError> {
    let (organization, repository) = owner_and_name(repo_url)?;
    let base = upstream.base_commit(&organization, &repository, branch, commit).await?;
    let repo_url = repo_url.trim_end_matches('/');
    let repo_url = format!("{}.git", repo_url.strip_suffix(".git").unwrap_or(repo_url));
    Ok(json!({
        "organization": organization,
        "repository": repository,
        "details": {
            "event.base.repo.url": repo_url,
            "event.base.repo.branch": branch,
            "event.base.sha": base,
            "event.head.repo.url": repo_url,
            "event.head.repo.branch": branch,
            "event.head.sha": commit,
        },
        "body": { "commits": [] },
    }))
}

/// Narrows `poll` to the last `count` pushes of its Mercurial repository.
///
/// # Errors
/// When the pushlog cannot be fetched or does not tell its last id.
pub async fn last_pushes<'a>(
    upstream: &Upstream,
    poll: PushlogPoll<'a>,
    count: u32,
) -> Result<PushlogPoll<'a>, PushError> {
    let last = upstream.newest_push_id(poll.url).await?;
    let start = last.saturating_sub(i64::from(count)).max(1);
    Ok(PushlogPoll { last_push_id: Some(start), ..poll })
}

fn owner_and_name(repo_url: &str) -> Result<(String, String), PushError> {
    let fault = || PushError::Argument {
        argument: crate::http::redact_url(repo_url),
        reason: "not https://HOST/ORGANIZATION/REPOSITORY",
    };
    let parsed = url::Url::parse(repo_url).map_err(|_| fault())?;
    let path = parsed.path().trim_matches('/');
    match path.strip_suffix(".git").unwrap_or(path).split('/').collect::<Vec<_>>().as_slice() {
        [organization, name] if !organization.is_empty() && !name.is_empty() => {
            Ok(((*organization).to_owned(), (*name).to_owned()))
        }
        _ => Err(fault()),
    }
}

impl Upstream {
    /// Searches the commit before the push of `commit` to `branch`.
    ///
    /// The parent of the point where `commit` left the branch is the base, unless it was committed at the same
    /// time: commits of one push share their committer date, so the search goes on from there.
    async fn base_commit(
        &self,
        organization: &str,
        repository: &str,
        branch: &str,
        commit: &str,
    ) -> Result<String, PushError> {
        let no_base =
            |reason: &str| PushError::NoBase { commit: commit.to_owned(), reason: reason.to_owned() };
        let mut head = commit.to_owned();
        for _ in 0..MAX_STEPS {
            let range = format!("{branch}...{head}");
            let comparison: Comparison =
                self.github_json(organization, repository, &["compare", &range]).await?;
            let Some(merge_base) = comparison.merge_base_commit else {
                return Err(no_base("it has no commit in common with the branch"));
            };
            let Some(date) = merge_base.commit.map(|commit| commit.committer.date) else {
                return Err(no_base("the merge base has no date"));
            };
            let mut same_date = None;
            for parent in &merge_base.parents {
                let parent: GithubCommit =
                    self.github_json(organization, repository, &["commits", &parent.sha]).await?;
                if parent.commit.committer.date != date {
                    return Ok(parent.sha);
                }
                same_date = Some(parent.sha);
            }
            match (merge_base.parents.len(), same_date) {
                (1, Some(parent)) => head = parent,
                (0, _) => return Err(no_base("the merge base has no parent")),
                _ => return Err(no_base("all parents of the merge base were committed at the same time")),
            }
        }
        Err(no_base("too many commits were committed at the same time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::message::PushMessage;

    #[test]
    fn reads_pull_request_urls() {
        for url in [
            "https://github.com/mozilla-mobile/fenix/pull/123",
            "https://github.com/mozilla-mobile/fenix/pull/123/",
            "https://github.com/mozilla-mobile/fenix/pull/123/files",
        ] {
            let body = pull_request_message(url).unwrap();
            assert_eq!(body["action"], "synchronize");
            let PushMessage::GithubPullRequest(message) =
                PushMessage::read(GITHUB_PULL_REQUEST_EXCHANGE, &body).unwrap()
            else {
                panic!("{url}");
            };
            assert_eq!(message.repo_url, "https://github.com/mozilla-mobile/fenix");
            assert_eq!((message.organization.as_str(), message.number), ("mozilla-mobile", 123));
        }
        for url in
            ["https://github.com/o/r", "https://github.com/o/r/pull/x", "o/r/pull/1", "https://a/o/r/pull/"]
        {
            assert!(pull_request_message(url).unwrap_err().is_permanent(), "{url}");
        }
    }

    #[test]
    fn splits_repository_urls() {
        let expected = ("o".to_owned(), "r.js".to_owned());
        for url in
            ["https://github.com/o/r.js", "https://github.com/o/r.js.git", "https://github.com/o/r.js/"]
        {
            assert_eq!(owner_and_name(url).unwrap(), expected, "{url}");
        }
        assert!(owner_and_name("https://hg.mozilla.org/try").is_err());
    }
}

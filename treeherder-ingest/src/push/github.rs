//! GitHub pushes and pull requests: fetch and transformation (§3.9, 3.10).

use chrono::{DateTime, NaiveDateTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::PushError;
use super::loaded::{LoadedPush, Revision};
use super::message::{GithubPullRequest, GithubPush, WebhookCommit};
use super::upstream::Upstream;
use crate::http::header::ACCEPT;
use crate::http::{HttpError, HttpErrorKind, Response, redact_url};

/// Pages read of one list: GitHub ends at 10,000 commits, the smallest usual page has 30.
const MAX_PAGES: usize = 400;

/// A commit as GitHub's API lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GithubCommit {
    pub(super) sha: String,
    pub(super) commit: GitCommit,
}

/// The part of a commit that git itself keeps.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GitCommit {
    message: String,
    author: Author,
    pub(super) committer: Committer,
}

#[derive(Clone, Debug, Deserialize)]
struct Author {
    name: String,
    email: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Committer {
    pub(super) date: String,
}

/// A parent of a commit.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Parent {
    pub(super) sha: String,
}

/// One page of a comparison, as far as a push needs it: what is not needed may be anything.
#[derive(Debug, Deserialize)]
struct ComparedCommits {
    commits: Vec<GithubCommit>,
}

/// Where the two ends of a comparison part.
#[derive(Debug, Deserialize)]
pub(super) struct Comparison {
    #[serde(default)]
    pub(super) merge_base_commit: Option<MergeBase>,
}

/// Where two branches part; most requests for a comparison do not need to know more about it.
#[derive(Debug, Deserialize)]
pub(super) struct MergeBase {
    #[serde(default)]
    pub(super) commit: Option<GitCommit>,
    #[serde(default)]
    pub(super) parents: Vec<Parent>,
}

impl Upstream {
    /// Loads a GitHub push: from the webhook for a new branch, else by comparing its ends.
    pub(super) async fn github_push(&self, push: &GithubPush) -> Result<LoadedPush, PushError> {
        if push.is_new_branch() {
            return load_webhook(&push.commits);
        }
        let range = format!("{}...{}", push.base_sha, push.head_sha);
        let mut url = self.github_url(&push.organization, &push.repository, &["compare", &range]);
        url.query_pairs_mut().append_pair("page", "1");
        let commits = self.github_pages(url, |page: ComparedCommits| page.commits).await?;
        load_commits(&commits)
    }

    /// Loads the commits of a pull request.
    pub(super) async fn github_pull_request(
        &self,
        pull_request: &GithubPullRequest,
    ) -> Result<LoadedPush, PushError> {
        let number = pull_request.number.to_string();
        let path = ["pulls", number.as_str(), "commits"];
        let url = self.github_url(&pull_request.organization, &pull_request.repository, &path);
        let commits = self.github_pages(url, |page: Vec<GithubCommit>| page).await?;
        load_commits(&commits)
    }

    /// Fetches one document of a repository.
    pub(super) async fn github_json<T: DeserializeOwned>(
        &self,
        organization: &str,
        repository: &str,
        path: &[&str],
    ) -> Result<T, PushError> {
        self.github_document(&self.github_url(organization, repository, path)).await
    }

    /// Fetches one document.
    pub(crate) async fn github_document<T: DeserializeOwned>(&self, url: &Url) -> Result<T, PushError> {
        self.github_page(url).await?.json().map_err(PushError::Github)
    }

    /// `…/repos/<organization>/<repository>/<path>`, each part percent-encoded.
    pub(crate) fn github_url(&self, organization: &str, repository: &str, path: &[&str]) -> Url {
        let mut url = self.github_api.clone();
        // `Upstream::new` has checked that the URL has a host, so it has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["repos", organization, repository]).extend(path);
        }
        url
    }

    /// Reads a list page by page along `Link: …; rel="next"`.
    pub(crate) async fn github_pages<P: DeserializeOwned, T>(
        &self,
        first: Url,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, PushError> {
        let mut collected = Vec::new();
        let mut url = first.clone();
        for _ in 0..MAX_PAGES {
            let page = self.github_page(&url).await?;
            collected.extend(items(page.json().map_err(PushError::Github)?));
            match page.next_page() {
                Some(next) => url = next,
                None => return Ok(collected),
            }
        }
        Err(PushError::TooManyPages { url: redact_url(first.as_str()), limit: MAX_PAGES })
    }

    async fn github_page(&self, url: &Url) -> Result<Response, PushError> {
        // The token is for the API alone, wherever a page claims that the next one is.
        if url.origin() != self.github_api.origin() {
            let reason = "the page is not on GitHub's API".to_owned();
            return Err(PushError::Github(HttpError::new(url.as_str(), HttpErrorKind::Invalid(reason))));
        }
        let mut request = self.client.get(url.as_str()).header(ACCEPT, "application/vnd.github+json");
        if let Some(token) = self.github_token() {
            request = request.bearer(token);
        }
        request.response().await.map_err(PushError::Github)
    }
}

/// Transforms listed commits: the last one is the head, its author is the push's.
fn load_commits(commits: &[GithubCommit]) -> Result<LoadedPush, PushError> {
    let Some(head) = commits.last() else { return Err(PushError::NoCommits("the GitHub push".into())) };
    Ok(LoadedPush {
        revision: head.sha.clone(),
        push_timestamp: timestamp("commit.committer.date", &head.commit.committer.date)?,
        author: head.commit.author.email.clone(),
        revisions: commits
            .iter()
            .map(|GithubCommit { sha, commit, .. }| Revision {
                revision: sha.clone(),
                author: format!("{} <{}>", commit.author.name, commit.author.email),
                comment: commit.message.clone(),
            })
            .collect(),
        branch: None,
    })
}

/// Transforms the commits that came with the message itself.
fn load_webhook(commits: &[WebhookCommit]) -> Result<LoadedPush, PushError> {
    let Some(head) = commits.last() else {
        return Err(PushError::NoCommits("the GitHub push of a new branch".into()));
    };
    let mail = |commit: &WebhookCommit| commit.author.email.clone().unwrap_or_default();
    Ok(LoadedPush {
        revision: head.id.clone(),
        push_timestamp: timestamp("body.commits.timestamp", &head.timestamp)?,
        author: mail(head),
        revisions: commits
            .iter()
            .map(|commit| Revision {
                revision: commit.id.clone(),
                author: format!("{} <{}>", commit.author.name, mail(commit)),
                comment: commit.message.clone(),
            })
            .collect(),
        branch: None,
    })
}

/// Seconds since the epoch of an ISO 8601 time; without an offset it is UTC.
fn timestamp(field: &str, text: &str) -> Result<f64, PushError> {
    let text = text.trim();
    let time = DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc()))
        .map_err(|_| PushError::field("GitHub commit", field, &format!("not a time: {text:?}")))?;
    // Whole seconds and microseconds apart: both are exact in a double.
    Ok(time.timestamp() as f64 + f64::from(time.timestamp_subsec_micros()) / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        let table = [
            ("2016-07-27T22:36:30Z", Some(1_469_658_990.0)),
            ("2016-07-28T00:36:30+02:00", Some(1_469_658_990.0)),
            ("2016-07-27T22:36:30.250Z", Some(1_469_658_990.25)),
            ("2016-07-27T22:36:30", Some(1_469_658_990.0)),
            ("yesterday", None),
        ];
        for (text, expected) in table {
            assert_eq!(timestamp("f", text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn empty_lists_are_permanent_errors() {
        assert!(load_commits(&[]).unwrap_err().is_permanent());
        assert!(load_webhook(&[]).unwrap_err().is_permanent());
    }
}

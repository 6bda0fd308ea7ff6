//! Push messages: which kind an exchange carries (§3.2) and the fields that are used (§3.7, 3.9, 3.10).

use serde::Deserialize;
use serde_json::Value;

use super::error::PushError;

/// The kinds of push messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushKind {
    /// A push to hg.mozilla.org.
    Hg,
    /// A push to a GitHub repository.
    GithubPush,
    /// A pull request that was opened or updated.
    GithubPullRequest,
}

impl PushKind {
    /// Chooses the kind by the name of the exchange (§3.2).
    ///
    /// # Errors
    /// [`PushError::UnsupportedExchange`] for any other exchange.
    pub fn of_exchange(exchange: &str) -> Result<Self, PushError> {
        if exchange.contains("github") {
            if exchange.ends_with("push") {
                return Ok(Self::GithubPush);
            }
            if exchange.ends_with("pull-request") {
                return Ok(Self::GithubPullRequest);
            }
        } else if exchange.contains("/hgpushes/") {
            return Ok(Self::Hg);
        }
        Err(PushError::UnsupportedExchange(exchange.to_owned()))
    }
}

/// A push message, reduced to what is used of it.
#[derive(Clone, Debug, PartialEq)]
pub enum PushMessage {
    /// From hg.mozilla.org.
    Hg(HgPush),
    /// From GitHub, a push.
    GithubPush(GithubPush),
    /// From GitHub, a pull request.
    GithubPullRequest(GithubPullRequest),
}

/// What is used of a message of hg.mozilla.org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HgPush {
    /// URL of the repository.
    pub repo_url: String,
    /// Where the announced pushes can be fetched, in the order of the message, each once.
    pub pushlog_urls: Vec<String>,
}

/// What is used of a GitHub push message.
#[derive(Clone, Debug, PartialEq)]
pub struct GithubPush {
    /// Owner of the repository.
    pub organization: String,
    /// Name of the repository.
    pub repository: String,
    /// URL of the repository, without `.git`.
    pub repo_url: String,
    /// The tag, else the branch, that was pushed.
    pub branch: String,
    /// Commit before the push; 40 zeros for a new branch.
    pub base_sha: String,
    /// Commit after the push.
    pub head_sha: String,
    /// Commits as the webhook told them, present only for a new branch.
    pub commits: Vec<WebhookCommit>,
}

/// What is used of a GitHub pull-request message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubPullRequest {
    /// Owner of the repository.
    pub organization: String,
    /// Name of the repository.
    pub repository: String,
    /// URL of the base repository, without `.git`.
    pub repo_url: String,
    /// Number of the pull request.
    pub number: u64,
}

/// A commit inside a GitHub webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WebhookCommit {
    /// Commit id.
    pub id: String,
    /// Message.
    pub message: String,
    /// ISO 8601.
    pub timestamp: String,
    /// Author.
    pub author: WebhookAuthor,
}

/// The author of a commit inside a GitHub webhook.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WebhookAuthor {
    /// Name.
    pub name: String,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
}

/// What GitHub calls the commit before the first one of a branch.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

impl GithubPush {
    /// Tells whether the push created its branch, so that there is nothing to compare with.
    #[must_use]
    pub fn is_new_branch(&self) -> bool {
        self.base_sha == NO_COMMIT
    }
}

impl PushMessage {
    /// Reads the body of a message that came from `exchange`.
    ///
    /// # Errors
    /// When the exchange is not supported or a field is missing; both are permanent.
    pub fn read(exchange: &str, body: &Value) -> Result<Self, PushError> {
        Ok(match PushKind::of_exchange(exchange)? {
            PushKind::Hg => Self::Hg(read_hg(body)?),
            PushKind::GithubPush => Self::GithubPush(read_github_push(body)?),
            PushKind::GithubPullRequest => Self::GithubPullRequest(read_pull_request(body)?),
        })
    }

    /// URL of the repository, as its row in the database has it.
    #[must_use]
    pub fn repo_url(&self) -> &str {
        match self {
            Self::Hg(push) => &push.repo_url,
            Self::GithubPush(push) => &push.repo_url,
            Self::GithubPullRequest(push) => &push.repo_url,
        }
    }
}

fn read_hg(body: &Value) -> Result<HgPush, PushError> {
    const PLACE: &str = "hg push message";
    let repo_url = text(PLACE, body, &["payload", "repo_url"])?;
    let pushes = body["payload"]["pushlog_pushes"]
        .as_array()
        .ok_or_else(|| PushError::missing(PLACE, "payload.pushlog_pushes"))?;
    let mut pushlog_urls = Vec::with_capacity(pushes.len());
    for push in pushes {
        let url = text(PLACE, push, &["push_full_json_url"])?.trim().to_owned();
        if !pushlog_urls.contains(&url) {
            pushlog_urls.push(url);
        }
    }
    if pushlog_urls.is_empty() {
        return Err(PushError::field(PLACE, "payload.pushlog_pushes", "empty"));
    }
    Ok(HgPush { repo_url, pushlog_urls })
}

fn read_github_push(body: &Value) -> Result<GithubPush, PushError> {
    const PLACE: &str = "GitHub push message";
    let tag = body["details"]["event.head.tag"].as_str().filter(|tag| !tag.is_empty());
    let branch = match tag {
        Some(tag) => tag.to_owned(),
        None => text(PLACE, body, &["details", "event.base.repo.branch"])?,
    };
    let mut push = GithubPush {
        organization: text(PLACE, body, &["organization"])?,
        repository: text(PLACE, body, &["repository"])?,
        repo_url: without_git(&text(PLACE, body, &["details", "event.head.repo.url"])?),
        branch,
        base_sha: text(PLACE, body, &["details", "event.base.sha"])?,
        head_sha: text(PLACE, body, &["details", "event.head.sha"])?,
        commits: Vec::new(),
    };
    if push.is_new_branch() {
        let commits = &body["body"]["commits"];
        if commits.is_null() {
            return Err(PushError::missing(PLACE, "body.commits"));
        }
        push.commits = Vec::deserialize(commits)
            .map_err(|error| PushError::field(PLACE, "body.commits", &format!("invalid: {error}")))?;
    }
    Ok(push)
}

fn read_pull_request(body: &Value) -> Result<GithubPullRequest, PushError> {
    const PLACE: &str = "GitHub pull-request message";
    const NUMBER: &str = "event.pullNumber";
    // Old messages have the number as text.
    let number = match &body["details"][NUMBER] {
        Value::Null => return Err(PushError::missing(PLACE, "details.event.pullNumber")),
        Value::String(number) => number.trim().parse().ok(),
        number => number.as_u64(),
    };
    Ok(GithubPullRequest {
        organization: text(PLACE, body, &["organization"])?,
        repository: text(PLACE, body, &["repository"])?,
        repo_url: without_git(&text(PLACE, body, &["details", "event.base.repo.url"])?),
        number: number
            .ok_or_else(|| PushError::field(PLACE, "details.event.pullNumber", "not a whole number"))?,
    })
}

fn text(place: &'static str, value: &Value, path: &[&str]) -> Result<String, PushError> {
    let found = path.iter().fold(value, |value, key| &value[*key]);
    match found {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Err(PushError::missing(place, &path.join("."))),
        _ => Err(PushError::field(place, &path.join("."), "not a string")),
    }
}

/// Repositories are known without the `.git` of a clone URL; only the end counts (Q-06).
fn without_git(url: &str) -> String {
    url.strip_suffix(".git").unwrap_or(url).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn chooses_by_exchange() {
        let table = [
            ("exchange/taskcluster-github/v1/push", Some(PushKind::GithubPush)),
            ("exchange/taskcluster-github/v1/pull-request", Some(PushKind::GithubPullRequest)),
            ("exchange/hgpushes/v1", Some(PushKind::Hg)),
            ("exchange/taskcluster-github/v1/release", None),
            ("exchange/github/hgpushes/v1", None),
            ("exchange/hgpushes", None),
            ("meh", None),
        ];
        for (exchange, expected) in table {
            let kind = PushKind::of_exchange(exchange);
            match (&kind, expected) {
                (Ok(kind), Some(expected)) => assert_eq!(*kind, expected, "{exchange}"),
                (Err(error), None) => {
                    assert!(error.is_permanent());
                    assert_eq!(error.to_string(), format!("unsupported push exchange {exchange:?}"));
                }
                _ => panic!("{exchange}: {kind:?}"),
            }
        }
    }

    fn github_push() -> Value {
        json!({
            "organization": "mozilla",
            "repository": "foo.github.io",
            "details": {
                "event.head.repo.url": "https://github.com/mozilla/foo.github.io.git",
                "event.base.repo.branch": "main",
                "event.base.sha": "a".repeat(40),
                "event.head.sha": "b".repeat(40),
            }
        })
    }

    #[test]
    fn only_the_git_at_the_end_is_dropped() {
        let push = read_github_push(&github_push()).unwrap();
        assert_eq!(push.repo_url, "https://github.com/mozilla/foo.github.io");
        assert_eq!(push.branch, "main");
    }

    #[test]
    fn a_tag_takes_the_place_of_the_branch_unless_it_is_empty() {
        let mut body = github_push();
        body["details"]["event.head.tag"] = json!("v1");
        assert_eq!(read_github_push(&body).unwrap().branch, "v1");
        body["details"]["event.head.tag"] = json!("");
        assert_eq!(read_github_push(&body).unwrap().branch, "main");
    }

    #[test]
    fn missing_fields_are_named() {
        let mut body = github_push();
        body["details"].as_object_mut().unwrap().remove("event.head.sha");
        let error = read_github_push(&body).unwrap_err();
        assert_eq!(error.to_string(), "field details.event.head.sha of the GitHub push message is missing");
        assert!(error.is_permanent());
        let mut new_branch = github_push();
        new_branch["details"]["event.base.sha"] = json!("0".repeat(40));
        assert!(read_github_push(&new_branch).unwrap_err().to_string().contains("body.commits"));
        for body in [json!(null), json!([]), json!({"payload": {"repo_url": "x", "pushlog_pushes": []}})] {
            assert!(read_hg(&body).unwrap_err().is_permanent());
        }
    }

    #[test]
    fn pull_request_numbers_come_as_text_or_number() {
        for (number, expected) in [(json!("1692"), Some(1692)), (json!(1692), Some(1692)), (json!("x"), None)]
        {
            let body = json!({
                "organization": "o", "repository": "r",
                "details": {"event.pullNumber": number, "event.base.repo.url": "https://github.com/o/r.git"}
            });
            assert_eq!(read_pull_request(&body).ok().map(|push| push.number), expected);
        }
    }

    #[test]
    fn each_pushlog_url_is_read_once() {
        let body = json!({"payload": {"repo_url": "u", "pushlog_pushes": [
            {"push_full_json_url": " https://hg/1 "},
            {"push_full_json_url": "https://hg/2"},
            {"push_full_json_url": "https://hg/1"},
        ]}});
        assert_eq!(read_hg(&body).unwrap().pushlog_urls, ["https://hg/1", "https://hg/2"]);
    }
}

//! Push messages, and the answers of the servers they lead to (`spec/ingest.md` §3.7, §3.9, §3.10).

use serde_json::{Map, Value, json};

use super::message::Message;
use super::push::{Commit, Push};
use super::repository::Source;
use super::urls::Urls;
use crate::time::iso_seconds;

impl Push {
    /// Makes the message about the push.
    pub(crate) fn message(&self, urls: &Urls) -> Message {
        let (exchange, routing_key, body) = match self.repository.source {
            Source::Hg => ("exchange/hgpushes/v1", self.repository.path.to_owned(), hg_body(self, urls)),
            Source::GitHubPush => {
                ("exchange/taskcluster-github/v1/push", github_key(self), github_push_body(self, urls))
            }
            Source::GitHubPullRequest => {
                let key = format!("{}.synchronize", github_key(self));
                ("exchange/taskcluster-github/v1/pull-request", key, pull_request_body(self, urls))
            }
        };
        Message {
            exchange: exchange.to_owned(),
            routing_key,
            cc: Vec::new(),
            root_url: urls.root().to_owned(),
            at: self.at,
            body: Some(body),
            raw: None,
        }
    }

    /// Messages about pushes that nobody can use: an unknown repository and an unknown kind of event.
    pub(crate) fn stray_messages(&self, urls: &Urls) -> [Message; 2] {
        let mut unknown = hg_body(self, urls);
        unknown["payload"]["repo_url"] = json!(format!("{}/retired-branch", urls.hg_identity()));
        let message = |exchange: &str, routing_key: &str, body| Message {
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_owned(),
            cc: Vec::new(),
            root_url: urls.root().to_owned(),
            at: self.at + 0.05,
            body: Some(body),
            raw: None,
        };
        [
            message("exchange/hgpushes/v1", "retired-branch", unknown),
            message(
                "exchange/taskcluster-github/v1/release",
                "primary.mozilla.enterprise-firefox",
                json!({"version": 1, "organization": "mozilla", "repository": "enterprise-firefox", "details": {}}),
            ),
        ]
    }
}

fn github_key(push: &Push) -> String {
    let (organization, repository) = push.repository.organization();
    format!("primary.{organization}.{repository}")
}

fn hg_body(push: &Push, urls: &Urls) -> Value {
    let base = format!("{}/{}/json-pushes?version=2", urls.hg(), push.repository.path);
    let range = format!("startID={}&endID={}", push.id - 1, push.id);
    json!({
        "payload": {
            "repo_url": push.repository.url(urls),
            "heads": [push.revision],
            "pushlog_pushes": [{
                "pushid": push.id,
                "time": push.time,
                "user": push.author,
                "push_json_url": format!("{base}&{range}"),
                "push_full_json_url": format!("{base}&full=1&{range}"),
            }],
            "source": "serve",
        },
        "_meta": {
            "exchange": "exchange/hgpushes/v1",
            "routing_key": push.repository.path,
            "serializer": "json",
            "sent": iso_seconds(push.time * 1000),
        },
    })
}

fn github_details(push: &Push, urls: &Urls, kind: &str) -> Map<String, Value> {
    let url = format!("{}.git", push.repository.url(urls));
    let branch = push.repository.branch.unwrap_or_default();
    let mut details = Map::new();
    for (key, value) in [
        ("event.type", kind),
        ("event.base.repo.url", &url),
        ("event.base.repo.branch", branch),
        ("event.base.sha", &push.base_revision),
        ("event.base.ref", branch),
        ("event.head.repo.url", &url),
        ("event.head.repo.branch", branch),
        ("event.head.sha", &push.revision),
        ("event.head.ref", branch),
        ("event.head.user.email", &push.author),
    ] {
        details.insert(key.to_owned(), json!(value));
    }
    details
}

fn github_push_body(push: &Push, urls: &Urls) -> Value {
    let (organization, repository) = push.repository.organization();
    // The webhook carries only the last commits of a long push.
    let shown = &push.commits[push.commits.len().saturating_sub(20)..];
    let commits: Vec<Value> = shown
        .iter()
        .map(|commit| {
            json!({
                "id": commit.revision,
                "message": commit.message,
                "timestamp": iso_seconds(commit.time * 1000),
                "author": {"name": commit.name, "email": commit.mail},
                "committer": {"name": commit.name, "email": commit.mail},
                "distinct": true,
            })
        })
        .collect();
    json!({
        "version": 1,
        "organization": organization,
        "repository": repository,
        "details": github_details(push, urls, "push"),
        "installationId": 1,
        "eventId": format!("demo-{}", push.index),
        "tasks_for": "github-push",
        "branch": push.repository.branch,
        "body": {
            "ref": format!("refs/heads/{}", push.repository.branch.unwrap_or_default()),
            "before": push.base_revision,
            "after": push.revision,
            "commits": commits,
        },
    })
}

fn pull_request_body(push: &Push, urls: &Urls) -> Value {
    let (organization, repository) = push.repository.organization();
    let mut details = github_details(push, urls, "pull_request.synchronize");
    details.insert("event.pullNumber".to_owned(), json!(push.id.to_string()));
    json!({
        "version": 1,
        "organization": organization,
        "repository": repository,
        "action": "synchronize",
        "details": details,
        "installationId": 1,
        "eventId": format!("demo-{}", push.index),
        "tasks_for": "github-pull-request",
        "branch": push.repository.branch,
    })
}

impl Push {
    /// Returns the entry of the push in a pushlog, with all of its changesets.
    pub(crate) fn pushlog_entry(&self, full: bool) -> Value {
        let changesets: Vec<Value> = self
            .commits
            .iter()
            .map(|commit| {
                if full {
                    json!({
                        "node": commit.revision,
                        "author": commit.author(),
                        "desc": commit.message,
                        "branch": "default",
                        "files": [],
                        "parents": [self.base_revision],
                        "tags": [],
                    })
                } else {
                    json!(commit.revision)
                }
            })
            .collect();
        json!({"changesets": changesets, "date": self.time, "user": self.author})
    }
}

impl Commit {
    /// Returns `Name <mail>`.
    pub fn author(&self) -> String {
        format!("{} <{}>", self.name, self.mail)
    }

    /// Returns the commit as the GitHub API shows it.
    pub(crate) fn github_object(&self) -> Value {
        let person = json!({"name": self.name, "email": self.mail, "date": iso_seconds(self.time * 1000)});
        json!({
            "sha": self.revision,
            "commit": {"message": self.message, "author": person, "committer": person},
            "parents": [],
        })
    }
}

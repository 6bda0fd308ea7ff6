//! Commits and releases as GitHub tells of them.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::Project;
use crate::push::{PushError, Upstream};
use crate::store::changelog::NewChange;

/// A commit of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) sha: String,
    html_url: String,
    commit: GitCommit,
}

#[derive(Debug, Deserialize)]
struct GitCommit {
    message: String,
    author: Author,
    committer: Committer,
}

#[derive(Debug, Deserialize)]
struct Author {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Committer {
    date: DateTime<Utc>,
}

/// The part of a single commit that lists do not have.
#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    filename: String,
}

/// A release; one that is not published has no date.
#[derive(Debug, Deserialize)]
pub(super) struct Release {
    id: i64,
    html_url: String,
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    published_at: Option<DateTime<Utc>>,
    author: Option<Login>,
}

#[derive(Debug, Deserialize)]
struct Login {
    login: String,
}

/// Lists the commits of the main branch since a time.
pub(super) async fn commits(
    upstream: &Upstream,
    project: &Project,
    since: DateTime<Utc>,
) -> Result<Vec<Commit>, PushError> {
    let mut url = upstream.github_url(&project.owner, &project.name, &["commits"]);
    let since = since.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    url.query_pairs_mut().append_pair("since", &since).append_pair("per_page", "100");
    upstream.github_pages(url, |page: Vec<Commit>| page).await
}

/// Lists the newest releases, a hundred at most.
pub(super) async fn releases(upstream: &Upstream, project: &Project) -> Result<Vec<Release>, PushError> {
    let mut url = upstream.github_url(&project.owner, &project.name, &["releases"]);
    url.query_pairs_mut().append_pair("per_page", "100");
    upstream.github_document(&url).await
}

/// Names the files that a commit changes.
pub(super) async fn files(
    upstream: &Upstream,
    project: &Project,
    commit: &Commit,
) -> Result<Vec<String>, PushError> {
    let url = upstream.github_url(&project.owner, &project.name, &["commits", &commit.sha]);
    let details: Details = upstream.github_document(&url).await?;
    Ok(details.files.into_iter().map(|file| file.filename).collect())
}

impl Commit {
    /// What is stored of it.
    pub(super) fn change(self, project: &Project, files: Vec<String>) -> NewChange {
        let (message, description) =
            self.commit.message.split_once('\n').unwrap_or((self.commit.message.as_str(), ""));
        NewChange {
            remote_id: self.sha,
            kind: "commit",
            date: self.commit.committer.date,
            author: self.commit.author.name,
            message: message.trim().to_owned(),
            description: description.trim().to_owned(),
            owner: project.owner.clone(),
            project: project.name.clone(),
            project_url: format!("https://github.com/{project}"),
            url: self.html_url,
            files,
        }
    }
}

impl Release {
    /// What is stored of it, if it was published since a time.
    pub(super) fn change(self, project: &Project, since: DateTime<Utc>) -> Option<NewChange> {
        let date = self.published_at.filter(|date| *date >= since)?;
        let name = self.name.filter(|name| !name.is_empty()).unwrap_or(self.tag_name);
        Some(NewChange {
            remote_id: self.id.to_string(),
            kind: "release",
            date,
            author: self.author.map(|author| author.login).unwrap_or_default(),
            message: format!("Released {name}"),
            description: self.body.unwrap_or_default().trim().to_owned(),
            owner: project.owner.clone(),
            project: project.name.clone(),
            project_url: format!("https://github.com/{project}"),
            url: self.html_url,
            files: Vec::new(),
        })
    }
}

//! A push as HTML: who, when, which commits, how far, and its jobs.

use askama::Template;
use chrono::Utc;
use treeherder_ingest::store::PushSummary;
use treeherder_ingest::store::entity::repository;

use super::layout::{Group, Job, Progress, Row, row_title};
use super::range;
use super::status::{Status, is_classified};
use crate::web::pages::comment::{self, Part};
use crate::web::pages::links;
use crate::web::pages::query::{Query, encoded};
use crate::web::pages::time::{iso, of_push};

/// A push with everything that is shown of it.
#[derive(Debug, Template)]
#[template(path = "jobs/push.html")]
pub(super) struct PushView<'b> {
    repo: &'b str,
    id: i32,
    revision: &'b str,
    author: &'b str,
    date: String,
    iso: String,
    commits: Vec<CommitView<'b>>,
    more_commits: i64,
    more_url: String,
    pub(super) progress: Progress,
    rows: Rows<'b>,
    /// Link that shows all jobs one by one.
    expand: String,
    collapsed: bool,
}

/// The jobs of a push.
#[derive(Debug)]
enum Rows<'b> {
    Here(Vec<Row<'b>>),
    /// The script draws them; without it there is a link to a page of this push alone, with the same filter.
    Elsewhere(String),
}

fn alone(query: &Query, revision: &str) -> String {
    let mut pairs = query.pairs().to_vec();
    pairs.retain(|(name, _)| range::RESTRICTIONS.iter().all(|(known, _)| name != known));
    Query::new(pairs).with("revision", revision)
}

/// A commit as it is shown.
#[derive(Debug)]
struct CommitView<'b> {
    short: &'b str,
    url: String,
    author: &'b str,
    initials: String,
    parts: Vec<Part<'b>>,
}

impl<'b> PushView<'b> {
    /// Puts together what is shown.
    pub(super) fn new(
        repository: &'b repository::Model,
        push: &'b PushSummary,
        rows: Option<Vec<Row<'b>>>,
        progress: Progress,
        query: &Query,
    ) -> Self {
        let commits: Vec<_> = push
            .revisions
            .iter()
            .map(|commit| {
                let author = comment::name(&commit.author);
                CommitView {
                    short: commit.revision.get(..12).unwrap_or(&commit.revision),
                    url: links::commit(repository, &commit.revision),
                    author,
                    initials: comment::initials(author),
                    parts: comment::first_line(&commit.comments),
                }
            })
            .collect();
        let collapsed = query.list("collapsedPushes").contains(&push.id.to_string());
        Self {
            repo: &repository.name,
            id: push.id,
            revision: &push.revision,
            author: &push.author,
            date: of_push(push.time, Utc::now()),
            iso: iso(&push.time),
            more_commits: push.revision_count - commits.len() as i64,
            more_url: links::push(repository, &push.revision),
            commits,
            progress,
            rows: match rows {
                Some(rows) => Rows::Here(rows),
                None => Rows::Elsewhere(alone(query, &push.revision)),
            },
            expand: query.with("group_state", "expanded"),
            collapsed,
        }
    }

    fn push_link(&self) -> String {
        format!("/jobs?repo={}&revision={}", encoded(self.repo), encoded(self.revision))
    }

    fn author_link(&self) -> String {
        format!("/jobs?repo={}&author={}", encoded(self.repo), encoded(self.author))
    }

    fn job_link(&self, job: &Job<'_>) -> String {
        format!("/jobs/{}/{}", encoded(self.repo), job.id)
    }

    /// Class names of a job: its status, whether it is classified and how.
    fn classes(job: &Job<'_>) -> String {
        let mut classes = format!("j s-{}", job.status.letter());
        if is_classified(job.classification) {
            classes += " star";
        } else if job.classification == 7 {
            classes += " hollow";
        } else if job.classification == 6 {
            classes += " new";
        }
        classes
    }

    /// What a screen reader says: `test failed: mochitest-plain-5, Linux 18.04 debug`.
    fn spoken(job: &Job<'_>) -> String {
        let classified = if is_classified(job.classification) { ", classified" } else { "" };
        format!("{}: {}, {}{classified}", job.status.words(), job.kind.name, row_title(job))
    }

    fn spoken_count(count: &(Status, usize), group: &Group<'_>) -> String {
        format!("{} {} in {}, show them", count.1, count.0.words(), group.name)
    }
}

//! All repositories, and how their newest pushes are doing.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use treeherder_ingest::store::entity::repository;
use treeherder_ingest::store::{NewestPush, Store};

use super::html::{PageError, render};
use super::jobs::status::Status;
use super::jobs::{HIDDEN_TIER, Progress};
use super::query::encoded;
use super::shell::Shell;
use super::time::{iso, of_push};

/// Pushes that are shown of each repository.
const PUSHES: u32 = 6;

/// The repositories by group.
#[derive(Debug, Template)]
#[template(path = "repositories.html")]
struct Page<'p> {
    shell: &'p Shell,
    groups: Vec<Group<'p>>,
}

impl Page<'_> {
    /// Whether there are groups to which nobody has pushed.
    fn has_deserted(&self) -> bool {
        self.groups.iter().any(|group| group.rows.is_empty())
    }
}

/// A group of repositories.
#[derive(Debug)]
struct Group<'p> {
    name: &'p str,
    /// Those to which somebody has pushed.
    rows: Vec<Row<'p>>,
    /// The others.
    without: Vec<&'p repository::Model>,
}

/// A repository with its newest pushes.
#[derive(Debug)]
struct Row<'p> {
    repository: &'p repository::Model,
    pushes: Vec<Push>,
}

/// A push in short.
#[derive(Debug)]
struct Push {
    link: String,
    iso: String,
    date: String,
    author: String,
    progress: Progress,
}

impl Push {
    fn of(repository: &repository::Model, push: NewestPush, progress: Progress) -> Self {
        let link = format!("/jobs?repo={}&revision={}", encoded(&repository.name), encoded(&push.revision));
        let date = of_push(push.time, Utc::now());
        Self { link, iso: iso(&push.time), date, author: push.author, progress }
    }

    /// The letter of the result that is the most important one.
    fn letter(&self) -> char {
        match self.progress {
            Progress { failed: 1.., .. } => 't',
            Progress { in_progress: 1.., .. } => 'g',
            Progress { completed: 0, .. } => 'k',
            _ => 's',
        }
    }

    /// What it shows, so short that several fit beside each other.
    fn short(&self) -> String {
        match self.progress {
            Progress { failed: count @ 1.., .. } => count.to_string(),
            progress @ Progress { in_progress: 1.., .. } => format!("{} %", progress.percent()),
            Progress { completed: 0, .. } => "–".to_owned(),
            _ => "✓".to_owned(),
        }
    }

    /// The same in words. What is no element of its own stays in UTC.
    fn words(&self) -> String {
        let Progress { completed, in_progress, failed, .. } = self.progress;
        let mut words = match failed {
            0 if completed + in_progress == 0 => "no jobs".to_owned(),
            0 => "no unclassified failure".to_owned(),
            1 => "1 unclassified failure".to_owned(),
            _ => format!("{failed} unclassified failures"),
        };
        if in_progress > 0 {
            words += &format!(", {in_progress} in progress");
        }
        format!("{} UTC by {}: {words}", self.date, self.author)
    }
}

/// Shows the overview.
pub(super) async fn show(shell: Shell, State(store): State<Store>) -> Result<Response, PageError> {
    let shell = shell.at("repositories", None);
    let repositories: Vec<i32> = shell.repositories().iter().map(|repository| repository.id).collect();
    let newest = store.newest_pushes(&repositories, PUSHES).await?;
    let ids: Vec<i32> = newest.iter().map(|push| push.id).collect();
    let mut progress: HashMap<i32, Progress> = HashMap::new();
    for tally in store.push_tallies(&ids, HIDDEN_TIER).await? {
        let status = Status::of(&tally.state, &tally.result);
        let jobs = usize::try_from(tally.jobs).unwrap_or_default();
        progress.entry(tally.push_id).or_default().add(status, tally.failure_classification_id, jobs);
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for group in &shell.groups {
        groups.push(Group { name: &group.name, rows: Vec::new(), without: Vec::new() });
    }
    let mut of_repository: HashMap<i32, Vec<NewestPush>> = HashMap::new();
    for push in newest {
        of_repository.entry(push.repository_id).or_default().push(push);
    }
    for repository in shell.repositories() {
        let pushes = of_repository.remove(&repository.id).unwrap_or_default();
        let place = shell.groups.iter().position(|group| group.repositories.contains(&repository.name));
        let Some(group) = place.and_then(|place| groups.get_mut(place)) else { continue };
        if pushes.is_empty() {
            group.without.push(repository);
            continue;
        }
        let push = |push: NewestPush| {
            let progress = progress.get(&push.id).copied().unwrap_or_default();
            Push::of(repository, push, progress)
        };
        group.rows.push(Row { repository, pushes: pushes.into_iter().map(push).collect() });
    }
    // What is alive comes first.
    groups.sort_by_key(|group| group.rows.is_empty());
    Ok(render(&Page { shell: &shell, groups }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_told_by_what_matters_most_about_it() {
        let told = |completed, in_progress, failed| {
            let progress = Progress { completed, in_progress, failed, fixed: 0 };
            let of = |text: &str| text.to_owned();
            let push = Push { link: of("/"), iso: of(""), date: of("Fri"), author: of("ana"), progress };
            (push.letter(), push.short(), push.words())
        };
        for (progress, letter, short, words) in [
            ((9, 0, 0), 's', "✓", "Fri UTC by ana: no unclassified failure"),
            ((9, 0, 1), 't', "1", "Fri UTC by ana: 1 unclassified failure"),
            ((6, 3, 2), 't', "2", "Fri UTC by ana: 2 unclassified failures, 3 in progress"),
            ((6, 2, 0), 'g', "75 %", "Fri UTC by ana: no unclassified failure, 2 in progress"),
            ((0, 0, 0), 'k', "–", "Fri UTC by ana: no jobs"),
        ] {
            let (completed, in_progress, failed) = progress;
            let expected = (letter, short.to_owned(), words.to_owned());
            assert_eq!(told(completed, in_progress, failed), expected);
        }
    }
}

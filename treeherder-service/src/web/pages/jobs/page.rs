//! The page and the data that its script asks for later.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::{Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::Serialize;
use treeherder_ingest::store::entity::repository;
use treeherder_ingest::store::{Board, BoardJob, PushSummary, Store};

use super::data::Data;
use super::filter::Filter;
use super::layout::{Names, Progress, Row, Style, rows};
use super::push::PushView;
use super::range;
use super::status::Status;
use crate::web::TimeLeft;
use crate::web::pages::early::{self, Place};
use crate::web::pages::html::{Failed, PageError};
use crate::web::pages::job::JobView;
use crate::web::pages::query::Query;
use crate::web::pages::shell::Shell;

/// What is around the jobs, and needs none of them.
#[derive(Debug, Template)]
#[template(path = "jobs/frame.html")]
struct Frame<'p> {
    shell: &'p Shell,
}

/// The jobs and what controls them.
#[derive(Debug, Template)]
#[template(path = "jobs/page.html")]
struct Page<'p> {
    shell: &'p Shell,
    query: &'p Query,
    chips: Vec<Chip>,
    tiers: [(i32, bool); 3],
    unclassified: usize,
    unclassified_only: bool,
    unclassified_link: String,
    pushes: &'p [PushView<'p>],
    data: String,
    more: Vec<(usize, String)>,
    range: Vec<(&'static str, String, String)>,
    /// The landing that the link waits for.
    landing: Option<&'p str>,
    /// The selected job.
    job: Option<JobView>,
}

/// A switch for some statuses.
#[derive(Debug)]
struct Chip {
    words: &'static str,
    statuses: String,
    letter: char,
    on: bool,
    link: String,
}

/// The switches of the filter bar: words, statuses.
const CHIPS: [(&str, &[Status]); 7] = [
    ("Failures", &[Status::TestFailed, Status::Busted, Status::Exception]),
    ("Success", &[Status::Success]),
    ("In progress", &[Status::Pending, Status::Running]),
    ("Retries", &[Status::Retry]),
    ("Cancelled", &[Status::UserCancel]),
    ("Superseded", &[Status::Superseded]),
    ("Unscheduled", &[Status::Unscheduled]),
];

/// Jobs and counts that people read first: the pushes that show them are part of the page with their jobs. Each of them delays what
/// is seen first; the script of the page draws the others right after that.
const AT_ONCE: usize = 150;

/// Most paths of tests that are looked for.
const MOST_PATHS: usize = 20;

/// Shows pushes and their jobs. The beginning of the page is sent before the jobs are read.
pub(super) async fn show(
    shell: Shell,
    State(store): State<Store>,
    Extension(time): Extension<TimeLeft>,
    headers: HeaderMap,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let query = Query::new(pairs);
    let shell = shell.at("jobs", query.get("repo"));
    let Some(repository) = shell.repository() else {
        let text = format!("There is no active repository with the name “{}”.", shell.repo);
        return Ok(Failed::missing(shell, text).into_response());
    };
    let job = selected(&store, repository, &query).await?;
    if query.get("selectedJob").is_some()
        && let Some(task) = job.as_ref().and_then(|job| job.task.as_ref())
    {
        // Links of old name the job by its number, which is of this site alone.
        let run = format!("{}.{}", task.id, task.run);
        let now = query.renamed("selectedJob", "selectedTaskRun", &run);
        return Ok(Redirect::temporary(&format!("/jobs{now}")).into_response());
    }
    let frame = Frame { shell: &shell }.render()?;
    let repository = repository.clone();
    let place = Place { path: "/jobs", repository: repository.name.clone() };
    let content = async move { content(&shell, &store, &repository, &query, job).await };
    early::answer(&frame, &headers, place, time, content)
}

/// Reads the pushes and writes what is shown of them.
async fn content(
    shell: &Shell,
    store: &Store,
    repository: &repository::Model,
    query: &Query,
    job: Option<JobView>,
) -> Result<String, PageError> {
    let pushes = range::read(store, repository, query).await?;
    let board = read_board(store, &pushes, query).await?;
    let names = Names::of(&board);
    let filter = Filter::of(query).leaving_out(elsewhere(store, &ids(&pushes), query).await?);
    let views = views(repository, &pushes, &board, &names, &filter, query, AT_ONCE);
    let data = Data::of(&repository.name, &pushes, &board, &names, Utc::now());
    let data = data.with_elsewhere(filter.elsewhere()).for_block()?;
    let unclassified = views.iter().map(|view| view.progress.failed).sum();
    let page = Page {
        shell,
        query,
        chips: chips(query, &filter),
        tiers: [1, 2, 3].map(|tier| (tier, filter.shows_tier(tier))),
        unclassified,
        unclassified_only: filter.unclassified_only(),
        unclassified_link: if filter.unclassified_only() {
            query.without(&["classifiedState", "resultStatus"])
        } else {
            let mut pairs = query.pairs().to_vec();
            pairs.retain(|(name, _)| name != "resultStatus");
            let unclassified = Query::new(pairs).with("classifiedState", "unclassified");
            format!("{unclassified}&resultStatus=testfailed,busted,exception")
        },
        pushes: &views,
        data,
        more: [10, 20, 50]
            .map(|more| {
                let count = range::count_with(pushes.len(), more);
                (more, query.with("count", &count.to_string()))
            })
            .to_vec(),
        range: restrictions(query),
        landing: query.get("landoCommitID"),
        job,
    };
    Ok(page.render()?)
}

/// Answers the page's script: pushes that it does not have yet, and jobs that changed.
pub(super) async fn data(
    shell: Shell,
    State(store): State<Store>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let query = Query::new(pairs);
    let shell = shell.at("jobs", query.get("repo"));
    let Some(repository) = shell.repository() else {
        let text = format!("There is no active repository with the name “{}”.", shell.repo);
        return Ok(Failed::missing(shell, text).into_response());
    };
    let changed = match (query.get("since").and_then(moment), range::shown(&query)) {
        (Some(since), ids) if !ids.is_empty() && query.get("nojobs").is_none() => {
            let board = store.board(&ids, Some(since - OVERLAP)).await?;
            let data = Data::of(&repository.name, &[], &board, &Names::of(&board), Utc::now());
            Some(data.with_elsewhere(&elsewhere(&store, &ids, &query).await?))
        }
        _ => None,
    };
    let pushes = range::read_further(&store, repository, &query).await?;
    let arrived = if pushes.is_empty() {
        None
    } else {
        let board = read_board(&store, &pushes, &query).await?;
        let names = Names::of(&board);
        let filter = Filter::of(&query).leaving_out(elsewhere(&store, &ids(&pushes), &query).await?);
        let data = Data::of(&repository.name, &pushes, &board, &names, Utc::now());
        let mut data = data.with_elsewhere(filter.elsewhere());
        data.add_html(&views(repository, &pushes, &board, &names, &filter, &query, 0))?;
        Some(data)
    };
    Ok(Json(Further { changed, arrived }).into_response())
}

/// What a page does not have yet.
#[derive(Debug, Serialize)]
struct Further {
    /// Jobs of its pushes that changed.
    changed: Option<Data>,
    /// Pushes with their jobs.
    arrived: Option<Data>,
}

/// Changes may be stored out of the order of their times by so much; they are told again.
const OVERLAP: chrono::TimeDelta = chrono::TimeDelta::seconds(3);

fn moment(text: &str) -> Option<DateTime<Utc>> {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|moment| moment.and_utc())
}

async fn read_board(store: &Store, pushes: &[PushSummary], query: &Query) -> Result<Board, PageError> {
    if query.get("nojobs").is_some() {
        return Ok(Board::default());
    }
    Ok(store.board(&ids(pushes), None).await?)
}

fn ids(pushes: &[PushSummary]) -> Vec<i32> {
    pushes.iter().map(|push| push.id).collect()
}

/// Reads which jobs have run none of the tests that the page is about.
async fn elsewhere(store: &Store, pushes: &[i32], query: &Query) -> Result<HashSet<i64>, PageError> {
    let mut paths = query.list("test_paths");
    paths.truncate(MOST_PATHS);
    Ok(store.jobs_of_other_groups(pushes, &paths).await?)
}

/// Puts together what is shown of pushes, with the jobs of those that come first, until there are enough of them; the page's script
/// draws the others.
fn views<'b>(
    repository: &'b repository::Model,
    pushes: &'b [PushSummary],
    board: &'b Board,
    names: &'b Names,
    filter: &Filter,
    query: &Query,
    enough: usize,
) -> Vec<PushView<'b>> {
    let style = Style {
        expanded: query.get("group_state") == Some("expanded"),
        duplicates: query.get("duplicate_jobs") == Some("visible"),
    };
    let now = Utc::now();
    let mut by_push: HashMap<i32, Vec<&BoardJob>> = HashMap::new();
    for job in &board.jobs {
        by_push.entry(job.push_id).or_default().push(job);
    }
    let mut drawn = 0;
    let view = |push: &'b PushSummary| {
        let jobs = by_push.remove(&push.id).unwrap_or_default();
        let progress = Progress::of(jobs.iter().copied());
        let rows = (drawn < enough)
            .then(|| rows(jobs.into_iter().map(|job| names.job(board, job, now)), filter, style));
        drawn += rows.iter().flatten().map(Row::drawn).sum::<usize>();
        PushView::new(repository, push, rows, progress, query)
    };
    pushes.iter().map(view).collect()
}

/// Reads the job that a link of today (`selectedTaskRun`) or of old (`selectedJob`) names.
async fn selected(
    store: &Store,
    repository: &repository::Model,
    query: &Query,
) -> Result<Option<JobView>, PageError> {
    let id = match (query.get("selectedJob"), query.get("selectedTaskRun")) {
        (Some(id), _) => id.parse().ok(),
        (None, Some(run)) => {
            let (task, run) = task_run(run);
            store.job_of_task(repository.id, task, run).await?
        }
        (None, None) => None,
    };
    Ok(match id {
        Some(id) => JobView::read(store, repository, id).await?,
        None => None,
    })
}

/// Cuts `TASK.RUN` or, as in older links, `TASK-RUN`; a slug itself may have a dash in it.
pub(in crate::web::pages) fn task_run(text: &str) -> (&str, Option<i32>) {
    let cut = text.rsplit_once('.').or_else(|| text.rsplit_once('-').filter(|(task, _)| task.len() == 22));
    match cut {
        Some((task, run)) if run.parse::<i32>().is_ok() => (task, run.parse().ok()),
        _ => (text, None),
    }
}

/// Makes the switches, each with the link that turns it.
fn chips(query: &Query, filter: &Filter) -> Vec<Chip> {
    let shown: Vec<Status> = Status::ALL.into_iter().filter(|status| filter.shows(*status)).collect();
    let chip = |(words, statuses): (&'static str, &'static [Status])| {
        let on = statuses.iter().all(|status| shown.contains(status));
        let names: Vec<&str> = Status::ALL
            .into_iter()
            .filter(|status| if statuses.contains(status) { !on } else { shown.contains(status) })
            .map(Status::name)
            .collect();
        Chip {
            words,
            statuses: statuses.iter().map(|status| status.name()).collect::<Vec<_>>().join(","),
            letter: statuses[0].letter(),
            on,
            link: query.with("resultStatus", &names.join(",")),
        }
    };
    CHIPS.into_iter().map(chip).collect()
}

/// Lists what restricts the page to some pushes: words, value, link without it.
fn restrictions(query: &Query) -> Vec<(&'static str, String, String)> {
    let all = range::RESTRICTIONS.iter().chain(&[("test_paths", "Tests")]);
    let given = all.filter_map(|(name, words)| Some((name, words, query.get(name)?)));
    given.map(|(name, words, value)| (*words, value.to_owned(), query.without(&[name]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_tasks_are_read_in_both_forms() {
        for (text, task, run) in [
            ("AbCdEfGhTuyQ0123456-89.1", "AbCdEfGhTuyQ0123456-89", Some(1)),
            ("AbCdEfGhTuyQ0123456-89-0", "AbCdEfGhTuyQ0123456-89", Some(0)),
            ("AbCdEfGhTuyQ0123456-89", "AbCdEfGhTuyQ0123456-89", None),
            ("", "", None),
        ] {
            assert_eq!(task_run(text), (task, run), "{text}");
        }
    }
}

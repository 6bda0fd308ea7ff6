//! The jobs of a page as its script reads them: each name once, a few numbers per job.
//!
//! Thousands of jobs travel with each page, so they are written by columns: ids as differences, statuses and
//! classifications as one text, what a job is as a number in a list of kinds. `static/jobs/model.js` reads it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use treeherder_ingest::store::{Board, BoardJob, PushSummary};

use super::layout::{Job, Names, row_title};
use super::push::PushView;

/// Pushes with their jobs.
#[derive(Debug, Default, Serialize)]
pub(super) struct Data {
    /// Repository.
    repo: String,
    /// When it was read, in seconds since the epoch; running jobs count on from here.
    now: i64,
    /// Later changes are those after this moment.
    cursor: String,
    /// Pushes, the newest first.
    pushes: Vec<DataPush>,
    /// Title, raw name and place of the rows.
    rows: Vec<(String, String, i32)>,
    /// Symbol and name of groups.
    groups: Vec<(String, String)>,
    /// Row, group, type's symbol and name, tier.
    kinds: Vec<(usize, usize, String, String, i32)>,
    /// Jobs by their push.
    jobs: Vec<DataJobs>,
    /// Jobs that have run other tests than those that are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elsewhere: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct DataPush {
    id: i32,
    revision: String,
    author: String,
    time: i64,
    /// The push as HTML, for those that the page does not have yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

/// The jobs of a push by columns.
#[derive(Debug, Default, Serialize)]
struct DataJobs {
    push: i32,
    /// Each id less the one before it.
    ids: Vec<i64>,
    kinds: Vec<usize>,
    /// A letter for each job.
    status: String,
    /// A digit for each job.
    classes: String,
    minutes: Vec<i64>,
}

impl Data {
    /// Makes the data of a page that has the pushes already.
    pub(super) fn of(
        repo: &str,
        pushes: &[PushSummary],
        board: &Board,
        names: &Names,
        now: DateTime<Utc>,
    ) -> Self {
        let mut data = Self {
            repo: repo.to_owned(),
            now: now.timestamp(),
            cursor: board.last_modified.unwrap_or(now).format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            ..Self::default()
        };
        data.pushes = pushes
            .iter()
            .map(|push| DataPush {
                id: push.id,
                revision: push.revision.clone(),
                author: push.author.clone(),
                time: push.time.timestamp(),
                html: None,
            })
            .collect();
        let mut places = Places::default();
        let mut of_push: HashMap<i32, usize> = HashMap::new();
        let mut former: Vec<i64> = Vec::new();
        for row in &board.jobs {
            let place = *of_push.entry(row.push_id).or_insert_with(|| {
                data.jobs.push(DataJobs { push: row.push_id, ..DataJobs::default() });
                former.push(0);
                former.len() - 1
            });
            let job = names.job(board, row, now);
            let kind = places.kind(&mut data, row, &job);
            let jobs = &mut data.jobs[place];
            jobs.ids.push(job.id - former[place]);
            former[place] = job.id;
            jobs.kinds.push(kind);
            jobs.status.push(job.status.letter());
            let class = u32::try_from(job.classification).ok().and_then(|class| char::from_digit(class, 10));
            jobs.classes.push(class.unwrap_or('1'));
            jobs.minutes.push(job.minutes);
        }
        data
    }

    /// Names the jobs that have run other tests.
    pub(super) fn with_elsewhere(mut self, elsewhere: &HashSet<i64>) -> Self {
        self.elsewhere = elsewhere.iter().copied().collect();
        self.elsewhere.sort_unstable();
        self
    }

    /// Adds the HTML of pushes that the page does not have yet.
    pub(super) fn add_html(&mut self, views: &[PushView<'_>]) -> Result<(), askama::Error> {
        for (push, view) in self.pushes.iter_mut().zip(views) {
            push.html = Some(askama::Template::render(view)?);
        }
        Ok(())
    }

    /// Writes it for a data block of a page: nothing in it can end the block.
    pub(super) fn for_block(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

/// What has a number already.
#[derive(Default)]
struct Places<'b> {
    kinds: HashMap<(i32, i32, i32, i32, &'b str), usize>,
    rows: HashMap<String, usize>,
    groups: HashMap<i32, usize>,
}

impl<'b> Places<'b> {
    fn kind(&mut self, data: &mut Data, row: &'b BoardJob, job: &Job<'_>) -> usize {
        let option = &*row.option_collection_hash;
        let key = (row.machine_platform_id, row.job_group_id, row.job_type_id, row.tier, option);
        if let Some(place) = self.kinds.get(&key) {
            return *place;
        }
        let title = row_title(job);
        let of_row = *self.rows.entry(format!("{title}\n{}", job.platform)).or_insert_with(|| {
            data.rows.push((title, job.platform.to_owned(), job.order));
            data.rows.len() - 1
        });
        let of_group = *self.groups.entry(row.job_group_id).or_insert_with(|| {
            data.groups.push((job.group.symbol.clone(), job.group.name.clone()));
            data.groups.len() - 1
        });
        data.kinds.push((of_row, of_group, job.kind.symbol.clone(), job.kind.name.clone(), job.tier));
        self.kinds.insert(key, data.kinds.len() - 1);
        data.kinds.len() - 1
    }
}

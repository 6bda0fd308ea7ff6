//! Counts the lines of a job when they are stored (`spec/ingest.md` §6.2, §6.4).

use std::collections::{HashMap, HashSet};

use chrono::{SubsecRound as _, Utc};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _, Statement,
};

use super::counts::{Counts, Kept, LineKey, keep, kept_of, select_kept, select_lines};
use super::error_line::{LineRow, insert_lines};
use crate::store::entity::{job, text_log_error};
use crate::store::{LogJob, StoreError};
use crate::writer::WriteTransaction;

/// Classification of a job that has a failure which nobody has seen before.
const NEW_FAILURE_NOT_CLASSIFIED: i32 = 6;
/// Repositories whose lines are counted; those of others are only looked up.
const COUNTED: [&str; 3] = ["autoland", "mozilla-central", "comm-central"];
/// Results of jobs that do not become new failures.
const NO_FAILURE: [&str; 4] = ["success", "unknown", "usercancel", "retry"];
/// Numbers per statement.
const NUMBERS_PER_STATEMENT: usize = 500;

/// The lines that a job is to have, and what the database knows of its lines before.
#[derive(Debug)]
pub(super) struct Counting<'a> {
    job: &'a LogJob,
    rows: &'a [LineRow<'a>],
    keys: Vec<LineKey>,
    /// Numbers of the lines that are stored.
    stored: HashSet<i32>,
    /// Those of them that were stored without being counted, which is seldom.
    open: Vec<(i32, LineKey)>,
    kept: HashMap<i32, Kept>,
    counts: Counts,
    /// Stored lines that the job is not to have any more.
    gone: Vec<text_log_error::Model>,
}

/// What becomes of lines that the job has beside those that it is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// They stay: another log has them. A line whose number the job has is left as it is.
    Stay,
    /// They go, and are counted no more: the log that had them is replaced.
    Go,
}

impl<'a> Counting<'a> {
    /// Reads what is known of the job's lines and of `rows`, which are to be its lines, with or without the others.
    pub(super) async fn read(
        transaction: &WriteTransaction,
        job: &'a LogJob,
        rows: &'a [LineRow<'a>],
        others: Others,
    ) -> Result<Self, StoreError> {
        let backend = transaction.get_database_backend();
        if backend == DbBackend::Postgres {
            // One writer at a time for a job: what two of them read before they store would be counted twice.
            let lock = job::Entity::find_by_id(job.job_id).lock(LockType::NoKeyUpdate).build(backend);
            transaction.query_one_raw(lock).await?;
        }
        let keys: Vec<LineKey> = rows.iter().map(|(_, line)| LineKey::of(line)).collect();
        let mut counts = Counts::of(keys.iter().cloned());
        let mut selects =
            vec![select_lines(job.job_id).build(backend), backend.build(&select_kept(job.job_id))];
        selects.extend(counts.selects(backend, job));
        let done = transaction.run_together(selects).await?;
        let [stored, kept, counted @ ..] = &done[..] else {
            unreachable!("there is an answer to each of the statements");
        };
        let stored = stored
            .rows
            .iter()
            .map(|row| text_log_error::Model::from_query_result(row, ""))
            .collect::<Result<Vec<_>, _>>()?;
        let kept = kept_of(kept.rows.first())?;
        for done in counted {
            counts.take(job, &done.rows)?;
        }
        let (gone, stored): (Vec<_>, Vec<_>) =
            stored.into_iter().partition(|line| others == Others::Go && !has(rows, line));
        let open = stored.iter().filter(|line| !kept.contains_key(&line.line_number));
        let open: Vec<_> = open.map(|line| (line.line_number, LineKey::of(&line.line))).collect();
        let gone_keys: Vec<_> = gone.iter().map(|line| LineKey::of(&line.line)).collect();
        let further = || open.iter().map(|(_, key)| key).chain(&gone_keys);
        if further().any(|key| !counts.knows(key)) {
            counts = Counts::read(transaction, job, further().chain(&keys).cloned()).await?;
        }
        let mut kept = kept;
        for (line, key) in gone.iter().zip(&gone_keys) {
            if kept.remove(&line.line_number).is_some() && is_counted(job) {
                counts.take_back(key);
            }
        }
        let stored = stored.iter().map(|line| line.line_number).collect();
        Ok(Self { job, rows, keys, stored, open, kept, counts, gone })
    }

    /// Ids of the lines that the job is not to have any more.
    pub(super) fn gone(&self) -> impl Iterator<Item = i64> {
        self.gone.iter().map(|line| line.id)
    }

    /// Counts the job's lines that are not counted yet. Returns statements, and how many of them, the first ones, store those of
    /// the rows which the job does not have; the others store what was counted. A failure that nobody has seen before is marked, and
    /// so is its job.
    pub(super) fn store(self, backend: DbBackend) -> Result<(Vec<Statement>, usize), StoreError> {
        let Self { job, rows, keys, stored, mut open, mut kept, mut counts, gone } = self;
        let mut fresh = Vec::with_capacity(rows.len());
        for (row, key) in rows.iter().zip(keys).filter(|((number, _), _)| !stored.contains(number)) {
            fresh.push(row.clone());
            if !kept.contains_key(&row.0) {
                open.push((row.0, key));
            }
        }
        let is_counted = is_counted(job);
        let mut new = HashSet::new();
        for (number, key) in &open {
            let (counter, is_new) = counts.see(key, &job.push_revision, is_counted);
            if is_new || counter == 0 {
                new.insert(*number);
            }
            kept.insert(*number, Kept(*number, counter, is_new));
        }
        if NO_FAILURE.contains(&job.result.as_str()) {
            new.clear();
        }
        let mut statements = insert_lines(backend, job.job_id, &fresh, |number| new.contains(&number));
        let inserts = statements.len();
        if !open.is_empty() || !gone.is_empty() {
            statements.extend(counts.write(backend, job));
            statements.push(keep(backend, job.job_id, kept)?);
        }
        if !new.is_empty() {
            statements.push(classify(backend, job.job_id));
            let marked: Vec<i32> = new.intersection(&stored).copied().collect();
            statements.extend(
                marked.chunks(NUMBERS_PER_STATEMENT).map(|numbers| mark(backend, job.job_id, numbers)),
            );
        }
        Ok((statements, inserts))
    }
}

/// Whether lines of the job are counted, or only looked up.
fn is_counted(job: &LogJob) -> bool {
    COUNTED.contains(&job.repository.as_str())
}

/// Whether a stored line is one of the rows, which are in the order of their numbers.
fn has(rows: &[LineRow<'_>], line: &text_log_error::Model) -> bool {
    let place = rows.binary_search_by_key(&line.line_number, |(number, _)| *number);
    place.is_ok_and(|place| rows[place].1 == line.line)
}

fn classify(backend: DbBackend, job_id: i64) -> Statement {
    job::Entity::update_many()
        .col_expr(job::Column::FailureClassificationId, Expr::value(NEW_FAILURE_NOT_CLASSIFIED))
        .col_expr(job::Column::LastModified, Expr::value(Utc::now().trunc_subsecs(6)))
        .filter(job::Column::Id.eq(job_id))
        .build(backend)
}

/// Marks lines that were there before as failures that nobody has seen before.
fn mark(backend: DbBackend, job_id: i64, numbers: &[i32]) -> Statement {
    text_log_error::Entity::update_many()
        .col_expr(text_log_error::Column::NewFailure, Expr::value(true))
        .filter(text_log_error::Column::JobId.eq(job_id))
        .filter(text_log_error::Column::LineNumber.is_in(numbers.iter().copied()))
        .build(backend)
}

//! Counts the lines of a job when they are stored (`spec/ingest.md` §6.2, §6.4).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{SubsecRound as _, Utc};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _, Statement,
};

use super::counts::{Counts, Kept, keep, kept_of, select_kept, select_lines};
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

/// What the database knows of a job's lines before some are stored.
#[derive(Debug)]
pub(super) struct Counting<'a> {
    job: &'a LogJob,
    stored: Vec<text_log_error::Model>,
    kept: HashMap<i32, Kept>,
    counts: Counts,
}

impl<'a> Counting<'a> {
    /// Reads what is known of the job's lines and of `rows`, which are to be its lines.
    pub(super) async fn read(
        transaction: &WriteTransaction,
        job: &'a LogJob,
        rows: &[LineRow<'_>],
    ) -> Result<Self, StoreError> {
        let backend = transaction.get_database_backend();
        if backend == DbBackend::Postgres {
            // One writer at a time for a job: what two of them read before they store would be counted twice.
            let lock = job::Entity::find_by_id(job.job_id).lock(LockType::NoKeyUpdate).build(backend);
            transaction.query_one_raw(lock).await?;
        }
        let mut counts = Counts::of(rows.iter().map(|(_, line)| line.as_ref()));
        let mut selects =
            vec![select_lines(job.job_id).build(backend), backend.build(&select_kept(job.job_id))];
        selects.extend(counts.selects(backend, job));
        let mut read = transaction.run_together(selects).await?.into_iter().map(|done| done.rows);
        let (stored, kept) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
        let stored = stored
            .iter()
            .map(|row| text_log_error::Model::from_query_result(row, ""))
            .collect::<Result<Vec<_>, _>>()?;
        let kept = kept_of(kept.first())?;
        for rows in read {
            counts.take(job, &rows)?;
        }
        let is_open = |line: &&text_log_error::Model| {
            !kept.contains_key(&line.line_number) && !counts.knows(&line.line)
        };
        if stored.iter().any(|line| is_open(&line)) {
            // Lines that were stored without being counted, which is seldom: all are asked for anew.
            let lines = stored.iter().map(|line| line.line.as_str());
            let lines = lines.chain(rows.iter().map(|(_, line)| line.as_ref()));
            counts = Counts::read(transaction, job, lines).await?;
        }
        Ok(Self { job, stored, kept, counts })
    }

    /// Counts the job's lines that are not counted yet, and returns the statements that store those of `rows` which the job
    /// does not have, how many of the statements do so, and what was counted. A failure that nobody has seen before is marked,
    /// and so is its job.
    pub(super) fn store(
        self,
        backend: DbBackend,
        rows: &[LineRow<'_>],
    ) -> Result<(Vec<Statement>, usize), StoreError> {
        let Self { job, stored, mut kept, mut counts } = self;
        let known: HashSet<i32> = stored.iter().map(|line| line.line_number).collect();
        let fresh: Vec<LineRow<'_>> =
            rows.iter().filter(|(number, _)| !known.contains(number)).cloned().collect();
        let stored = stored.into_iter().map(|line| (line.line_number, Cow::Owned(line.line)));
        let open: Vec<LineRow<'_>> =
            stored.chain(fresh.iter().cloned()).filter(|(number, _)| !kept.contains_key(number)).collect();
        let is_counted = COUNTED.contains(&job.repository.as_str());
        let mut new = HashSet::new();
        for (number, line) in &open {
            let (counter, is_new) = counts.see(line, &job.push_revision, is_counted);
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
        if !open.is_empty() {
            statements.extend(counts.write(backend, job));
            statements.push(keep(backend, job.job_id, kept)?);
        }
        if !new.is_empty() {
            statements.push(classify(backend, job.job_id));
            let known: Vec<i32> = new.intersection(&known).copied().collect();
            statements.extend(
                known.chunks(NUMBERS_PER_STATEMENT).map(|numbers| mark(backend, job.job_id, numbers)),
            );
        }
        Ok((statements, inserts))
    }
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

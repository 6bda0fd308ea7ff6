//! How often failure lines were seen, and which push had one first (`spec/ingest.md` §6.2, §6.4, §6.5.1).
//!
//! A line is counted once for each job, in the transaction that stores it; what was found out then is kept with the job, so
//! that looking at a job changes nothing.

use std::collections::HashMap;

use chrono::{NaiveDate, SubsecRound as _, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _,
    QueryFilter as _, QueryOrder as _,
};
use serde::{Deserialize, Serialize};

use crate::store::accounts::key_hash;
use crate::store::entity::{cache_entry, job, line_count, text_log_error};
use crate::store::{LogJob, Store, StoreError};
use crate::suggestions::{cleaned_line, counted_form};

/// How long counts, and what was found out by them, are kept.
const KEPT: TimeDelta = TimeDelta::days(21);
/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;
/// Digits of a hash that are enough to tell lines apart.
const KEY_LENGTH: usize = 32;
/// Classification of a job that has a failure which nobody has seen before.
const NEW_FAILURE_NOT_CLASSIFIED: i32 = 6;
/// Repositories whose lines are counted; those of others are only looked up.
const COUNTED: [&str; 3] = ["autoland", "mozilla-central", "comm-central"];
/// Results of jobs that do not become new failures.
const NO_FAILURE: [&str; 4] = ["success", "unknown", "usercancel", "retry"];

/// A failure line with how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedLine {
    /// Text.
    pub line: String,
    /// Number in the log, from 0.
    pub line_number: i32,
    /// How often it was seen in the last three weeks, before it was stored.
    pub counter: i64,
    /// Whether the push of its job was the first that had it.
    pub is_new_in_revision: bool,
}

/// What is kept of one line with its job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Kept(i32, i64, bool);

impl Store {
    /// Returns the failure lines of a job in the order of their ids, with how often they were seen.
    ///
    /// For a line that was not counted when it was stored, or long ago, it is what is counted now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such job; or when the database fails.
    pub async fn counted_lines(&self, job_id: i64) -> Result<Vec<CountedLine>, StoreError> {
        let job = self.log_job(job_id).await?;
        let lines = lines_of(self.connection(), job_id).await?;
        let kept = kept(self.connection(), job_id).await?;
        let unknown: Vec<_> = lines.iter().filter(|line| !kept.contains_key(&line.line_number)).collect();
        let counts = if unknown.is_empty() {
            Counts::default()
        } else {
            Counts::read(self.connection(), &job, unknown.into_iter()).await?
        };
        let counted = lines.into_iter().map(|line| {
            let (counter, is_new_in_revision) = match kept.get(&line.line_number) {
                Some(Kept(_, counter, is_new)) => (*counter, *is_new),
                None => counts.look_up(&line.line, &job.push_revision),
            };
            CountedLine { line: line.line, line_number: line.line_number, counter, is_new_in_revision }
        });
        Ok(counted.collect())
    }

    /// Deletes counts that are too old to count and returns how many those were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_old_line_counts(&self) -> Result<u64, StoreError> {
        let deleted = line_count::Entity::delete_many()
            .filter(line_count::Column::Day.lte(Utc::now().date_naive() - KEPT))
            .exec(self.writer())
            .await?;
        Ok(deleted.rows_affected)
    }
}

/// Counts the lines of the job that are not counted yet; a failure that nobody has seen before is marked, and so is its
/// job.
pub(super) async fn count_lines(transaction: &DatabaseTransaction, job: &LogJob) -> Result<(), StoreError> {
    let mut kept = kept(transaction, job.job_id).await?;
    let lines = lines_of(transaction, job.job_id).await?;
    let lines: Vec<_> = lines.iter().filter(|line| !kept.contains_key(&line.line_number)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let mut counts = Counts::read(transaction, job, lines.iter().copied()).await?;
    let is_counted = COUNTED.contains(&job.repository.as_str());
    let mut new_lines = Vec::new();
    for line in lines {
        let (counter, is_new) = counts.see(&line.line, &job.push_revision, is_counted);
        if is_new || counter == 0 {
            new_lines.push(line.line_number);
        }
        kept.insert(line.line_number, Kept(line.line_number, counter, is_new));
    }
    counts.write(transaction, job).await?;
    keep(transaction, job.job_id, kept).await?;
    if new_lines.is_empty() || NO_FAILURE.contains(&job.result.as_str()) {
        return Ok(());
    }
    job::Entity::update_many()
        .col_expr(job::Column::FailureClassificationId, Expr::value(NEW_FAILURE_NOT_CLASSIFIED))
        .col_expr(job::Column::LastModified, Expr::value(Utc::now().trunc_subsecs(6)))
        .filter(job::Column::Id.eq(job.job_id))
        .exec(transaction)
        .await?;
    for numbers in new_lines.chunks(ROWS_PER_STATEMENT) {
        text_log_error::Entity::update_many()
            .col_expr(text_log_error::Column::NewFailure, Expr::value(true))
            .filter(text_log_error::Column::JobId.eq(job.job_id))
            .filter(text_log_error::Column::LineNumber.is_in(numbers.iter().copied()))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// What is known of some lines.
#[derive(Debug, Default)]
struct Counts {
    known: HashMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Seen on all days before.
    counter: i64,
    /// Whether there is a row for the day of the job.
    is_of_today: bool,
    /// Push that had it first on that day.
    first_revision: Option<String>,
    /// Seen in this job.
    seen: i32,
}

impl Counts {
    async fn read<Connection: ConnectionTrait>(
        connection: &Connection,
        job: &LogJob,
        lines: impl Iterator<Item = &text_log_error::Model>,
    ) -> Result<Self, StoreError> {
        let mut known: HashMap<String, Known> =
            lines.map(|line| (key(&line.line), Known::default())).collect();
        // In one order everywhere, so that two writers wait for each other instead of colliding.
        let mut keys: Vec<String> = known.keys().cloned().collect();
        keys.sort_unstable();
        let oldest = Utc::now().date_naive() - KEPT;
        for keys in keys.chunks(ROWS_PER_STATEMENT) {
            let rows = line_count::Entity::find()
                .filter(line_count::Column::Root.eq(root(&job.repository)))
                .filter(line_count::Column::LineKey.is_in(keys))
                .filter(line_count::Column::Day.gt(oldest).or(line_count::Column::Day.eq(day(job))))
                .all(connection)
                .await?;
            for row in rows {
                let Some(known) = known.get_mut(&row.line_key) else { continue };
                known.counter += i64::from(row.count);
                if row.day == day(job) {
                    known.is_of_today = true;
                    known.first_revision = row.first_revision;
                }
            }
        }
        Ok(Self { known })
    }

    /// Tells how often the line was seen, and whether this push had it first.
    fn look_up(&self, line: &str, revision: &str) -> (i64, bool) {
        let Some(known) = self.known.get(&key(line)) else { return (0, false) };
        (known.counter + i64::from(known.seen), known.first_revision.as_deref() == Some(revision))
    }

    /// As [`Counts::look_up`], and counts the line after that if it is to be counted.
    fn see(&mut self, line: &str, revision: &str, is_counted: bool) -> (i64, bool) {
        let counter = self.look_up(line, revision).0;
        if is_counted && let Some(known) = self.known.get_mut(&key(line)) {
            if counter == 0 && !known.is_of_today {
                known.first_revision = Some(revision.to_owned());
            }
            known.seen += 1;
        }
        (counter, self.look_up(line, revision).1)
    }

    async fn write(self, transaction: &DatabaseTransaction, job: &LogJob) -> Result<(), StoreError> {
        let mut seen: Vec<_> = self.known.into_iter().filter(|(_, known)| known.seen > 0).collect();
        seen.sort_by(|one, other| one.0.cmp(&other.0));
        let mut seen = seen.into_iter().peekable();
        while seen.peek().is_some() {
            let rows =
                seen.by_ref().take(ROWS_PER_STATEMENT).map(|(line_key, known)| line_count::ActiveModel {
                    root: Set(root(&job.repository).to_owned()),
                    line_key: Set(line_key),
                    day: Set(day(job)),
                    count: Set(known.seen),
                    first_revision: Set(known.first_revision),
                    ..Default::default()
                });
            // Whoever was first stays first.
            let add = OnConflict::columns(["root", "line_key", "day"])
                .value("count", Expr::col(("line_count", "count")).add(Expr::col(("excluded", "count"))))
                .to_owned();
            line_count::Entity::insert_many(rows.collect::<Vec<_>>())
                .on_conflict(add)
                .exec_without_returning(transaction)
                .await?;
        }
        Ok(())
    }
}

/// Which repositories are counted together.
fn root(repository: &str) -> &'static str {
    if repository == "comm-central" { "cc_error_lines" } else { "mc_error_lines" }
}

fn day(job: &LogJob) -> NaiveDate {
    job.submit_time.date_naive()
}

/// The line as it is counted, as a key of fixed length.
fn key(line: &str) -> String {
    let mut key = key_hash(&counted_form(&cleaned_line(line)));
    key.truncate(KEY_LENGTH);
    key
}

async fn lines_of<Connection: ConnectionTrait>(
    connection: &Connection,
    job_id: i64,
) -> Result<Vec<text_log_error::Model>, StoreError> {
    let lines = text_log_error::Entity::find()
        .filter(text_log_error::Column::JobId.eq(job_id))
        .order_by_asc(text_log_error::Column::Id);
    Ok(lines.all(connection).await?)
}

fn kept_key(job_id: i64) -> String {
    format!("error-summary-{job_id}")
}

async fn kept<Connection: ConnectionTrait>(
    connection: &Connection,
    job_id: i64,
) -> Result<HashMap<i32, Kept>, StoreError> {
    let mut select = Query::select();
    select
        .column("value")
        .from("cache_entry")
        .and_where(Expr::col("cache_key").eq(kept_key(job_id)))
        .and_where(Expr::col("expires").gt(Utc::now()));
    let Some(row) = connection.query_one(&select).await? else { return Ok(HashMap::new()) };
    let value: String = row.try_get("", "value")?;
    // A value of another version counts as none.
    let kept: Vec<Kept> = serde_json::from_str(&value).unwrap_or_default();
    Ok(kept.into_iter().map(|kept| (kept.0, kept)).collect())
}

async fn keep(
    transaction: &DatabaseTransaction,
    job_id: i64,
    kept: HashMap<i32, Kept>,
) -> Result<(), StoreError> {
    let mut kept: Vec<Kept> = kept.into_values().collect();
    kept.sort_by_key(|kept| kept.0);
    let value = serde_json::to_string(&kept)
        .map_err(|error| StoreError::Value(format!("counts of job {job_id}: {error}")))?;
    let entry = cache_entry::ActiveModel {
        cache_key: Set(kept_key(job_id)),
        value: Set(value),
        expires: Set(Utc::now() + KEPT),
    };
    cache_entry::Entity::insert(entry)
        .on_conflict(OnConflict::column("cache_key").update_columns(["value", "expires"]).to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

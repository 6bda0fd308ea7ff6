//! How often failure lines were seen, and which push had one first (`spec/ingest.md` §6.2, §6.4, §6.5.1).
//!
//! A line is counted once for each job, in the transaction that stores it; what was found out then is kept with the job, so
//! that looking at a job changes nothing.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, FromQueryResult as _,
    QueryFilter as _, QueryOrder as _, QueryResult, QueryTrait as _, Statement,
};
use serde::{Deserialize, Serialize};

use crate::store::accounts::key_hash;
use crate::store::entity::{cache_entry, line_count, text_log_error};
use crate::store::{LogJob, Store, StoreError};
use crate::suggestions::{cleaned_line, counted_form};

/// How long counts, and what was found out by them, are kept.
const KEPT: TimeDelta = TimeDelta::days(21);
/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;
/// Digits of a hash that are enough to tell lines apart.
const KEY_LENGTH: usize = 32;

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

/// What is kept of one line with its job: its number, its counter, whether it is new in the job's push.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Kept(pub(super) i32, pub(super) i64, pub(super) bool);

impl Store {
    /// Returns the failure lines of a job in the order of their ids, with how often they were seen.
    ///
    /// For a line that was not counted when it was stored, or long ago, it is what is counted now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counted_lines(&self, job_id: i64) -> Result<Vec<CountedLine>, StoreError> {
        let connection = self.connection();
        let lines = select_lines(job_id).all(connection).await?;
        let kept = kept_of(connection.query_one(&select_kept(job_id)).await?.as_ref())?;
        let unknown: Vec<_> = lines.iter().filter(|line| !kept.contains_key(&line.line_number)).collect();
        let (counts, revision) = if unknown.is_empty() {
            (Counts::default(), String::new())
        } else {
            let job = self.log_job(job_id).await?;
            let keys = unknown.iter().map(|line| LineKey::of(&line.line));
            (Counts::read(connection, &job, keys).await?, job.push_revision)
        };
        let counted = lines.into_iter().map(|line| {
            let (counter, is_new_in_revision) = match kept.get(&line.line_number) {
                Some(Kept(_, counter, is_new)) => (*counter, *is_new),
                None => counts.look_up(&LineKey::of(&line.line), &revision),
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

/// What is known of some lines.
#[derive(Debug, Default)]
pub(super) struct Counts {
    known: HashMap<LineKey, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Seen on all days before.
    counter: i64,
    /// Whether there is a row for the day of the job.
    is_of_today: bool,
    /// Push that had it first on that day.
    first_revision: Option<String>,
    /// Seen in this job; less than nothing when it has fewer of them than before.
    seen: i32,
}

impl Counts {
    /// Lines of which nothing is known yet.
    pub(super) fn of(lines: impl Iterator<Item = LineKey>) -> Self {
        Self { known: lines.map(|line| (line, Known::default())).collect() }
    }

    /// The selections of what is known, whose rows go to [`take`](Self::take).
    pub(super) fn selects(&self, backend: DbBackend, job: &LogJob) -> Vec<Statement> {
        // In one order everywhere, so that two writers wait for each other instead of colliding.
        let mut keys: Vec<&str> = self.known.keys().map(|key| key.0.as_str()).collect();
        keys.sort_unstable();
        let oldest = Utc::now().date_naive() - KEPT;
        let select = |keys: &[&str]| {
            line_count::Entity::find()
                .filter(line_count::Column::Root.eq(root(&job.repository)))
                .filter(line_count::Column::LineKey.is_in(keys.iter().copied()))
                .filter(line_count::Column::Day.gt(oldest).or(line_count::Column::Day.eq(day(job))))
                .build(backend)
        };
        keys.chunks(ROWS_PER_STATEMENT).map(select).collect()
    }

    /// Takes the rows that one of the [`selects`](Self::selects) returned.
    pub(super) fn take(&mut self, job: &LogJob, rows: &[QueryResult]) -> Result<(), StoreError> {
        for row in rows {
            let row = line_count::Model::from_query_result(row, "")?;
            let Some(known) = self.known.get_mut(row.line_key.as_str()) else { continue };
            known.counter += i64::from(row.count);
            if row.day == day(job) {
                known.is_of_today = true;
                known.first_revision = row.first_revision;
            }
        }
        Ok(())
    }

    pub(super) async fn read<Connection: ConnectionTrait>(
        connection: &Connection,
        job: &LogJob,
        lines: impl Iterator<Item = LineKey>,
    ) -> Result<Self, StoreError> {
        let mut counts = Self::of(lines);
        for select in counts.selects(connection.get_database_backend(), job) {
            let rows = connection.query_all_raw(select).await?;
            counts.take(job, &rows)?;
        }
        Ok(counts)
    }

    /// Whether it was asked for the line.
    pub(super) fn knows(&self, line: &LineKey) -> bool {
        self.known.contains_key(line)
    }

    /// Tells how often the line was seen, and whether this push had it first.
    fn look_up(&self, line: &LineKey, revision: &str) -> (i64, bool) {
        let Some(known) = self.known.get(line) else { return (0, false) };
        (known.counter, known.first_revision.as_deref() == Some(revision))
    }

    /// As [`Counts::look_up`], and counts the line after that if it is to be counted.
    pub(super) fn see(&mut self, line: &LineKey, revision: &str, is_counted: bool) -> (i64, bool) {
        let Some(known) = self.known.get_mut(line) else { return (0, false) };
        let counter = known.counter + i64::from(known.seen);
        if is_counted {
            if counter == 0 && !known.is_of_today {
                known.first_revision = Some(revision.to_owned());
            }
            known.seen += 1;
        }
        (counter, known.first_revision.as_deref() == Some(revision))
    }

    /// Counts a line no more that the job had and that was counted.
    pub(super) fn take_back(&mut self, line: &LineKey) {
        // Without a row for its day there is nothing to take it from: that row was too old, or the job has got another day.
        if let Some(known) = self.known.get_mut(line).filter(|known| known.is_of_today) {
            known.seen -= 1;
        }
    }

    /// The statements that add what was seen, and subtract what is seen no more.
    pub(super) fn write(self, backend: DbBackend, job: &LogJob) -> Vec<Statement> {
        let changed = self.known.into_iter().filter(|(_, known)| known.seen != 0);
        let (mut seen, unseen): (Vec<_>, Vec<_>) = changed.partition(|(_, known)| known.seen > 0);
        seen.sort_by(|one, other| one.0.cmp(&other.0));
        let add = |seen: &[(LineKey, Known)]| {
            let rows = seen.iter().map(|(line_key, known)| line_count::ActiveModel {
                root: Set(root(&job.repository).to_owned()),
                line_key: Set(line_key.0.clone()),
                day: Set(day(job)),
                count: Set(known.seen),
                first_revision: Set(known.first_revision.clone()),
                ..Default::default()
            });
            // Whoever was first stays first.
            let add = OnConflict::columns(["root", "line_key", "day"])
                .value("count", Expr::col(("line_count", "count")).add(Expr::col(("excluded", "count"))))
                .to_owned();
            line_count::Entity::insert_many(rows).on_conflict(add).build(backend)
        };
        let adds = seen.chunks(ROWS_PER_STATEMENT).map(add);
        subtract(backend, job, unseen).into_iter().chain(adds).collect()
    }
}

/// The statements that subtract what is seen no more.
fn subtract(backend: DbBackend, job: &LogJob, unseen: Vec<(LineKey, Known)>) -> Vec<Statement> {
    let mut by_number: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (LineKey(key), known) in unseen {
        by_number.entry(-known.seen).or_default().push(key);
    }
    let mut statements = Vec::new();
    for (number, mut keys) in by_number {
        keys.sort_unstable();
        for keys in keys.chunks(ROWS_PER_STATEMENT) {
            let update = line_count::Entity::update_many()
                .col_expr(line_count::Column::Count, Expr::col("count").sub(number))
                .filter(line_count::Column::Root.eq(root(&job.repository)))
                .filter(line_count::Column::LineKey.is_in(keys.iter().map(String::as_str)))
                .filter(line_count::Column::Day.eq(day(job)))
                // Old counts are removed at any moment, and there is none below nothing.
                .filter(line_count::Column::Count.gte(number));
            statements.push(update.build(backend));
        }
    }
    statements
}

/// Which repositories are counted together.
fn root(repository: &str) -> &'static str {
    if repository == "comm-central" { "cc_error_lines" } else { "mc_error_lines" }
}

fn day(job: &LogJob) -> NaiveDate {
    job.submit_time.date_naive()
}

/// A line as it is counted, as a key of fixed length. Making it takes longer than all that is done with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LineKey(String);

impl LineKey {
    pub(super) fn of(line: &str) -> Self {
        let mut key = key_hash(&counted_form(&cleaned_line(line)));
        key.truncate(KEY_LENGTH);
        Self(key)
    }
}

impl Borrow<str> for LineKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Selects the lines of a job in the order of their ids.
pub(super) fn select_lines(job_id: i64) -> sea_orm::Select<text_log_error::Entity> {
    text_log_error::Entity::find()
        .filter(text_log_error::Column::JobId.eq(job_id))
        .order_by_asc(text_log_error::Column::Id)
}

fn kept_key(job_id: i64) -> String {
    format!("error-summary-{job_id}")
}

/// Selects what is kept of the lines of a job.
pub(super) fn select_kept(job_id: i64) -> SelectStatement {
    let mut select = Query::select();
    select
        .column("value")
        .from("cache_entry")
        .and_where(Expr::col("cache_key").eq(kept_key(job_id)))
        .and_where(Expr::col("expires").gt(Utc::now()));
    select
}

/// What the row of [`select_kept`] tells of the lines, by their numbers.
pub(super) fn kept_of(row: Option<&QueryResult>) -> Result<HashMap<i32, Kept>, StoreError> {
    let Some(row) = row else { return Ok(HashMap::new()) };
    let value: String = row.try_get("", "value")?;
    // A value of another version counts as none.
    let kept: Vec<Kept> = serde_json::from_str(&value).unwrap_or_default();
    Ok(kept.into_iter().map(|kept| (kept.0, kept)).collect())
}

/// The statement that keeps what is known of the lines of a job.
pub(super) fn keep(
    backend: DbBackend,
    job_id: i64,
    kept: HashMap<i32, Kept>,
) -> Result<Statement, StoreError> {
    let mut kept: Vec<Kept> = kept.into_values().collect();
    kept.sort_by_key(|kept| kept.0);
    let value = serde_json::to_string(&kept)
        .map_err(|error| StoreError::Value(format!("counts of job {job_id}: {error}")))?;
    let entry = cache_entry::ActiveModel {
        cache_key: Set(kept_key(job_id)),
        value: Set(value),
        expires: Set(Utc::now() + KEPT),
    };
    Ok(cache_entry::Entity::insert(entry)
        .on_conflict(OnConflict::column("cache_key").update_columns(["value", "expires"]).to_owned())
        .build(backend))
}

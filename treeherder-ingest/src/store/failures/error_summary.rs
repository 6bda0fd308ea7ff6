//! Failure lines and group results of one error summary (`spec/ingest.md` §5.8.4 and §5.8.5).

use std::collections::HashSet;

use chrono::Utc;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _,
    FromQueryResult as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Statement,
};
use serde_json::Value;
use treeherder_logparse::errorsummary::FailureLine;

use super::GroupResultRow;
use super::group_result::{GroupOutcome, KnownGroups, insert_outcomes};
use super::text::{storable_json, storable_text};
use crate::job::LogStatus;
use crate::store::batch::batches;
use crate::store::entity::{failure_line, group_status, job_log};
use crate::store::error::{check_positive, check_text, truncated};
use crate::store::logs::{check_log_status, log_status_statement};
use crate::store::{Store, StoreError};
use crate::writer::{Done, WriteTransaction};

/// Characters of `action`.
const ACTION_LIMIT: usize = 15;
/// Characters of `status`, `expected` and `level`.
const WORD_LIMIT: usize = 19;

/// A failure line of an error summary, each field a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailureLineRow {
    /// `test_result`, `log`, `crash`, `truncated`, `test_status` or `test_end`.
    pub action: String,
    /// Number of the line as the harness counts.
    pub line: i64,
    /// Test that failed.
    pub test: Option<String>,
    /// Part of the test.
    pub subtest: Option<String>,
    /// What happened; empty when not told.
    pub status: String,
    /// What should have happened.
    pub expected: Option<String>,
    /// What the test says.
    pub message: Option<String>,
    /// Crash signature.
    pub signature: Option<String>,
    /// Severity of a `log` line.
    pub level: Option<String>,
    /// Stack of the failure.
    pub stack: Option<String>,
    /// Output of the minidump tool.
    pub stackwalk_stdout: Option<String>,
    /// Errors of the minidump tool.
    pub stackwalk_stderr: Option<String>,
    /// List of statuses that come up now and then; null means none.
    pub known_intermittent: Value,
}

impl From<FailureLine> for FailureLineRow {
    fn from(line: FailureLine) -> Self {
        Self {
            action: line.action.name().to_owned(),
            line: line.line.into(),
            test: line.test,
            subtest: line.subtest,
            status: line.status,
            expected: line.expected,
            message: line.message,
            signature: line.signature,
            level: line.level,
            stack: line.stack,
            stackwalk_stdout: line.stackwalk_stdout,
            stackwalk_stderr: line.stackwalk_stderr,
            known_intermittent: line.known_intermittent.to_value(),
        }
    }
}

/// What became of an error summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredErrorSummary {
    /// Failure lines stored now.
    pub failure_lines: u64,
    /// Failure lines that had been stored before.
    pub known_lines: u64,
    /// Failure lines left out because an earlier one of the same summary has the same number.
    pub repeated_lines: u64,
    /// Group statuses stored now.
    pub group_statuses: u64,
    /// Group results left out because no manifest has such a path.
    pub refused_groups: u64,
    /// Words cut to the width of their column.
    pub cut_words: u64,
}

impl Store {
    /// Stores what an error summary says and marks its log as parsed, all in one transaction.
    ///
    /// What the log already has is left as it is, so that the same summary can be stored again. Of several failure lines with
    /// one number the first is stored. A word longer than its column is cut and NUL characters are written out as
    /// `<U+000000>`, since the rest of the summary is worth keeping; everything else is stored as given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such a log, [`StoreError::Data`] for a line number outside of the column's range, and
    /// what the database reports; nothing is stored then.
    pub async fn store_error_summary(
        &self,
        job_log_id: i32,
        job_guid: &str,
        repository_id: i32,
        failure_lines: &[FailureLineRow],
        group_results: &[GroupResultRow],
    ) -> Result<StoredErrorSummary, StoreError> {
        check_text("failure_line", "job_guid", 50, job_guid)?;
        let mut result = StoredErrorSummary::default();
        let numbered = numbered(failure_lines, &mut result)?;
        let outcomes: Vec<_> = group_results.iter().filter_map(GroupResultRow::outcome).collect();
        result.refused_groups = (group_results.len() - outcomes.len()) as u64;

        let transaction = self.begin_write().await?;
        let backend = transaction.get_database_backend();
        let mut known = Known::read(&transaction, job_log_id, &outcomes).await?;
        known.groups.make_unknown(&transaction).await?;
        let mut statements = insert_outcomes(backend, job_log_id, &known.groups, &known.outcomes, &outcomes)?;
        let statuses = statements.len();
        let source = Source { job_log_id, job_guid, repository_id };
        statements.extend(insert_failure_lines(backend, source, numbered, &known.lines, &mut result));
        let status = statements.len();
        statements.push(log_status_statement(backend, job_log_id, LogStatus::Parsed));
        let done = transaction.run_together(statements).await?;
        check_log_status(job_log_id, done[status].rows_affected)?;
        transaction.commit().await?;
        let rows = |inserts: &[Done]| inserts.iter().map(|insert| insert.rows_affected).sum();
        result.group_statuses = rows(&done[..statuses]);
        result.failure_lines = rows(&done[statuses..status]);
        report(job_log_id, &result);
        Ok(result)
    }
}

/// What the database has of a log before its error summary is stored.
#[derive(Debug)]
struct Known {
    groups: KnownGroups,
    outcomes: Vec<group_status::Model>,
    lines: HashSet<i32>,
}

impl Known {
    /// Reads it, and lets one writer at a time work on the log: without that two of them would not see each other's lines.
    async fn read(
        transaction: &WriteTransaction,
        job_log_id: i32,
        outcomes: &[GroupOutcome],
    ) -> Result<Self, StoreError> {
        let backend = transaction.get_database_backend();
        let lines = failure_line::Entity::find()
            .select_only()
            .column(failure_line::Column::Line)
            .filter(failure_line::Column::JobLogId.eq(job_log_id));
        let statuses = group_status::Entity::find().filter(group_status::Column::JobLogId.eq(job_log_id));
        let mut selects = vec![
            job_log::Entity::find_by_id(job_log_id).lock_exclusive().build(backend),
            lines.build(backend),
            statuses.build(backend),
        ];
        let mut groups = KnownGroups::of(outcomes);
        selects.extend(groups.selects(backend));
        let done = transaction.run_together(selects).await?;
        let [log, lines, statuses, found @ ..] = &done[..] else {
            unreachable!("there is an answer to each of the statements");
        };
        if log.rows.is_empty() {
            return Err(StoreError::NotFound { what: "job log", key: job_log_id.to_string() });
        }
        for done in found {
            groups.take(&done.rows)?;
        }
        let lines = lines.rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let outcomes = statuses
            .rows
            .iter()
            .map(|row| group_status::Model::from_query_result(row, ""))
            .collect::<Result<_, _>>()?;
        Ok(Self { groups, outcomes, lines })
    }
}

/// Where the lines are from.
#[derive(Clone, Copy)]
struct Source<'a> {
    job_log_id: i32,
    job_guid: &'a str,
    repository_id: i32,
}

/// The lines with their checked numbers, without those whose number came before.
fn numbered<'a>(
    lines: &'a [FailureLineRow],
    result: &mut StoredErrorSummary,
) -> Result<Vec<(i32, &'a FailureLineRow)>, StoreError> {
    let mut seen = HashSet::with_capacity(lines.len());
    let mut numbered = Vec::with_capacity(lines.len());
    for row in lines {
        let number = check_positive("failure_line", "line", row.line)?;
        if seen.insert(number) {
            numbered.push((number, row));
        } else {
            result.repeated_lines += 1;
        }
    }
    Ok(numbered)
}

/// The statements that insert those of the lines which the log does not have yet.
fn insert_failure_lines(
    backend: DbBackend,
    source: Source<'_>,
    mut lines: Vec<(i32, &FailureLineRow)>,
    stored: &HashSet<i32>,
    result: &mut StoredErrorSummary,
) -> Vec<Statement> {
    let given = lines.len();
    lines.retain(|(number, _)| !stored.contains(number));
    result.known_lines = (given - lines.len()) as u64;
    let mut insert = |batch: &[(i32, &FailureLineRow)]| {
        let models = batch.iter().map(|(number, row)| row.model(source, *number, &mut result.cut_words));
        failure_line::Entity::insert_many(models).build(backend)
    };
    batches(&lines, |(_, row)| row.bytes()).map(&mut insert).collect()
}

impl FailureLineRow {
    fn texts(&self) -> [&Option<String>; 7] {
        [
            &self.test,
            &self.subtest,
            &self.message,
            &self.signature,
            &self.stack,
            &self.stackwalk_stdout,
            &self.stackwalk_stderr,
        ]
    }

    fn bytes(&self) -> usize {
        self.texts().into_iter().flatten().map(String::len).sum()
    }

    fn model(&self, source: Source<'_>, line: i32, cut_words: &mut u64) -> failure_line::ActiveModel {
        let now = Utc::now();
        let text = |text: &Option<String>| Set(text.as_deref().map(|text| storable_text(text).into_owned()));
        let mut word = |word: &str, limit: usize| {
            let word = storable_text(word);
            let kept = truncated(&word, limit);
            *cut_words += u64::from(kept.len() < word.len());
            kept.to_owned()
        };
        let known_intermittent = match &self.known_intermittent {
            Value::Null => Value::Array(Vec::new()),
            given => storable_json(given),
        };
        failure_line::ActiveModel {
            job_guid: Set(source.job_guid.to_owned()),
            repository_id: Set(source.repository_id),
            job_log_id: Set(Some(source.job_log_id)),
            action: Set(word(&self.action, ACTION_LIMIT)),
            line: Set(line),
            status: Set(word(&self.status, WORD_LIMIT)),
            expected: Set(self.expected.as_deref().map(|expected| word(expected, WORD_LIMIT))),
            level: Set(self.level.as_deref().map(|level| word(level, WORD_LIMIT))),
            test: text(&self.test),
            subtest: text(&self.subtest),
            message: text(&self.message),
            signature: text(&self.signature),
            stack: text(&self.stack),
            stackwalk_stdout: text(&self.stackwalk_stdout),
            stackwalk_stderr: text(&self.stackwalk_stderr),
            known_intermittent: Set(known_intermittent),
            best_is_verified: Set(false),
            created: Set(now),
            modified: Set(now),
            ..Default::default()
        }
    }
}

fn report(job_log_id: i32, result: &StoredErrorSummary) {
    if result.refused_groups + result.repeated_lines + result.cut_words > 0 {
        tracing::warn!(
            job_log.id = job_log_id,
            refused_groups = result.refused_groups,
            repeated_lines = result.repeated_lines,
            cut_words = result.cut_words,
            "error summary stored with parts left out"
        );
    }
}

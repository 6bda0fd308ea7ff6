//! The feed of jobs with the filters of the API (`spec/api.md` §3.0, §3.15).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, FromQueryResult as _};

use super::jobs::{JobRow, JobSummary};
use crate::store::Store;
use crate::store::error::StoreError;

/// What a field of a job holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A whole number.
    Number,
    /// A text, compared exactly.
    Text,
    /// A moment.
    Moment,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `name`.
    Exact,
    /// `name__lt`.
    Less,
    /// `name__lte`.
    LessOrEqual,
    /// `name__gt`.
    Greater,
    /// `name__gte`.
    GreaterOrEqual,
    /// `name__in`, a list.
    In,
}

/// What a field is compared with; a kind that is not the field's never matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Numbers; several for [`Comparison::In`] only.
    Numbers(Vec<i64>),
    /// Texts; several for [`Comparison::In`] only.
    Texts(Vec<String>),
    /// A moment.
    Moment(DateTime<Utc>),
}

/// A field of jobs that can be filtered by, with a comparison that it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFilterField {
    column: (&'static str, &'static str),
    kind: FieldKind,
    comparison: Comparison,
}

const EXACT: &[Comparison] = &[Comparison::Exact];
const EXACT_OR_IN: &[Comparison] = &[Comparison::Exact, Comparison::In];
const ORDERED: &[Comparison] = &[
    Comparison::Exact,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];
const ORDERED_OR_IN: &[Comparison] = &[
    Comparison::Exact,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
    Comparison::In,
];

type Row = (&'static str, (&'static str, &'static str), FieldKind, &'static [Comparison]);

#[rustfmt::skip]
const FIELDS: [Row; 33] = [
    ("id", ("job", "id"), FieldKind::Number, ORDERED_OR_IN),
    ("push_id", ("job", "push_id"), FieldKind::Number, ORDERED_OR_IN),
    ("tier", ("job", "tier"), FieldKind::Number, ORDERED_OR_IN),
    ("last_modified", ("job", "last_modified"), FieldKind::Moment, ORDERED),
    ("submit_time", ("job", "submit_time"), FieldKind::Moment, ORDERED),
    ("start_time", ("job", "start_time"), FieldKind::Moment, ORDERED),
    ("end_time", ("job", "end_time"), FieldKind::Moment, ORDERED),
    ("job_guid", ("job", "guid"), FieldKind::Text, EXACT_OR_IN),
    ("build_architecture", ("build_platform", "architecture"), FieldKind::Text, EXACT),
    ("build_os", ("build_platform", "os_name"), FieldKind::Text, EXACT),
    ("build_platform", ("build_platform", "platform"), FieldKind::Text, EXACT),
    ("build_platform_id", ("job", "build_platform_id"), FieldKind::Number, EXACT),
    ("build_system_type", ("reference_data_signatures", "build_system_type"), FieldKind::Text, EXACT),
    ("job_group_id", ("job", "job_group_id"), FieldKind::Number, EXACT),
    ("job_group_name", ("job_group", "name"), FieldKind::Text, EXACT),
    ("job_group_symbol", ("job_group", "symbol"), FieldKind::Text, EXACT),
    ("job_type_id", ("job", "job_type_id"), FieldKind::Number, EXACT),
    ("job_type_name", ("job_type", "name"), FieldKind::Text, EXACT),
    ("job_type_symbol", ("job_type", "symbol"), FieldKind::Text, EXACT),
    ("machine_name", ("machine", "name"), FieldKind::Text, EXACT),
    ("machine_platform_architecture", ("machine_platform", "architecture"), FieldKind::Text, EXACT),
    ("machine_platform_os", ("machine_platform", "os_name"), FieldKind::Text, EXACT),
    ("platform", ("machine_platform", "platform"), FieldKind::Text, EXACT),
    ("ref_data_name", ("reference_data_signatures", "name"), FieldKind::Text, EXACT),
    ("signature", ("reference_data_signatures", "signature"), FieldKind::Text, EXACT),
    ("task_id", ("taskcluster_metadata", "task_id"), FieldKind::Text, EXACT),
    ("retry_id", ("taskcluster_metadata", "retry_id"), FieldKind::Number, EXACT),
    ("option_collection_hash", ("job", "option_collection_hash"), FieldKind::Text, EXACT),
    ("reason", ("job", "reason"), FieldKind::Text, EXACT),
    ("result", ("job", "result"), FieldKind::Text, EXACT),
    ("state", ("job", "state"), FieldKind::Text, EXACT),
    ("who", ("job", "who"), FieldKind::Text, EXACT),
    ("failure_classification_id", ("job", "failure_classification_id"), FieldKind::Number, EXACT),
];

impl JobFilterField {
    /// Finds the field of a query parameter such as `push_id__in`; nothing when it is no filter.
    #[must_use]
    pub fn of_parameter(parameter: &str) -> Option<Self> {
        let (name, comparison) = match parameter.rsplit_once("__") {
            None => (parameter, Comparison::Exact),
            Some((name, "lt")) => (name, Comparison::Less),
            Some((name, "lte")) => (name, Comparison::LessOrEqual),
            Some((name, "gt")) => (name, Comparison::Greater),
            Some((name, "gte")) => (name, Comparison::GreaterOrEqual),
            Some((name, "in")) => (name, Comparison::In),
            Some(_) => return None,
        };
        let (_, column, kind, comparisons) = FIELDS.iter().find(|field| field.0 == name)?;
        comparisons.contains(&comparison).then_some(Self { column: *column, kind: *kind, comparison })
    }

    /// Returns what the field holds.
    #[must_use]
    pub fn kind(&self) -> FieldKind {
        self.kind
    }

    /// Tells whether a list is wanted.
    #[must_use]
    pub fn takes_list(&self) -> bool {
        self.comparison == Comparison::In
    }

    fn condition(&self, wanted: &Wanted) -> Condition {
        let column = || Expr::col(self.column);
        let expression = match (self.comparison, wanted) {
            (Comparison::In, Wanted::Numbers(numbers)) => column().is_in(numbers.iter().copied()),
            (Comparison::In, Wanted::Texts(texts)) => column().is_in(texts.iter().map(String::as_str)),
            (comparison, wanted) => {
                let value: sea_orm::Value = match wanted {
                    Wanted::Numbers(numbers) => match numbers.first() {
                        Some(number) => (*number).into(),
                        None => return Condition::any(),
                    },
                    Wanted::Texts(texts) => match texts.first() {
                        Some(text) => text.as_str().into(),
                        None => return Condition::any(),
                    },
                    Wanted::Moment(moment) => (*moment).into(),
                };
                match comparison {
                    Comparison::Less => column().lt(value),
                    Comparison::LessOrEqual => column().lte(value),
                    Comparison::Greater => column().gt(value),
                    Comparison::GreaterOrEqual => column().gte(value),
                    Comparison::Exact | Comparison::In => column().eq(value),
                }
            }
        };
        Condition::all().add(expression)
    }
}

/// A page of the feed, oldest job first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFeed {
    /// What jobs must fulfil, all of it.
    pub conditions: Vec<(JobFilterField, Wanted)>,
    /// Jobs passed over.
    pub offset: u64,
    /// Most jobs returned; never more than 2000.
    pub limit: u64,
}

impl Store {
    /// Returns one page of the jobs that fulfil the conditions, by ascending id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_feed(&self, feed: &JobFeed) -> Result<Vec<JobSummary>, StoreError> {
        let mut select = Self::select_jobs();
        restrict(&mut select, feed);
        select
            .order_by(("job", "id"), Order::Asc)
            .limit(std::cmp::min(feed.limit, super::jobs::JOBS_LIMIT))
            .offset(feed.offset);
        let rows = self.connection().query_all(&select).await?;
        let rows: Vec<JobRow> =
            rows.iter().map(|row| JobRow::from_query_result(row, "")).collect::<Result<_, _>>()?;
        self.with_options(rows).await
    }

    /// Counts the jobs that fulfil the conditions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_job_feed(&self, feed: &JobFeed) -> Result<u64, StoreError> {
        let mut select = Query::select();
        select.expr(Expr::col(("job", "id")).count());
        Self::join_jobs(&mut select);
        restrict(&mut select, feed);
        let row = self.connection().query_one(&select).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

fn restrict(select: &mut SelectStatement, feed: &JobFeed) {
    for (field, wanted) in &feed.conditions {
        select.cond_where(field.condition(wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_the_api() {
        for known in
            ["id", "id__in", "push_id__gte", "last_modified__gt", "job_guid__in", "task_id", "tier__lt"]
        {
            assert!(JobFilterField::of_parameter(known).is_some(), "{known}");
        }
        for unknown in
            ["result__in", "state__in", "platform__lt", "last_modified__in", "x", "id__contains", "page"]
        {
            assert!(JobFilterField::of_parameter(unknown).is_none(), "{unknown}");
        }
        assert!(JobFilterField::of_parameter("id__in").is_some_and(|field| field.takes_list()));
    }
}

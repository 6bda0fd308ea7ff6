//! The filters of lists of jobs (`spec/api.md` §3.0).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query, SelectStatement};

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

impl Comparison {
    /// Returns what follows the name of the field in a query parameter.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Less => "__lt",
            Self::LessOrEqual => "__lte",
            Self::Greater => "__gt",
            Self::GreaterOrEqual => "__gte",
            Self::In => "__in",
        }
    }
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

/// Tables that a filter can look into: how a job refers to their rows.
const REFERRED: [(&str, &str, &str); 7] = [
    ("build_platform", "build_platform_id", "id"),
    ("machine_platform", "machine_platform_id", "id"),
    ("job_group", "job_group_id", "id"),
    ("job_type", "job_type_id", "id"),
    ("machine", "machine_id", "id"),
    ("reference_data_signatures", "signature_id", "id"),
    ("taskcluster_metadata", "id", "job_id"),
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

    /// Lists all query parameters with what they are compared with.
    pub fn parameters() -> impl Iterator<Item = (String, Self)> {
        FIELDS.iter().flat_map(|(name, column, kind, comparisons)| {
            comparisons.iter().map(move |comparison| {
                let field = Self { column: *column, kind: *kind, comparison: *comparison };
                (format!("{name}{}", comparison.suffix()), field)
            })
        })
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

    /// Tells whether only jobs of a single push fulfil the condition.
    pub(super) fn is_one_push(&self, wanted: &Wanted) -> bool {
        let is_one = matches!(wanted, Wanted::Numbers(numbers) if numbers.len() == 1);
        self.column == ("job", "push_id")
            && matches!(self.comparison, Comparison::Exact | Comparison::In)
            && is_one
    }

    /// Makes the condition on rows of `job`; names are looked for in the tables that jobs refer to.
    pub(super) fn condition(&self, wanted: &Wanted) -> Condition {
        let (table, column) = self.column;
        let own = Condition::all().add(self.compared(Expr::col((table, column)), wanted));
        let Some((_, reference, key)) = REFERRED.iter().find(|referred| referred.0 == table) else {
            return own;
        };
        let rows: SelectStatement = Query::select().column((table, *key)).from(table).cond_where(own).take();
        Condition::all().add(Expr::col(("job", *reference)).in_subquery(rows))
    }

    fn compared(&self, column: Expr, wanted: &Wanted) -> Expr {
        match (self.comparison, wanted) {
            (Comparison::In, Wanted::Numbers(numbers)) => return column.is_in(numbers.iter().copied()),
            (Comparison::In, Wanted::Texts(texts)) => return column.is_in(texts.iter().map(String::as_str)),
            _ => (),
        }
        let value: Option<sea_orm::Value> = match wanted {
            Wanted::Numbers(numbers) => numbers.first().map(|number| (*number).into()),
            Wanted::Texts(texts) => texts.first().map(|text| text.as_str().into()),
            Wanted::Moment(moment) => Some((*moment).into()),
        };
        let Some(value) = value else { return Expr::val(1).eq(0) };
        match self.comparison {
            Comparison::Less => column.lt(value),
            Comparison::LessOrEqual => column.lte(value),
            Comparison::Greater => column.gt(value),
            Comparison::GreaterOrEqual => column.gte(value),
            Comparison::Exact | Comparison::In => column.eq(value),
        }
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

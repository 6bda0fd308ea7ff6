//! Rows of lists, read as each database gives them at the least cost.
//!
//! Between SQLite's thread and ours each value of each row has a price, whatever is in it: thousands of jobs with twenty columns
//! cost ten times what reading them does. So SQLite writes the columns of a row into one text and the rows into one value, and
//! the columns are cut out of it here ([`text`]). PostgreSQL is slow at writing texts but sends values as they are
//! ([`wire`]).

mod text;
mod wire;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, QueryResult, Statement, Value};

use crate::store::Store;
use crate::store::error::StoreError;

/// What a column holds; each may be NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Holds {
    Number,
    Text,
    Moment,
}

/// Most columns that are read together.
const MOST_COLUMNS: usize = 32;

/// A column: its table, its name, what it holds.
pub(in crate::store) type Column = (&'static str, &'static str, Holds);

/// Columns that are read together: what they are in SQL, what they hold.
#[derive(Clone, Debug)]
pub(in crate::store) struct Packing(Vec<(String, Holds)>);

impl Packing {
    /// Reads these columns, in this order.
    pub(in crate::store) fn of(columns: impl IntoIterator<Item = Column>) -> Self {
        let quoted = |(table, column, holds)| (format!("\"{table}\".\"{column}\""), holds);
        let columns: Vec<_> = columns.into_iter().map(quoted).collect();
        debug_assert!(columns.len() < MOST_COLUMNS, "{columns:?}");
        Self(columns)
    }

    /// Reads, after those, an expression of SQL.
    pub(in crate::store) fn and(mut self, expression: &str, holds: Holds) -> Self {
        self.0.push((expression.to_owned(), holds));
        self
    }

    /// Writes what a statement has to select.
    pub(in crate::store) fn selected(&self, backend: DbBackend) -> String {
        match backend {
            DbBackend::Postgres => {
                let columns: Vec<&str> = self.0.iter().map(|(column, _)| column.as_str()).collect();
                columns.join(", ")
            }
            _ => format!("{} AS packed", text::expression(self)),
        }
    }
}

/// A row, by the places of its columns.
#[derive(Debug)]
pub(in crate::store) enum Row<'t> {
    Text(&'t text::Fields<'t>),
    Wire(&'t PgRow),
}

impl<'t> Row<'t> {
    /// The text at a place, `None` for NULL.
    #[inline]
    pub(in crate::store) fn text(&self, place: usize) -> Result<Option<&'t str>, DbErr> {
        match self {
            Self::Text(fields) => Ok(fields.get(place).copied().flatten()),
            Self::Wire(row) => wire::text(row, place),
        }
    }

    /// The text at a place that cannot be NULL.
    pub(in crate::store) fn owned(&self, place: usize) -> Result<String, DbErr> {
        self.text(place)?.map(str::to_owned).ok_or_else(|| missing(place))
    }

    /// The number at a place, `None` for NULL.
    pub(in crate::store) fn optional<N: TryFrom<i64>>(&self, place: usize) -> Result<Option<N>, DbErr> {
        let number = match self {
            Self::Text(fields) => {
                let Some(text) = fields.get(place).copied().flatten() else { return Ok(None) };
                text::whole_number(text).ok_or_else(|| malformed("number", text))?
            }
            Self::Wire(row) => match wire::number(row, place)? {
                Some(number) => number,
                None => return Ok(None),
            },
        };
        let fitting =
            N::try_from(number).map_err(|_| malformed("number of this size", &number.to_string()))?;
        Ok(Some(fitting))
    }

    /// The number at a place that cannot be NULL.
    pub(in crate::store) fn number<N: TryFrom<i64>>(&self, place: usize) -> Result<N, DbErr> {
        self.optional(place)?.ok_or_else(|| missing(place))
    }

    /// The moment at a place that cannot be NULL.
    pub(in crate::store) fn moment(&self, place: usize) -> Result<DateTime<Utc>, DbErr> {
        match self {
            Self::Text(fields) => {
                let text = fields.get(place).copied().flatten().ok_or_else(|| missing(place))?;
                text::moment(text).ok_or_else(|| malformed("moment", text))
            }
            Self::Wire(row) => wire::moment(row, place)?.ok_or_else(|| missing(place)),
        }
    }
}

fn missing(place: usize) -> DbErr {
    DbErr::Type(format!("column {place} of a row is NULL"))
}

fn malformed(what: &str, text: &str) -> DbErr {
    let text: String = text.chars().take(80).collect();
    DbErr::Type(format!("no {what} in a row at {text:?}"))
}

impl Store {
    /// Reads the rows of a statement that selects nothing yet; the columns are added to it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn packed<T>(
        &self,
        mut select: SelectStatement,
        packing: &Packing,
        read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, StoreError> {
        select.expr(Expr::cust(packing.selected(self.backend())));
        if self.backend() == DbBackend::Postgres {
            return received(&self.connection().query_all(&select).await?, read);
        }
        let mut all = Query::select();
        all.expr(Expr::cust("string_agg(packed, '')")).from_subquery(select, "packed_rows");
        unpacked(self.connection().query_one(&all).await?, packing, read)
    }

    /// As [`packed`](Self::packed), of a statement in SQL that [selects](Packing::selected) the columns.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::store) async fn packed_sql<T>(
        &self,
        sql: String,
        values: impl IntoIterator<Item = Value>,
        packing: &Packing,
        read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
    ) -> Result<Vec<T>, StoreError> {
        if self.backend() == DbBackend::Postgres {
            let all = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            return received(&self.connection().query_all_raw(all).await?, read);
        }
        let sql = format!("SELECT string_agg(packed, '') FROM ({sql}) AS packed_rows");
        let all = Statement::from_sql_and_values(self.backend(), sql, values);
        unpacked(self.connection().query_one_raw(all).await?, packing, read)
    }
}

fn unpacked<T>(
    found: Option<QueryResult>,
    packing: &Packing,
    read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
) -> Result<Vec<T>, StoreError> {
    let text: Option<String> = found.map(|found| found.try_get_by_index(0)).transpose()?.flatten();
    let mut rest = text.as_deref().unwrap_or_default();
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let fields = text::cut(packing, &mut rest)?;
        rows.push(read(&Row::Text(&fields))?);
    }
    Ok(rows)
}

fn received<T>(
    found: &[QueryResult],
    read: impl Fn(&Row<'_>) -> Result<T, DbErr>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let row = row.try_as_pg_row().ok_or_else(|| DbErr::Type("not a row of PostgreSQL".to_owned()))?;
        rows.push(read(&Row::Wire(row))?);
    }
    Ok(rows)
}

//! How many rows each table has.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde::Serialize;

use crate::store::Store;
use crate::store::error::StoreError;

/// A table and its number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableCount {
    /// Name of the table.
    pub table: String,
    /// Number of rows.
    pub rows: i64,
}

impl Store {
    /// Counts the rows of every table, sorted by the tables' names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_counts(&self) -> Result<Vec<TableCount>, StoreError> {
        let sql = match self.backend() {
            DbBackend::Postgres => {
                "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
            }
            // Virtual tables and the shadow tables behind them hold indexes, no rows of their own.
            _ => {
                "SELECT name FROM pragma_table_list \
                 WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
            }
        };
        let statement = Statement::from_string(self.backend(), sql);
        let mut tables = Vec::new();
        for row in self.connection().query_all_raw(statement).await? {
            tables.push(row.try_get_by_index::<String>(0)?);
        }
        tables.sort();
        let mut counts = Vec::with_capacity(tables.len());
        for table in tables {
            let sql = format!(r#"SELECT COUNT(*) FROM "{}""#, table.replace('"', "\"\""));
            let statement = Statement::from_string(self.backend(), sql);
            if let Some(row) = self.connection().query_one_raw(statement).await? {
                counts.push(TableCount { table, rows: row.try_get_by_index(0)? });
            }
        }
        Ok(counts)
    }

    /// Returns the process of the database that works for one of our connections; nothing for SQLite, which works within ours.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn backend_process(&self) -> Result<Option<u32>, StoreError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let row = self.rows("SELECT pg_backend_pid()".to_owned(), Vec::new()).await?.pop();
        let process: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(process.and_then(|process| u32::try_from(process).ok()))
    }
}

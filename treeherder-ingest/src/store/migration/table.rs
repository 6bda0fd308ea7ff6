//! A short form for tables with many references: column, foreign key and index of a reference in one call.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, integer_null};

use super::schema::{OnDelete, create_index, create_unique_index, foreign_key};

/// A table to be created.
pub(super) struct NewTable {
    name: &'static str,
    statement: TableCreateStatement,
    references: Vec<&'static str>,
    uniques: Vec<(&'static str, Vec<&'static str>)>,
    indexes: Vec<(&'static str, Vec<&'static str>)>,
}

impl NewTable {
    /// Begins the table `name`.
    pub(super) fn new(name: &'static str) -> Self {
        let statement = Table::create().table(name).take();
        Self { name, statement, references: Vec::new(), uniques: Vec::new(), indexes: Vec::new() }
    }

    /// Adds a column.
    pub(super) fn column(mut self, column: impl IntoColumnDef) -> Self {
        self.statement.col(column);
        self
    }

    /// Adds a column that refers to `target.id`, indexed unless another index begins with it.
    pub(super) fn reference(
        self,
        definition: impl IntoColumnDef,
        column: &'static str,
        target: &'static str,
        on_delete: OnDelete,
    ) -> Self {
        let mut table = self.column(definition).refers_to(column, target, on_delete);
        table.references.push(column);
        table
    }

    /// Makes an existing column refer to `target.id`.
    pub(super) fn refers_to(
        mut self,
        column: &'static str,
        target: &'static str,
        on_delete: OnDelete,
    ) -> Self {
        self.statement.foreign_key(&mut foreign_key(self.name, column, target, "id", on_delete));
        self
    }

    /// Makes `columns` unique together.
    pub(super) fn unique(mut self, name: &'static str, columns: &[&'static str]) -> Self {
        self.uniques.push((name, columns.to_vec()));
        self
    }

    /// Adds an index.
    pub(super) fn index(mut self, name: &'static str, columns: &[&'static str]) -> Self {
        self.indexes.push((name, columns.to_vec()));
        self
    }

    /// Creates the table and its indexes.
    pub(super) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.statement).await?;
        for (name, columns) in &self.uniques {
            create_unique_index(manager, self.name, name, columns).await?;
        }
        for (name, columns) in &self.indexes {
            create_index(manager, self.name, name, columns).await?;
        }
        for column in self.references {
            let mut others = self.uniques.iter().chain(&self.indexes);
            if !others.any(|(_, columns)| columns.first() == Some(&column)) {
                create_index(manager, self.name, column, &[column]).await?;
            }
        }
        Ok(())
    }
}

/// A number that is never negative.
pub(super) fn positive(column: &'static str) -> ColumnDef {
    integer(column).check(Expr::col(column).gte(0)).take()
}

/// A number that is never negative, or null.
pub(super) fn positive_null(column: &'static str) -> ColumnDef {
    integer_null(column).check(Expr::col(column).gte(0)).take()
}

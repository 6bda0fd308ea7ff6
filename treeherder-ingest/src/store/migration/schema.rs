//! The few forms that every migration repeats: foreign keys, indexes, statements for one database only.

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};
use sea_orm_migration::SchemaManager;
use sea_orm_migration::prelude::{ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index};

/// What the database does with a row when the row it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// Refuses: for reference data, so that a mistaken clean-up can never take jobs with it.
    Refuse,
    /// Deletes the row too: for rows that mean nothing without the other one.
    Cascade,
    /// Sets the column to null.
    SetNull,
}

/// Returns the foreign key `table.column` → `target.target_column`.
#[must_use]
pub fn foreign_key(
    table: &'static str,
    column: &'static str,
    target: &'static str,
    target_column: &'static str,
    on_delete: OnDelete,
) -> ForeignKeyCreateStatement {
    let action = match on_delete {
        OnDelete::Refuse => ForeignKeyAction::NoAction,
        OnDelete::Cascade => ForeignKeyAction::Cascade,
        OnDelete::SetNull => ForeignKeyAction::SetNull,
    };
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(target, target_column)
        .on_delete(action)
        .take()
}

/// Creates the index `ix_<table>_<name>`.
///
/// # Errors
/// When the database refuses it.
pub async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut statement = Index::create();
    statement.name(format!("ix_{table}_{name}")).table(table);
    for column in columns {
        statement.col(*column);
    }
    manager.create_index(statement).await
}

/// Creates the unique index `uq_<table>_<name>`.
///
/// # Errors
/// When the database refuses it.
pub async fn create_unique_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut statement = Index::create();
    statement.name(format!("uq_{table}_{name}")).table(table).unique();
    for column in columns {
        statement.col(*column);
    }
    manager.create_index(statement).await
}

/// Creates an index that also serves prefix searches (`LIKE 'abc%'`) on PostgreSQL, whatever its collation.
///
/// # Errors
/// When the database refuses it.
pub async fn create_prefix_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Postgres => {
            let sql = format!(
                r#"CREATE INDEX "ix_{table}_{column}_prefix" ON "{table}" ("{column}" varchar_pattern_ops)"#
            );
            manager.get_connection().execute_unprepared(&sql).await.map(drop)
        }
        _ => create_index(manager, table, &format!("{column}_prefix"), &[column]).await,
    }
}

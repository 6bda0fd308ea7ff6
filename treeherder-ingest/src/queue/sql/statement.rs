//! Builds statements that both databases understand.
//!
//! Texts with `$1`-style parameters work on SQLite and PostgreSQL alike; the statements are few and hot, so they
//! are written down rather than put together by a query builder.

use std::fmt::Write as _;

use sea_orm::{DbBackend, Statement, Value};

use super::super::clock::milliseconds;
use super::super::message::storable_error;
use super::{BYTES_PER_STATEMENT, Message, Priority, QueueError, QueueName, ROWS_PER_STATEMENT};

/// A statement in the making.
pub(super) struct Builder {
    backend: DbBackend,
    sql: String,
    values: Vec<Value>,
}

impl Builder {
    pub(super) fn new(backend: DbBackend) -> Self {
        Self { backend, sql: String::new(), values: Vec::new() }
    }

    /// Appends text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Appends a parameter.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.parameter(self.values.len())
    }

    /// Appends a reference to the parameter bound as number `number`.
    fn parameter(&mut self, number: usize) -> &mut Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.sql, "${number}");
        self
    }

    /// Appends parameters, separated by commas.
    pub(super) fn list(&mut self, values: impl Iterator<Item = Value>) -> &mut Self {
        for (position, value) in values.enumerate() {
            if position > 0 {
                self.sql.push(',');
            }
            self.bind(value);
        }
        self
    }

    /// Appends what lets concurrent claims on PostgreSQL step around each other; SQLite has one writer anyway.
    pub(super) fn for_update(&mut self) -> &mut Self {
        if self.backend == DbBackend::Postgres {
            self.sql.push_str(" FOR UPDATE SKIP LOCKED");
        }
        self
    }

    /// Appends the condition for messages that are leased or delayed, in the form that the index answers.
    pub(super) fn waiting_after(&mut self, now: i64) -> &mut Self {
        self.text(" WHERE queue IN (");
        self.list(QueueName::all().map(|queue| Value::from(queue.as_str()))).text(") AND priority IN (");
        self.list(Priority::ALL.into_iter().map(|priority| Value::from(priority.as_number())));
        self.text(") AND due > ").bind(now)
    }

    /// Returns the statement.
    pub(super) fn finish(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.sql, self.values)
    }
}

/// Makes the statements that insert messages, as dead letters where an error is given.
pub(super) fn insert_statements<'m>(
    backend: DbBackend,
    now: i64,
    messages: impl Iterator<Item = (&'m Message, Option<&'m str>)>,
) -> Result<Vec<Statement>, QueueError> {
    let mut statements = Vec::new();
    let mut sql = Builder::new(backend);
    let (mut rows, mut bytes) = (0, 0);
    for (message, error) in messages {
        message.check()?;
        if rows == ROWS_PER_STATEMENT || (rows > 0 && bytes + message.payload.len() > BYTES_PER_STATEMENT) {
            statements.push(std::mem::replace(&mut sql, Builder::new(backend)).finish());
            (rows, bytes) = (0, 0);
        }
        if rows == 0 {
            sql.values.push(Value::from(now));
            sql.text("INSERT INTO queue_message (queue, priority, attempts, due, first_seen, dead_since, error, payload) VALUES (");
        } else {
            sql.text(",(");
        }
        sql.bind(message.queue.as_str()).text(",").bind(message.priority.as_number()).text(",0,");
        match error {
            Some(error) => sql.text("NULL,$1,$1,").bind(storable_error(error)).text(","),
            None if message.delay.is_zero() => sql.text("$1,$1,NULL,NULL,"),
            None => sql.bind(now + milliseconds(message.delay)).text(",$1,NULL,NULL,"),
        };
        sql.bind(message.payload.as_str()).text(")");
        rows += 1;
        bytes += message.payload.len();
    }
    if rows > 0 {
        statements.push(sql.finish());
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(statement: &Statement) -> usize {
        statement.sql.matches("),(").count() + 1
    }

    #[test]
    fn inserts_are_cut_by_rows_and_by_bytes() {
        let small = Message::new(QueueName::Default, "x");
        let many: Vec<_> = (0..ROWS_PER_STATEMENT + 1).map(|_| (&small, None)).collect();
        let statements = insert_statements(DbBackend::Sqlite, 0, many.into_iter()).unwrap();
        assert_eq!(statements.iter().map(rows_of).collect::<Vec<_>>(), [ROWS_PER_STATEMENT, 1]);

        let large = Message::new(QueueName::Default, "x".repeat(BYTES_PER_STATEMENT / 2 + 1));
        let statements = insert_statements(
            DbBackend::Postgres,
            0,
            [&small, &large, &large, &small].map(|m| (m, None)).into_iter(),
        )
        .unwrap();
        assert_eq!(statements.iter().map(rows_of).collect::<Vec<_>>(), [2, 2]);
        assert!(insert_statements(DbBackend::Sqlite, 0, std::iter::empty()).unwrap().is_empty());
    }

    #[test]
    fn an_insert_binds_only_what_differs() {
        let message = Message::new(QueueName::Statsd, "p");
        let statements = insert_statements(DbBackend::Sqlite, 7, [(&message, None)].into_iter()).unwrap();
        assert!(statements[0].sql.ends_with("VALUES ($2,$3,0,$1,$1,NULL,NULL,$4)"), "{}", statements[0].sql);
        let statements =
            insert_statements(DbBackend::Sqlite, 7, [(&message, Some("e"))].into_iter()).unwrap();
        assert!(statements[0].sql.ends_with("VALUES ($2,$3,0,NULL,$1,$1,$4,$5)"), "{}", statements[0].sql);
    }
}

//! Messages that are not to be worked on any more.

use std::collections::HashSet;

use sea_orm::ConnectionTrait as _;

use super::clock::now;
use super::rows::Sql;
use crate::monitor::TaskRecord;
use crate::queue::MessageId;
use crate::store::Store;
use crate::store::error::{StoreError, truncated};

/// Most revocations that workers look at.
const MAX_REVOKED: i64 = 10_000;
/// Longest name of who revoked, in characters.
const MAX_NAME: usize = 150;

impl Store {
    /// Notes that a message is not to be worked on any more: workers remove it when it comes up.
    ///
    /// They know of it with their next heartbeat. `record` is kept when the message has been taken off its queue
    /// already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(
        &self,
        message: MessageId,
        revoked_by: &str,
        record: Option<&TaskRecord>,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let sql =
            Sql::new(self.backend(), "INSERT INTO monitor_revocation (id, revoked, revoked_by) VALUES (");
        let sql = sql.bind(message.to_string()).text(&format!(", {}, ", now(self.backend())));
        let sql = sql.bind(truncated(revoked_by, MAX_NAME)).text(") ON CONFLICT (id) DO NOTHING");
        transaction.execute_raw(sql.finish()).await?;
        if let Some(record) = record {
            self.write_records(&transaction, "", std::slice::from_ref(record)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Lists the messages that were revoked, the latest ten thousand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoked(&self) -> Result<HashSet<MessageId>, StoreError> {
        let sql = Sql::new(self.backend(), "SELECT id FROM monitor_revocation ORDER BY revoked DESC LIMIT ");
        let rows = self.connection().query_all_raw(sql.bind(MAX_REVOKED).finish()).await?;
        let ids = rows.iter().map(|row| row.try_get::<String>("", "id"));
        Ok(ids.collect::<Result<Vec<_>, _>>()?.iter().filter_map(|id| id.parse().ok()).collect())
    }
}

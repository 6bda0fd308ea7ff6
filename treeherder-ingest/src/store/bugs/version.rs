//! A number that changes whenever what can be searched for changes.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _};

use crate::store::Store;
use crate::store::entity::cache_entry;
use crate::store::error::StoreError;

/// Key of the number among the shared values.
const KEY: &str = "bugscache:version";
/// It is kept for ever, as far as that goes.
const KEPT: TimeDelta = TimeDelta::days(365 * 100);

impl Store {
    /// Returns the version of the bugs; another one means that they changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bugs_version(&self) -> Result<String, StoreError> {
        Ok(self.cached(KEY).await?.unwrap_or_default())
    }
}

/// Changes the version, within the transaction that changes bugs.
pub(in crate::store) async fn bump<Connection: ConnectionTrait>(
    connection: &Connection,
) -> Result<(), StoreError> {
    let now: DateTime<Utc> = Utc::now();
    let entry = cache_entry::ActiveModel {
        cache_key: Set(KEY.to_owned()),
        value: Set(uuid::Uuid::new_v4().to_string()),
        expires: Set(now + KEPT),
    };
    cache_entry::Entity::insert(entry)
        .on_conflict(OnConflict::column("cache_key").update_columns(["value", "expires"]).to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

//! Small values that expire, shared by all processes (`spec/api.md` §5.1), and the last push ids kept there.

use chrono::{TimeDelta, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::Store;
use super::entity::cache_entry;
use super::error::{StoreError, check_text};

/// How long the id of the last push seen in a pushlog is kept (`spec/ingest.md` §3.8).
const LAST_PUSH_KEPT: TimeDelta = TimeDelta::seconds(604_800);

impl Store {
    /// Returns the cached value of `key`, unless it has expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cached(&self, key: &str) -> Result<Option<String>, StoreError> {
        let entry = cache_entry::Entity::find_by_id(key.to_owned())
            .filter(cache_entry::Column::Expires.gt(Utc::now()))
            .one(self.connection())
            .await?;
        Ok(entry.map(|entry| entry.value))
    }

    /// Sets the cached value of `key` for the time `kept`.
    ///
    /// # Errors
    /// When the key is longer than 255 characters or the database fails.
    pub async fn set_cached(&self, key: &str, value: &str, kept: TimeDelta) -> Result<(), StoreError> {
        check_text("cache_entry", "cache_key", 255, key)?;
        check_text("cache_entry", "value", usize::MAX, value)?;
        let expires = Utc::now()
            .checked_add_signed(kept)
            .ok_or_else(|| StoreError::Value(format!("cache entry {key}: kept for too long a time")))?;
        let entry = cache_entry::ActiveModel {
            cache_key: Set(key.to_owned()),
            value: Set(value.to_owned()),
            expires: Set(expires),
        };
        cache_entry::Entity::insert(entry)
            .on_conflict(OnConflict::column("cache_key").update_columns(["value", "expires"]).to_owned())
            .exec_without_returning(self.writer())
            .await?;
        Ok(())
    }

    /// Forgets the cached value of `key`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_cached(&self, key: &str) -> Result<(), StoreError> {
        cache_entry::Entity::delete_by_id(key.to_owned()).exec(self.writer()).await?;
        Ok(())
    }

    /// Deletes what has expired and returns how many entries those were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_expired_cache(&self) -> Result<u64, StoreError> {
        let deleted = cache_entry::Entity::delete_many()
            .filter(cache_entry::Column::Expires.lte(Utc::now()))
            .exec(self.writer())
            .await?;
        Ok(deleted.rows_affected)
    }

    /// Returns the id of the last push seen in the repository's pushlog, for a week after it was seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_push_id(&self, repository: &str) -> Result<Option<i64>, StoreError> {
        let value = self.cached(&last_push_key(repository)).await?;
        // A value that is no number counts as unknown: the poll then starts from the newest pushes.
        Ok(value.and_then(|value| value.parse().ok()))
    }

    /// Remembers the id of the last push seen in the repository's pushlog.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_last_push_id(&self, repository: &str, id: i64) -> Result<(), StoreError> {
        self.set_cached(&last_push_key(repository), &id.to_string(), LAST_PUSH_KEPT).await
    }

    /// Forgets the id of the last push, after the repository was reset.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_last_push_id(&self, repository: &str) -> Result<(), StoreError> {
        self.forget_cached(&last_push_key(repository)).await
    }
}

fn last_push_key(repository: &str) -> String {
    format!("{repository}:last_push_id")
}

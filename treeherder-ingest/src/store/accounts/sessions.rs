//! Sessions, which end on the server's side too (`spec/api.md` §8.1).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _,
    Iterable as _, QueryFilter as _,
};

use super::key_hash;
use crate::store::Store;
use crate::store::entity::{auth_user, login_session};
use crate::store::error::StoreError;

impl Store {
    /// Begins a session with this key; sessions whose time is over are deleted at the same time.
    ///
    /// # Errors
    /// When there is no such account or the database fails.
    pub async fn begin_session(
        &self,
        key: &str,
        user_id: i32,
        expires: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let now = Utc::now();
        let transaction = self.begin_write().await?;
        login_session::Entity::delete_many()
            .filter(login_session::Column::Expires.lte(now))
            .exec(&transaction)
            .await?;
        let session = login_session::ActiveModel {
            key_hash: Set(key_hash(key)),
            user_id: Set(user_id),
            created: Set(now),
            expires: Set(expires),
            ..Default::default()
        };
        login_session::Entity::insert(session).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Returns the account whose session has this key, unless its time is over or the account is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_user(&self, key: &str) -> Result<Option<auth_user::Model>, StoreError> {
        let mut select = Query::select();
        for column in auth_user::Column::iter() {
            select.column(("auth_user", column));
        }
        select
            .from("login_session")
            .inner_join("auth_user", Expr::col(("auth_user", "id")).equals(("login_session", "user_id")))
            .and_where(Expr::col(("login_session", "key_hash")).eq(key_hash(key)))
            .and_where(Expr::col(("login_session", "expires")).gt(Utc::now()))
            .and_where(Expr::col(("auth_user", "is_active")).eq(true));
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| auth_user::Model::from_query_result(&row, "")).transpose()?)
    }

    /// Ends the session with this key; ending one that is not there is no error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, key: &str) -> Result<(), StoreError> {
        login_session::Entity::delete_many()
            .filter(login_session::Column::KeyHash.eq(key_hash(key)))
            .exec(self.writer())
            .await?;
        Ok(())
    }
}

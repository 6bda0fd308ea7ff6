//! Tokens for scripts.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::key_hash;
use super::users::ensure_user;
use crate::store::Store;
use crate::store::entity::{api_token, auth_user};
use crate::store::error::{StoreError, check_text};

/// A token that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// The token itself; only its hash is stored.
    pub token: String,
    /// Name of the account that it acts for; made when there is none.
    pub username: String,
    /// What it is for.
    pub description: String,
    /// Whether it may do what sheriffs may.
    pub is_sheriff: bool,
    /// When it ends by itself.
    pub expires: Option<DateTime<Utc>>,
}

/// A token with the name of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedToken {
    /// The token's row.
    pub token: api_token::Model,
    /// Name of the account that it acts for.
    pub username: String,
}

/// What is known about a token that a request came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenUser {
    /// It counts.
    Valid {
        /// The account that it acts for.
        user: auth_user::Model,
        /// Whether it may do what sheriffs may.
        is_sheriff: bool,
    },
    /// Its time is over.
    Expired,
    /// There is none like it, it was revoked, or its account is disabled.
    Unknown,
}

impl Store {
    /// Stores a token and returns its id.
    ///
    /// # Errors
    /// When a text does not fit its column, the token exists already, or the database fails.
    pub async fn create_token(&self, new: &NewToken) -> Result<i32, StoreError> {
        check_text("api_token", "description", 255, &new.description)?;
        let transaction = self.begin_write().await?;
        let user = ensure_user(&transaction, &new.username, &new.username).await?;
        let token = api_token::ActiveModel {
            token_hash: Set(key_hash(&new.token)),
            user_id: Set(user.id),
            description: Set(new.description.clone()),
            is_sheriff: Set(new.is_sheriff),
            created: Set(Utc::now()),
            expires: Set(new.expires),
            revoked: Set(None),
            ..Default::default()
        };
        let inserted = api_token::Entity::insert(token).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(inserted.last_insert_id)
    }

    /// Returns all tokens, revoked ones too, in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<ListedToken>, StoreError> {
        let tokens =
            api_token::Entity::find().order_by_asc(api_token::Column::Id).all(self.connection()).await?;
        let users = self.users().await?;
        let name = |id: i32| users.iter().find(|user| user.id == id).map(|user| user.username.clone());
        let listed = |token: api_token::Model| ListedToken {
            username: name(token.user_id).unwrap_or_default(),
            token,
        };
        Ok(tokens.into_iter().map(listed).collect())
    }

    /// Revokes the token with this id at once and for good; `false` when it was revoked already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such token; or when the database fails.
    pub async fn revoke_token(&self, id: i32) -> Result<bool, StoreError> {
        let revoked = api_token::Entity::update_many()
            .col_expr(api_token::Column::Revoked, Expr::value(Utc::now()))
            .filter(api_token::Column::Id.eq(id))
            .filter(api_token::Column::Revoked.is_null())
            .exec(self.writer())
            .await?;
        if revoked.rows_affected == 0
            && api_token::Entity::find_by_id(id).one(self.connection()).await?.is_none()
        {
            return Err(StoreError::NotFound { what: "token", key: id.to_string() });
        }
        Ok(revoked.rows_affected > 0)
    }

    /// Tells whom a token acts for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_user(&self, token: &str) -> Result<TokenUser, StoreError> {
        let found = api_token::Entity::find()
            .filter(api_token::Column::TokenHash.eq(key_hash(token)))
            .filter(api_token::Column::Revoked.is_null())
            .one(self.connection())
            .await?;
        let Some(found) = found else { return Ok(TokenUser::Unknown) };
        if found.expires.is_some_and(|expires| expires <= Utc::now()) {
            return Ok(TokenUser::Expired);
        }
        let user = self.user(found.user_id).await?.filter(|user| user.is_active);
        Ok(match user {
            Some(user) => TokenUser::Valid { user, is_sheriff: found.is_sheriff },
            None => TokenUser::Unknown,
        })
    }
}

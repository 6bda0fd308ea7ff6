//! Accounts of people (`spec/api.md` §8.2).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use crate::store::Store;
use crate::store::entity::auth_user;
use crate::store::error::{StoreError, check_text};
use crate::writer::WriteTransaction;

/// Mark of Django for "no password fits".
const UNUSABLE_PASSWORD: &str = "!";

/// Somebody who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Name of the account, `mozilla-ldap/u@mozilla.com`; the same person by another provider is another account.
    pub username: String,
    /// Mail address.
    pub email: String,
    /// Whether the person is a sheriff; `None` when the provider does not say, then it stays as it was.
    pub is_staff: Option<bool>,
}

impl Store {
    /// Makes the account or brings it up to date, notes the time, and returns it.
    ///
    /// A disabled account is returned unchanged; the caller refuses it.
    ///
    /// # Errors
    /// When a text does not fit its column or the database fails.
    pub async fn sign_in(&self, person: &SignIn) -> Result<auth_user::Model, StoreError> {
        let transaction = self.begin_write().await?;
        let user = ensure_user(&transaction, &person.username, &person.email).await?;
        if !user.is_active {
            return Ok(user);
        }
        let mut changed = auth_user::ActiveModel {
            id: Set(user.id),
            email: Set(person.email.clone()),
            last_login: Set(Some(Utc::now())),
            ..Default::default()
        };
        if let Some(is_staff) = person.is_staff {
            changed.is_staff = Set(is_staff);
        }
        let user = auth_user::Entity::update(changed).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(user)
    }

    /// Returns all accounts in the order of their ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<auth_user::Model>, StoreError> {
        Ok(auth_user::Entity::find().order_by_asc(auth_user::Column::Id).all(self.connection()).await?)
    }

    /// Returns the account with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, id: i32) -> Result<Option<auth_user::Model>, StoreError> {
        Ok(auth_user::Entity::find_by_id(id).one(self.connection()).await?)
    }

    /// Lets the account be used or not; sessions and tokens of a disabled account do not count.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such account; or when the database fails.
    pub async fn set_user_active(&self, username: &str, is_active: bool) -> Result<(), StoreError> {
        let updated = auth_user::Entity::update_many()
            .col_expr(auth_user::Column::IsActive, is_active.into())
            .filter(auth_user::Column::Username.eq(username))
            .exec(self.writer())
            .await?;
        if updated.rows_affected == 0 {
            return Err(StoreError::NotFound { what: "account", key: username.to_owned() });
        }
        Ok(())
    }
}

/// Returns the account of this name; makes it, without any rights, when there is none.
pub(super) async fn ensure_user(
    transaction: &WriteTransaction,
    username: &str,
    email: &str,
) -> Result<auth_user::Model, StoreError> {
    check_text("auth_user", "username", 150, username)?;
    check_text("auth_user", "email", 254, email)?;
    if let Some(user) = user_by_name(transaction, username).await? {
        return Ok(user);
    }
    let now: DateTime<Utc> = Utc::now();
    let user = auth_user::ActiveModel {
        username: Set(username.to_owned()),
        email: Set(email.to_owned()),
        first_name: Set(String::new()),
        last_name: Set(String::new()),
        password: Set(UNUSABLE_PASSWORD.to_owned()),
        is_active: Set(true),
        is_staff: Set(false),
        is_superuser: Set(false),
        last_login: Set(None),
        date_joined: Set(now),
        ..Default::default()
    };
    // Another process may be making the same one.
    auth_user::Entity::insert(user)
        .on_conflict(OnConflict::column("username").do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    let user = user_by_name(transaction, username).await?;
    user.ok_or_else(|| StoreError::NotFound { what: "account", key: username.to_owned() })
}

async fn user_by_name<Connection: ConnectionTrait>(
    connection: &Connection,
    username: &str,
) -> Result<Option<auth_user::Model>, StoreError> {
    Ok(auth_user::Entity::find().filter(auth_user::Column::Username.eq(username)).one(connection).await?)
}

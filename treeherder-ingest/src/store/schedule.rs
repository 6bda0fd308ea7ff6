//! The leases by which one of several schedulers fires a periodic task.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use super::Store;
use super::entity::schedule_entry::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;

/// A due time that one scheduler fires; times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing<'a> {
    /// Name of the entry.
    pub name: &'a str,
    /// The due time.
    pub due: i64,
    /// The scheduler.
    pub owner: &'a str,
}

/// A firing is this scheduler's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The due time that was fired before.
    pub last_due: Option<i64>,
}

impl Store {
    /// Lists what is known of the periodic tasks, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn schedule_entries(&self) -> Result<Vec<Model>, StoreError> {
        Ok(Entity::find().order_by_asc(Column::Name).all(self.connection()).await?)
    }

    /// Makes rows for periodic tasks that have none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_schedule_entries(&self, names: &[&str]) -> Result<(), StoreError> {
        let rows =
            names.iter().map(|name| ActiveModel { name: Set((*name).to_owned()), ..ActiveModel::default() });
        if names.is_empty() {
            return Ok(());
        }
        let do_nothing = OnConflict::column(Column::Name).do_nothing().to_owned();
        Entity::insert_many(rows).on_conflict(do_nothing).exec_without_returning(self.writer()).await?;
        Ok(())
    }

    /// Takes the lease of a firing, unless it is done, in other hands or switched off.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_firing(
        &self,
        firing: Firing<'_>,
        now: i64,
        until: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        let transaction = self.begin_write().await?;
        let is_due = Condition::any().add(Column::LastDue.is_null()).add(Column::LastDue.lt(firing.due));
        let is_free = Condition::any().add(Column::Lease.is_null()).add(Column::Lease.lte(now));
        let claimed = Entity::update_many()
            .col_expr(Column::Owner, Expr::value(firing.owner))
            .col_expr(Column::Lease, Expr::value(until))
            .filter(Column::Name.eq(firing.name))
            .filter(Column::Enabled.eq(true))
            .filter(is_due)
            .filter(is_free)
            .exec(&transaction)
            .await?;
        if claimed.rows_affected == 0 {
            transaction.rollback().await?;
            return Ok(None);
        }
        let entry = Entity::find_by_id(firing.name.to_owned()).one(&transaction).await?;
        transaction.commit().await?;
        Ok(entry.map(|entry| Claimed { last_due: entry.last_due }))
    }

    /// Notes that a firing is done, and how many due times were missed before it; false when the lease was lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete_firing(
        &self,
        firing: Firing<'_>,
        now: i64,
        missed: i64,
        last_missed: Option<i64>,
    ) -> Result<bool, StoreError> {
        let mut update = Entity::update_many()
            .col_expr(Column::LastDue, Expr::value(firing.due))
            .col_expr(Column::LastFired, Expr::value(now))
            .col_expr(Column::Fired, Expr::col(Column::Fired).add(1))
            .col_expr(Column::Missed, Expr::col(Column::Missed).add(missed))
            .col_expr(Column::Owner, Expr::value(Option::<String>::None))
            .col_expr(Column::Lease, Expr::value(Option::<i64>::None));
        if let Some(moment) = last_missed {
            update = update.col_expr(Column::LastMissed, Expr::value(moment));
        }
        let held = update.filter(Column::Name.eq(firing.name)).filter(Column::Owner.eq(firing.owner));
        Ok(held.exec(self.writer()).await?.rows_affected > 0)
    }

    /// Gives the lease of a firing back, so that it is tried again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_firing_back(&self, firing: Firing<'_>) -> Result<(), StoreError> {
        Entity::update_many()
            .col_expr(Column::Owner, Expr::value(Option::<String>::None))
            .col_expr(Column::Lease, Expr::value(Option::<i64>::None))
            .filter(Column::Name.eq(firing.name))
            .filter(Column::Owner.eq(firing.owner))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// Switches a periodic task on or off; false when it has no row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enable_schedule_entry(&self, name: &str, enabled: bool) -> Result<bool, StoreError> {
        let update = Entity::update_many().col_expr(Column::Enabled, Expr::value(enabled));
        Ok(update.filter(Column::Name.eq(name)).exec(self.writer()).await?.rows_affected > 0)
    }
}

//! Up to which event the broker has been told, and whose turn it is to tell (`spec/bridge-l10n-platform.md` §4.2).

use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{ConnectionTrait, DbErr};

use crate::store::{Store, StoreError};

/// Name of the exchange's row.
const EXCHANGE: &str = "exchange";

impl Store {
    /// Returns the sequence id of the last event that is known to be on the exchange.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn relayed_event(&self) -> Result<i64, StoreError> {
        let mut select = Query::select();
        select.column("position").from("event_relay").and_where(Expr::col("name").eq(EXCHANGE));
        let row = self.connection().query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// Takes the turn to publish on the exchange until a moment (milliseconds since the epoch, as is `now`), unless another
    /// process has it; returns the sequence id of the last event that is known to be there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_relay_turn(
        &self,
        owner: &str,
        now: i64,
        until: i64,
    ) -> Result<Option<i64>, StoreError> {
        let is_free = Condition::any().add(Expr::col("lease").lte(now)).add(Expr::col("owner").eq(owner));
        let mut update = Query::update();
        update
            .table("event_relay")
            .value("owner", owner)
            .value("lease", until)
            .and_where(Expr::col("name").eq(EXCHANGE))
            .cond_where(is_free)
            .returning(Query::returning().columns(["position"]));
        let row = self.connection().query_one(&update).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Notes up to which event the exchange has been told, and ends the turn; false when another process has it by now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_relay_turn(&self, owner: &str, position: i64) -> Result<bool, StoreError> {
        let mut update = Query::update();
        update
            .table("event_relay")
            .value("position", position)
            .value("lease", 0)
            .and_where(Expr::col("name").eq(EXCHANGE))
            .and_where(Expr::col("owner").eq(owner));
        Ok(self.writer().execute(&update).await?.rows_affected() > 0)
    }
}

/// Makes the row of the exchange, behind all events that there are: they have been published by what was there before.
pub(in crate::store) async fn add_exchange(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let mut newest = Query::select();
    newest.expr(Expr::col("id").max()).from("event");
    let row = connection.query_one(&newest).await?;
    let newest: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    let mut insert = Query::insert();
    insert.into_table("event_relay").columns(["name", "position", "owner", "lease"]).values_panic([
        EXCHANGE.into(),
        newest.unwrap_or_default().into(),
        "".into(),
        0.into(),
    ]);
    connection.execute(&insert).await?;
    Ok(())
}

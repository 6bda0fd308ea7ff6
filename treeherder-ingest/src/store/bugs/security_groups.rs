//! Who may see security bugs of which product (`spec/ingest.md` §7.4, `spec/api.md` §3.20).

use std::collections::BTreeMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::store::Store;
use crate::store::entity::bugzilla_security_group::{ActiveModel, Column, Entity};
use crate::store::error::{StoreError, check_text};

/// Characters of a product or a group.
const LONGEST: usize = 60;
/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 500;

impl Store {
    /// Makes these the security groups by product: others go, and a product whose group changed gets the new one. Returns how
    /// many products were left out because a name is too long.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub async fn replace_security_groups(
        &self,
        groups: &BTreeMap<String, String>,
    ) -> Result<usize, StoreError> {
        let fits = |text: &str| check_text("bugzilla_security_group", "name", LONGEST, text).is_ok();
        let fitting: Vec<(&String, &String)> =
            groups.iter().filter(|(product, group)| fits(product) && fits(group)).collect();
        let transaction = self.begin_write().await?;
        let mut gone = Vec::new();
        for row in Entity::find().order_by_asc(Column::Id).all(&transaction).await? {
            if !groups.contains_key(&row.product) {
                gone.push(row.id);
            }
        }
        for ids in gone.chunks(ROWS_PER_STATEMENT) {
            Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(&transaction).await?;
        }
        for rows in fitting.chunks(ROWS_PER_STATEMENT) {
            let rows = rows.iter().map(|(product, group)| ActiveModel {
                product: Set((*product).clone()),
                security_group: Set((*group).clone()),
                ..Default::default()
            });
            let newest = OnConflict::column(Column::Product).update_column(Column::SecurityGroup).to_owned();
            Entity::insert_many(rows).on_conflict(newest).exec_without_returning(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(groups.len() - fitting.len())
    }

    /// Returns the groups that may see security bugs of a product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn security_groups(&self, product: &str) -> Result<Vec<String>, StoreError> {
        let groups = Entity::find().filter(Column::Product.eq(product)).all(self.connection()).await?;
        Ok(groups.into_iter().map(|group| group.security_group).collect())
    }
}

//! Reference data that nothing refers to any more.

use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::store::Store;
use crate::store::error::StoreError;

/// A table whose rows are deleted when nothing refers to them (§7.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// `job_type`, with what was investigated about it.
    JobTypes,
    /// `job_group`.
    JobGroups,
    /// `machine`.
    Machines,
    /// `group`: test groups.
    Groups,
    /// `build_platform`.
    BuildPlatforms,
    /// `machine_platform`; series of performance data refer to it as well.
    MachinePlatforms,
}

impl Unused {
    /// All of them, in the order in which they are deleted.
    pub const ALL: [Self; 6] = [
        Self::JobTypes,
        Self::JobGroups,
        Self::Machines,
        Self::Groups,
        Self::BuildPlatforms,
        Self::MachinePlatforms,
    ];

    /// Returns the table's name.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Self::JobTypes => "job_type",
            Self::JobGroups => "job_group",
            Self::Machines => "machine",
            Self::Groups => "group",
            Self::BuildPlatforms => "build_platform",
            Self::MachinePlatforms => "machine_platform",
        }
    }

    /// Tables and columns that refer to it.
    fn referrers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::JobTypes => &[("job", "job_type_id")],
            Self::JobGroups => &[("job", "job_group_id")],
            Self::Machines => &[("job", "machine_id")],
            Self::Groups => &[("group_status", "group_id")],
            Self::BuildPlatforms => &[("job", "build_platform_id")],
            Self::MachinePlatforms => {
                &[("job", "machine_platform_id"), ("performance_signature", "platform_id")]
            }
        }
    }

    /// The condition that nothing refers to a row.
    fn is_unused(self) -> Vec<Expr> {
        let referred_to = self.referrers().iter().map(|(table, column)| {
            let same = Expr::col((*table, *column)).equals((self.table(), "id"));
            Query::select().expr(Expr::val(1)).from(*table).and_where(same).take()
        });
        referred_to.map(|select| Expr::exists(select).not()).collect()
    }

    fn of_rows(self, select: &mut SelectStatement) -> &mut SelectStatement {
        let select = select.column((self.table(), "id")).from(self.table());
        self.is_unused().into_iter().fold(select, |select, unused| select.and_where(unused))
    }
}

impl Store {
    /// Deletes up to `chunk` rows with ids above `after` that nothing refers to; returns how many, and the largest id that was
    /// looked at, or nothing when there are no more.
    ///
    /// Rows that another process is about to refer to are left alone; one that begins to do so afterwards finds them gone and
    /// makes them anew.
    ///
    /// # Errors
    /// When the database fails; nothing is deleted then.
    pub async fn delete_unused(
        &self,
        unused: Unused,
        after: i64,
        chunk: u32,
    ) -> Result<Option<(u64, i64)>, StoreError> {
        let id = || Expr::col((unused.table(), "id"));
        let transaction = self.begin_write().await?;
        let mut candidates = Query::select();
        unused
            .of_rows(&mut candidates)
            .and_where(id().gt(after))
            .order_by((unused.table(), "id"), Order::Asc)
            .limit(u64::from(Ord::max(chunk, 1)));
        if self.backend() == DbBackend::Postgres {
            // The locks keep references from being made; SQLite has one writer at a time.
            candidates.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let mut ids = Vec::new();
        for row in transaction.query_all(&candidates).await? {
            // Some tables have 64 bits, some 32.
            ids.push(match row.try_get_by_index::<i64>(0) {
                Ok(id) => id,
                Err(_) => row.try_get_by_index::<i32>(0)?.into(),
            });
        }
        let Some(last) = ids.last().copied() else { return Ok(None) };
        // Asked again: what was referred to between the two moments stays.
        let mut delete = Query::delete();
        delete.from_table(unused.table()).and_where(id().is_in(ids));
        for condition in unused.is_unused() {
            delete.and_where(condition);
        }
        let deleted = transaction.execute(&delete).await?.rows_affected();
        transaction.commit().await?;
        Ok(Some((deleted, last)))
    }
}

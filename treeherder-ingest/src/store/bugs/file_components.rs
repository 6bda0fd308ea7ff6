//! Which Bugzilla component each file of the sources belongs to (`spec/ingest.md` §7.3, `spec/api.md` §3.17).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::store::Store;
use crate::store::entity::{bugzilla_component, file_bugzilla_component};
use crate::store::error::StoreError;

/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 1000;
/// Rows read at once.
const PAGE: u64 = 20_000;

/// A component of Bugzilla.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileComponent {
    /// Product.
    pub product: String,
    /// Component of the product.
    pub component: String,
}

/// What became of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileComponentUpdate {
    /// Files that are new.
    pub added: usize,
    /// Files that belong to another component now.
    pub changed: usize,
    /// Files that are gone.
    pub removed: usize,
}

impl Store {
    /// Makes these the files with their components; others go, and components that no file belongs to.
    ///
    /// It is done in many small steps, between which others can write. Doing it again finishes what was interrupted.
    ///
    /// # Errors
    /// When a name does not fit or the database fails.
    pub async fn replace_file_components(
        &self,
        files: &BTreeMap<String, FileComponent>,
    ) -> Result<FileComponentUpdate, StoreError> {
        let components = self.component_ids(files.values().collect()).await?;
        let id_of = |component: &FileComponent| {
            let missing = || StoreError::NotFound { what: "component", key: component.component.clone() };
            components.get(component).copied().ok_or_else(missing)
        };
        let mut known: HashSet<String> = HashSet::new();
        let mut removed = Vec::new();
        let mut moved: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        let mut last = 0;
        loop {
            let page = self.file_page(last).await?;
            let Some(newest) = page.last() else { break };
            last = newest.id;
            for row in page {
                match files.get(&row.path) {
                    None => removed.push(row.id),
                    Some(component) => {
                        let id = id_of(component)?;
                        if id != row.bugzilla_component_id {
                            moved.entry(id).or_default().push(row.id);
                        }
                        known.insert(row.path);
                    }
                }
            }
        }
        for ids in removed.chunks(ROWS_PER_STATEMENT) {
            file_bugzilla_component::Entity::delete_many()
                .filter(file_bugzilla_component::Column::Id.is_in(ids.iter().copied()))
                .exec(self.writer())
                .await?;
        }
        for (component, ids) in &moved {
            for ids in ids.chunks(ROWS_PER_STATEMENT) {
                file_bugzilla_component::Entity::update_many()
                    .col_expr(file_bugzilla_component::Column::BugzillaComponentId, Expr::value(*component))
                    .filter(file_bugzilla_component::Column::Id.is_in(ids.iter().copied()))
                    .exec(self.writer())
                    .await?;
            }
        }
        let new: Vec<_> = files.iter().filter(|(path, _)| !known.contains(*path)).collect();
        for part in new.chunks(ROWS_PER_STATEMENT) {
            let mut rows = Vec::with_capacity(part.len());
            for (path, component) in part {
                rows.push(file_bugzilla_component::ActiveModel {
                    path: Set((*path).clone()),
                    file_name: Set(path.rsplit('/').next().unwrap_or(path).to_owned()),
                    bugzilla_component_id: Set(id_of(component)?),
                    ..Default::default()
                });
            }
            file_bugzilla_component::Entity::insert_many(rows)
                .on_conflict(
                    OnConflict::column(file_bugzilla_component::Column::Path)
                        .update_column(file_bugzilla_component::Column::BugzillaComponentId)
                        .to_owned(),
                )
                .exec_without_returning(self.writer())
                .await?;
        }
        self.delete_unused_components().await?;
        let changed = moved.values().map(Vec::len).sum();
        Ok(FileComponentUpdate { added: new.len(), changed, removed: removed.len() })
    }

    /// The ids of these components; those that are new get a row.
    async fn component_ids(
        &self,
        wanted: BTreeSet<&FileComponent>,
    ) -> Result<HashMap<FileComponent, i32>, StoreError> {
        let wanted: Vec<&FileComponent> = wanted.into_iter().collect();
        for part in wanted.chunks(ROWS_PER_STATEMENT) {
            let rows = part.iter().map(|component| bugzilla_component::ActiveModel {
                product: Set(component.product.clone()),
                component: Set(component.component.clone()),
                ..Default::default()
            });
            bugzilla_component::Entity::insert_many(rows)
                .on_conflict(OnConflict::columns(["product", "component"]).do_nothing().to_owned())
                .exec_without_returning(self.writer())
                .await?;
        }
        let rows = bugzilla_component::Entity::find().all(self.connection()).await?;
        let by_name = rows
            .into_iter()
            .map(|row| (FileComponent { product: row.product, component: row.component }, row.id));
        Ok(by_name.collect())
    }

    async fn file_page(&self, after: i32) -> Result<Vec<file_bugzilla_component::Model>, StoreError> {
        let page = file_bugzilla_component::Entity::find()
            .filter(file_bugzilla_component::Column::Id.gt(after))
            .order_by_asc(file_bugzilla_component::Column::Id)
            .limit(PAGE);
        Ok(page.all(self.connection()).await?)
    }

    async fn delete_unused_components(&self) -> Result<(), StoreError> {
        let mut used = Query::select();
        used.column("bugzilla_component_id").from("file_bugzilla_component");
        bugzilla_component::Entity::delete_many()
            .filter(bugzilla_component::Column::Id.not_in_subquery(used))
            .exec(self.writer())
            .await?;
        Ok(())
    }

    /// Returns the names and Taskcluster deployments of the repositories whose sources say where bugs belong, the one that
    /// counts most first (§7.3).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repositories_with_components(&self) -> Result<Vec<(String, String)>, StoreError> {
        use crate::store::entity::repository::{Column, Entity};
        let rows = Entity::find()
            .filter(Column::Codebase.eq("gecko"))
            .filter(Column::ActiveStatus.eq("active"))
            .filter(Column::LifeCycleOrder.is_not_null())
            .order_by_asc(Column::LifeCycleOrder)
            .all(self.connection())
            .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.tc_root_url)).collect())
    }
}

//! What changed in the projects that are watched (`spec/api.md` §3.22, §5.8).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::entity::{changelog_entry, changelog_file};
use super::error::truncated;
use super::{Store, StoreError};

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A change as its project tells of it; texts that are too long for their columns are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChange {
    /// Commit id, or id of a release.
    pub remote_id: String,
    /// `commit` or `release`.
    pub kind: &'static str,
    /// When it was made.
    pub date: DateTime<Utc>,
    /// Who made it.
    pub author: String,
    /// First line of what it says.
    pub message: String,
    /// The rest.
    pub description: String,
    /// Whose the project is.
    pub owner: String,
    /// Name of the project.
    pub project: String,
    /// Where the project is, for people.
    pub project_url: String,
    /// Where the change is, for people.
    pub url: String,
    /// Files that it changes.
    pub files: Vec<String>,
}

/// A change with the files that it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The change.
    pub entry: changelog_entry::Model,
    /// Files, in the order in which they were told.
    pub files: Vec<String>,
}

impl Store {
    /// Returns the changes from one time to another, both included; the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes(
        &self,
        from: DateTime<Utc>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Vec<Change>, StoreError> {
        let mut select = changelog_entry::Entity::find().filter(changelog_entry::Column::Date.gte(from));
        if let Some(to) = to {
            select = select.filter(changelog_entry::Column::Date.lte(to));
        }
        let entries = select
            .order_by_asc(changelog_entry::Column::Date)
            .order_by_asc(changelog_entry::Column::Id)
            .all(self.connection())
            .await?;
        let mut files: HashMap<i32, Vec<String>> = HashMap::new();
        for chunk in entries.chunks(IDS_PER_STATEMENT) {
            let ids = chunk.iter().map(|entry| entry.id);
            let rows = changelog_file::Entity::find()
                .filter(changelog_file::Column::ChangelogId.is_in(ids))
                .order_by_asc(changelog_file::Column::Id);
            for row in rows.all(self.connection()).await? {
                files.entry(row.changelog_id).or_default().push(row.name);
            }
        }
        let with_files = |entry: changelog_entry::Model| {
            let files = files.remove(&entry.id).unwrap_or_default();
            Change { entry, files }
        };
        Ok(entries.into_iter().map(with_files).collect())
    }

    /// Returns those of the remote ids of a kind that are stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_changes(
        &self,
        kind: &str,
        remote_ids: &[&str],
    ) -> Result<HashSet<String>, StoreError> {
        known(self.connection(), kind, remote_ids).await
    }

    /// Stores the changes that are new and returns how many.
    ///
    /// # Errors
    /// When the database fails; nothing is stored then.
    pub async fn store_changes(&self, changes: &[NewChange]) -> Result<usize, StoreError> {
        if changes.is_empty() {
            return Ok(0);
        }
        let transaction = self.begin_write().await?;
        let mut stored: HashSet<(&str, String)> = HashSet::new();
        for kind in ["commit", "release"] {
            let ids: Vec<&str> = changes.iter().map(|change| change.remote_id.as_str()).collect();
            stored.extend(known(&transaction, kind, &ids).await?.into_iter().map(|id| (kind, id)));
        }
        let mut count = 0;
        for change in changes {
            if stored.insert((change.kind, change.remote_id.clone())) {
                store(&transaction, change).await?;
                count += 1;
            }
        }
        transaction.commit().await?;
        Ok(count)
    }
}

async fn known(
    connection: &impl ConnectionTrait,
    kind: &str,
    remote_ids: &[&str],
) -> Result<HashSet<String>, StoreError> {
    let mut found = HashSet::new();
    for ids in remote_ids.chunks(IDS_PER_STATEMENT) {
        let ids: Vec<String> = changelog_entry::Entity::find()
            .select_only()
            .column(changelog_entry::Column::RemoteId)
            .filter(changelog_entry::Column::Type.eq(kind))
            .filter(changelog_entry::Column::RemoteId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(connection)
            .await?;
        found.extend(ids);
    }
    Ok(found)
}

async fn store(connection: &impl ConnectionTrait, change: &NewChange) -> Result<(), StoreError> {
    // PostgreSQL has no NUL characters.
    let cut = |text: &str, length: usize| truncated(&text.replace('\0', ""), length).to_owned();
    let row = changelog_entry::ActiveModel {
        remote_id: Set(cut(&change.remote_id, 255)),
        r#type: Set(change.kind.to_owned()),
        date: Set(change.date),
        author: Set(cut(&change.author, 100)),
        owner: Set(cut(&change.owner, 100)),
        project: Set(cut(&change.project, 100)),
        project_url: Set(cut(&change.project_url, 360)),
        message: Set(cut(&change.message, 360)),
        description: Set(cut(&change.description, 360)),
        url: Set(cut(&change.url, 360)),
        ..Default::default()
    };
    let changelog_id = changelog_entry::Entity::insert(row).exec(connection).await?.last_insert_id;
    for names in change.files.chunks(IDS_PER_STATEMENT) {
        let rows = names.iter().map(|name| changelog_file::ActiveModel {
            changelog_id: Set(changelog_id),
            name: Set(cut(name, 255)),
            ..Default::default()
        });
        changelog_file::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    Ok(())
}

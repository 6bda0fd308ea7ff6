//! The newest pushes of many repositories at once, without their commits.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::rows::{Column, Columns, Row};

/// Repositories of one statement: SQLite joins no more than 500 selections.
const REPOSITORIES: usize = 200;

/// A push in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestPush {
    /// Id of the push.
    pub id: i32,
    /// Id of the repository.
    pub repository_id: i32,
    /// Head commit.
    pub revision: String,
    /// Who pushed.
    pub author: String,
    /// When it was pushed.
    pub time: DateTime<Utc>,
}

/// Columns in the order that [`NewestPush::read`] expects them.
const PUSH: [Column; 5] = [
    ("newest", "id"),
    ("newest", "repository_id"),
    ("newest", "revision"),
    ("newest", "author"),
    ("newest", "time"),
];

impl NewestPush {
    fn read(row: &Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.number(0)?,
            repository_id: row.number(1)?,
            revision: row.owned(2)?,
            author: row.owned(3)?,
            time: row.moment(4)?,
        })
    }
}

impl Store {
    /// Lists the newest pushes of some repositories, so many of `each`; those of one repository are in the order of their times, the
    /// newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_pushes(
        &self,
        repository_ids: &[i32],
        each: u32,
    ) -> Result<Vec<NewestPush>, StoreError> {
        let columns = Columns::of(PUSH);
        let selected = columns.selected();
        let mut pushes = Vec::new();
        for ids in repository_ids.chunks(REPOSITORIES) {
            let sql = newest_of(ids.len(), each, selected);
            let values = ids.iter().map(|id| (*id).into()).collect();
            pushes.extend(self.list_of(sql, values, NewestPush::read).await?);
        }
        // A join of selections promises no order.
        pushes.sort_by_key(|push| std::cmp::Reverse((push.time, push.id)));
        Ok(pushes)
    }
}

/// Selects the newest pushes of so many repositories. Each has a selection of its own, which reads as many entries of an index as it
/// returns; numbering the pushes of each repository would read all that there are.
fn newest_of(repositories: usize, each: u32, selected: &str) -> String {
    let of_one = |number: usize| {
        format!(
            r#"SELECT * FROM (SELECT id, repository_id, revision, author, time FROM push
               WHERE repository_id = ${number} ORDER BY time DESC, id DESC LIMIT {each}) AS newest_{number}"#
        )
    };
    let all: Vec<String> = (1..=repositories).map(of_one).collect();
    format!("SELECT {selected} FROM ({}) AS newest", all.join(" UNION ALL "))
}

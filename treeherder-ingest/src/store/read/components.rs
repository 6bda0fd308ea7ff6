//! Which Bugzilla component a file belongs to, and which push a number stands for (`spec/api.md` §3.17, §3.19).

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use sea_orm::{QuerySelect as _, Value};

use crate::store::Store;
use crate::store::entity::{bugzilla_component, file_bugzilla_component};
use crate::store::error::StoreError;

/// Files that say nothing about the component of what they describe.
const EXCLUDED: &str = "testing/web-platform/meta/";

/// One way to look for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSearch<'a> {
    /// The path ends so.
    PathEnds(&'a str),
    /// The path contains this.
    PathContains(&'a str),
    /// The name of the file is this.
    Name(&'a str),
    /// The name of the file begins so.
    NameBegins(&'a str),
}

impl Store {
    /// Returns the components of the files found, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn components_of_files(
        &self,
        search: FileSearch<'_>,
    ) -> Result<Vec<bugzilla_component::Model>, StoreError> {
        use file_bugzilla_component::Column;
        let postgres = self.backend() == DbBackend::Postgres;
        let outside = || {
            let beginning = Expr::cust(format!("substr(path, 1, {})", EXCLUDED.len()));
            beginning.ne(EXCLUDED)
        };
        let found = match search {
            FileSearch::PathEnds(text) => {
                let length = text.chars().count();
                // On both: the last so many characters.
                let end = if postgres {
                    format!("right(path, {length})")
                } else {
                    format!("substr(path, -{length})")
                };
                Expr::cust(end).eq(text).and(outside())
            }
            FileSearch::PathContains(text) => {
                let place = if postgres { "strpos(path, $1) > 0" } else { "instr(path, ?) > 0" };
                Expr::cust_with_values(place, [text]).and(outside())
            }
            FileSearch::Name(text) => Column::FileName.eq(text),
            FileSearch::NameBegins(text) => {
                Expr::cust(format!("substr(file_name, 1, {})", text.chars().count())).eq(text)
            }
        };
        let ids: Vec<i32> = file_bugzilla_component::Entity::find()
            .select_only()
            .column(Column::BugzillaComponentId)
            .distinct()
            .filter(found)
            .into_tuple()
            .all(self.connection())
            .await?;
        let components = bugzilla_component::Entity::find()
            .filter(bugzilla_component::Column::Id.is_in(ids))
            .order_by_asc(bugzilla_component::Column::Id);
        Ok(components.all(self.connection()).await?)
    }

    /// Returns the head commit of the newest push to this repository between two times with a commit whose message contains `text`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn push_with_message(
        &self,
        repository: &str,
        text: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let contains = match self.backend() {
            DbBackend::Postgres => r#"strpos("commit".comments, $4) > 0"#,
            _ => r#"instr("commit".comments, $4) > 0"#,
        };
        let sql = format!(
            r#"SELECT push.revision FROM push
               JOIN repository ON repository.id = push.repository_id
               JOIN "commit" ON "commit".push_id = push.id
               WHERE repository.name = $1 AND push.time >= $2 AND push.time <= $3 AND {contains}
               ORDER BY push.time DESC, push.id DESC LIMIT 1"#
        );
        let values: Vec<Value> = vec![repository.into(), from.into(), to.into(), text.into()];
        let row = self.rows(sql, values).await?.pop();
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

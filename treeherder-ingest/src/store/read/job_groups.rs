//! Which test groups jobs have run (`spec/api.md` §7.2, §11.4, §11.7).

use std::collections::HashSet;
use std::fmt::Write as _;

use super::placeholders;
use crate::store::Store;
use crate::store::error::StoreError;

/// Most groups of a job that are read.
const GROUPS_LIMIT: usize = 1000;

/// How a test group ended in a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobGroup {
    /// Name of the group: mostly the path of a manifest.
    pub name: String,
    /// 1 went well, 2 did not, 3 was skipped, 10 anything else.
    pub status: i16,
    /// How long it took, 0 when nobody knows.
    pub seconds: i16,
}

impl Store {
    /// Returns the test groups of a job, those that did not go well first, then by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_groups(&self, job_id: i64) -> Result<Vec<JobGroup>, StoreError> {
        let sql = format!(
            r#"SELECT "group".name, group_status.status, group_status.duration FROM job_log
               JOIN group_status ON group_status.job_log_id = job_log.id
               JOIN "group" ON "group".id = group_status.group_id
               WHERE job_log.job_id = $1
               ORDER BY CASE group_status.status WHEN 2 THEN 0 WHEN 10 THEN 1 WHEN 1 THEN 2 ELSE 3 END, "group".name,
                        group_status.id LIMIT {GROUPS_LIMIT}"#
        );
        let rows = self.rows(sql, vec![job_id.into()]).await?;
        let group = |row: &sea_orm::QueryResult| {
            Ok::<_, StoreError>(JobGroup {
                name: row.try_get_by_index(0)?,
                status: row.try_get_by_index(1)?,
                seconds: row.try_get_by_index(2)?,
            })
        };
        rows.iter().map(group).collect()
    }

    /// Returns the jobs of these pushes of which it is known that they ran no test group with one of these texts in its name. The
    /// texts are in lower case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs_of_other_groups(
        &self,
        push_ids: &[i32],
        texts: &[String],
    ) -> Result<HashSet<i64>, StoreError> {
        if push_ids.is_empty() || texts.is_empty() {
            return Ok(HashSet::new());
        }
        let mut fits = String::new();
        for number in 1..=texts.len() {
            let or = if number == 1 { "" } else { " OR " };
            let _ = write!(fits, r#"{or}lower("group".name) LIKE ${number} ESCAPE '~'"#);
        }
        let sql = format!(
            r#"SELECT job.id FROM job JOIN job_log ON job_log.job_id = job.id
               JOIN group_status ON group_status.job_log_id = job_log.id
               JOIN "group" ON "group".id = group_status.group_id
               WHERE job.push_id IN ({})
               GROUP BY job.id HAVING MAX(CASE WHEN group_status.status <> 3 AND ({fits}) THEN 1 ELSE 0 END) = 0"#,
            placeholders(texts.len() + 1, push_ids.len())
        );
        let mut values: Vec<sea_orm::Value> = texts.iter().map(|text| pattern(text).into()).collect();
        values.extend(push_ids.iter().map(|id| sea_orm::Value::from(*id)));
        let rows = self.rows(sql, values).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

/// Makes the pattern of whatever has this text in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '~') {
            pattern.push('~');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

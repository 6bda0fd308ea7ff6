//! What is stored, in the words of people, so that two databases can be compared.

use anyhow::Result;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use treeherder_ingest::store::Store;

/// Differences that are told.
const SHOWN: usize = 5;

/// Returns the rows of the tables that ingestion fills, sorted: no ids of rows, no times of storing.
///
/// What depends on the order in which messages come is left out: which push had a failure line first, and alerts, which
/// are about the data that was there at the time.
///
/// # Errors
/// When the database fails.
pub async fn rows_of(url: &str) -> Result<Vec<String>> {
    let store = Store::connect(url, 1).await?;
    let mut rows = Vec::new();
    for sql in EXPORTS {
        let sql = match store.backend() {
            DbBackend::Postgres => {
                format!("SELECT jsonb_build_array({}", sql.replacen(") FROM", ")::text FROM", 1))
            }
            _ => format!("SELECT json_array({sql}"),
        };
        let statement = Statement::from_string(store.backend(), sql);
        for row in store.connection().query_all_raw(statement).await? {
            rows.push(row.try_get_by_index::<String>(0)?);
        }
    }
    store.connection().clone().close().await?;
    rows.sort_unstable();
    Ok(rows)
}

const EXPORTS: [&str; 11] = [
    "'push', repository.name, push.revision, author, branch, time) FROM push
     JOIN repository ON repository.id = repository_id",
    r#"'commit', push.revision, "commit".revision, "commit".author, comments) FROM "commit"
     JOIN push ON push.id = push_id"#,
    "'job', guid, push.revision, state, result, tier, reason, who, submit_time, start_time, end_time,
     job_type.name, job_type.symbol, job_group.symbol, machine.name, platform) FROM job
     JOIN push ON push.id = push_id JOIN job_type ON job_type.id = job_type_id
     JOIN job_group ON job_group.id = job.job_group_id JOIN machine ON machine.id = machine_id
     JOIN machine_platform ON machine_platform.id = machine_platform_id",
    "'log', job.guid, job_log.name, url, status) FROM job_log JOIN job ON job.id = job_id",
    "'task', job.guid, task_id, retry_id) FROM taskcluster_metadata JOIN job ON job.id = job_id",
    "'error line', job.guid, line_number, line) FROM text_log_error JOIN job ON job.id = job_id",
    "'failure line', job.guid, failure_line.line, action, test, subtest, failure_line.status, expected, message) FROM failure_line
     JOIN job_log ON job_log.id = job_log_id JOIN job ON job.id = job_log.job_id",
    r#"'group', job.guid, "group".name, group_status.status, duration) FROM group_status
     JOIN "group" ON "group".id = group_id JOIN job_log ON job_log.id = job_log_id JOIN job ON job.id = job_log.job_id"#,
    "'seen', root, line_key, day, count) FROM line_count",
    "'datum', repository.name, signature_hash, push.revision, job.guid, value, performance_datum.push_timestamp,
     application_version) FROM performance_datum JOIN repository ON repository.id = performance_datum.repository_id
     JOIN performance_signature ON performance_signature.id = performance_datum.signature_id
     JOIN push ON push.id = performance_datum.push_id LEFT JOIN job ON job.id = performance_datum.job_id",
    "'replicate', signature_hash, job.guid, performance_datum.value, performance_datum_replicate.value) FROM
     performance_datum_replicate JOIN performance_datum ON performance_datum.id = performance_datum_id
     JOIN performance_signature ON performance_signature.id = performance_datum.signature_id
     LEFT JOIN job ON job.id = performance_datum.job_id",
];

/// Tells the first differences between two sorted lists; nothing when they are the same.
#[must_use]
pub fn first_differences(found: &[String], expected: &[String]) -> Option<String> {
    if found == expected {
        return None;
    }
    let missing: Vec<_> = expected.iter().filter(|row| found.binary_search(row).is_err()).collect();
    let surplus: Vec<_> = found.iter().filter(|row| expected.binary_search(row).is_err()).collect();
    let first =
        |rows: &[&String]| rows.iter().take(SHOWN).map(|row| row.as_str()).collect::<Vec<_>>().join("\n  ");
    Some(format!(
        "{} instead of {} rows; {} missing:\n  {}\n{} that should not be there:\n  {}",
        found.len(),
        expected.len(),
        missing.len(),
        first(&missing),
        surplus.len(),
        first(&surplus)
    ))
}

//! Whether the database answers and has the tables of this version.

use super::finding::Findings;
use crate::config::StorageArgs;
use crate::roles::Database;

const CHECK: &str = "database";

/// Returns the database if the other checks can ask it.
pub(super) async fn examine(storage: &StorageArgs, findings: &mut Findings) -> Option<Database> {
    let database = match Database::existing(storage).await {
        Ok(database) => database,
        Err(error) => {
            findings.problem(
                CHECK,
                crate::error::sentence(&error).replace('\n', " "),
                "Start the database server, or correct --database-url (DATABASE_URL). What listeners take in waits on \
                 the broker, if there is one; nothing that was acknowledged is lost.",
            );
            return None;
        }
    };
    let pending = match database.store.pending_migrations().await {
        Ok(pending) => pending,
        Err(error) => {
            findings.problem(
                CHECK,
                format!("{} does not tell its tables: {error}", database.place),
                "See what the database server logs; check the rights of the user of DATABASE_URL.",
            );
            return None;
        }
    };
    if !pending.is_empty() {
        findings.problem(
            CHECK,
            format!("{} lacks the tables or columns of {}", database.place, pending.join(", ")),
            "Run `treeherder migrate` (or `treeherder release`), then start the processes that wait for it.",
        );
        return None;
    }
    match database.store.repositories().await {
        Ok(repositories) if repositories.is_empty() => findings.problem(
            CHECK,
            format!("{} knows no repositories: every push and task is dropped", database.place),
            "Run `treeherder migrate` for Mozilla's, or `treeherder repositories load FILE` for your own.",
        ),
        Ok(repositories) => findings.ok(
            CHECK,
            format!("{} is up to date and knows {} repositories", database.place, repositories.len()),
        ),
        Err(error) => findings.problem(
            CHECK,
            format!("{} cannot be read: {error}", database.place),
            "See what the database server logs.",
        ),
    }
    Some(database)
}

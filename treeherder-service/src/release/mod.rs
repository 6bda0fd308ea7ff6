//! The release phase: what happens to the outside before new processes start (`spec/bridge-l10n-platform.md` §5.2).
//!
//! Building has no effect outside of its folder, and running processes change no tables; whatever a deployment does to the
//! database and to others is done here, once, and can be done again at any time, also on several machines at once.

mod check;
mod notice;

use std::time::Duration;

use anyhow::Context as _;

use crate::config::StorageArgs;
use crate::roles::Database;

pub(crate) use self::check::{CheckArgs, problems};
pub(crate) use self::notice::{Notice, NoticeArgs};

/// How often what may fail for a moment is tried.
const TRIES: u32 = 10;

/// Brings the tables up to date and loads the reference data; several machines do so one after the other.
///
/// # Errors
/// When the database could not be reached, or the data not be loaded, in ten tries. What is done by then stays done.
pub(crate) async fn prepare(storage: &StorageArgs, pause: Duration) -> anyhow::Result<Database> {
    let database = tried("reach the database", pause, || Database::connect(storage)).await?;
    let turn = database.store.await_turn().await.context("cannot wait for other releases")?;
    database.store.migrate().await.with_context(|| format!("cannot update {}", database.place))?;
    tried("load the reference data", pause, || async { Ok(database.store.seed().await?) }).await?;
    turn.end().await.context("cannot let other releases go on")?;
    Ok(database)
}

/// Tries ten times, with pauses.
async fn tried<T, F>(what: &str, pause: Duration, attempt: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    for number in 1..TRIES {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(attempt = number, of = TRIES, error, "cannot {what}, trying again");
            }
        }
        tokio::time::sleep(pause).await;
    }
    attempt().await.with_context(|| format!("cannot {what}, tried {TRIES} times"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn ten_tries_and_no_more() {
        for (failures, succeeds) in [(0, true), (9, true), (10, false), (100, false)] {
            let tries = AtomicU32::new(0);
            let attempt = || async {
                let number = tries.fetch_add(1, Ordering::SeqCst);
                anyhow::ensure!(number >= failures, "try {number}");
                Ok(())
            };
            let result = tried("do it", Duration::ZERO, attempt).await;
            assert_eq!(result.is_ok(), succeeds, "{failures}");
            assert_eq!(tries.into_inner(), failures.min(9) + 1);
            if let Err(error) = result {
                assert_eq!(format!("{error:#}"), "cannot do it, tried 10 times: try 9");
            }
        }
    }
}

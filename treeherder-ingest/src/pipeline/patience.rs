//! Waiting for a database that is locked.

use std::time::Duration;

use crate::store::StoreError;

/// Pauses between attempts; their sum is some ten seconds, on top of the database's own patience.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// Repeats a storage operation that found the database locked: such a failure is no attempt of the work item.
pub(super) async fn patiently<T, F>(operation: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for pause in PAUSES {
        match operation().await {
            Err(error) if error.is_busy() => {
                tracing::debug!(%error, "the database is busy, trying again");
                tokio::time::sleep(pause).await;
            }
            result => return result,
        }
    }
    operation().await
}

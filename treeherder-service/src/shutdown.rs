//! Stopping: the first SIGTERM or SIGINT asks, the second one insists.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Returns a token that the first SIGTERM or SIGINT cancels; the second signal ends the process at once.
///
/// Ending at once is safe too: work in flight is still on its queue and is handed out again.
///
/// # Errors
/// When the signals cannot be waited for.
pub(crate) fn on_signal() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if asked.is_cancelled() {
                eprintln!("treeherder: stopped at once; unfinished work is still queued");
                std::process::exit(1);
            }
            tracing::info!("stopping: work in flight is finished or given back first");
            asked.cancel();
        }
    });
    Ok(stop)
}

//! Threads for inflating and scanning: as many at a time as there are processors to use.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Runs work that keeps a processor busy on threads of its own, a bounded number at the same time.
///
/// Work comes in short pieces: a log that waits for the network holds no thread.
#[derive(Clone, Debug)]
pub struct ParsePool {
    permits: Arc<Semaphore>,
}

impl ParsePool {
    /// Makes a pool of `threads`, of which there is at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))) }
    }

    /// Runs a piece of work when a thread is free; a panic in it goes on in the caller.
    ///
    /// When the future is dropped meanwhile, the piece is finished and its result thrown away.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        match done.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down: nobody will poll this again.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

//! Faults that tests inject.

use std::sync::{Mutex, PoisonError};

/// What goes wrong with the answers for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Always this status.
    Status(u16),
    /// This status the given number of times, then the answer as it should be.
    StatusTimes(u16, u32),
    /// No answer at all.
    Stall,
    /// The connection breaks after so many bytes of the body, although more were announced.
    CutAfter(u64),
    /// A body of log lines that never ends.
    Endless,
    /// A small gzip stream that inflates to so many megabytes.
    Bomb(u32),
    /// The answer as it should be, at so many bytes per second.
    Slow(u32),
    /// A redirect to this address.
    Redirect(String),
}

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<(String, Fault)>>);

impl Faults {
    pub(crate) fn inject(&self, prefix: &str, fault: Fault) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.retain(|(known, _)| known != prefix);
        faults.push((prefix.to_owned(), fault));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the fault for a path, that of the longest prefix, and uses it up if it is limited.
    pub(crate) fn meet(&self, path: &str) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (0..faults.len())
            .filter(|at| path.starts_with(faults[*at].0.as_str()))
            .max_by_key(|at| faults[*at].0.len())?;
        match &mut faults[at].1 {
            Fault::StatusTimes(_, 0) => None,
            Fault::StatusTimes(status, left) => {
                *left -= 1;
                Some(Fault::Status(*status))
            }
            fault => Some(fault.clone()),
        }
    }
}

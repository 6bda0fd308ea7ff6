//! Processor time of other processes, from the kernel's hundredths of a second.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, Result};

/// Seconds of user and system time by process.
#[derive(Clone, Debug)]
pub struct ProcessTimes(HashMap<u32, f64>);

impl ProcessTimes {
    /// Reads the times of these processes; those that have ended meanwhile are left out.
    ///
    /// # Errors
    /// When the kernel does not tell as Linux does.
    pub fn of(processes: &[u32]) -> Result<Self> {
        let mut times = HashMap::new();
        for process in processes {
            let Ok(stat) = stat(*process) else { continue };
            let ticks = |place: usize| stat.get(place).and_then(|text| text.parse::<f64>().ok());
            let spent = ticks(11).zip(ticks(12)).context("no times in /proc")?;
            times.insert(*process, (spent.0 + spent.1) / 100.0);
        }
        Ok(Self(times))
    }

    /// Returns the seconds that all processes together have spent since.
    #[must_use]
    pub fn since(&self, before: &Self) -> f64 {
        self.0.iter().map(|(process, now)| now - before.0.get(process).copied().unwrap_or_default()).sum()
    }
}

/// Returns the process that started another one.
///
/// # Errors
/// When there is no such process.
pub fn parent_of(process: u32) -> Result<u32> {
    Ok(stat(process)?.get(1).context("no parent in /proc")?.parse()?)
}

/// Returns the processes that a process has started and that still run.
///
/// # Errors
/// When the kernel does not list its processes as Linux does.
pub fn children_of(parent: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        if parent_of(process).is_ok_and(|found| found == parent) {
            children.push(process);
        }
    }
    Ok(children)
}

/// Returns a process with all that it has started, and those have started, as far as they still run.
///
/// # Errors
/// As [`children_of`].
pub fn descendants_of(process: u32) -> Result<Vec<u32>> {
    let mut found = vec![process];
    let mut looked_at = 0;
    while let Some(parent) = found.get(looked_at).copied() {
        found.extend(children_of(parent)?);
        looked_at += 1;
    }
    Ok(found)
}

/// Returns what follows the name of a process in its line: state, parent and so on.
fn stat(process: u32) -> Result<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after = line.rsplit(')').next().unwrap_or_default();
    Ok(after.split_whitespace().map(str::to_owned).collect())
}

//! What machine a table was measured on.

use std::fs;

/// Returns CPU model, number of cores and date, for the line below a table.
#[must_use]
pub fn describe() -> String {
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let date = chrono::Utc::now().format("%Y-%m-%d");
    let model = model.unwrap_or_else(|| "CPU unknown".to_owned());
    format!("{model}, {cores} cores, {}, {date}", std::env::consts::ARCH)
}

/// Returns the load of the last minute, where the system tells it: above the number of cores, times are of little use.
#[must_use]
pub fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

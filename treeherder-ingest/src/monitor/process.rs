//! Who works: a process on a machine.

use crate::queue::QueueName;

/// A process as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Kind of process, `worker_log_parser`.
    pub pool: String,
    /// Name of its machine.
    pub host: String,
    /// Its number on the machine.
    pub pid: u32,
    /// Queues that it works on; none for a process that only takes in or answers.
    pub queues: Vec<QueueName>,
    /// Batches that it works on at the same time, all queues together.
    pub concurrency: usize,
    /// Version of the program.
    pub version: String,
}

impl Process {
    /// Returns the name by which the process is known: `worker_log_parser@host.4711`.
    ///
    /// Characters that would need care in a URL are replaced.
    #[must_use]
    pub fn name(&self) -> String {
        let plain = |text: &str| -> String {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
        };
        format!("{}@{}.{}", plain(&self.pool), plain(&self.host), self.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_pool_machine_and_process() {
        let process = Process {
            pool: "worker_misc".into(),
            host: "a b/ü.example".into(),
            pid: 7,
            queues: vec![],
            concurrency: 3,
            version: String::new(),
        };
        assert_eq!(process.name(), "worker_misc@a_b__.example.7");
    }
}

//! The folder where everything is kept, and who works on it.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

const LOCK_FILE: &str = "treeherder.lock";
/// Name of the embedded database.
const DATABASE_FILE: &str = "treeherder.sqlite";

/// A data folder.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
}

/// Proves that this process alone works on the queues of a data folder; the system takes it back when it ends.
#[derive(Debug)]
pub(crate) struct WorkLock {
    _file: File,
}

/// Another process works on the folder.
#[derive(Debug, thiserror::Error)]
#[error("{} is in use by another treeherder process{}", folder.display(), holder_text(holder))]
pub(crate) struct InUse {
    pub(crate) folder: PathBuf,
    pub(crate) holder: String,
}

fn holder_text(holder: &str) -> String {
    if holder.is_empty() { String::new() } else { format!(" ({holder})") }
}

impl DataDir {
    /// Makes the folder unless it exists.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Returns the URL of the embedded database in a folder, which is made on first use.
    pub(crate) fn database_url_in(folder: &Path) -> String {
        format!("sqlite://{}?mode=rwc", folder.join(DATABASE_FILE).display())
    }

    fn database(&self) -> PathBuf {
        self.path.join(DATABASE_FILE)
    }

    /// Removes the embedded database with its companions.
    pub(crate) fn remove_database(&self) -> anyhow::Result<()> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.database().into_os_string();
            name.push(suffix);
            match fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", name.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the right to work on the queues; `role` tells others who has it.
    ///
    /// The outer error is about the file system, the inner one names the process that has the right.
    pub(crate) fn lock(&self, role: &str) -> anyhow::Result<Result<WorkLock, InUse>> {
        let path = self.path.join(LOCK_FILE);
        let cannot = || format!("cannot lock {}", path.display());
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).with_context(cannot)?;
                file.rewind().with_context(cannot)?;
                write!(file, "treeherder {role}, process {}", std::process::id()).with_context(cannot)?;
                Ok(Ok(WorkLock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: without it the folder is named all the same.
                let _ = file.read_to_string(&mut holder);
                Ok(Err(InUse { folder: self.path.clone(), holder }))
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_works_at_a_time_and_the_other_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er");
        let data = DataDir::open(&path).unwrap();
        let first = data.lock("serve").unwrap().unwrap();
        let refused = DataDir::open(&path).unwrap().lock("replay").unwrap().unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("deep/er") && text.contains("treeherder serve, process"), "{text}");
        drop(first);
        assert!(data.lock("replay").unwrap().is_ok());
    }
}

//! The data folder: whether it can be written to, and the room on its disk.

use std::path::Path;

use super::finding::Findings;
use crate::config::StorageArgs;

const CHECK: &str = "data folder";
const MIB: u64 = 1024 * 1024;
/// Below this much room a database soon cannot write any more.
const TOO_LITTLE: u64 = 256 * MIB;
/// Below this much room it is time to think about it.
const LITTLE: u64 = 2048 * MIB;

pub(super) fn examine(storage: &StorageArgs, findings: &mut Findings) {
    let folder = storage.data_dir.as_path();
    if !folder.exists() {
        let is_needed = storage.database_url.as_deref().is_none_or(str::is_empty);
        if is_needed {
            findings.problem(
                CHECK,
                format!("{} does not exist", folder.display()),
                "Run `treeherder migrate`, or name the right folder with --data-dir (TREEHERDER_DATA_DIR).",
            );
        }
        return;
    }
    if let Err(error) = tempfile_in(folder) {
        findings.problem(
            CHECK,
            format!("cannot write to {}: {error}", folder.display()),
            "Give the user who runs treeherder the right to write there, or make room on its disk.",
        );
    }
    match rustix::fs::statvfs(folder) {
        Ok(disk) => room(folder, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, findings),
        Err(error) => findings.note(
            CHECK,
            format!("cannot tell how much room the disk of {} has: {error}", folder.display()),
            "Look with `df`.",
        ),
    }
}

/// Judges how much room there is.
fn room(folder: &Path, free: u64, size: u64, findings: &mut Findings) {
    let message = format!("{} has {} MiB free of {} MiB", folder.display(), free / MIB, size / MIB);
    let remedy = "Make room, or move the folder to a larger disk and name it with --data-dir; \
                  `treeherder queues` shows what is still to be stored.";
    if free < TOO_LITTLE {
        findings.problem(CHECK, message, remedy);
    } else if free < LITTLE {
        findings.note(CHECK, message, remedy);
    } else {
        findings.ok(CHECK, message);
    }
}

/// Writes a file and removes it again.
fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&path, b"x")?;
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Finding, Level};

    #[test]
    fn the_less_room_the_worse() {
        for (free, level) in [(MIB, Level::Problem), (LITTLE - 1, Level::Note), (LITTLE, Level::Ok)] {
            let mut findings = Findings::default();
            room(Path::new("/data"), free, 100 * LITTLE, &mut findings);
            let findings: Vec<Finding> = findings.into();
            assert_eq!(findings[0].level, level, "{free}");
        }
    }

    #[test]
    fn a_folder_that_is_missing_or_a_file_is_a_problem_and_none_is_made() {
        let place = tempfile::tempdir().unwrap();
        let mut storage =
            StorageArgs { data_dir: place.path().join("missing"), database_url: None, broker_url: None };
        let found = |storage: &StorageArgs| {
            let mut findings = Findings::default();
            examine(storage, &mut findings);
            Vec::<Finding>::from(findings)
        };
        assert!(found(&storage)[0].message.ends_with("missing does not exist"));
        assert!(!storage.data_dir.exists());
        std::fs::write(&storage.data_dir, "").unwrap();
        assert!(found(&storage)[0].message.starts_with("cannot write to"));
        storage.data_dir = place.path().join("other");
        storage.database_url = Some("postgres://db/th".to_owned());
        assert_eq!(found(&storage), [], "on PostgreSQL it is not needed");
    }
}

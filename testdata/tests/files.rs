//! The files in the repository are those that the generator makes.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use treeherder_testdata::files;
use treeherder_testdata::scenario::Message;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("files")
}

/// Another version of the compressor may pack otherwise: what counts is the content.
fn content(path: &str, bytes: Vec<u8>) -> Vec<u8> {
    if !path.ends_with(".gz") {
        return bytes;
    }
    let mut inflated = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut inflated).unwrap();
    inflated
}

#[test]
fn the_files_are_what_the_generator_makes() {
    for file in files::all().unwrap() {
        let kept = std::fs::read(folder().join(&file.path));
        let kept =
            kept.unwrap_or_else(|error| panic!("{}: {error}; run `treeherder-testdata write`", file.path));
        let same = content(&file.path, kept) == content(&file.path, file.bytes);
        assert!(same, "{} differs; run `cargo run -p treeherder-testdata -- write`", file.path);
    }
}

#[test]
fn the_folder_holds_nothing_else_and_stays_small() {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&folder(), &mut found);
    let size: u64 = found.iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size < 300_000, "{size} bytes");
    let known: BTreeSet<PathBuf> =
        files::all().unwrap().into_iter().map(|file| folder().join(file.path)).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known);
}

#[test]
fn the_replay_file_holds_whole_lives() {
    let text = std::fs::read_to_string(folder().join("replay.jsonl")).unwrap();
    let messages = Message::read_lines(&text).unwrap();
    assert!((50..=60).contains(&messages.len()));
    for kind in [
        "hgpushes/v1",
        "task-defined",
        "task-pending",
        "task-running",
        "task-completed",
        "task-failed",
        "task-exception",
    ] {
        assert!(messages.iter().any(|message| message.exchange.ends_with(kind)), "{kind}");
    }
}

#[test]
fn writing_them_elsewhere_gives_the_same() {
    let elsewhere = tempfile::tempdir().unwrap();
    let count = files::write(elsewhere.path()).unwrap();
    assert_eq!(count, files::all().unwrap().len());
    for file in files::all().unwrap() {
        assert!(std::fs::read(elsewhere.path().join(&file.path)).unwrap() == file.bytes, "{}", file.path);
    }
}

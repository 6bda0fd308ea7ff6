//! The small files that are kept in the repository, and how they are made.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

use crate::errorsummary::SummarySpec;
use crate::logs::{LogSpec, Packing, Preset, Truth, pack};
use crate::scenario::{Message, Scenario, Urls, ids};

/// One file below `testdata/files/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the folder.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// How a log of the folder is made.
struct Sample {
    preset: Preset,
    bytes: u64,
    packing: Packing,
}

const fn sample(preset: Preset, bytes: u64, packing: Packing) -> Sample {
    Sample { preset, bytes, packing }
}

static SAMPLES: [Sample; 16] = [
    sample(Preset::Clean, 4_000, Packing::Plain),
    sample(Preset::MochitestFail, 12_000, Packing::Plain),
    sample(Preset::ReftestFail, 30_000, Packing::Gzip),
    sample(Preset::XpcshellFail, 30_000, Packing::Gzip),
    sample(Preset::Crash, 10_000, Packing::Plain),
    sample(Preset::Sanitizer, 24_000, Packing::Gzip),
    sample(Preset::Leak, 20_000, Packing::Gzip),
    sample(Preset::BuildFail, 40_000, Packing::MultiMember(12_000)),
    sample(Preset::WindowsFail, 10_000, Packing::Plain),
    sample(Preset::AndroidFail, 30_000, Packing::Gzip),
    sample(Preset::Timeout, 6_000, Packing::Plain),
    sample(Preset::Actions, 6_000, Packing::Plain),
    sample(Preset::Perf, 30_000, Packing::Gzip),
    sample(Preset::Storm, 30_000, Packing::Gzip),
    sample(Preset::Odd, 40_000, Packing::Gzip),
    sample(Preset::EveryRule, 14_000, Packing::Plain),
];

/// Seed of the logs; another one would give files just as good.
const SEED: u64 = 2026;
/// Tasks of the replay file, by push: their whole lives, successes, failures and every kind of exception.
const REPLAY_TASKS: [&[u16]; 2] = [&[0, 1, 2, 6, 7, 8, 9, 10, 11], &[0, 8, 10, 13]];

/// Makes every file.
///
/// # Errors
/// None in practice: everything is written to memory.
pub fn all() -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for sample in &SAMPLES {
        let spec = LogSpec { seed: SEED, ..sample.preset.spec(SEED, sample.bytes) };
        let (bytes, truth) = pack(&spec, sample.packing)?;
        let name = sample.preset.name();
        let ending = if sample.packing == Packing::Plain { "log" } else { "log.gz" };
        files.push(File { path: format!("logs/{name}.{ending}"), bytes });
        files.push(File { path: format!("logs/{name}.expected.json"), bytes: expected(&truth).into_bytes() });
    }
    let failed = SummarySpec {
        crashes: 1,
        logs: 1,
        groups: 9,
        astral: true,
        odd_groups: true,
        ..SummarySpec::failed(SEED, 5)
    };
    let long = SummarySpec { groups: 20, ..SummarySpec::failed(SEED + 1, 160) };
    for (name, spec) in [("failed", failed), ("more-than-read", long)] {
        let (text, truth) = spec.text();
        files.push(File { path: format!("errorsummary/{name}_errorsummary.log"), bytes: text.into_bytes() });
        let truth = format!("{:#}\n", json!(truth));
        files.push(File { path: format!("errorsummary/{name}.expected.json"), bytes: truth.into_bytes() });
    }
    let mut replay = Vec::new();
    Message::write_lines(&replay_messages(), &mut replay)?;
    files.push(File { path: "replay.jsonl".to_owned(), bytes: replay });
    Ok(files)
}

fn replay_messages() -> Vec<Message> {
    let scenario = Scenario::small();
    let urls = Urls::new("http://127.0.0.1:8099");
    let mut messages = scenario.messages(&urls);
    messages.retain(|message| {
        let task = message.body.as_ref().and_then(|body| body["status"]["taskId"].as_str());
        let task = task.and_then(|slug| ids::decode_task_id(scenario.seed(), slug));
        match task {
            Some((push, task)) => REPLAY_TASKS.get(push as usize).is_some_and(|tasks| tasks.contains(&task)),
            // Of the push messages those of the first two pushes, the useless ones included.
            None => message.raw.is_none() && message.at <= scenario.push(1).at + 0.1,
        }
    });
    messages
}

/// Writes every file below a folder.
///
/// # Errors
/// Those of the file system.
pub fn write(folder: &Path) -> io::Result<usize> {
    let files = all()?;
    for file in &files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &file.bytes)?;
    }
    Ok(files.len())
}

/// The truth in the form of the conformance data: one error a line, only the stored ones.
fn expected(truth: &Truth) -> String {
    let mut text = format!("{{\n \"lines\": {},\n \"errors\": [", truth.lines);
    for (at, error) in truth.stored_errors().iter().enumerate() {
        let _ = write!(text, "{}\n  {}", if at > 0 { "," } else { "" }, json!(error));
    }
    text.push_str("\n ],\n \"performance_data\": [");
    for (at, object) in truth.performance_data.iter().enumerate() {
        let _ = write!(text, "{}\n  {object}", if at > 0 { "," } else { "" });
    }
    text.push_str("\n ]\n}\n");
    text
}

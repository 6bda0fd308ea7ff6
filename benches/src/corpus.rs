//! The logs that are measured with.

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use treeherder_logparse::{Event, Parser};
use treeherder_testdata::logs::{LogSpec, Profile};

/// Pieces in which raw logs are fed to parsers, as they come from the network or a file.
pub const RAW_PIECE: usize = 64 << 10;
/// Pieces of decoded text: what the decoder hands out at once.
pub const BLOCK: usize = 128 << 10;

/// One log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Decoded.
    pub text: Vec<u8>,
    /// Gzipped, one member.
    pub gzipped: Vec<u8>,
}

/// All logs, with a word on where they are from.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Where the logs are from.
    pub origin: String,
    /// The logs.
    pub logs: Vec<Log>,
}

impl Corpus {
    /// Loads the real logs of `TREEHERDER_CONFORMANCE_DIR`, or makes logs like them where there are none.
    ///
    /// # Errors
    /// When the logs cannot be read.
    pub fn load() -> Result<Self> {
        match env::var_os("TREEHERDER_CONFORMANCE_DIR") {
            Some(folder) => Self::read(&PathBuf::from(folder).join("logs")),
            None => Self::generate(4 << 20),
        }
    }

    fn read(folder: &Path) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
        paths.sort();
        let mut logs = Vec::new();
        for path in paths {
            let gzipped = fs::read(&path)?;
            let mut text = Vec::new();
            MultiGzDecoder::new(&*gzipped)
                .read_to_end(&mut text)
                .with_context(|| path.display().to_string())?;
            logs.push(Log { text, gzipped });
        }
        Ok(Self { origin: format!("{} real logs", logs.len()), logs })
    }

    /// Makes a log of this size of every kind of job.
    ///
    /// # Errors
    /// None that can be caused.
    pub fn generate(bytes: u64) -> Result<Self> {
        let logs = Profile::ALL.into_iter().zip(1..).map(|(profile, seed)| {
            let (text, _) = LogSpec::steady(profile, seed, bytes).to_bytes();
            let gzipped = gzip(&text)?;
            Ok(Log { text, gzipped })
        });
        let logs = logs.collect::<Result<Vec<_>>>()?;
        Ok(Self { origin: format!("{} generated logs", logs.len()), logs })
    }

    /// Returns the decoded size of all logs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.logs.iter().map(|log| log.text.len()).sum()
    }

    /// Writes one log of at least `bytes` made of all of them again and again, plain and gzipped, unless it is there.
    ///
    /// Returns the paths of the plain and the gzipped file.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn write_large(&self, folder: &Path, bytes: usize) -> Result<(PathBuf, PathBuf)> {
        fs::create_dir_all(folder)?;
        let stem = format!("{}-{}MB", self.origin.replace(' ', "-"), bytes / 1_000_000);
        let (plain, gzipped) = (folder.join(format!("{stem}.log")), folder.join(format!("{stem}.log.gz")));
        if plain.exists() && gzipped.exists() {
            return Ok((plain, gzipped));
        }
        let unfinished = gzipped.with_extension("unfinished");
        let mut out = BufWriter::new(File::create(&plain)?);
        let mut encoder = GzEncoder::new(BufWriter::new(File::create(&unfinished)?), Compression::default());
        let mut written = 0;
        for log in self.logs.iter().cycle() {
            if written >= bytes {
                break;
            }
            // A log without a newline at its end would join its last line to the next log's first.
            let end: &[u8] = if log.text.ends_with(b"\n") { b"" } else { b"\n" };
            for part in [&*log.text, end] {
                out.write_all(part)?;
                encoder.write_all(part)?;
                written += part.len();
            }
        }
        out.flush()?;
        encoder.finish()?.flush()?;
        fs::rename(unfinished, &gzipped)?;
        Ok((plain, gzipped))
    }

    /// Makes a log of nothing but the failure lines of all logs, again and again in changing order, at times that go on as
    /// they do in a log.
    ///
    /// # Errors
    /// None that can be caused.
    pub fn failures_only(&self, bytes: usize) -> Result<Log> {
        let text = self.storm(bytes);
        let gzipped = gzip(&text)?;
        Ok(Log { text, gzipped })
    }

    /// Makes a log of all logs with storms of failure lines between them, one byte in `share` of the whole.
    ///
    /// # Errors
    /// None that can be caused.
    pub fn with_storms(&self, share: usize) -> Result<Log> {
        let mut text = Vec::new();
        for log in &self.logs {
            text.extend_from_slice(&log.text);
            if !log.text.ends_with(b"\n") {
                text.push(b'\n');
            }
            text.extend(self.storm(log.text.len() / share));
        }
        let gzipped = gzip(&text)?;
        Ok(Log { text, gzipped })
    }

    fn storm(&self, bytes: usize) -> Vec<u8> {
        let mut lines: Vec<&[u8]> = Vec::new();
        for log in &self.logs {
            let mut parser = Parser::builder().max_failure_lines(None).build();
            let mut sink = |event: Event<'_>| {
                if let Event::Failure(line) = event {
                    let rest = &log.text[line.offset as usize..];
                    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    lines.push(&rest[..end]);
                }
            };
            parser.feed(&log.text, &mut sink);
            parser.finish(&mut sink);
        }
        // Without it the time stamps that Taskcluster puts before every line would hide the failures.
        let mut text = b"[taskcluster 2026-11-22 10:00:00.000Z] Task ID: abc\n".to_vec();
        let mut order: Vec<usize> = (0..lines.len()).collect();
        let mut rng = treeherder_testdata::Rng::new(7);
        let mut milliseconds = 10 * 3_600_000;
        while text.len() < bytes && !lines.is_empty() {
            for at in (1..order.len()).rev() {
                order.swap(at, rng.below(at as u64 + 1) as usize);
            }
            for number in &order {
                milliseconds += 1 + rng.below(40);
                let start = text.len();
                text.extend_from_slice(lines[*number]);
                set_time(&mut text[start..], milliseconds);
                text.push(b'\n');
            }
        }
        text
    }
}

/// Sets the times at the start of a line, Taskcluster's and mozharness's: `[task 2026-11-22T10:00:01.123Z] 10:00:01 …`.
fn set_time(line: &mut [u8], milliseconds: u64) {
    let seconds = milliseconds / 1000;
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let of_day = |text: &[u8]| {
        text.len() == 8
            && text.iter().enumerate().all(
                |(at, byte)| {
                    if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() }
                },
            )
    };
    let mut rest = line;
    if rest.starts_with(b"[task ") && rest.get(17..25).is_some_and(of_day) && rest.get(25) == Some(&b'.') {
        rest[17..25].copy_from_slice(time.as_bytes());
        if let Some(fraction) = rest.get_mut(26..29).filter(|digits| digits.iter().all(u8::is_ascii_digit)) {
            fraction.copy_from_slice(format!("{:03}", milliseconds % 1000).as_bytes());
        }
        let end = rest.iter().position(|byte| *byte == b']').map_or(rest.len(), |end| end + 2);
        rest = rest.get_mut(end..).unwrap_or_default();
    }
    if let Some(start) = rest.get_mut(..8).filter(|start| of_day(start)) {
        start.copy_from_slice(time.as_bytes());
    }
}

/// Compresses a text as the workers do.
///
/// # Errors
/// None that can be caused: the output is memory.
pub fn gzip(text: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_in_both_prefixes() {
        for (line, expected) in [
            (
                "[task 2025-02-13T21:47:57.540Z] 21:47:57    ERROR - x 21:47:57",
                "[task 2025-02-13T10:00:01.005Z] 10:00:01    ERROR - x 21:47:57",
            ),
            ("21:47:57    ERROR - x", "10:00:01    ERROR - x"),
            ("[taskcluster:error] exit status 2", "[taskcluster:error] exit status 2"),
            ("[task 2025-02-13T21:47:57.5", "[task 2025-02-13T10:00:01.5"),
            ("abort:", "abort:"),
        ] {
            let mut bytes = line.as_bytes().to_vec();
            set_time(&mut bytes, 36_001_005);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }
}

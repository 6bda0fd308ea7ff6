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

    /// Makes a log of nothing but the failure lines of all logs, again and again in changing order.
    ///
    /// # Errors
    /// None that can be caused.
    pub fn failures_only(&self, bytes: usize) -> Result<Log> {
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
        while text.len() < bytes && !lines.is_empty() {
            for at in (1..order.len()).rev() {
                order.swap(at, rng.below(at as u64 + 1) as usize);
            }
            for number in &order {
                text.extend_from_slice(lines[*number]);
                text.push(b'\n');
            }
        }
        let gzipped = gzip(&text)?;
        Ok(Log { text, gzipped })
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

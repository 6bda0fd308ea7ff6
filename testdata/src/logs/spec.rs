//! What to write, and what a parser must find in it.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::generator::Generator;
use super::plant::{PerfLine, Plant};
use super::profile::Profile;

/// How many failure lines of one log are stored (`spec/ingest.md` §5.5).
pub const MAX_STORED_ERRORS: usize = 40;

/// Describes one log; equal specs give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogSpec {
    /// What kind of job wrote it.
    pub profile: Profile,
    /// Seed of everything that is left to chance.
    pub seed: u64,
    /// Size in bytes, decompressed; the log ends with the first line after it.
    pub bytes: u64,
    /// What to plant, in this order, spread evenly over the first [`window`](Self::window) percent.
    pub plants: Vec<Plant>,
    /// How many further failures follow the plants (a storm).
    pub storm: u64,
    /// The part of the log, in percent, within which everything is planted.
    pub window: u8,
    /// Peculiarities that ordinary lines may have.
    pub oddities: Oddities,
    /// Time of the first line, in milliseconds since the epoch.
    pub start_ms: i64,
}

/// Peculiarities of ordinary lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Oddities {
    /// Progress bars: a lone CR after each step.
    pub progress: bool,
    /// Characters outside the basic multilingual plane.
    pub astral: bool,
    /// Bytes that are not UTF-8.
    pub invalid_utf8: bool,
    /// Lines of up to 350,000 bytes.
    pub long_lines: bool,
    /// The last line has no terminator.
    pub no_final_newline: bool,
}

impl LogSpec {
    /// Describes a log without any failure.
    pub fn new(profile: Profile, seed: u64, bytes: u64) -> Self {
        Self {
            profile,
            seed,
            bytes,
            plants: Vec::new(),
            storm: 0,
            window: 98,
            oddities: Oddities::default(),
            start_ms: 1_772_441_911_699,
        }
    }

    /// Describes a log with the density of matches of real logs outside storms (`limits.md` §1): one failure
    /// line in about 530 kB, one measurement in 5.8 MB, near misses between them. For benchmarks.
    pub fn steady(profile: Profile, seed: u64, bytes: u64) -> Self {
        let mut spec = Self::new(profile, seed, bytes);
        let failures = profile.failure_kinds();
        let decoys = profile.decoys();
        for at in (1..).map(|step| step * 265_000).take_while(|at| *at < bytes) {
            let step = (at / 265_000) as usize;
            spec.plants.push(match step % 2 {
                0 => Plant::Failure(failures[(step / 2) % failures.len()]),
                _ if step % 21 == 1 => Plant::Perf(PerfLine::Valid),
                _ => Plant::Decoy(decoys[(step / 2) % decoys.len()]),
            });
        }
        spec.oddities.progress = true;
        spec
    }

    /// Says how many failure lines a parser without a limit finds, without writing the log.
    pub fn error_count(&self) -> u64 {
        self.plants.iter().filter(|plant| matches!(plant, Plant::Failure(_))).count() as u64 + self.storm
    }

    /// Says how many failure lines are stored, without writing the log.
    pub fn stored_errors(&self) -> u64 {
        self.error_count().min(MAX_STORED_ERRORS as u64)
    }

    /// Says how many performance data objects a parser finds, without writing the log.
    pub fn perf_count(&self) -> u64 {
        self.plants.iter().filter(|plant| matches!(plant, Plant::Perf(line) if line.is_valid())).count()
            as u64
    }

    /// Writes the whole log, holding no more than a block of it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<Truth> {
        let mut generator = Generator::new(self);
        let mut block = Vec::with_capacity(80 * 1024);
        loop {
            let more = generator.step(&mut block);
            if !more || block.len() >= 64 * 1024 {
                writer.write_all(&block)?;
                block.clear();
            }
            if !more {
                return Ok(generator.into_truth());
            }
        }
    }

    /// Returns the whole log; for small ones.
    pub fn to_bytes(&self) -> (Vec<u8>, Truth) {
        let mut generator = Generator::new(self);
        let mut bytes = Vec::with_capacity(self.bytes as usize + 4096);
        while generator.step(&mut bytes) {}
        (bytes, generator.into_truth())
    }
}

/// What is in a log, known to the generator because it put it there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Number of lines, split ideally (`spec/ingest.md` §5.3).
    pub lines: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Every failure line, also those beyond the 40 that are stored.
    pub errors: Vec<ErrorLine>,
    /// The valid performance data objects, in order.
    pub performance_data: Vec<serde_json::Value>,
}

impl Truth {
    /// Returns the failure lines that are stored: the first 40.
    pub fn stored_errors(&self) -> &[ErrorLine] {
        &self.errors[..self.errors.len().min(MAX_STORED_ERRORS)]
    }
}

/// One failure line as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorLine {
    /// Number of the line, from 0.
    pub linenumber: u64,
    /// Its text: without prefix, cut, without trailing white space.
    pub line: String,
}

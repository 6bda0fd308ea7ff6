//! Finds `probes` for a ruleset: pieces of its literals that are rare in given logs, grouped so that the block search's
//! tables let few other places pass.
//!
//! `cargo run --release -p treeherder-benches --bin tune-probes -- RULES LOG…` prints the table to put into the
//! ruleset. It only changes speed. Simulated annealing over the trigrams of the logs, always from the same seed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use treeherder_logparse::{Decoder, Rules, Ruleset};

#[derive(Parser)]
struct Args {
    /// Name of a shipped ruleset, or a TOML file.
    rules: String,
    /// Logs, gzipped or plain.
    #[arg(required = true)]
    logs: Vec<PathBuf>,
    /// Steps of the search.
    #[arg(long, default_value_t = 40_000)]
    steps: usize,
}

const GROUPS: usize = 8;

/// A trigram of the logs with its share of all positions.
struct Trigram {
    bytes: [u8; 3],
    share: f32,
}

/// Which window of each literal is looked for, and in which group.
#[derive(Clone)]
struct Choice {
    at: Vec<usize>,
    group: Vec<usize>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let ruleset = match Ruleset::builtin(&args.rules) {
        Some(ruleset) => ruleset,
        None => Ruleset::from_toml(&std::fs::read_to_string(&args.rules).context(args.rules.clone())?)?,
    };
    let rules = Rules::compile(&ruleset)?;
    let literals: Vec<Vec<u8>> = rules.literals().map(<[u8]>::to_vec).collect();
    let trigrams = trigrams(&args.logs)?;
    let mut random = Random(0x5EED);
    let mut choice = Choice {
        at: literals.iter().map(|literal| random.below(literal.len() - 2)).collect(),
        group: literals.iter().map(|_| random.below(GROUPS)).collect(),
    };
    let mut passing: Vec<Vec<bool>> =
        (0..GROUPS).map(|group| pass(&literals, &choice, group, &trigrams)).collect();
    let mut cost = total(&passing, &trigrams);
    let mut best = (cost, choice.clone());
    for step in 0..args.steps {
        let temperature = 0.0004 * (1.0 - step as f32 / args.steps as f32).powi(2);
        let literal = random.below(literals.len());
        let mut next = choice.clone();
        next.at[literal] = random.below(literals[literal].len() - 2);
        if random.below(3) > 0 {
            next.group[literal] = random.below(GROUPS);
        }
        let touched = [choice.group[literal], next.group[literal]];
        let kept = touched.map(|group| passing[group].clone());
        for group in touched {
            passing[group] = pass(&literals, &next, group, &trigrams);
        }
        let next_cost = total(&passing, &trigrams);
        if next_cost < cost || random.unit() < ((cost - next_cost) / temperature.max(1e-9)).exp() {
            (cost, choice) = (next_cost, next);
            if cost < best.0 {
                best = (cost, choice.clone());
            }
        } else {
            for (group, kept) in touched.into_iter().zip(kept) {
                passing[group] = kept;
            }
        }
    }
    eprintln!("one candidate in {:.0} bytes", 1.0 / best.0);
    println!("probes = [");
    for group in 0..GROUPS {
        let mut windows: Vec<String> = (0..literals.len())
            .filter(|id| best.1.group[*id] == group)
            .map(|id| String::from_utf8_lossy(&literals[id][best.1.at[id]..][..3]).into_owned())
            .collect();
        windows.sort();
        windows.dedup();
        println!("    {windows:?},");
    }
    println!("]");
    Ok(())
}

/// Counts the trigrams of logs; the rarest, a thousandth of all positions together, are left out.
fn trigrams(logs: &[PathBuf]) -> Result<Vec<Trigram>> {
    let mut counts = vec![0_u32; 1 << 24];
    let mut total = 0_u64;
    for path in logs {
        let raw = std::fs::read(path).with_context(|| path.display().to_string())?;
        let mut decoder = Decoder::new();
        decoder.push(&raw, &mut |text| {
            for window in text.windows(3) {
                counts
                    [usize::from(window[0]) << 16 | usize::from(window[1]) << 8 | usize::from(window[2])] +=
                    1;
                total += 1;
            }
        })?;
    }
    let mut trigrams: Vec<Trigram> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(index, count)| Trigram {
            bytes: [(index >> 16) as u8, (index >> 8) as u8, index as u8],
            share: *count as f32 / total as f32,
        })
        .collect();
    trigrams.sort_by(|a, b| b.share.total_cmp(&a.share));
    let mut covered = 0.0;
    trigrams.retain(|trigram| {
        covered += f64::from(trigram.share);
        covered < 0.9995
    });
    Ok(trigrams)
}

/// Tells which trigrams pass a group's tables of half bytes.
fn pass(literals: &[Vec<u8>], choice: &Choice, group: usize, trigrams: &[Trigram]) -> Vec<bool> {
    let mut allowed = [[false; 256]; 3];
    let (mut low, mut high) = ([[false; 16]; 3], [[false; 16]; 3]);
    for (id, literal) in literals.iter().enumerate().filter(|(id, _)| choice.group[*id] == group) {
        for position in 0..3 {
            let byte = literal[choice.at[id] + position];
            low[position][usize::from(byte & 15)] = true;
            high[position][usize::from(byte >> 4)] = true;
        }
    }
    for position in 0..3 {
        for byte in 0..256 {
            allowed[position][byte] = low[position][byte & 15] && high[position][byte >> 4];
        }
    }
    trigrams
        .iter()
        .map(|trigram| (0..3).all(|position| allowed[position][usize::from(trigram.bytes[position])]))
        .collect()
}

/// Share of positions that pass any group.
fn total(passing: &[Vec<bool>], trigrams: &[Trigram]) -> f32 {
    trigrams
        .iter()
        .enumerate()
        .filter(|(index, _)| passing.iter().any(|group| group[*index]))
        .map(|(_, trigram)| trigram.share)
        .sum()
}

/// A small generator of random numbers: the same result on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f32 {
        self.next() as f32 / (1_u64 << 31) as f32
    }
}

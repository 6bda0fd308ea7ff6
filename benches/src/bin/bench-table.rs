//! Prints the benchmark tables of the README from what criterion wrote when the benchmarks were last run.
//!
//! `bench-table` prints all tables, `bench-table parser` one of them, `--write` puts them between their markers in
//! `README.md`. A table has the groups called `NAME/…`; where a group has a benchmark called `baseline: …`, each of its
//! benchmarks is compared to that one, which ran on the same input.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use serde::Deserialize;

const TABLES: [&str; 2] = ["parser", "ingest"];
const BASELINE: &str = "baseline: ";

/// Prints the benchmark tables of the README from the last results of `scripts/bench`.
#[derive(Parser)]
struct Args {
    /// Tables to print [default: all]
    #[arg(value_parser = TABLES)]
    tables: Vec<String>,
    /// Put them into README.md; a table that has no results stays as it is
    #[arg(long)]
    write: bool,
    /// Where criterion wrote its results
    #[arg(long, value_name = "DIR", default_value = "target/criterion")]
    results: PathBuf,
}

/// One benchmark, as in criterion's `benchmark.json`.
#[derive(Debug, Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
    #[serde(skip)]
    nanoseconds: f64,
}

#[derive(Debug, Deserialize)]
enum Throughput {
    Bytes(u64),
    BytesDecimal(u64),
    Elements(u64),
}

/// The parts of criterion's `estimates.json` that are used.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

fn main() -> anyhow::Result<()> {
    let Args { mut tables, write, results } = Args::parse();
    if tables.is_empty() {
        tables = TABLES.map(str::to_owned).to_vec();
    }
    let mut benchmarks = Vec::new();
    collect(&results, &mut benchmarks)
        .with_context(|| format!("cannot read the results in {}", results.display()))?;
    let mut readme = if write {
        std::fs::read_to_string("README.md").context("cannot read README.md")?
    } else {
        String::new()
    };
    let mut made = 0;
    for name in &tables {
        let Some(table) = table(name, &benchmarks) else {
            eprintln!("no results of groups {name}/…");
            continue;
        };
        made += 1;
        let table = format!("{}\n\n{table}", machine());
        if write {
            readme = with_table(&readme, name, &table)?;
        } else {
            println!("{table}");
        }
    }
    ensure!(made > 0, "nothing measured yet: run scripts/bench");
    if write {
        std::fs::write("README.md", readme).context("cannot write README.md")?;
    }
    Ok(())
}

/// Finds the newest results in a folder and those below it.
fn collect(folder: &Path, benchmarks: &mut Vec<Benchmark>) -> anyhow::Result<()> {
    let described = folder.join("benchmark.json");
    if folder.ends_with("new") && described.is_file() {
        let mut benchmark: Benchmark = read(&described)?;
        benchmark.nanoseconds = read::<Estimates>(&folder.join("estimates.json"))?.median.point_estimate;
        benchmarks.push(benchmark);
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, benchmarks)?;
        }
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not as criterion writes it", path.display()))
}

/// Makes the table `name`, or nothing when none of its groups was measured.
fn table(name: &str, benchmarks: &[Benchmark]) -> Option<String> {
    let mut groups: BTreeMap<&str, Vec<&Benchmark>> = BTreeMap::new();
    for benchmark in benchmarks {
        if let Some(group) = benchmark.group_id.strip_prefix(name).and_then(|rest| rest.strip_prefix('/')) {
            groups.entry(group).or_default().push(benchmark);
        }
    }
    if groups.is_empty() {
        return None;
    }
    let mut table =
        "| measured | with | time | rate | times the baseline |\n|---|---|--:|--:|--:|\n".to_owned();
    for (group, mut members) in groups {
        members.sort_by(|one, other| {
            one.value_str.cmp(&other.value_str).then(one.nanoseconds.total_cmp(&other.nanoseconds))
        });
        for benchmark in &members {
            let baseline =
                members.iter().find(|other| other.is_baseline() && other.value_str == benchmark.value_str);
            let ratio = baseline.map_or_else(String::new, |baseline| {
                format!("{:.2}", baseline.nanoseconds / benchmark.nanoseconds)
            });
            let subject = [Some(group), benchmark.value_str.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", ");
            let function = benchmark.function_id.as_deref().unwrap_or("");
            let function = function.strip_prefix(BASELINE).unwrap_or(function);
            // Writing to a string cannot fail.
            let _ = writeln!(
                table,
                "| {subject} | {function} | {} | {} | {ratio} |",
                time(benchmark.nanoseconds),
                benchmark.rate()
            );
        }
    }
    Some(table)
}

impl Benchmark {
    fn is_baseline(&self) -> bool {
        self.function_id.as_deref().is_some_and(|function| function.starts_with(BASELINE))
    }

    fn rate(&self) -> String {
        let per_second = |amount: u64| amount as f64 / (self.nanoseconds / 1e9);
        match self.throughput {
            Some(Throughput::Bytes(bytes) | Throughput::BytesDecimal(bytes)) => {
                format!("{} MB/s", three_digits(per_second(bytes) / 1e6))
            }
            Some(Throughput::Elements(elements)) => format!("{}/s", three_digits(per_second(elements))),
            None => String::new(),
        }
    }
}

fn time(nanoseconds: f64) -> String {
    let (unit, size) = match nanoseconds {
        ..1e3 => ("ns", 1.0),
        ..1e6 => ("µs", 1e3),
        ..1e9 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    format!("{} {unit}", three_digits(nanoseconds / size))
}

/// Writes a number with three digits or, when it is large, as a whole number.
fn three_digits(number: f64) -> String {
    let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.decimals$}")
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{model}, {processors} processors; medians.")
}

/// Puts `table` between the markers of the table `name`.
fn with_table(readme: &str, name: &str, table: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- bench:{name} -->\n"), format!("<!-- /bench:{name} -->"));
    let Some((before, rest)) = readme.split_once(&begin) else { bail!("README.md has no {begin}") };
    let Some((_, after)) = rest.split_once(&end) else { bail!("README.md has no {end}") };
    Ok(format!("{before}{begin}{table}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benchmark(function: &str, nanoseconds: f64) -> Benchmark {
        Benchmark {
            group_id: "parser/gzipped log".to_owned(),
            function_id: Some(function.to_owned()),
            value_str: None,
            throughput: Some(Throughput::Bytes(1_000_000)),
            nanoseconds,
        }
    }

    #[test]
    fn benchmarks_are_compared_to_the_baseline_of_their_group() {
        let table =
            table("parser", &[benchmark("logparse", 2e6), benchmark("baseline: gunzip", 1e6)]).unwrap();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| gzipped log | gunzip | 1.00 ms | 1000 MB/s | 1.00 |",
                "| gzipped log | logparse | 2.00 ms | 500 MB/s | 0.50 |",
            ]
        );
    }

    #[test]
    fn a_table_without_results_is_not_made() {
        assert_eq!(table("ingest", &[benchmark("logparse", 1.0)]), None);
    }

    #[test]
    fn the_readme_has_a_place_for_each_table() {
        let readme = include_str!("../../../README.md");
        for name in TABLES {
            let written = with_table(readme, name, "new\n").unwrap();
            assert!(
                written.contains(&format!("<!-- bench:{name} -->\nnew\n<!-- /bench:{name} -->\n")),
                "{name}"
            );
            assert_eq!(with_table(&written, name, "new\n").unwrap(), written);
        }
    }

    #[test]
    fn results_are_read_as_criterion_writes_them() {
        let described = r#"{"group_id":"parser/a","function_id":"f","value_str":null,"throughput":{"Bytes":5},
            "full_id":"parser/a/f","directory_name":"parser_a/f","title":"parser/a/f"}"#;
        let benchmark: Benchmark = serde_json::from_str(described).unwrap();
        assert!(matches!(benchmark.throughput, Some(Throughput::Bytes(5))));
    }
}

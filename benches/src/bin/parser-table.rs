//! Measures the parser beside its baselines in one run and prints a Markdown table.
//!
//! Everything timed is also counted: a contender whose result differs from what is expected fails the run. The logs
//! are those of `TREEHERDER_CONFORMANCE_DIR`, or generated ones; large files are kept in `target/bench-corpus`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Parser as _;
use cpu_time::ThreadTime;
use futures_util::{FutureExt as _, stream};
use treeherder_benches::{
    adversary,
    corpus::{BLOCK, Corpus, Log, RAW_PIECE},
    line_parser::LineParser,
    machine,
    peers::{self, Vectorscan},
    process,
    table::{self, Row},
    timing::{Contender, ROUNDS, Sample, Series, compare, median, on_this_thread},
};
use treeherder_logparse::{Decoder, Event, LogParser, Parser, Rules, Ruleset, Simd, Summary, parse_stream};

#[derive(clap::Parser)]
struct Args {
    /// Replace the table between the markers of this file
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "README.md")]
    write: Option<PathBuf>,
    /// Size of the large log, in MB
    #[arg(long, default_value_t = 500)]
    large: usize,
    /// Rounds of each comparison
    #[arg(long, default_value_t = ROUNDS)]
    rounds: usize,
    /// Measure only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Print every hostile log, not the worst ones alone
    #[arg(long)]
    all_hostile: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    EndToEnd,
    InCache,
    Processes,
    Memory,
    Hostile,
    Drivers,
    Rules,
}

/// Storms are one byte in so many: as in the worst real logs (of Talos, 22 000 failure lines in 4 MB) among others.
const STORM_SHARE: usize = 23;

/// How often a block is gone through while it is in cache: reading the clock costs little then.
const REPEAT: usize = 8;

fn main() -> Result<()> {
    if process::run_as_keeper()? {
        return Ok(());
    }
    let args = Args::parse();
    ensure!(args.rounds >= 1, "at least one round");
    let folder = bench_folder()?;
    let corpus = Corpus::load()?;
    let (plain, gzipped) = corpus.write_large(&folder, args.large * 1_000_000)?;
    let bench = Bench { args, folder, plain, gzipped, ruleset: treeherder()?, corpus };
    let mut rows = Vec::new();
    for (part, measure) in [
        (Part::EndToEnd, Bench::end_to_end as fn(&Bench) -> Result<Vec<Row>>),
        (Part::InCache, Bench::in_cache),
        (Part::Processes, Bench::processes),
        (Part::Memory, Bench::memory),
        (Part::Hostile, Bench::hostile),
        (Part::Drivers, Bench::drivers),
        (Part::Rules, Bench::rules),
    ] {
        if bench.args.only.is_empty() || bench.args.only.contains(&part) {
            let more = measure(&bench)?;
            eprint!("{}", table::markdown(&more));
            rows.extend(more);
        }
    }
    let text = format!(
        "{}\n{}; {}, {} MB, and a log of {} MB made of them; medians of {} rounds.\n",
        table::markdown(&rows),
        machine::describe(),
        bench.corpus.origin,
        bench.corpus.bytes() / 1_000_000,
        bench.args.large,
        bench.args.rounds,
    );
    println!("{text}");
    if let Some(load) = machine::load().filter(|load| *load > 2.5) {
        eprintln!("warning: the machine is busy (load {load}), times are worth little");
    }
    match &bench.args.write {
        Some(path) => table::replace(path, "parser", &text),
        None => Ok(()),
    }
}

struct Bench {
    args: Args,
    folder: PathBuf,
    corpus: Corpus,
    /// The large log.
    plain: PathBuf,
    gzipped: PathBuf,
    ruleset: Ruleset,
}

fn treeherder() -> Result<Ruleset> {
    Ruleset::builtin("treeherder").context("the ruleset is shipped")
}

/// Finds `target/bench-corpus`, beside the folder that the program was built into.
fn bench_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program is not in a target folder")?;
    Ok(target.join("bench-corpus"))
}

fn decode(gzipped: &[u8]) -> u64 {
    let mut decoder = Decoder::new();
    let mut bytes = 0;
    for piece in gzipped.chunks(RAW_PIECE) {
        if decoder.push(piece, &mut |text| bytes += text.len() as u64).is_err() {
            return 0;
        }
    }
    decoder.finish(&mut |text| bytes += text.len() as u64);
    bytes
}

fn parser(rules: &Rules, max: Option<usize>) -> Parser {
    Parser::builder().rules(rules.clone()).max_failure_lines(max).build()
}

/// Counts what there is in a summary to count.
fn found(summary: Summary) -> u64 {
    summary.failure_lines + summary.performance_data + summary.problems
}

fn parse_gzipped(parser: Parser, gzipped: &[u8]) -> u64 {
    let mut log = LogParser::new(parser);
    let mut events = 0;
    let mut sink = |_: Event<'_>| events += 1;
    for piece in gzipped.chunks(RAW_PIECE) {
        if log.feed(piece, &mut sink).is_err() {
            return 0;
        }
    }
    let report = log.finish(&mut sink);
    // Both are counted by different code.
    if found(report.summary) == events { events } else { 0 }
}

fn parse_text(mut parser: Parser, text: &[u8]) -> Summary {
    for block in text.chunks(BLOCK) {
        parser.feed(block, &mut |_| ());
    }
    parser.finish(&mut |_| ())
}

fn speed(series: &Series, bytes: usize) -> String {
    format!("{:.0} MB/s", series.megabytes_per_second(bytes))
}

fn ratio(value: f64) -> String {
    format!("**{value:.2}**")
}

impl Bench {
    fn simds(&self) -> Result<Vec<(Simd, Rules)>> {
        Simd::available().map(|simd| Ok((simd, Rules::compile_for(&self.ruleset, simd)?))).collect()
    }

    fn end_to_end(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let expected = |logs: &[Log]| -> Result<u64> {
            let lines = LineParser::new(&self.ruleset)?;
            Ok(logs.iter().map(|log| lines.count(&log.text)).sum())
        };
        let large = Log { text: Vec::new(), gzipped: fs::read(&self.gzipped)? };
        let large_bytes = fs::metadata(&self.plain)?.len() as usize;
        let storms = self.corpus.with_storms(STORM_SHARE)?;
        let failures = self.corpus.failures_only(50_000_000)?;
        let goal = "0.78, never below 0.70";
        // Name, logs, decoded bytes, limit of failure lines, goal.
        type Corpus<'a> = (&'static str, &'a [Log], usize, Option<usize>, &'static str);
        let corpora: [Corpus<'_>; 4] = [
            (
                "gzipped logs one by one, up to 40 failure lines each",
                &self.corpus.logs,
                self.corpus.bytes(),
                Some(40),
                goal,
            ),
            ("one large gzipped log, no limit", std::slice::from_ref(&large), large_bytes, None, goal),
            (
                "gzipped logs with storms of failure lines, 4 % of the bytes, no limit",
                std::slice::from_ref(&storms),
                storms.text.len(),
                None,
                "0.60",
            ),
            (
                "nothing but failure lines, gzipped, no limit",
                std::slice::from_ref(&failures),
                failures.text.len(),
                None,
                "0.60",
            ),
        ];
        let simds = self.simds()?;
        for (name, logs, bytes, max, goal) in corpora {
            let mut contenders = vec![Contender::on_this_thread("gunzip", || {
                logs.iter().map(|log| decode(&log.gzipped)).sum()
            })];
            for (simd, rules) in &simds {
                contenders.push(Contender::on_this_thread(simd.to_string(), move || {
                    logs.iter().map(|log| parse_gzipped(parser(rules, max), &log.gzipped)).sum()
                }));
            }
            let series = compare(self.args.rounds, contenders)?;
            ensure!(series[0].found == bytes as u64, "{name}: decoded {} bytes of {bytes}", series[0].found);
            let equal = series[1..].iter().all(|one| one.found == series[1].found && one.found > 0);
            ensure!(equal, "{name}: {series:?}");
            // Their text is at hand, so they are checked line by line.
            if !logs[0].text.is_empty() && max.is_none() {
                let summaries = logs.iter().map(|log| parse_text(parser(&simds[0].1, max), &log.text));
                let beside: u64 = summaries.map(|summary| found(summary) - summary.failure_lines).sum();
                ensure!(series[1].found == expected(logs)? + beside, "{name}: {} found", series[1].found);
            }
            for one in series[1..].iter().rev() {
                rows.push(Row::new(
                    format!("{name}: {} found, {}", one.found, one.name),
                    speed(one, bytes),
                    format!("gunzip by the same decoder {}", speed(&series[0], bytes)),
                    ratio(one.speed_relative_to(&series[0])),
                    if one.name == "portable" { "" } else { goal },
                ));
            }
        }
        let lines = LineParser::new(&self.ruleset)?;
        let best = &simds.last().context("there is a portable search")?.1;
        let logs = &self.corpus.logs;
        let series = compare(
            self.args.rounds.min(ROUNDS),
            vec![
                Contender::on_this_thread("lines", || logs.iter().map(|log| lines.count(&log.text)).sum()),
                Contender::on_this_thread("parser", || {
                    logs.iter().map(|log| parse_text(parser(best, None), &log.text).failure_lines).sum()
                }),
            ],
        )?;
        ensure!(series[0].found == series[1].found, "line by line: {series:?}");
        rows.push(Row::new(
            format!("decoded logs, no limit: {} failure lines", series[1].found),
            speed(&series[1], self.corpus.bytes()),
            format!("line by line with regex sets {}", speed(&series[0], self.corpus.bytes())),
            format!("**{:.1}**", series[1].speed_relative_to(&series[0])),
            "",
        ));
        Ok(rows)
    }

    /// Goes through the logs block by block, each one several times while it is in cache; only that is timed.
    fn each_block(&self, mut work: impl FnMut(&[u8])) -> Duration {
        let mut spent = Duration::ZERO;
        for log in &self.corpus.logs {
            for block in log.text.chunks(BLOCK) {
                work(block);
                let start = ThreadTime::now();
                for _ in 0..REPEAT {
                    work(block);
                }
                spent += start.elapsed();
            }
        }
        spent
    }

    fn in_cache(&self) -> Result<Vec<Row>> {
        let bytes = self.corpus.bytes() * REPEAT;
        let simds = self.simds()?;
        let best = &simds.last().context("there is a portable search")?.1;
        let text = self.folder.join("in-cache.log");
        fs::write(&text, self.corpus.logs.iter().flat_map(|log| log.text.clone()).collect::<Vec<u8>>())?;
        let vectorscan = Vectorscan::build(&self.folder, best, &text)?;
        let mut contenders = vec![Contender::new("memchr's newline count", || {
            let mut count = 0;
            let spent = self.each_block(|block| count += memchr::memchr_iter(b'\n', block).count() as u64);
            Ok(Sample { spent, found: count })
        })];
        for (simd, rules) in &simds {
            contenders.push(Contender::new(simd.to_string(), move || {
                let mut parser = parser(rules, None);
                let spent = self.each_block(|block| parser.feed(block, &mut |_| ()));
                Ok(Sample { spent, found: parser.finish(&mut |_| ()).lines })
            }));
        }
        if let Some(vectorscan) = &vectorscan {
            contenders.push(Contender::new("vectorscan", || vectorscan.run(REPEAT)));
        }
        let series = compare(self.args.rounds, contenders)?;
        let lines = &series[0];
        let mut rows = Vec::new();
        for one in &series[1..] {
            let (what, goal) = match &*one.name {
                "portable" => ("block in cache, exact line numbers, safe portable code", "4.5 GB/s = 0.125"),
                "avx2" => ("block in cache, exact line numbers, AVX2", "10 GB/s = 0.28"),
                "avx512" => ("block in cache, exact line numbers, AVX-512", ""),
                _ => {
                    let expected = peers::count_literals(best, &fs::read(&text)?);
                    ensure!(one.found == expected, "vectorscan found {} of {expected}", one.found);
                    ("peer: block in cache, vectorscan, the literals alone", "")
                }
            };
            rows.push(Row::new(
                what,
                format!("{:.1} GB/s", one.megabytes_per_second(bytes) / 1e3),
                format!("memchr's newline count {:.1} GB/s", lines.megabytes_per_second(bytes) / 1e3),
                format!("**{:.3}**", one.speed_relative_to(lines)),
                goal,
            ));
        }
        if vectorscan.is_none() {
            rows.push(Row::new("peer: vectorscan", "not installed", "", "", ""));
        }
        Ok(rows)
    }

    fn logparse(args: &[&str], inputs: &[&Path]) -> Result<Vec<std::ffi::OsString>> {
        let program = std::env::current_exe()?.with_file_name("logparse");
        ensure!(
            program.is_file(),
            "{} is missing: build treeherder-logparse in release mode",
            program.display()
        );
        let mut command = vec![program.into_os_string()];
        command.extend(args.iter().map(Into::into));
        command.extend(inputs.iter().map(Into::into));
        Ok(command)
    }

    fn processes(&self) -> Result<Vec<Row>> {
        let Some(rg) = peers::installed("rg") else {
            return Ok(vec![Row::new("peer: ripgrep", "not installed", "", "", "")]);
        };
        let patterns = peers::raw_line_patterns(&self.ruleset);
        let file = self.folder.join("patterns.txt");
        fs::write(&file, patterns.join("\n") + "\n")?;
        let text = fs::read(&self.plain)?;
        let bytes = text.len();
        let expected_lines = peers::count_matching_lines(&patterns, &text)?;
        let best = Rules::compile(&self.ruleset)?;
        let expected_failures = parse_text(parser(&best, None), &text).failure_lines;
        drop(text);
        let rg = |args: &[&str], input: &Path| {
            let mut command = vec![
                rg.clone().into_os_string(),
                "-a".into(),
                "-j1".into(),
                "-f".into(),
                file.clone().into(),
            ];
            command.extend(args.iter().map(Into::into));
            command.push(input.into());
            command
        };
        let commands = [
            ("logparse", Self::logparse(&["-m", "none", "-j1"], &[&self.gzipped])?, expected_failures),
            ("`rg -z`", rg(&["-z"], &self.gzipped), expected_lines),
            ("`rg -n`, plain text", rg(&["-n"], &self.plain), expected_lines),
        ];
        let mut cpu = vec![Vec::new(); commands.len()];
        let mut wall = cpu.clone();
        for _ in 0..self.args.rounds {
            for (number, (name, command, expected)) in commands.iter().enumerate() {
                let usage = process::run(command)?;
                ensure!(usage.lines == *expected, "{name} printed {} lines, not {expected}", usage.lines);
                cpu[number].push(usage.cpu.as_secs_f64());
                wall[number].push(usage.wall.as_secs_f64());
            }
        }
        let speeds = |number: usize| {
            let speed = |seconds: &Vec<f64>| bytes as f64 / median(seconds.clone()) / 1e6;
            format!("{:.0} MB/s (CPU time {:.0})", speed(&wall[number]), speed(&cpu[number]))
        };
        let mut rows = Vec::new();
        for (number, goal) in [(1, "7"), (2, "4")] {
            let relative = |all: &[Vec<f64>]| {
                median(all[number].iter().zip(&all[0]).map(|(theirs, own)| theirs / own).collect())
            };
            rows.push(Row::new(
                format!("whole process `logparse`, gzipped: {expected_failures} failure lines"),
                speeds(0),
                format!("{} {}: {expected_lines} lines", commands[number].0, speeds(number)),
                format!("**{:.1}** (CPU time {:.1})", relative(&wall), relative(&cpu)),
                goal,
            ));
        }
        Ok(rows)
    }

    fn memory(&self) -> Result<Vec<Row>> {
        let endless = self.folder.join("endless-line.log");
        let storm = self.folder.join("storm.log.gz");
        let text = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
        fs::write(&endless, text("endless: *** ", 200_000_000))?;
        fs::write(
            &storm,
            treeherder_benches::corpus::gzip(text("abort:1\nabort:2\n", 50_000_000).as_bytes())?,
        )?;
        let mut many = Vec::new();
        for (number, log) in self.corpus.logs.iter().cycle().take(12).enumerate() {
            let path = self.folder.join(format!("many-{number}.log.gz"));
            fs::write(&path, &log.gzipped)?;
            many.push(path);
        }
        let many: Vec<&Path> = many.iter().map(|path| &**path).collect();
        let peak = |args: &[&str], inputs: &[&Path], expected: Option<u64>| -> Result<f64> {
            let usage = process::run(&Self::logparse(args, inputs)?)?;
            if let Some(expected) = expected {
                ensure!(usage.lines == expected, "logparse printed {} lines, not {expected}", usage.lines);
            }
            Ok(usage.peak_memory as f64 / f64::from(1 << 20))
        };
        let mut rows = Vec::new();
        for (name, args, input, expected) in [
            ("the large log, gzipped", ["-m", "40"], &self.gzipped, Some(40)),
            ("the large log, gzipped, no limit", ["-m", "none"], &self.gzipped, None),
            ("an endless line of 200 MB", ["-m", "40"], &endless, Some(0)),
            (
                "a storm of 50 MB of tiny failures, no limit",
                ["-m", "none"],
                &storm,
                Some(2 * (50_000_000 / 16)),
            ),
        ] {
            let peak = peak(&args, &[input], expected)?;
            rows.push(Row::new(
                format!("peak memory of `logparse`: {name}"),
                format!("{peak:.1} MB"),
                "",
                "",
                "8 MB",
            ));
        }
        let one = peak(&["-j1"], &many, None)?;
        let two = peak(&["-j2"], &many, None)?;
        rows.push(Row::new(
            "12 gzipped logs, two at a time",
            format!("{two:.1} MB"),
            format!("one at a time {one:.1} MB"),
            format!("**{:+.2} MB** for one more", two - one),
            "under 1 MB",
        ));
        Ok(rows)
    }

    fn hostile(&self) -> Result<Vec<Row>> {
        const MEGABYTES: usize = 8;
        let mut results = Vec::new();
        let rules = Rules::compile(&self.ruleset)?;
        let logs = adversary::all(&rules, MEGABYTES * 1_000_000);
        let sizes = |log: &adversary::Hostile| [log.text.len() / 4, log.text.len()];
        for log in &logs {
            for (limit, max) in [("no limit", None), ("40", Some(40))] {
                let rules = &rules;
                let contenders = sizes(log).map(|len| {
                    Contender::on_this_thread(format!("{len}"), move || {
                        let summary = parse_text(parser(rules, max), &log.text[..len]);
                        summary.bytes + found(summary)
                    })
                });
                let series = compare(self.args.rounds, contenders.into())?;
                let [small, whole] =
                    [&series[0], &series[1]].map(|one| one.seconds.iter().copied().fold(f64::MAX, f64::min));
                // Four times the log takes four times as long, or it is quadratic.
                let growth = whole / small / 4.0;
                results.push((log.text.len() as f64 / whole / 1e6, log, limit, growth));
            }
        }
        results.sort_by(|a, b| a.0.total_cmp(&b.0));
        let row = |(speed, log, limit, growth): &(f64, &adversary::Hostile, &str, f64)| {
            Row::new(
                format!("hostile: {} ({limit})", log.name),
                format!("{speed:.0} MB/s"),
                "a quarter of it, per byte",
                format!("{growth:.2}"),
                "300 MB/s",
            )
        };
        let of = |json: bool, limited: bool, count: usize| {
            let kind = move |one: &&(f64, &adversary::Hostile, &str, f64)| {
                one.1.reads_json == json && (one.2 != "no limit") == limited
            };
            results.iter().filter(kind).take(count).map(row).collect::<Vec<_>>()
        };
        // As the logs of jobs are read, then with every failure line reported, then what is JSON to be read.
        let (count, json) = if self.args.all_hostile { (usize::MAX, usize::MAX) } else { (2, 1) };
        let mut rows = of(false, true, count);
        rows.extend(of(false, false, count));
        rows.extend(of(true, true, json));
        let steepest = results.iter().map(|one| one.3).fold(0.0, f64::max);
        rows.push(Row::new(
            format!("{} hostile logs: time per byte of the whole against a quarter", logs.len()),
            format!("at most {steepest:.2}"),
            "",
            "",
            "1, none quadratic",
        ));
        Ok(rows)
    }

    fn drivers(&self) -> Result<Vec<Row>> {
        let rules = Rules::compile(&self.ruleset)?;
        let gzipped = Bytes::from(fs::read(&self.gzipped)?);
        let bytes = fs::metadata(&self.plain)?.len() as usize;
        let series = compare(
            self.args.rounds,
            vec![
                Contender::on_this_thread("sync", || parse_gzipped(parser(&rules, None), &gzipped)),
                Contender::on_this_thread("async", || {
                    let pieces = (0..gzipped.len()).step_by(RAW_PIECE).map(|at| {
                        Ok::<_, std::io::Error>(gzipped.slice(at..gzipped.len().min(at + RAW_PIECE)))
                    });
                    let done =
                        parse_stream(stream::iter(pieces), parser(&rules, None), |_| ()).now_or_never();
                    done.and_then(Result::ok).map_or(0, |report| found(report.summary))
                }),
            ],
        )?;
        ensure!(series[0].found == series[1].found, "async: {series:?}");
        let mut rows = vec![Row::new(
            format!("asynchronous adapter: {} found", series[1].found),
            speed(&series[1], bytes),
            format!("synchronous {}", speed(&series[0], bytes)),
            ratio(series[1].speed_relative_to(&series[0])),
            "0.95",
        )];
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut by_cpu, mut by_wall) = (Vec::new(), Vec::new());
        let work = || on_this_thread(|| parse_gzipped(parser(&rules, None), &gzipped));
        for _ in 0..self.args.rounds {
            let start = Instant::now();
            let alone = work();
            let alone_wall = start.elapsed();
            let start = Instant::now();
            let together: Vec<Sample> = std::thread::scope(|scope| {
                let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
            });
            let together_wall = start.elapsed();
            ensure!(together.len() == threads, "a thread failed");
            let equal = together.iter().all(|one| one.found == series[0].found && alone.found == one.found);
            ensure!(equal, "threads: {together:?}");
            let mean = together.iter().map(|one| one.spent.as_secs_f64()).sum::<f64>() / threads as f64;
            by_cpu.push(alone.spent.as_secs_f64() / mean);
            by_wall.push(alone_wall.as_secs_f64() / together_wall.as_secs_f64());
        }
        rows.push(Row::new(
            format!("{threads} logs on {threads} cores"),
            format!("{:.2} of {threads} × one", median(by_cpu)),
            format!("by wall time {:.2}", median(by_wall)),
            "",
            "0.95",
        ));
        Ok(rows)
    }

    fn rules(&self) -> Result<Vec<Row>> {
        let log = self.corpus.logs.iter().find(|log| log.text.len() >= 10_000).context("a log of 10 kB")?;
        let text = &log.text[..10_000];
        let rules = Rules::compile(&self.ruleset)?;
        let expected = LineParser::new(&self.ruleset)?.count(text);
        let series = compare(
            3 * self.args.rounds,
            vec![
                Contender::on_this_thread("compile", || {
                    let compiled = treeherder().ok().and_then(|ruleset| Rules::compile(&ruleset).ok());
                    compiled.map_or(0, |rules| rules.literals().count() as u64)
                }),
                Contender::on_this_thread("10 kB", || {
                    (0..1000).map(|_| parse_text(parser(&rules, None), text).failure_lines).sum()
                }),
            ],
        )?;
        ensure!(series[0].found == rules.literals().count() as u64, "{series:?}");
        ensure!(series[1].found == 1000 * expected, "10 kB: {series:?}, expected {expected} each");
        Ok(vec![
            Row::new(
                "building the built-in ruleset, TOML included",
                format!("{:.2} ms", series[0].median() * 1e3),
                "",
                "",
                "5 ms",
            ),
            Row::new(
                "a log of 10 kB after that",
                format!("{:.1} µs", series[1].median() * 1e3),
                "",
                "",
                "10 µs",
            ),
        ])
    }
}

//! Writes a log line by line and keeps the books about it.

use std::io::Write;

use super::failure::Place;
use super::plant::{Decoy, PerfLine, Plant};
use super::profile::Profile;
use super::script::{Eol, Frame, Script};
use super::spec::{ErrorLine, LogSpec, Truth};
use super::stock::{Filler, Line, Part, Recent, Stock, parts};
use crate::perf;
use crate::rng::{Rng, mix};
use crate::time::LogClock;

/// How many characters of a line are looked at (`spec/ingest.md` §5.4).
const LINE_LIMIT: usize = 500;

#[derive(Debug)]
enum Stage {
    Preamble(usize),
    /// Lines left of the current test or source file.
    Body(u64),
    Trailer(usize),
    Done,
}

#[derive(Debug)]
pub(crate) struct Generator {
    spec: LogSpec,
    script: &'static Script,
    stock: Stock,
    rng: Rng,
    clock: LogClock,
    recent: Recent,
    stage: Stage,
    unit: usize,
    planted: u64,
    serial: u64,
    /// The last failure: what follows the worker's prefix, and whether it had one.
    last_failure: Option<(Vec<u8>, bool)>,
    truth: Truth,
}

impl Generator {
    pub(crate) fn new(spec: &LogSpec) -> Self {
        let script = spec.profile.script();
        let mut rng = Rng::new(mix(
            spec.seed,
            Profile::ALL.iter().position(|p| *p == spec.profile).unwrap_or(0) as u64,
        ));
        let stock = Stock::new(script, &mut rng);
        Self {
            spec: spec.clone(),
            script,
            stock,
            rng,
            clock: LogClock::new(spec.start_ms),
            recent: Recent::default(),
            stage: Stage::Preamble(0),
            unit: 0,
            planted: 0,
            serial: 0,
            last_failure: None,
            truth: Truth::default(),
        }
    }

    pub(crate) fn into_truth(self) -> Truth {
        self.truth
    }

    /// Appends the next line or few lines; false when the log has ended before.
    pub(crate) fn step(&mut self, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        match self.stage {
            Stage::Preamble(at) => {
                let line = self.stock.preamble[at].clone();
                self.framed(&line, out);
                let next = at + 1;
                self.stage =
                    if next < self.stock.preamble.len() { Stage::Preamble(next) } else { Stage::Body(0) };
            }
            Stage::Body(left) => self.body(left, out),
            Stage::Trailer(at) => {
                let line = self.stock.trailer[at].clone();
                self.framed(&line, out);
                if at + 1 < self.stock.trailer.len() {
                    self.stage = Stage::Trailer(at + 1);
                } else {
                    self.stage = Stage::Done;
                    if self.spec.oddities.no_final_newline {
                        while out.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                            out.pop();
                        }
                    }
                }
            }
            Stage::Done => return false,
        }
        self.truth.bytes += (out.len() - before) as u64;
        true
    }

    fn total_plants(&self) -> u64 {
        self.spec.plants.len() as u64 + self.spec.storm
    }

    /// The size at which the next plant is due.
    fn due(&self) -> u64 {
        let window = self.spec.bytes / 100 * u64::from(self.spec.window.min(100));
        let share = u128::from(window) * u128::from(self.planted + 1) / u128::from(self.total_plants() + 1);
        share as u64
    }

    fn body(&mut self, left: u64, out: &mut Vec<u8>) {
        if self.planted < self.total_plants() && self.truth.bytes >= self.due() {
            let plant = self.spec.plants.get(self.planted as usize).copied();
            let kinds = || self.spec.profile.failure_kinds();
            let plant = plant.unwrap_or_else(|| Plant::Failure(kinds()[self.planted as usize % 3]));
            self.planted += 1;
            self.plant(plant, out);
        } else if self.truth.bytes >= self.spec.bytes {
            self.stage = Stage::Trailer(0);
            return;
        }
        self.tick();
        if left == 0 {
            if self.unit > 0 {
                self.each(|stock| &stock.end, out);
            }
            self.unit += 1;
            self.each(|stock| &stock.start, out);
            self.stage = Stage::Body(self.rng.range(4, 36));
            return;
        }
        self.stage = Stage::Body(left - 1);
        if self.rng.below(150) == 0 && self.oddity(out) {
            return;
        }
        self.prefix(self.script.frame, "    INFO", out);
        let line = self.stock.draw(&mut self.recent, &mut self.rng);
        render(line, &self.stock.units[self.unit % self.stock.units.len()], &mut self.rng, out);
        self.end_line(false, out);
    }

    fn each(&mut self, lines: fn(&Stock) -> &Vec<Line>, out: &mut Vec<u8>) {
        for at in 0..lines(&self.stock).len() {
            self.prefix(self.script.frame, "    INFO", out);
            let unit = &self.stock.units[self.unit % self.stock.units.len()];
            render(&lines(&self.stock)[at], unit, &mut self.rng, out);
            self.end_line(false, out);
        }
    }

    /// Time passes: often not at all, sometimes a step, rarely a pause.
    fn tick(&mut self) {
        let drawn = self.rng.below(100);
        self.clock.advance(match drawn {
            0..=54 => 0,
            55..=95 => 1 + drawn % 4,
            _ => 40 + drawn * 2,
        });
    }

    /// A line of the beginning or the end, which may choose its own prefix.
    fn framed(&mut self, line: &Line, out: &mut Vec<u8>) {
        self.tick();
        let mut text = Vec::new();
        render(line, "", &mut self.rng, &mut text);
        let (tag, rest) = match text.strip_prefix(b"@") {
            Some(tagged) => {
                let at = tagged.iter().position(|byte| *byte == b' ').unwrap_or(tagged.len());
                (&tagged[..at], tagged.get(at + 1..).unwrap_or_default())
            }
            None => (&b""[..], &text[..]),
        };
        match tag {
            b"tc" => {
                let second = self.clock.second.replace('T', " ");
                let _ = write!(out, "[taskcluster {second}.{:03}Z] ", self.clock.millis());
            }
            b"" => self.prefix(self.script.frame, "    INFO", out),
            b"raw" => {}
            name => {
                out.push(b'[');
                out.extend_from_slice(name);
                let _ = write!(out, " {}.{:03}Z] ", self.clock.second, self.clock.millis());
            }
        }
        out.extend_from_slice(rest);
        self.end_line(!matches!(tag, b"tc" | b""), out);
    }

    fn prefix(&self, frame: Frame, level: &str, out: &mut Vec<u8>) {
        match frame {
            Frame::Actions => {
                out.extend_from_slice(self.clock.second.as_bytes());
                let _ = write!(out, ".{:03}0000Z ", self.clock.millis());
            }
            Frame::Task | Frame::Mozharness => {
                out.extend_from_slice(b"[task ");
                out.extend_from_slice(self.clock.second.as_bytes());
                out.push(b'.');
                push_millis(self.clock.millis(), out);
                out.extend_from_slice(b"Z] ");
                if frame == Frame::Mozharness {
                    self.harness_prefix(level, out);
                }
            }
        }
    }

    fn harness_prefix(&self, level: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(self.clock.time_of_day().as_bytes());
        out.push(b' ');
        out.extend_from_slice(level.as_bytes());
        out.extend_from_slice(b" - ");
    }

    fn end_line(&mut self, of_worker: bool, out: &mut Vec<u8>) {
        let crlf = match self.script.eol {
            Eol::Lf => false,
            Eol::CrLf => true,
            Eol::Mixed => of_worker,
        };
        out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        self.truth.lines += 1;
    }

    fn plant(&mut self, plant: Plant, out: &mut Vec<u8>) {
        self.tick();
        match plant {
            Plant::Failure(kind) => {
                let text = self.fill(kind.template());
                let mut core = Vec::new();
                let has_prefix = match kind.place() {
                    Place::Bare => false,
                    Place::Level(level) => {
                        self.harness_prefix(level, &mut core);
                        true
                    }
                    Place::Anywhere | Place::Start => {
                        match self.script.frame {
                            Frame::Mozharness => self.harness_prefix("    INFO", &mut core),
                            Frame::Actions => self.prefix(Frame::Actions, "", &mut core),
                            Frame::Task => {}
                        }
                        self.script.frame != Frame::Actions
                    }
                };
                core.extend_from_slice(&text);
                self.failure_line(&core, has_prefix, true, out);
                self.last_failure = Some((core, has_prefix));
                for template in kind.aftermath() {
                    self.prefix(self.script.frame, "    INFO", out);
                    out.extend_from_slice(&self.fill(template));
                    self.end_line(false, out);
                }
            }
            Plant::Repeat => {
                if let Some((core, has_prefix)) = self.last_failure.clone() {
                    self.failure_line(&core, has_prefix, false, out);
                }
            }
            Plant::Decoy(decoy) => self.decoy(decoy, out),
            Plant::Perf(form) => self.perf(form, out),
        }
    }

    fn failure_line(&mut self, core: &[u8], has_prefix: bool, counts: bool, out: &mut Vec<u8>) {
        let start = out.len();
        if has_prefix {
            self.prefix(Frame::Task, "", out);
        }
        let prefix = out.len() - start;
        out.extend_from_slice(core);
        if counts {
            let seen: String = String::from_utf8_lossy(&out[start..]).chars().take(LINE_LIMIT).collect();
            let line = strip_end(seen.get(prefix..).unwrap_or_default()).to_owned();
            self.truth.errors.push(ErrorLine { linenumber: self.truth.lines, line });
        }
        self.end_line(false, out);
    }

    fn decoy(&mut self, decoy: Decoy, out: &mut Vec<u8>) {
        self.prefix(self.script.frame, "    INFO", out);
        out.extend_from_slice(&self.fill(decoy.template()));
        self.end_line(false, out);
    }

    fn perf(&mut self, form: PerfLine, out: &mut Vec<u8>) {
        let data = perf::line_object(&mut self.rng);
        let json = data.to_string();
        self.prefix(self.script.frame, "    INFO", out);
        let text = match form {
            PerfLine::Valid => format!("PERFHERDER_DATA: {json}"),
            PerfLine::SecondMarker => format!("see PERFHERDER_DATA: below, PERFHERDER_DATA:  {json} (end)"),
            PerfLine::NoBlank => format!("PERFHERDER_DATA:{json}"),
            PerfLine::BrokenJson => {
                format!("PERFHERDER_DATA: {}}}", json.get(..json.len() / 2).unwrap_or_default())
            }
            PerfLine::Empty => "PERFHERDER_DATA: {}".to_owned(),
            PerfLine::SchemaViolation => {
                "PERFHERDER_DATA: {\"framework\": {\"name\": \"talos\"}, \"suites\": [{\"name\": \"demo\"}]}"
                    .to_owned()
            }
        };
        out.extend_from_slice(text.as_bytes());
        self.end_line(false, out);
        if form.is_valid() {
            self.truth.performance_data.push(data);
        }
    }

    /// Fills a template with a number of its own, so that no two failures of a log have the same text.
    fn fill(&mut self, template: &str) -> Vec<u8> {
        self.serial += 1;
        let numbered = template.replace("{n}", &(self.serial + 1000).to_string());
        let line = parts(&Filler::short(&mut self.rng).fill(&numbered));
        let mut text = Vec::new();
        render(&line, &self.stock.units[self.unit % self.stock.units.len()], &mut self.rng, &mut text);
        match text.windows(5).position(|window| window == b"{bad}") {
            Some(at) => [&text[..at], b"caf\xe9 \xff\xf0\x9f\x92 \xc3(", &text[at + 5..]].concat(),
            None => text,
        }
    }

    /// One of the peculiarities the log may have; false when it has none.
    fn oddity(&mut self, out: &mut Vec<u8>) -> bool {
        let oddities = self.spec.oddities;
        let chosen = self.rng.below(4);
        let start = out.len();
        match chosen {
            0 if oddities.progress => {
                self.prefix(self.script.frame, "    INFO", out);
                for step in 1..=self.rng.range(3, 12) {
                    let _ = write!(out, "[{:<12}] {}%\r", "#".repeat(step as usize), step * 8);
                }
                out.extend_from_slice(b"[############] 100%");
                self.truth.lines += out[start..].iter().filter(|byte| **byte == b'\r').count() as u64;
            }
            1 if oddities.astral => {
                self.prefix(self.script.frame, "    INFO", out);
                out.extend_from_slice(
                    "label \u{1f600} \u{1d49c}\u{1d4b7} \u{20bb7} drawn \u{2028}\u{85}\u{c} on one line"
                        .as_bytes(),
                );
            }
            2 if oddities.invalid_utf8 => {
                self.prefix(self.script.frame, "    INFO", out);
                out.extend_from_slice(b"file na\xefve.txt \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 copied");
            }
            3 if oddities.long_lines => {
                self.prefix(self.script.frame, "    INFO", out);
                let length = self.rng.range(20_000, 350_000).min(self.spec.bytes / 8 + 2_000) as usize;
                while out.len() - start < length {
                    let line = self.stock.draw(&mut self.recent, &mut self.rng);
                    render(line, "data:", &mut self.rng, out);
                }
            }
            _ => return false,
        }
        self.end_line(false, out);
        true
    }
}

fn render(line: &[Part], unit: &str, rng: &mut Rng, out: &mut Vec<u8>) {
    for part in line {
        match part {
            Part::Text(text) => out.extend_from_slice(text.as_bytes()),
            Part::Unit => out.extend_from_slice(unit.as_bytes()),
            Part::Number => {
                let _ = write!(out, "{}", rng.range(10, 4000));
            }
        }
    }
}

fn push_millis(millis: u16, out: &mut Vec<u8>) {
    let digit = |value: u16| b'0' + (value % 10) as u8;
    out.extend_from_slice(&[digit(millis / 100), digit(millis / 10), digit(millis)]);
}

/// Removes white space at the end as Python's `rstrip` does (`spec/ingest.md` §5.5.2).
fn strip_end(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

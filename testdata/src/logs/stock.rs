//! The lines a log draws from: templates filled once per log, so that text returns after tens of kilobytes.

use std::fmt::Write;

use super::script::Script;
use super::words::{DIRS, EXTENSIONS, STEMS, WORDS};
use crate::rng::Rng;

/// How many variants of a template a log knows.
const VARIANTS: u64 = 14;
/// How many tests or source files a log goes through before it starts over.
const UNITS: usize = 400;

/// How many lines are remembered as said just before, and how likely one of them comes again, in percent.
const RECENT: usize = 12;
const AGAIN: u64 = 72;

/// Template and variant of the lines said just before.
pub(crate) type Recent = [(usize, usize); RECENT];

/// A piece of a stocked line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// The current test or source file.
    Unit,
    /// A number that differs from line to line.
    Number,
}

pub(crate) type Line = Vec<Part>;

/// Everything ordinary that a log can say.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) units: Vec<String>,
    pub(crate) preamble: Vec<Line>,
    pub(crate) start: Vec<Line>,
    pub(crate) end: Vec<Line>,
    pub(crate) trailer: Vec<Line>,
    /// Upper weight and variants.
    noise: Vec<(u64, Vec<Line>)>,
    total_weight: u64,
}

impl Stock {
    pub(crate) fn new(script: &Script, rng: &mut Rng) -> Self {
        let mut filler = Filler::new(rng);
        let fill_all = |filler: &mut Filler<'_>, templates: &[&str]| {
            templates.iter().map(|template| parts(&filler.fill(template))).collect::<Vec<Line>>()
        };
        let mut noise = Vec::with_capacity(script.noise.len());
        let mut total_weight = 0;
        for (weight, template) in script.noise {
            total_weight += u64::from(*weight);
            let variants = (0..VARIANTS).map(|_| parts(&filler.fill(template))).collect();
            noise.push((total_weight, variants));
        }
        Self {
            units: (0..UNITS).map(|_| filler.unit()).collect(),
            preamble: fill_all(&mut filler, script.preamble),
            start: fill_all(&mut filler, script.start),
            end: fill_all(&mut filler, script.end),
            trailer: fill_all(&mut filler, script.trailer),
            noise,
            total_weight,
        }
    }

    /// Draws an ordinary line. Jobs repeat themselves: more than half of the lines have been said just before.
    pub(crate) fn draw(&self, recent: &mut Recent, rng: &mut Rng) -> &Line {
        let slot = rng.below(RECENT as u64) as usize;
        let (template, variant) = if rng.chance(AGAIN) {
            recent[slot]
        } else {
            let drawn = rng.below(self.total_weight);
            let template = self.noise.partition_point(|(upper, _)| *upper <= drawn);
            (template, rng.below(VARIANTS) as usize)
        };
        recent[slot] = (template, variant);
        &self.noise[template].1[variant]
    }
}

/// Cuts a filled template at what remains to be filled for every line.
pub(crate) fn parts(text: &str) -> Line {
    let mut line = Line::new();
    let mut rest = text;
    while let Some(at) = rest.find("{unit}").into_iter().chain(rest.find("{ms}")).min() {
        if at > 0 {
            line.push(Part::Text(rest[..at].to_owned()));
        }
        let is_unit = rest[at..].starts_with("{unit}");
        line.push(if is_unit { Part::Unit } else { Part::Number });
        rest = &rest[at + if is_unit { 6 } else { 4 }..];
    }
    if !rest.is_empty() {
        line.push(Part::Text(rest.to_owned()));
    }
    line
}

/// Fills placeholders.
#[derive(Debug)]
pub(crate) struct Filler<'a> {
    rng: &'a mut Rng,
    pid: u64,
    /// Long texts are few and return whole.
    long: [Vec<String>; 3],
}

impl<'a> Filler<'a> {
    pub(crate) fn new(rng: &'a mut Rng) -> Self {
        let long = [
            (0..3).map(|_| flags(rng)).collect(),
            (0..3).map(|_| json(rng)).collect(),
            (0..3).map(|_| environment(rng)).collect(),
        ];
        let pid = rng.range(1000, 9000);
        Self { rng, pid, long }
    }

    /// A filler for single lines: it knows no long texts.
    pub(crate) fn short(rng: &'a mut Rng) -> Self {
        Self { rng, pid: 4100, long: [const { Vec::new() }; 3] }
    }

    /// Fills everything but `{unit}` and `{ms}`; unknown placeholders stay.
    pub(crate) fn fill(&mut self, template: &str) -> String {
        let mut text = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            text.push_str(before);
            let end = from.find('}').map_or(from.len(), |close| close + 1);
            let (name, after) = from.split_at(end);
            if !self.placeholder(name, &mut text) {
                text.push_str(name);
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn placeholder(&mut self, name: &str, text: &mut String) -> bool {
        match name {
            "{n}" => {
                let _ = write!(text, "{}", self.rng.range(2, 990));
            }
            "{pid}" => {
                let _ = write!(text, "{}", self.pid + self.rng.below(4) * 37);
            }
            "{hex}" => text.push_str(&self.rng.hex(10)),
            "{slug}" => text.push_str(&self.rng.hex(22)),
            "{word}" => text.push_str(self.rng.word(WORDS)),
            "{snake}" => {
                let _ = write!(text, "m{}_{}", self.rng.word(WORDS), self.rng.word(WORDS));
            }
            "{dir}" => text.push_str(self.rng.word(DIRS)),
            "{file}" => {
                let _ = write!(text, "{}_{}", self.rng.word(STEMS), self.rng.word(WORDS));
            }
            "{src}" => text.push_str(&source_path(self.rng)),
            "{flags}" => return self.long_text(0, text),
            "{json}" => return self.long_text(1, text),
            "{env}" => return self.long_text(2, text),
            "{pad}" => text.push_str(PAD),
            _ => return false,
        }
        true
    }

    fn long_text(&mut self, kind: usize, text: &mut String) -> bool {
        let known = !self.long[kind].is_empty();
        if known {
            let chosen = self.rng.below(self.long[kind].len() as u64) as usize;
            text.push_str(&self.long[kind][chosen]);
        }
        known
    }

    fn unit(&mut self) -> String {
        let rng = &mut *self.rng;
        format!(
            "{}/test_{}_{}.{}",
            rng.word(DIRS),
            rng.word(STEMS),
            rng.range(1000, 1999),
            rng.word(EXTENSIONS)
        )
    }
}

/// Ninety-six characters.
const PAD: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn source_path(rng: &mut Rng) -> String {
    let directory = rng.word(DIRS).split('/').take(2).collect::<Vec<_>>().join("/");
    format!("{directory}/{}.cpp", rng.word(WORDS))
}

fn flags(rng: &mut Rng) -> String {
    let mut text = String::from("-std=gnu++20 -Werror=return-type -Werror=format -fno-exceptions -O2 -g");
    for _ in 0..rng.range(48, 60) {
        let _ = write!(text, " -I/builds/worker/workspace/obj-build/dist/include/{}", rng.word(DIRS));
    }
    text
}

fn json(rng: &mut Rng) -> String {
    let mut text = String::from("{\"version\":3");
    for at in 0..rng.range(44, 60) {
        let _ = write!(
            text,
            ",\"{}.{}{at}\":{{\"value\":{},\"kind\":\"{}\"}}",
            rng.word(WORDS),
            rng.word(WORDS),
            rng.below(90),
            rng.word(WORDS)
        );
    }
    text.push('}');
    text
}

fn environment(rng: &mut Rng) -> String {
    let mut text = String::from("{'LANG': 'en_US.UTF-8'");
    for at in 0..rng.range(40, 56) {
        let _ = write!(text, ", 'DEMO_{at}_PATH': '/builds/worker/{}/{}'", rng.word(DIRS), rng.word(WORDS));
    }
    text.push('}');
    text
}

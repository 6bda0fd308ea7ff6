//! From hits of the prefilter to events: expands a hit to its line, confirms it by the rules, numbers the line.

use std::sync::Arc;

use memchr::memmem;

use crate::{
    event::{Event, FailureLine, PerformanceLine, Problem, ProblemKind, Summary},
    line::{count_breaks, cut, decode, trim_end},
    perf::{self, Outcome},
    rules::{Compiled, LiteralUse, Memos, PERFORMANCE_MARKERS},
    scan::{BreakCount, Hit},
};

/// Rules and performance markers look no further than this into a line.
///
/// It bounds what a parser keeps of an unfinished line. No line of a real log comes near it except performance data,
/// whose marker stands at the start.
pub(crate) const HEAD: usize = 64 << 10;

/// The state that goes from block to block.
#[derive(Debug)]
pub(crate) struct Engine {
    compiled: Arc<Compiled>,
    max_failure_lines: Option<u64>,
    max_performance_line: usize,
    /// Strips that apply by now (bit set).
    strips: u32,
    memos: Memos,
    /// The last failure line handed out, to drop its repetitions.
    last: LastFailure,
    /// Line ends counted up to the last line reported of the block that is scanned.
    counted: BreakCount,
    pub(crate) summary: Summary,
}

/// The last failure line handed out.
#[derive(Debug, Default)]
struct LastFailure {
    /// The line as it stood in the log: in a storm of equal lines nothing more is looked at. Empty when forgotten.
    raw: Vec<u8>,
    /// The bytes of its text.
    text: Vec<u8>,
    seen: bool,
}

impl LastFailure {
    #[inline]
    fn raw_is(&self, line: &[u8]) -> bool {
        same(&self.raw, line)
    }

    #[inline]
    fn text_is(&self, text: &str) -> bool {
        self.seen && same(&self.text, text.as_bytes())
    }

    fn forget_raw(&mut self) {
        self.raw.clear();
    }

    #[inline]
    fn replace(&mut self, raw: &[u8], text: &str) {
        self.seen = true;
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.text.clear();
        self.text.extend_from_slice(text.as_bytes());
    }
}

/// Compares texts that nearly always differ in length or in their last bytes: numbers stand there.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.last_chunk::<8>() == other.last_chunk::<8>() && one == other
}

/// Lines that are complete, and where they stand in the log.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    /// Begins at the start of a line and ends with the last line's terminator or the end of the log.
    pub(crate) text: &'a [u8],
    /// Offset of the text in the decoded log.
    pub(crate) offset: u64,
    /// The one line of this block goes on beyond it and was too long to keep.
    pub(crate) overlong: bool,
}

/// What is known of the line that the last hit was in.
struct Line {
    start: usize,
    end: usize,
    /// End of what the rules may see: the cut applied.
    cut: usize,
    /// Start of what the rules may see: prefixes stripped. `None`: only the exact rules can tell.
    stripped: Option<usize>,
    decided: bool,
    performance_done: bool,
    /// Stages whose anchored or unanchored patterns have been tried.
    tried: LiteralUse,
    /// Stages from this one on are excluded.
    excluded_from: usize,
}

impl Engine {
    pub(crate) fn new(
        compiled: Arc<Compiled>,
        max_failure_lines: Option<u64>,
        max_performance_line: usize,
    ) -> Self {
        let strips = compiled
            .strips
            .iter()
            .enumerate()
            .filter(|(_, strip)| strip.once_seen.is_none())
            .fold(0, |bits, (number, _)| bits | 1 << number);
        Self {
            memos: Memos::new(&compiled),
            compiled,
            max_failure_lines,
            max_performance_line,
            strips,
            last: LastFailure::default(),
            counted: BreakCount::default(),
            summary: Summary::default(),
        }
    }

    /// Tells whether a head of a line makes the whole line worth keeping.
    pub(crate) fn keeps_whole(&self, head: &[u8]) -> bool {
        self.compiled.performance
            && (self.compiled.uncut_marker.find(head).is_some()
                || PERFORMANCE_MARKERS.iter().any(|marker| memmem::find(head, marker).is_some()))
    }

    pub(crate) fn max_performance_line(&self) -> usize {
        self.max_performance_line
    }

    /// Tells whether failure lines are still looked for.
    fn failures_wanted(&self) -> bool {
        self.max_failure_lines.is_none_or(|max| self.summary.failure_lines < max)
    }

    /// Scans complete lines.
    pub(crate) fn scan(&mut self, block: Block<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        let compiled = Arc::clone(&self.compiled);
        let mut scanned = 0;
        let mut breaks = None;
        self.counted = BreakCount::default();
        if self.failures_wanted() {
            let mut line = Line::NONE;
            let found =
                compiled.prefilter.find(block.text, |hit| self.hit(&compiled, block, &mut line, hit, sink));
            if self.failures_wanted() {
                self.summary.lines += found;
                return;
            }
            scanned = if line.performance_done { line.end } else { line.start };
            breaks = Some(found);
        }
        // Failure lines have been reported up to the limit: the rest is gone through for performance data alone.
        if compiled.performance {
            let before = count_breaks(&block.text[..scanned]);
            let rest = Block { text: &block.text[scanned..], offset: block.offset + scanned as u64, ..block };
            self.summary.lines += before;
            self.counted = BreakCount::default();
            let mut line = Line::NONE;
            let after = compiled.performance_prefilter.find(rest.text, |hit| {
                if hit.begin >= line.end {
                    line = self.line_at(rest, &line, hit);
                }
                let end = hit.begin + compiled.performance_prefilter.literal_len(hit.literal);
                self.performance(rest, &mut line, end, hit, sink);
                line.end
            });
            self.summary.lines += after;
        } else {
            self.summary.lines += breaks.unwrap_or_else(|| count_breaks(block.text));
        }
    }

    /// Handles one literal found; returns the position before which further hits don't matter.
    #[inline]
    fn hit(
        &mut self,
        compiled: &Compiled,
        block: Block<'_>,
        line: &mut Line,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> usize {
        if !self.failures_wanted() {
            // The rest of the block is gone through for performance data alone.
            return usize::MAX;
        }
        if hit.begin >= line.end {
            *line = self.line_at(block, line, hit);
            line.decided = self.last.raw_is(&block.text[line.start..line.end]);
        }
        let used = compiled.uses[hit.literal];
        let end = hit.begin + compiled.prefilter.literal_len(hit.literal);
        if used.performance {
            self.performance(block, line, end, hit, sink);
        }
        if !line.decided && end <= line.cut {
            let asked = LiteralUse {
                text: used.text,
                anchored: used.anchored & !line.tried.anchored,
                unanchored: used.unanchored & !line.tried.unanchored,
                performance: false,
            };
            if asked.text | asked.anchored | asked.unanchored != 0 {
                line.tried.anchored |= asked.anchored;
                line.tried.unanchored |= asked.unanchored;
                self.judge(compiled, block, line, asked, hit, sink);
            }
        }
        // Of a decided line only performance data can still matter.
        if line.decided && (line.performance_done || !compiled.performance) { line.end } else { hit.begin }
    }

    /// Finds the bounds of the line that the hit is in and what the rules may see of it.
    #[inline]
    fn line_at(&mut self, block: Block<'_>, previous: &Line, hit: Hit<'_>) -> Line {
        let start = hit.line_start(block.text, previous.end);
        let end = hit.line_end(block.text);
        let whole = &block.text[start..end];
        let mut cut_len = whole.len().min(HEAD);
        if let Some(chars) = self.compiled.max_line_chars
            && whole.len() > chars
        {
            let uncut = self.compiled.performance
                && !block.overlong
                && whole.len() <= self.max_performance_line
                && self.compiled.uncut_marker.find(&whole[..cut_len]).is_some();
            cut_len = if uncut { whole.len() } else { cut(&whole[..cut_len], chars) };
        }
        let visible = &whole[..cut_len];
        for (number, strip) in self.compiled.strips.iter().enumerate() {
            let waits = self.strips & (1 << number) == 0;
            if waits && strip.once_seen.as_ref().is_some_and(|seen| visible.starts_with(seen)) {
                self.strips |= 1 << number;
                // The same line may now be another text.
                self.last.forget_raw();
            }
        }
        let stripped =
            self.compiled.strip(visible, self.strips, &mut self.memos).map(|stripped| start + stripped);
        Line {
            start,
            end,
            cut: start + cut_len,
            stripped,
            decided: false,
            performance_done: false,
            tried: LiteralUse::default(),
            excluded_from: usize::MAX,
        }
    }

    /// Decides as much about a line as one literal in it allows.
    fn judge(
        &mut self,
        compiled: &Compiled,
        block: Block<'_>,
        line: &mut Line,
        asked: LiteralUse,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let visible = &block.text[..line.cut];
        let Some(stripped) = line.stripped else {
            return self.judge_exactly(compiled, block, line, hit, sink);
        };
        let mut ascii = None;
        let mut exact =
            || compiled.exact_on_ascii && *ascii.get_or_insert_with(|| visible[stripped..].is_ascii());
        let mut stages = asked.text | asked.anchored | asked.unanchored;
        while stages != 0 {
            let number = stages.trailing_zeros() as usize;
            let bit = 1 << number;
            stages &= stages - 1;
            if number >= line.excluded_from {
                return;
            }
            let stage = &compiled.stages[number];
            let Some(view) = stage.view(visible, stripped, &mut self.memos.stages[number].skip) else {
                return self.judge_exactly(compiled, block, line, hit, sink);
            };
            let seen = &visible[view.start..view.end];
            let literal_end = hit.begin + compiled.prefilter.literal_len(hit.literal);
            let fails = asked.text & bit != 0 && hit.begin >= view.start && literal_end <= view.end || {
                let may_fail = asked.anchored & bit != 0
                    && stage.failure.may_match_anchored(seen, &mut self.memos.stages[number].failure)
                    || asked.unanchored & bit != 0 && stage.failure.may_match_unanchored(seen);
                may_fail && (exact() || stage.failure.matches_exactly(&decode(seen)))
            };
            if !fails {
                continue;
            }
            // Most failure lines have none of the texts without which nothing excludes them.
            let suspects = compiled.excludes.stages(block.text, stripped..line.cut);
            for (earlier, stage) in compiled.stages[..=number].iter().enumerate() {
                let earlier_view = if earlier == number {
                    Some(view)
                } else {
                    stage.view(visible, stripped, &mut self.memos.stages[earlier].skip)
                };
                let Some(view) = earlier_view else {
                    return self.judge_exactly(compiled, block, line, hit, sink);
                };
                let seen = &visible[view.start..view.end];
                let may_exclude =
                    stage.exclude.may_match_anchored(seen, &mut self.memos.stages[earlier].exclude)
                        || suspects & (1 << earlier) != 0 && stage.exclude.may_match_unanchored(seen);
                if may_exclude && (exact() || stage.exclude.matches_exactly(&decode(seen))) {
                    line.excluded_from = earlier;
                    line.decided = earlier == 0;
                    return;
                }
            }
            line.decided = true;
            let text = &visible[stripped..];
            return self.report(block, line, &decode(&text[..trim_end(text)]), hit, sink);
        }
    }

    /// Decides a line by the rules of Unicode.
    fn judge_exactly(
        &mut self,
        compiled: &Compiled,
        block: Block<'_>,
        line: &mut Line,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        line.decided = true;
        let visible = decode(&block.text[line.start..line.cut]);
        let text = &visible[compiled.strip_exactly(&visible, self.strips)..];
        if compiled.is_failure(text) {
            self.report(block, line, &text[..trim_end(text.as_bytes())], hit, sink);
        }
    }

    fn report(
        &mut self,
        block: Block<'_>,
        line: &Line,
        text: &str,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if self.last.text_is(text) {
            return;
        }
        self.last.replace(&block.text[line.start..line.end], text);
        self.summary.failure_lines += 1;
        let line_number = self.summary.lines + hit.lines_before(block.text, line.start, &mut self.counted);
        sink(Event::Failure(FailureLine { line_number, offset: block.offset + line.start as u64, text }));
    }

    /// Reads the performance data of a line, once.
    fn performance(
        &mut self,
        block: Block<'_>,
        line: &mut Line,
        marker_end: usize,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if line.performance_done || marker_end > line.start + HEAD {
            return;
        }
        line.performance_done = true;
        let whole = &block.text[line.start..line.end];
        let outcome = if block.overlong || whole.len() > self.max_performance_line {
            Err(ProblemKind::TooLong(self.max_performance_line))
        } else {
            match perf::parse_line(whole) {
                Outcome::NotPerformanceData => return,
                Outcome::Data(data) => Ok(data),
                Outcome::Problem(problem) => Err(ProblemKind::Invalid(problem)),
            }
        };
        let line_number = self.summary.lines + hit.lines_before(block.text, line.start, &mut self.counted);
        let offset = block.offset + line.start as u64;
        match outcome {
            Ok(data) => {
                self.summary.performance_data += 1;
                sink(Event::Performance(PerformanceLine { line_number, offset, data }));
            }
            Err(kind) => {
                self.summary.problems += 1;
                sink(Event::Problem(Problem { line_number, offset, kind }));
            }
        }
    }
}

impl Line {
    /// Before the first line.
    const NONE: Self = Self {
        start: 0,
        end: 0,
        cut: 0,
        stripped: None,
        decided: true,
        performance_done: true,
        tried: LiteralUse { text: 0, anchored: 0, unanchored: 0, performance: false },
        excluded_from: 0,
    };
}

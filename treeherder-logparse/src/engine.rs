//! From hits of the prefilter to events: expands a hit to its line, confirms it by the rules, numbers the line.

use std::{borrow::Cow, ops::Range, sync::Arc};

use memchr::memmem;

use crate::{
    event::{Event, FailureLine, PerformanceLine, Problem, ProblemKind, Summary},
    last_failure::LastFailure,
    line::{count_breaks, cut, decode, trim_end},
    perf::{self, Outcome},
    rules::{Compiled, MAX_STAGES, Memos, PERFORMANCE_MARKERS, View},
    scan::{BreakCount, Hit, Passed, as_text, is_ascii},
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
    /// All strips of the rules.
    all_strips: u32,
    memos: Memos,
    /// What each stage's rules look at of the line that the last hit was in, as far as it is known.
    views: [View; MAX_STAGES],
    /// The last failure line handed out, to drop its repetitions.
    last: LastFailure,
    /// Line ends counted up to the last line reported of the block that is scanned.
    counted: BreakCount,
    pub(crate) summary: Summary,
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
    /// Start of what the rules may see: prefixes stripped. `None`: only the exact rules can tell, and not by its bytes.
    stripped: Option<usize>,
    decided: bool,
    performance_done: bool,
    /// Stages (bit set) of which it is known what their rules look at.
    viewed: u8,
    /// Stages whose automata of anchored, or unanchored, patterns have been asked.
    asked_anchored: u8,
    asked_unanchored: u8,
    /// Stages whose exact rules have said that it is no failure line.
    refused: u8,
    /// Bytes that shapes may still go over.
    steps: usize,
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
        let all_strips = compiled.strips.iter().enumerate().fold(0, |bits, (number, _)| bits | 1 << number);
        Self {
            all_strips,
            views: [View::default(); MAX_STAGES],
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
        self.scan_block(block, sink);
        self.last.leave(block.text);
    }

    fn scan_block(&mut self, block: Block<'_>, sink: &mut dyn FnMut(Event<'_>)) {
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
            self.last.leave(block.text);
            let before = count_breaks(&block.text[..scanned]);
            let rest = Block { text: &block.text[scanned..], offset: block.offset + scanned as u64, ..block };
            self.summary.lines += before;
            self.counted = BreakCount::default();
            let mut line = Line::NONE;
            let after = compiled.performance_prefilter.find(rest.text, |hit| {
                if hit.begin >= line.end {
                    self.go_to_line(rest, &mut line, hit);
                }
                let end = hit.begin + compiled.performance_prefilter.literal_len(hit.literal);
                self.performance(rest, &mut line, end, hit, sink);
                Passed::all(line.end)
            });
            self.summary.lines += after;
        } else {
            self.summary.lines += breaks.unwrap_or_else(|| count_breaks(block.text));
        }
    }

    /// Handles one literal found; tells which further hits don't matter.
    #[inline]
    fn hit(
        &mut self,
        compiled: &Compiled,
        block: Block<'_>,
        line: &mut Line,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Passed {
        if !self.failures_wanted() {
            // The rest of the block is gone through for performance data alone.
            return Passed::all(usize::MAX);
        }
        let end = hit.begin + compiled.prefilter.literal_len(hit.literal);
        if !compiled.uses.may_matter(hit.literal, hit.begin..end, block.text) {
            return Passed::all(hit.begin);
        }
        if hit.begin >= line.end {
            self.go_to_line(block, line, hit);
        }
        let used = compiled.uses.of(hit.literal);
        if used.performance {
            self.performance(block, line, end, hit, sink);
        }
        if !line.decided && used.stages != 0 && end <= line.cut {
            self.judge(compiled, block, line, used.stages, hit, sink);
        }
        // Of a decided line only performance data can still matter.
        let all = if line.decided && (line.performance_done || !compiled.performance) {
            line.end
        } else {
            hit.begin
        };
        Passed { all, most: if line.decided { line.end } else { hit.begin } }
    }

    /// Finds the bounds of the line that the hit is in and what the rules may see of it; `line` is the one before.
    #[inline]
    fn go_to_line(&mut self, block: Block<'_>, line: &mut Line, hit: Hit<'_>) {
        let start = hit.line_start(block.text, line.end);
        let end = hit.line_end(block.text);
        let whole = &block.text[start..end];
        // Field by field: a copy of the whole would have to wait for these to be stored.
        line.start = start;
        line.end = end;
        line.performance_done = false;
        let strips_wait = self.strips != self.all_strips;
        // Of a line that repeats the last failure nothing more is looked at, unless it is another text by now.
        line.decided = !strips_wait && self.last.raw_is(block.text, whole);
        if line.decided {
            return;
        }
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
        if strips_wait {
            self.switch_strips_on(visible);
            line.decided = self.last.raw_is(block.text, whole);
        }
        line.cut = start + cut_len;
        let stripped = self.compiled.strip(visible, self.strips, &mut self.memos).or_else(|| {
            // Where nothing has to be replaced, places in the text are places in the line.
            Some(self.compiled.strip_exactly(as_text(visible)?, self.strips))
        });
        line.stripped = stripped.map(|stripped| start + stripped);
        line.viewed = 0;
        line.asked_anchored = 0;
        line.asked_unanchored = 0;
        line.refused = 0;
        line.steps = 2 * cut_len;
        line.excluded_from = usize::MAX;
    }

    /// Switches those strips on that wait for a line such as this one.
    fn switch_strips_on(&mut self, visible: &[u8]) {
        for (number, strip) in self.compiled.strips.iter().enumerate() {
            let waits = self.strips & (1 << number) == 0;
            if waits && strip.once_seen.as_ref().is_some_and(|seen| visible.starts_with(seen)) {
                self.strips |= 1 << number;
                // The same line may now be another text.
                self.last.forget_raw();
            }
        }
    }

    /// Decides as much about a line as one literal in it allows, in the stages where it matters (bit set).
    ///
    /// Not inlined: most hits never come here and would save and restore what it needs.
    #[inline(never)]
    fn judge(
        &mut self,
        compiled: &Compiled,
        block: Block<'_>,
        line: &mut Line,
        stages: u8,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let visible = &block.text[..line.cut];
        let Some(stripped) = line.stripped else {
            return self.judge_exactly(compiled, block, line, hit, sink);
        };
        let exact = || compiled.exact_on_ascii && is_ascii(&visible[stripped..]);
        let place = hit.begin..hit.begin + compiled.prefilter.literal_len(hit.literal);
        let mut stages = stages & !line.refused;
        while stages != 0 {
            let number = stages.trailing_zeros() as usize;
            let bit = 1 << number;
            stages &= stages - 1;
            if number >= line.excluded_from {
                return;
            }
            let Some(view) = self.view(compiled, visible, stripped, line, number) else {
                return self.judge_exactly(compiled, block, line, hit, sink);
            };
            let said = compiled.uses.ask(hit.literal, place.clone(), number, visible, view, &mut line.steps);
            if !said.matches {
                let ask_anchored = said.ask_anchored && line.asked_anchored & bit == 0;
                let ask_unanchored = said.ask_unanchored && line.asked_unanchored & bit == 0;
                line.asked_anchored |= u8::from(ask_anchored) << number;
                line.asked_unanchored |= u8::from(ask_unanchored) << number;
                let failure = &compiled.stages[number].failure;
                let seen = &visible[view.start..view.end];
                let may_match = said.maybe
                    || ask_anchored && failure.may_match_anchored(seen)
                    || ask_unanchored && failure.may_match_unanchored(seen);
                if !may_match {
                    continue;
                }
                if !exact() && !failure.matches_exactly(&decode(seen)) {
                    line.refused |= bit;
                    continue;
                }
            }
            for earlier in 0..number {
                if self.view(compiled, visible, stripped, line, earlier).is_none() {
                    return self.judge_exactly(compiled, block, line, hit, sink);
                }
            }
            let views = &self.views[..=number];
            let excluding = compiled.excludes.ask(block.text, stripped..line.cut, views);
            let any = excluding.surely | excluding.maybe | excluding.ask_anchored | excluding.ask_unanchored;
            let mut left = any;
            // Most failure lines have nothing that may exclude them.
            while left != 0 {
                let earlier = left.trailing_zeros() as usize;
                let bit = 1 << earlier;
                left &= left - 1;
                let Some(view) = views.get(earlier) else { break };
                let exclude = &compiled.stages[earlier].exclude;
                let seen = &visible[view.start..view.end];
                let excluded = excluding.surely & bit != 0
                    || (excluding.maybe & bit != 0
                        || excluding.ask_anchored & bit != 0 && exclude.may_match_anchored(seen)
                        || excluding.ask_unanchored & bit != 0 && exclude.may_match_unanchored(seen))
                        && (exact() || exclude.matches_exactly(&decode(seen)));
                if excluded {
                    line.excluded_from = earlier;
                    line.decided = earlier == 0;
                    return;
                }
            }
            line.decided = true;
            let end = stripped + trim_end(&visible[stripped..]);
            let text = decode(&visible[stripped..end]);
            let stands_at = matches!(text, Cow::Borrowed(_)).then_some(stripped..end);
            return self.report(block, line, &text, stands_at, hit, sink);
        }
    }

    /// Returns what the rules of a stage look at; `None` when only the exact rules can tell.
    #[inline(always)]
    fn view(
        &mut self,
        compiled: &Compiled,
        visible: &[u8],
        stripped: usize,
        line: &mut Line,
        number: usize,
    ) -> Option<View> {
        if line.viewed >> number & 1 == 0 {
            self.views[number] = self.find_view(compiled, visible, stripped, number)?;
            line.viewed |= 1 << number;
        }
        Some(self.views[number])
    }

    fn find_view(
        &mut self,
        compiled: &Compiled,
        visible: &[u8],
        stripped: usize,
        number: usize,
    ) -> Option<View> {
        let stage = &compiled.stages[number];
        stage.view(visible, stripped, &mut self.memos.skips[number]).or_else(|| {
            let View { start, end } = stage.view_of_text(as_text(&visible[stripped..])?);
            Some(View { start: stripped + start, end: stripped + end })
        })
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
            self.report(block, line, &text[..trim_end(text.as_bytes())], None, hit, sink);
        }
    }

    fn report(
        &mut self,
        block: Block<'_>,
        line: &Line,
        text: &str,
        stands_at: Option<Range<usize>>,
        hit: Hit<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if self.last.text_is(block.text, text) {
            return;
        }
        self.last.replace(block.text, line.start..line.end, text, stands_at);
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
        viewed: 0,
        asked_anchored: 0,
        asked_unanchored: 0,
        refused: 0,
        steps: 0,
        excluded_from: 0,
    };
}

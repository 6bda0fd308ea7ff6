//! What each literal is there for, and what it says of a line that has it.

use std::ops::Range;

use regex_syntax::hir::Hir;

use super::{
    compile::View,
    near::{ByteSet, Near},
    pattern::is_anchored,
    shape::{Answer, Shape},
};
use crate::scan::{Literal, Prefilter, Simd};

/// More stages than this don't fit the bit sets.
pub(crate) const MAX_STAGES: usize = 8;

/// What a literal is there for; one text can serve several rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiteralUse {
    /// Stages (bit set) in which it matters.
    pub(crate) stages: u8,
    /// Stages in which the text alone makes a rule match.
    text: u8,
    /// Stages in which an anchored pattern requires it that has no shape.
    anchored: u8,
    /// Stages in which an unanchored pattern requires it that has no shape.
    unanchored: u8,
    /// Patterns that have a shape around it, by number.
    shapes: Vec<u32>,
    /// It marks performance data.
    pub(crate) performance: bool,
    /// It may switch a strip on.
    switches: bool,
    near: Near,
}

/// The shape of a pattern of one stage.
#[derive(Debug)]
struct StageShape {
    stage: usize,
    shape: Shape,
}

/// Literals with what each is there for.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    uses: Vec<LiteralUse>,
    shapes: Vec<StageShape>,
}

/// What a literal says of a line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    /// A rule matches.
    pub(crate) matches: bool,
    /// A rule matches if its wide classes mean the characters beyond ASCII that are there.
    pub(crate) maybe: bool,
    /// The automaton of the anchored patterns has to tell.
    pub(crate) ask_anchored: bool,
    /// The automaton of the unanchored patterns has to tell.
    pub(crate) ask_unanchored: bool,
}

impl Uses {
    #[inline]
    pub(crate) fn of(&self, literal: usize) -> &LiteralUse {
        &self.uses[literal]
    }

    /// Tells whether a literal of `text` may matter, by the bytes next to it.
    #[inline]
    pub(crate) fn may_matter(&self, literal: usize, place: Range<usize>, text: &[u8]) -> bool {
        let near = &self.uses[literal].near;
        let before = place.start.checked_sub(1).and_then(|before| text.get(before));
        before.is_none_or(|byte| near.before.has(*byte))
            && text.get(place.end).is_none_or(|byte| near.behind.has(*byte))
    }

    /// Tells what a literal at a place means to the rules of a stage that look at `view` of `text`.
    ///
    /// `steps` is how many bytes shapes may still go over in this line.
    #[inline]
    pub(crate) fn ask(
        &self,
        literal: usize,
        place: Range<usize>,
        stage: usize,
        text: &[u8],
        view: View,
        steps: &mut usize,
    ) -> Said {
        let used = &self.uses[literal];
        let bit = 1_u8 << stage;
        // Where it is out of sight, another one may be in sight; that will be asked about, too.
        if used.stages & bit == 0 || place.start < view.start || place.end > view.end {
            return Said::default();
        }
        let mut said = Said {
            matches: used.text & bit != 0,
            maybe: false,
            ask_anchored: used.anchored & bit != 0,
            ask_unanchored: used.unanchored & bit != 0,
        };
        if said.matches {
            return said;
        }
        let seen = &text[view.start..view.end];
        for number in &used.shapes {
            let StageShape { stage: of, shape } = &self.shapes[*number as usize];
            if *of != stage {
                continue;
            }
            match shape.check(seen, place.start - view.start..place.end - view.start, steps) {
                Answer::Yes => return Said { matches: true, ..said },
                Answer::No => {}
                Answer::Maybe => said.maybe = true,
                Answer::Unsure => {
                    said.ask_anchored |= shape.anchored;
                    said.ask_unanchored |= !shape.anchored;
                }
            }
        }
        said
    }
}

/// Collects literals.
#[derive(Default)]
pub(super) struct Literals {
    pub(super) texts: Vec<Vec<u8>>,
    uses: Uses,
}

impl Literals {
    fn add(&mut self, text: &[u8]) -> &mut LiteralUse {
        let id = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
            self.texts.push(text.to_vec());
            self.uses.uses.push(LiteralUse::default());
            self.texts.len() - 1
        });
        &mut self.uses.uses[id]
    }

    /// Adds a text of no use to a rule: a hit makes the engine look at the line.
    pub(super) fn add_idle(&mut self, text: &[u8]) {
        self.add(text).switches = true;
    }

    pub(super) fn add_performance_marker(&mut self, text: &[u8]) {
        self.add(text).performance = true;
    }

    /// Adds a text that makes a rule of a stage match.
    pub(super) fn add_text(&mut self, text: &[u8], stage: usize) {
        let used = self.add(text);
        used.stages |= 1 << stage;
        used.text |= 1 << stage;
    }

    /// Adds the literals of which every match of a pattern contains one; tells whether the pattern has a shape around them.
    pub(super) fn add_pattern(&mut self, pattern: &Hir, required: &[Vec<u8>], stage: usize) -> bool {
        let shape = Shape::new(pattern, required);
        let shaped = shape.is_some();
        // As many patterns as a file of rules has lines at most.
        let number = self.uses.shapes.len() as u32;
        self.uses.shapes.extend(shape.map(|shape| StageShape { stage, shape }));
        let anchored = is_anchored(pattern);
        let bit = 1 << stage;
        for literal in required {
            let used = self.add(literal);
            used.stages |= bit;
            if shaped {
                used.shapes.push(number);
            } else if anchored {
                used.anchored |= bit;
            } else {
                used.unanchored |= bit;
            }
        }
        shaped
    }

    /// Works out what may stand next to the literals; `starts` has, for each stage, the bytes behind which what its rules
    /// look at may begin.
    pub(super) fn find_near(&mut self, starts: &[ByteSet]) {
        for used in &mut self.uses.uses {
            let alone = used.text | used.anchored | used.unanchored;
            used.near = if used.performance || used.switches || alone != 0 {
                Near::ANYTHING
            } else {
                let shapes = used.shapes.iter().map(|number| &self.uses.shapes[*number as usize]);
                shapes.map(|of| of.shape.near(starts[of.stage])).fold(Near::default(), Near::or)
            };
        }
    }

    /// Ends the collection: the literals for a prefilter, and what they are there for.
    pub(super) fn into_parts(self) -> (Vec<Literal>, Uses) {
        let literals = self.texts.into_iter().zip(&self.uses.uses).map(|(text, used)| {
            // On a line that is decided, performance data still matters.
            Literal::new(text).lasting(used.performance)
        });
        (literals.collect(), self.uses)
    }
}

/// Collects what exclude rules look for.
#[derive(Default)]
pub(super) struct ExcludeLiterals {
    pub(super) literals: Literals,
    /// Stages with anchored, and with unanchored, patterns that have no literal to look for.
    pub(super) always_anchored: u8,
    pub(super) always_unanchored: u8,
}

/// Tells which stages exclude a line.
#[derive(Debug)]
pub(crate) struct ExcludeFilter {
    prefilter: Prefilter,
    uses: Uses,
    always_anchored: u8,
    always_unanchored: u8,
    /// Length of the shortest literal.
    shortest: usize,
}

/// Which stages (bit sets) exclude a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excluding {
    pub(crate) surely: u8,
    /// Those whose rules match if their wide classes mean the characters beyond ASCII that are there.
    pub(crate) maybe: u8,
    /// Those whose automaton of anchored patterns has to tell.
    pub(crate) ask_anchored: u8,
    /// Those whose automaton of unanchored patterns has to tell.
    pub(crate) ask_unanchored: u8,
}

impl ExcludeFilter {
    pub(super) fn new(collected: ExcludeLiterals, simd: Simd) -> Self {
        let (literals, uses) = collected.literals.into_parts();
        Self {
            shortest: literals.iter().map(|literal| literal.bytes().len()).min().unwrap_or(usize::MAX),
            prefilter: Prefilter::new(literals, &[], simd),
            uses,
            always_anchored: collected.always_anchored,
            always_unanchored: collected.always_unanchored,
        }
    }

    /// Tells which of the stages that look at `views` of `text[line]` exclude it.
    #[inline]
    pub(crate) fn ask(&self, text: &[u8], line: Range<usize>, views: &[View]) -> Excluding {
        let mut excluding = Excluding {
            surely: 0,
            maybe: 0,
            ask_anchored: self.always_anchored,
            ask_unanchored: self.always_unanchored,
        };
        if line.len() < self.shortest {
            return excluding;
        }
        let mut steps = 2 * line.len();
        let start = line.start;
        self.prefilter.find_in(text, line, |literal, begin| {
            let begin = start + begin;
            let place = begin..begin + self.prefilter.literal_len(literal);
            for (stage, view) in views.iter().enumerate() {
                let said = self.uses.ask(literal, place.clone(), stage, text, *view, &mut steps);
                excluding.surely |= u8::from(said.matches) << stage;
                excluding.maybe |= u8::from(said.maybe) << stage;
                excluding.ask_anchored |= u8::from(said.ask_anchored) << stage;
                excluding.ask_unanchored |= u8::from(said.ask_unanchored) << stage;
            }
        });
        excluding
    }
}

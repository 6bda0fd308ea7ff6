//! Small automata, laid out so that the processor can guess its way through them.
//!
//! A dense automaton waits for one look-up before it can begin the next, byte by byte. What lines begin with is mostly
//! runs and fixed texts: here a run is a loop and a fixed text a chain of neighbouring nodes, and the processor is
//! ahead of both.

use std::collections::HashMap;

use regex_automata::{
    dfa::{Automaton as _, dense},
    util::primitives::StateID,
};

/// Larger automata stay as they are.
const MAX_STATES: usize = 1000;
/// Kinds of bytes that an automaton may tell apart: a bit for each.
const MAX_CLASSES: usize = 64;
const DEAD: u16 = u16::MAX;

/// An automaton for texts that begin at a known place.
#[derive(Debug)]
pub(super) struct Walk {
    /// The kind of each byte.
    classes: Box<[u8; 256]>,
    nodes: Vec<Node>,
    /// Where a node goes that is neither itself nor its neighbour, by the kind of byte.
    table: Vec<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Kinds of bytes (bit set) that lead here again.
    stay: u64,
    /// Kinds of bytes that lead to the next node.
    go: u64,
    /// Where its part of the table begins.
    row: u32,
    /// A match ends here whatever comes.
    ends: bool,
    /// A match ends here if nothing comes.
    ends_last: bool,
}

/// A place that a walk can go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// How many bytes it went over.
    pub(super) at: usize,
    /// Where the last match ended.
    pub(super) end: Option<usize>,
    node: u16,
}

impl Place {
    /// Before the first byte.
    pub(super) const START: Self = Self { at: 0, end: None, node: 0 };

    /// Tells whether no match ends further on.
    pub(super) fn is_dead(self) -> bool {
        self.node == DEAD
    }
}

impl Walk {
    /// Makes the walk of an automaton from one of its states; `None` when it is too large, or when more than the place in
    /// the text counts for where matches end.
    pub(super) fn new(dfa: &dense::DFA<Vec<u32>>, start: StateID) -> Option<Self> {
        let mut classes = Box::new([0; 256]);
        let mut representatives = Vec::new();
        for byte in 0..=u8::MAX {
            let class = dfa.byte_classes().get(byte);
            classes[usize::from(byte)] = class;
            if usize::from(class) == representatives.len() {
                representatives.push(byte);
            }
        }
        if representatives.len() > MAX_CLASSES {
            return None;
        }
        let states = explore(dfa, start, &representatives)?;
        Some(lay_out(classes, &merge_equal(states)))
    }

    /// Goes over `len` bytes and calls `on_end` where matches end, at the first and the last place of a run; stops when
    /// that returns true. Returns how many bytes it went over.
    #[inline(always)]
    pub(super) fn run(
        &self,
        len: usize,
        byte: impl Fn(usize) -> u8,
        on_end: impl FnMut(usize) -> bool,
    ) -> usize {
        self.run_from(0, 0, len, byte, on_end)
    }

    #[inline(always)]
    fn run_from(
        &self,
        mut index: usize,
        mut at: usize,
        len: usize,
        byte: impl Fn(usize) -> u8,
        mut on_end: impl FnMut(usize) -> bool,
    ) -> usize {
        while let Some(node) = self.nodes.get(index) {
            if node.ends && on_end(at) {
                break;
            }
            let arrived = at;
            let mut class = None;
            while at < len {
                let here = self.classes[usize::from(byte(at))];
                if node.stay >> (here & 63) & 1 == 0 {
                    class = Some(here);
                    break;
                }
                at += 1;
            }
            if node.ends && at > arrived && on_end(at) {
                break;
            }
            let Some(class) = class else {
                if node.ends_last && !node.ends {
                    on_end(at);
                }
                break;
            };
            if node.go >> (class & 63) & 1 != 0 {
                index += 1;
            } else {
                let to = self.table[node.row as usize + usize::from(class)];
                if to == DEAD {
                    break;
                }
                index = usize::from(to);
            }
            at += 1;
        }
        at
    }

    /// Tells whether a match begins where the text does.
    #[inline]
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        let mut found = false;
        self.run(
            text.len(),
            |at| text[at],
            |_| {
                found = true;
                true
            },
        );
        found
    }

    /// Returns where the match that begins where the text does ends.
    #[inline]
    pub(super) fn match_end(&self, text: &[u8]) -> Option<usize> {
        self.match_end_from(Place::START, text)
    }

    /// As [`match_end`](Self::match_end), from a place within the text on.
    #[inline]
    pub(super) fn match_end_from(&self, place: Place, text: &[u8]) -> Option<usize> {
        let mut end = place.end;
        // There is no node for what is dead.
        self.run_from(
            usize::from(place.node),
            place.at,
            text.len(),
            |at| text[at],
            |at| {
                end = Some(at);
                false
            },
        );
        end
    }

    /// Tells whether more of a text counts than what lies before a place.
    #[inline]
    pub(super) fn goes_on(&self, place: Place, text: &[u8]) -> bool {
        let Some(node) = self.nodes.get(usize::from(place.node)) else { return false };
        let Some(next) = text.get(place.at) else { return true };
        self.table[node.row as usize + usize::from(self.classes[usize::from(*next)])] != DEAD
    }

    /// Tells whether the empty text is a match.
    pub(super) fn matches_nothing(&self) -> bool {
        self.nodes.first().is_some_and(|node| node.ends || node.ends_last)
    }

    /// Tells whether a match may end with this byte.
    pub(super) fn ends_with(&self, byte: u8) -> bool {
        let class = usize::from(self.classes[usize::from(byte)]);
        let to = self.nodes.iter().map(|node| self.table[node.row as usize + class]);
        to.filter_map(|to| self.nodes.get(usize::from(to))).any(|node| node.ends || node.ends_last)
    }

    /// Tells whether any match that is not empty begins with this byte.
    #[inline]
    pub(super) fn begins_with(&self, byte: u8) -> bool {
        self.table.get(usize::from(self.classes[usize::from(byte)])).is_some_and(|to| *to != DEAD)
    }

    /// Goes over one byte; ends of matches behind it are known afterwards.
    pub(super) fn step(&self, place: Place, byte: u8) -> Place {
        let Some(node) = self.nodes.get(usize::from(place.node)) else { return place };
        let at = place.at + 1;
        let to = self.table[node.row as usize + usize::from(self.classes[usize::from(byte)])];
        let before = if node.ends { Some(place.at) } else { place.end };
        let ends = self.nodes.get(usize::from(to)).is_some_and(|node| node.ends);
        Place { at, end: if ends { Some(at) } else { before }, node: to }
    }
}

/// A state with where it goes by each kind of byte.
struct State {
    to: Vec<u16>,
    ends: bool,
    ends_last: bool,
}

/// Lists the states that can be reached, the start first.
fn explore(dfa: &dense::DFA<Vec<u32>>, start: StateID, representatives: &[u8]) -> Option<Vec<State>> {
    let mut numbers = HashMap::from([(start, 0)]);
    let mut order = vec![start];
    let mut states = Vec::new();
    while let Some(&id) = order.get(states.len()) {
        let mut to = Vec::with_capacity(representatives.len());
        let mut ends = None;
        for byte in representatives {
            let next = dfa.next_state(id, *byte);
            // Of an end the automaton tells one byte later.
            let ended = dfa.is_match_state(next);
            if *ends.get_or_insert(ended) != ended {
                return None;
            }
            let number = *numbers.entry(next).or_insert(order.len());
            if number == order.len() {
                order.push(next);
            }
            to.push(u16::try_from(number).ok()?);
        }
        if order.len() > MAX_STATES {
            return None;
        }
        let ends_last = dfa.is_match_state(dfa.next_eoi_state(id));
        states.push(State { to, ends: ends.unwrap_or_default(), ends_last });
    }
    Some(states)
}

/// Merges states that cannot be told apart, so that what does not matter leads nowhere else.
fn merge_equal(mut states: Vec<State>) -> Vec<State> {
    let mut blocks: Vec<u16> =
        states.iter().map(|state| u16::from(state.ends) + 2 * u16::from(state.ends_last)).collect();
    let mut count = 0;
    loop {
        let mut known = HashMap::new();
        let mut first_of = Vec::new();
        let mut next = Vec::with_capacity(blocks.len());
        for (number, state) in states.iter().enumerate() {
            let to: Vec<u16> = state.to.iter().map(|to| blocks[usize::from(*to)]).collect();
            let block = *known.entry((blocks[number], to)).or_insert(first_of.len() as u16);
            if usize::from(block) == first_of.len() {
                first_of.push(number);
            }
            next.push(block);
        }
        blocks = next;
        if first_of.len() == count {
            for state in &mut states {
                for to in &mut state.to {
                    *to = blocks[usize::from(*to)];
                }
            }
            let mut number = 0;
            states.retain(|_| {
                number += 1;
                first_of.contains(&(number - 1))
            });
            return states;
        }
        count = first_of.len();
    }
}

/// Puts states that follow each other side by side.
fn lay_out(classes: Box<[u8; 256]>, states: &[State]) -> Walk {
    let is_dead = |number: u16| {
        let state = &states[usize::from(number)];
        !state.ends && !state.ends_last && state.to.iter().all(|to| *to == number)
    };
    let mut places = vec![DEAD; states.len()];
    let mut order = Vec::new();
    let mut waiting = vec![0];
    while let Some(mut number) = waiting.pop() {
        while places[usize::from(number)] == DEAD {
            places[usize::from(number)] = order.len() as u16;
            order.push(number);
            let state = &states[usize::from(number)];
            let mut behind = state.to.clone();
            behind.retain(|to| places[usize::from(*to)] == DEAD && !is_dead(*to));
            // The neighbour is where most kinds of bytes lead.
            let times = |number: &u16| state.to.iter().filter(|to| *to == number).count();
            let Some(neighbour) = behind.iter().copied().max_by_key(|to| (times(to), *to)) else { break };
            waiting.extend(behind.into_iter().filter(|to| *to != neighbour));
            number = neighbour;
        }
    }
    let mut nodes = Vec::with_capacity(order.len());
    let mut table = Vec::with_capacity(order.len() * states[0].to.len());
    for (place, number) in order.iter().enumerate() {
        let state = &states[usize::from(*number)];
        let mut node =
            Node { stay: 0, go: 0, row: table.len() as u32, ends: state.ends, ends_last: state.ends_last };
        for (class, to) in state.to.iter().enumerate() {
            let to = if is_dead(*to) { DEAD } else { places[usize::from(*to)] };
            if usize::from(to) == place {
                node.stay |= 1 << class;
            } else if usize::from(to) == place + 1 {
                node.go |= 1 << class;
            }
            table.push(to);
        }
        nodes.push(node);
    }
    Walk { classes, nodes, table }
}

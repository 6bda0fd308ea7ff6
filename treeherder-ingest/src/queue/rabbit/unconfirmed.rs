//! Letters whose arrival the broker has not confirmed.

use std::collections::VecDeque;
use std::slice;

use futures_util::FutureExt as _;
use lapin::PublisherConfirm;

use super::envelope::Envelope;
use super::topology::Place;

/// Letters on their way to the broker, in the order in which they go out.
#[derive(Debug)]
pub(super) struct Unconfirmed<'l> {
    /// Those that are out, with the broker's word on each.
    out: VecDeque<(&'l Place, PublisherConfirm)>,
    /// Those that still have to go out.
    rest: slice::Iter<'l, (Place, Envelope)>,
}

impl<'l> Unconfirmed<'l> {
    /// Takes letters none of which is out.
    pub(super) fn of(letters: &'l [(Place, Envelope)]) -> Self {
        Self { out: VecDeque::with_capacity(letters.len()), rest: letters.iter() }
    }

    /// The letter that goes out next.
    pub(super) fn next(&self) -> Option<&'l (Place, Envelope)> {
        self.rest.as_slice().first()
    }

    /// Notes that the next letter is out.
    pub(super) fn went_out(&mut self, confirm: PublisherConfirm) {
        if let Some((place, _)) = self.rest.next() {
            self.out.push_back((place, confirm));
        }
    }

    /// The word on the first letter that is out; it stays the first until [`confirmed`](Self::confirmed).
    pub(super) fn awaited(&mut self) -> Option<&mut (&'l Place, PublisherConfirm)> {
        self.out.front_mut()
    }

    /// Notes that the word on the first letter has come.
    pub(super) fn confirmed(&mut self) {
        self.out.pop_front();
    }

    /// Where the first letter goes on which there is no word. A queue that does not answer holds up what goes out after it, over the same
    /// channel, and nothing before.
    pub(super) fn held_up_by(self) -> Option<&'l Place> {
        let silent = self.out.into_iter().find_map(|(place, confirm)| {
            let said = confirm.now_or_never();
            said.is_none().then_some(place)
        });
        silent.or_else(|| self.rest.as_slice().first().map(|(place, _)| place))
    }
}

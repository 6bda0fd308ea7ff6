//! Puts the output of inputs that are parsed at the same time into the order of the inputs.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// An input may have this much output in memory before its turn comes; then its thread waits.
const MAX_PENDING: usize = 256 << 10;

/// Lets one input after the other write.
pub(super) struct Turns<W> {
    state: Mutex<State<W>>,
    changed: Condvar,
    /// How many inputs may be under way or finished ahead of the one that writes.
    ahead: usize,
}

struct State<W> {
    out: W,
    /// The input that writes.
    turn: usize,
    /// Output of inputs that are finished before their turn.
    finished: BTreeMap<usize, Vec<u8>>,
}

impl<W: Write> Turns<W> {
    pub(super) fn new(out: W, ahead: usize) -> Self {
        let state = Mutex::new(State { out, turn: 0, finished: BTreeMap::new() });
        Self { state, changed: Condvar::new(), ahead }
    }

    /// Waits until an input may be begun.
    pub(super) fn begin(&self, input: usize) -> Turn<'_, W> {
        let state = self.lock();
        // Inputs are begun in order, so the one that writes is always under way: nobody waits for ever.
        let state = self.changed.wait_while(state, |state| input >= state.turn + self.ahead);
        drop(state.unwrap_or_else(PoisonError::into_inner));
        Turn { turns: self, input, pending: Vec::new(), finished: false }
    }

    /// A thread that panicked leaves the state whole: it is changed in single steps.
    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one input writes.
pub(super) struct Turn<'a, W: Write> {
    turns: &'a Turns<W>,
    input: usize,
    pending: Vec<u8>,
    finished: bool,
}

impl<W: Write> Turn<'_, W> {
    /// Ends the input's output; it is written as soon as its turn comes.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        self.finished = true;
        let mut guard = self.turns.lock();
        let state = &mut *guard;
        state.finished.insert(self.input, std::mem::take(&mut self.pending));
        let mut result = Ok(());
        while let Some(output) = state.finished.remove(&state.turn) {
            result = result.and_then(|()| state.out.write_all(&output));
            state.turn += 1;
        }
        let result = result.and_then(|()| state.out.flush());
        drop(guard);
        self.turns.changed.notify_all();
        result
    }
}

/// However an input ends, the next must have its turn.
impl<W: Write> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        if !self.finished {
            _ = self.end();
        }
    }
}

impl<W: Write> Write for Turn<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= MAX_PENDING {
            let state = self.turns.lock();
            let state = self.turns.changed.wait_while(state, |state| state.turn != self.input);
            state.unwrap_or_else(PoisonError::into_inner).out.write_all(&self.pending)?;
            self.pending.clear();
        }
        Ok(bytes.len())
    }

    /// Writes what there is if it is this input's turn.
    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.turns.lock();
        if state.turn == self.input {
            state.out.write_all(&self.pending)?;
            self.pending.clear();
            state.out.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn output_keeps_the_order_of_the_inputs_whoever_is_first() {
        let turns = Turns::new(Vec::new(), 4);
        let next = AtomicUsize::new(0);
        // Uneven outputs, some beyond what may be kept in memory.
        let output = |input: usize| {
            vec![b'a' + input as u8; if input.is_multiple_of(3) { 3 * MAX_PENDING } else { input }]
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    loop {
                        let input = next.fetch_add(1, Ordering::Relaxed);
                        if input >= 20 {
                            break;
                        }
                        let mut turn = turns.begin(input);
                        for piece in output(input).chunks(50_000) {
                            turn.write_all(piece).unwrap();
                        }
                        turn.finish().unwrap();
                    }
                });
            }
        });
        let expected: Vec<u8> = (0..20).flat_map(output).collect();
        assert!(turns.lock().out == expected);
    }
}

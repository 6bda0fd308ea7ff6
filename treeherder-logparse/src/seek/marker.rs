//! Finds checkpoints while a log is decoded.

use flate2::{Compress, Compression, FlushCompress};
use zlib_rs::{InflateFlush, Status};

use super::align::resumed;
use super::index::{Gathered, IndexOptions};
use super::{Checkpoint, Place};

/// Text that blocks may refer back to.
const WINDOW: usize = 32 << 10;
/// Bits that the inflater may hold of bytes it has taken.
const HELD_BITS: u64 = 16;
/// Raw bytes behind a place that are kept to check it.
const CHECKED_INPUT: usize = 8 << 10;
/// Decoded bytes behind a place that are compared.
const CHECKED_OUTPUT: usize = 32 << 10;
/// Fewer decoded bytes than that prove nothing.
const LEAST_OUTPUT: usize = 512;

/// Watches a decoder and notes checkpoints.
///
/// The inflater stops between two blocks when asked to, but does not tell how many bits of the last byte are the next
/// block's. So the few possible places are tried, once the text behind is known: the one that decodes to the same text is
/// it. Where none does, the next block will do.
#[derive(Debug)]
pub(crate) struct Marker {
    gathered: Gathered,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The next checkpoint is not due yet.
    Idle,
    /// Looking for the end of a block, with the text and the raw bytes before.
    Looking { history: Vec<u8>, tail: Vec<u8> },
    /// Behind the end of a block.
    Checking(Candidate),
}

/// A place between two blocks, known up to some bits.
#[derive(Debug)]
struct Candidate {
    /// Raw bytes that the inflater had taken.
    compressed_offset: u64,
    decoded_offset: u64,
    lines: u64,
    window: Vec<u8>,
    /// The raw bytes around the place; it is at most [`HELD_BITS`] before `split`.
    raw: Vec<u8>,
    split: usize,
    text: Vec<u8>,
}

/// One step of the inflater.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken<'a> {
    /// Raw bytes it took.
    pub(crate) raw: &'a [u8],
    /// What it wrote.
    pub(crate) text: &'a [u8],
    /// Raw bytes of the log up to the end of `raw`.
    pub(crate) compressed_offset: u64,
    /// Decoded bytes of the log up to the end of `text`.
    pub(crate) decoded_offset: u64,
    /// Lines of the log that end before that.
    pub(crate) lines: u64,
    /// Whether it stopped although there was input and room.
    pub(crate) stopped: bool,
}

impl Marker {
    pub(crate) fn new(options: IndexOptions) -> Self {
        Self { gathered: Gathered::new(options), state: State::Idle }
    }

    /// Tells how the inflater is to go on: to the end of the block while one is looked for.
    pub(crate) fn flush(&self) -> InflateFlush {
        match self.state {
            State::Looking { .. } => InflateFlush::Block,
            State::Idle | State::Checking(_) => InflateFlush::NoFlush,
        }
    }

    /// Takes notice of a step of the inflater.
    pub(crate) fn inflated(&mut self, taken: Taken<'_>) {
        match &mut self.state {
            State::Idle => {
                // The window has to be known when the place is found.
                if taken.decoded_offset + 2 * WINDOW as u64 >= self.gathered.due() {
                    self.state = State::Looking { history: Vec::new(), tail: Vec::new() };
                }
            }
            State::Looking { history, tail } => {
                keep_end(history, taken.text, WINDOW);
                keep_end(tail, taken.raw, HELD_BITS as usize / 8);
                let is_place = taken.stopped && history.len() == WINDOW && history.last() != Some(&b'\r');
                if is_place && taken.decoded_offset >= self.gathered.due() {
                    self.state = State::Checking(Candidate {
                        compressed_offset: taken.compressed_offset,
                        decoded_offset: taken.decoded_offset,
                        lines: taken.lines,
                        window: std::mem::take(history),
                        split: tail.len(),
                        raw: std::mem::take(tail),
                        text: Vec::new(),
                    });
                }
            }
            State::Checking(candidate) => {
                keep_start(&mut candidate.raw, taken.raw, candidate.split + CHECKED_INPUT);
                keep_start(&mut candidate.text, taken.text, CHECKED_OUTPUT);
                if candidate.raw.len() == candidate.split + CHECKED_INPUT
                    || candidate.text.len() == CHECKED_OUTPUT
                {
                    self.check();
                }
            }
        }
    }

    /// Takes notice of the end of a member: the next one is a place by itself.
    pub(crate) fn member_ended(
        &mut self,
        compressed_offset: u64,
        decoded_offset: u64,
        lines: u64,
        after_cr: bool,
    ) {
        self.check();
        self.state = State::Idle;
        if decoded_offset >= self.gathered.due() && !after_cr {
            self.gathered.add(Checkpoint { place: Place::Member(compressed_offset), decoded_offset, lines });
        }
    }

    /// Takes notice of plain text: its end is a place.
    pub(crate) fn plain(&mut self, text: &[u8], decoded_offset: u64, lines: u64) {
        if decoded_offset >= self.gathered.due() && text.last() != Some(&b'\r') {
            self.gathered.add(Checkpoint { place: Place::Plain(decoded_offset), decoded_offset, lines });
        }
    }

    /// Ends the log of so many decoded bytes; a place with nothing behind it is none.
    pub(crate) fn finish(mut self, decoded_bytes: u64) -> Vec<Checkpoint> {
        self.check();
        self.gathered.checkpoints.retain(|checkpoint| checkpoint.decoded_offset < decoded_bytes);
        self.gathered.checkpoints
    }

    /// Decides about the candidate with what is known of the text behind it.
    fn check(&mut self) {
        let State::Checking(candidate) = std::mem::replace(&mut self.state, State::Idle) else { return };
        if let Some(bits) = candidate.held_bits() {
            self.gathered.add(Checkpoint {
                place: Place::Block {
                    bit_offset: candidate.compressed_offset * 8 - bits,
                    window: deflated(&candidate.window),
                },
                decoded_offset: candidate.decoded_offset,
                lines: candidate.lines,
            });
        }
    }
}

impl Candidate {
    /// Returns how many bits before the end of what was taken the next block begins, if that can be told.
    fn held_bits(&self) -> Option<u64> {
        if self.text.len() < LEAST_OUTPUT {
            return None;
        }
        // Several fit only where they lead to the same bit: before a stored block, which begins with a whole byte.
        (0..HELD_BITS.min(8 * self.split as u64)).find(|bits| self.fits(*bits))
    }

    /// Tells whether the stream from there on decodes to the text behind the place.
    fn fits(&self, bits: u64) -> bool {
        let bit_offset = 8 * self.split as u64 - bits;
        let Some((first, rest)) = self.raw.get((bit_offset / 8) as usize..).and_then(<[u8]>::split_first)
        else {
            return false;
        };
        let mut output = vec![0; self.text.len()];
        let Ok((mut inflate, mut written)) =
            resumed(&self.window, (bit_offset % 8) as u8, *first, &mut output)
        else {
            return false;
        };
        let mut taken = 0;
        while written < output.len() {
            if output[..written] != self.text[..written] {
                return false;
            }
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            // Small pieces: most wrong places show early.
            let end = output.len().min(written + 1024);
            let status = inflate.decompress(&rest[taken..], &mut output[written..end], InflateFlush::NoFlush);
            taken += (inflate.total_in() - before_in) as usize;
            let new = (inflate.total_out() - before_out) as usize;
            written += new;
            match status {
                Err(_) => return false,
                Ok(Status::StreamEnd) => break,
                Ok(Status::Ok | Status::BufError) if new == 0 => break,
                Ok(Status::Ok | Status::BufError) => {}
            }
        }
        written >= LEAST_OUTPUT && output[..written] == self.text[..written]
    }
}

/// Appends `more` and keeps the last `limit` bytes.
fn keep_end(kept: &mut Vec<u8>, more: &[u8], limit: usize) {
    let more = &more[more.len().saturating_sub(limit)..];
    let surplus = (kept.len() + more.len()).saturating_sub(limit);
    kept.drain(..surplus);
    kept.extend_from_slice(more);
}

/// Appends as much of `more` as fits.
fn keep_start(kept: &mut Vec<u8>, more: &[u8], limit: usize) {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(&more[..more.len().min(room)]);
}

/// Deflates a window.
fn deflated(window: &[u8]) -> Box<[u8]> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut output = Vec::with_capacity(window.len() + window.len() / 1000 + 64);
    // The room is enough for text that cannot be compressed, so one call does it.
    match compress.compress_vec(window, &mut output, FlushCompress::Finish) {
        Ok(_) => output.into_boxed_slice(),
        Err(_) => Box::default(),
    }
}

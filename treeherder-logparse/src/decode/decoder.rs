//! The decoder: finds out what the bytes are and inflates them when they are gzip.

use zlib_rs::{Inflate as Inflater, InflateFlush, Status};

use super::{
    DecodeError, DecodeErrorKind,
    gzip::{Header, MAGIC, Trailer},
};
use crate::seek::{IndexOptions, Marker, Place, Taken, resumed};

/// Bytes of decoded log handed out at once at most: small enough to stay in the second-level cache while it is scanned.
const BUFFER_LEN: usize = 256 << 10;
/// As many while checkpoints are noted: they stand where the inflater stops, and are to be no further apart than asked for.
const MARKED_LEN: usize = 128 << 10;
/// Size of deflate's window, as a power of two.
const WINDOW_BITS: u8 = 15;

/// Decodes a log that comes in chunks: gzip (also of several members) or plain, found out by its first bytes.
///
/// ```
/// use treeherder_logparse::{Decoder, Format};
///
/// let mut text = Vec::new();
/// let mut decoder = Decoder::new();
/// decoder.push(b"plain text", &mut |decoded| text.extend_from_slice(decoded))?;
/// let decoded = decoder.finish(&mut |decoded| text.extend_from_slice(decoded));
/// assert_eq!(decoded.format, Format::Plain);
/// assert_eq!(text, b"plain text");
/// # Ok::<(), treeherder_logparse::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    state: State,
    inflate: Option<Box<Inflate>>,
    max_decoded_bytes: u64,
    decoded: Decoded,
    marker: Option<Box<Marker>>,
}

/// Where decoded text goes.
pub(super) trait Out {
    /// Takes the next piece.
    fn take(&mut self, piece: &[u8]);

    /// Counts the lines that have ended so far; only asked when checkpoints are noted.
    fn lines(&self) -> u64;
}

/// Text goes to a closure, which counts no lines.
struct Uncounted<'a>(&'a mut dyn FnMut(&[u8]));

impl Out for Uncounted<'_> {
    fn take(&mut self, piece: &[u8]) {
        (self.0)(piece);
    }

    fn lines(&self) -> u64 {
        0
    }
}

/// What a decoder came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// What the input was.
    pub format: Format,
    /// Bytes that came in, up to the place of an error.
    pub compressed_bytes: u64,
    /// Bytes that were handed out.
    pub decoded_bytes: u64,
    /// Complete gzip members.
    pub members: u64,
    /// The input ended inside a member; what was decoded counts.
    pub truncated: bool,
    /// Bytes behind the last member that are not gzip; they were ignored.
    pub trailing_bytes: u64,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Nothing came.
    Empty,
    /// Not compressed.
    Plain,
    /// Compressed with gzip.
    Gzip,
}

#[derive(Debug)]
enum State {
    /// Before the first byte, or behind the first byte of the magic.
    Detect {
        first: bool,
    },
    Plain,
    /// In a member's header.
    Header(Header),
    /// Before the first byte of a member's deflate stream, of which some bits belong to the part before.
    Resume {
        bit: u8,
        window: Box<[u8]>,
    },
    /// In a member's deflate stream.
    Body,
    Trailer(Trailer),
    /// Behind a complete member; `first` behind what may be the first byte of another one's magic.
    Between {
        first: bool,
    },
    /// Behind the last member.
    Trailing,
    Failed(DecodeError),
}

/// The inflater and its output.
struct Inflate {
    deflate: Inflater,
    buffer: Vec<u8>,
    crc: crc32fast::Hasher,
    len: u64,
    /// Last byte that was decoded.
    last: u8,
    /// Whether the member was decoded from its start, so that its trailer can be checked.
    whole: bool,
}

impl Inflate {
    fn new(deflate: Inflater, whole: bool, buffer_len: usize) -> Self {
        Self { deflate, buffer: vec![0; buffer_len], crc: crc32fast::Hasher::new(), len: 0, last: 0, whole }
    }
}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Inflate")
            .field("len", &self.len)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

/// Inflates the window of a checkpoint; nothing when it is damaged.
fn inflated(window: &[u8]) -> Option<Vec<u8>> {
    let mut text = vec![0; 1 << WINDOW_BITS];
    let mut inflate = Inflater::new(false, WINDOW_BITS);
    match inflate.decompress(window, &mut text, InflateFlush::Finish) {
        Ok(Status::StreamEnd) => {
            text.truncate(inflate.total_out() as usize);
            Some(text)
        }
        _ => None,
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Makes a decoder without a limit.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: State::Detect { first: false },
            inflate: None,
            max_decoded_bytes: u64::MAX,
            decoded: Decoded {
                format: Format::Empty,
                compressed_bytes: 0,
                decoded_bytes: 0,
                members: 0,
                truncated: false,
                trailing_bytes: 0,
            },
            marker: None,
        }
    }

    /// Makes a decoder that begins at a checkpoint of a log. Its first input is the byte at
    /// [`Checkpoint::compressed_offset`](crate::Checkpoint::compressed_offset); what it counts begins there too.
    ///
    /// The checksum of the member that it begins in cannot be checked, those of later ones are.
    #[must_use]
    pub fn resume(place: &Place) -> Self {
        let mut decoder = Self::new();
        decoder.decoded.format = if place.is_plain() { Format::Plain } else { Format::Gzip };
        decoder.state = match place {
            Place::Plain(_) => State::Plain,
            Place::Member(_) => State::Between { first: false },
            Place::Block { bit_offset, window } => {
                State::Resume { bit: (bit_offset % 8) as u8, window: window.clone() }
            }
        };
        decoder
    }

    /// Notes checkpoints on the way.
    pub(super) fn with_marker(mut self, options: IndexOptions) -> Self {
        self.marker = Some(Box::new(Marker::new(options)));
        self
    }

    /// Returns what was noted.
    pub(super) fn take_marker(&mut self) -> Option<Marker> {
        self.marker.take().map(|marker| *marker)
    }

    /// Stops with an error once the decoded log is longer than this.
    #[must_use]
    pub fn max_decoded_bytes(mut self, bytes: u64) -> Self {
        self.max_decoded_bytes = bytes;
        self
    }

    /// Takes the next chunk and hands what it decodes to `out`, in pieces.
    ///
    /// # Errors
    /// When the data is corrupt or the log is too long. What was decoded before, up to the limit, has been handed out.
    /// The decoder then takes nothing more: each further call returns the same error.
    pub fn push(&mut self, input: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), DecodeError> {
        self.push_counted(input, &mut Uncounted(out))
    }

    /// Does the same with an output that counts lines.
    pub(super) fn push_counted(&mut self, input: &[u8], out: &mut dyn Out) -> Result<(), DecodeError> {
        let mut input = input;
        while !input.is_empty() {
            let taken = match self.step(input, out) {
                Ok(taken) => taken,
                Err((taken, kind)) => {
                    self.decoded.compressed_bytes += taken as u64;
                    self.state = State::Failed(DecodeError::new(kind, self.decoded.compressed_bytes));
                    0
                }
            };
            if let State::Failed(error) = &self.state {
                return Err(error.clone());
            }
            self.decoded.compressed_bytes += taken as u64;
            input = &input[taken..];
        }
        Ok(())
    }

    /// Ends the input; a log of a single byte is handed out only now.
    pub fn finish(mut self, out: &mut dyn FnMut(&[u8])) -> Decoded {
        match self.state {
            State::Detect { first: true } => {
                self.decoded.format = Format::Plain;
                self.decoded.decoded_bytes += 1;
                out(&MAGIC[..1]);
            }
            State::Header(_) | State::Resume { .. } | State::Body | State::Trailer(_) => {
                self.decoded.truncated = true;
            }
            State::Between { first: true } => self.decoded.trailing_bytes += 1,
            State::Detect { first: false }
            | State::Between { first: false }
            | State::Plain
            | State::Trailing
            | State::Failed(_) => {}
        }
        self.decoded
    }

    /// Takes some of `input`; returns how much.
    fn step(&mut self, input: &[u8], out: &mut dyn Out) -> Result<usize, (usize, DecodeErrorKind)> {
        match &mut self.state {
            State::Detect { first } => {
                if input[0] == MAGIC[usize::from(*first)] {
                    self.state =
                        if *first { State::Header(Header::new(2)) } else { State::Detect { first: true } };
                    return Ok(1);
                }
                let first = *first;
                self.state = State::Plain;
                if first { self.plain(&MAGIC[..1], out).map(|_| 0) } else { Ok(0) }
            }
            State::Plain => self.plain(input, out),
            State::Header(header) => {
                self.decoded.format = Format::Gzip;
                let (taken, done) = match header.push(input) {
                    Ok(pushed) => pushed,
                    // Behind a complete member it is garbage that happens to begin as one.
                    Err((taken, _)) if self.decoded.members > 0 => {
                        self.decoded.trailing_bytes += header.before_refusal() as u64;
                        self.state = State::Trailing;
                        return Ok(taken);
                    }
                    Err(refused) => return Err(refused),
                };
                if done {
                    self.start_body();
                }
                Ok(taken)
            }
            State::Resume { bit, window } => {
                let (bit, window) = (*bit, std::mem::take(window));
                self.resume_body(bit, &window, input[0], out).map(|()| 1).map_err(|kind| (0, kind))
            }
            State::Body => self.inflate(input, out),
            State::Trailer(trailer) => {
                let taken = trailer.push(input);
                if trailer.is_complete() {
                    if let Some(inflate) = self.inflate.as_ref().filter(|inflate| inflate.whole) {
                        trailer
                            .check(inflate.crc.clone().finalize(), inflate.len)
                            .map_err(|kind| (taken, kind))?;
                    }
                    self.decoded.members += 1;
                    self.state = State::Between { first: false };
                    if let (Some(marker), Some(inflate)) = (&mut self.marker, &self.inflate) {
                        let compressed = self.decoded.compressed_bytes + taken as u64;
                        let after_cr = inflate.last == b'\r';
                        marker.member_ended(compressed, self.decoded.decoded_bytes, out.lines(), after_cr);
                    }
                }
                Ok(taken)
            }
            State::Between { first } => {
                let expected = MAGIC[usize::from(*first)];
                let seen = usize::from(*first) + 1;
                if input[0] == expected {
                    self.state = if *first {
                        State::Header(Header::new(seen))
                    } else {
                        State::Between { first: true }
                    };
                    return Ok(1);
                }
                self.decoded.trailing_bytes += u64::from(*first);
                self.state = State::Trailing;
                Ok(0)
            }
            State::Trailing => {
                self.decoded.trailing_bytes += input.len() as u64;
                Ok(input.len())
            }
            State::Failed(_) => Ok(0),
        }
    }

    fn plain(&mut self, input: &[u8], out: &mut dyn Out) -> Result<usize, (usize, DecodeErrorKind)> {
        self.decoded.format = Format::Plain;
        let within = self.hand_out(input, out);
        if within < input.len() {
            return Err((within, DecodeErrorKind::TooLong(self.max_decoded_bytes)));
        }
        if let Some(marker) = &mut self.marker {
            marker.plain(input, self.decoded.decoded_bytes, out.lines());
        }
        Ok(within)
    }

    /// Hands out what is within the limit; returns how much that is.
    fn hand_out(&mut self, text: &[u8], out: &mut dyn Out) -> usize {
        let room = self.max_decoded_bytes - self.decoded.decoded_bytes;
        let within = usize::try_from(room).map_or(text.len(), |room| room.min(text.len()));
        self.decoded.decoded_bytes += within as u64;
        if within > 0 {
            out.take(&text[..within]);
        }
        within
    }

    fn start_body(&mut self) {
        match &mut self.inflate {
            Some(inflate) => {
                inflate.deflate.reset(false);
                inflate.crc.reset();
                inflate.len = 0;
                inflate.whole = true;
            }
            None => {
                let len = if self.marker.is_some() { MARKED_LEN } else { BUFFER_LEN };
                self.inflate = Some(Box::new(Inflate::new(Inflater::new(false, WINDOW_BITS), true, len)));
            }
        }
        self.state = State::Body;
    }

    /// Begins in the middle of a member, with the first byte that has bits of it.
    fn resume_body(
        &mut self,
        bit: u8,
        window: &[u8],
        first: u8,
        out: &mut dyn Out,
    ) -> Result<(), DecodeErrorKind> {
        let window = inflated(window).ok_or(DecodeErrorKind::Data)?;
        let mut text = [0; 4096];
        let (deflate, written) =
            resumed(&window, bit, first, &mut text).map_err(|_| DecodeErrorKind::Data)?;
        let within = self.hand_out(&text[..written], out);
        if within < written {
            return Err(DecodeErrorKind::TooLong(self.max_decoded_bytes));
        }
        self.inflate = Some(Box::new(Inflate::new(deflate, false, BUFFER_LEN)));
        self.state = State::Body;
        Ok(())
    }

    fn inflate(&mut self, input: &[u8], out: &mut dyn Out) -> Result<usize, (usize, DecodeErrorKind)> {
        let Some(mut inflate) = self.inflate.take() else { unreachable!("the body starts with an inflater") };
        let result = self.inflate_with(&mut inflate, input, out);
        self.inflate = Some(inflate);
        result
    }

    fn inflate_with(
        &mut self,
        inflate: &mut Inflate,
        input: &[u8],
        out: &mut dyn Out,
    ) -> Result<usize, (usize, DecodeErrorKind)> {
        let mut taken = 0;
        loop {
            let (before_in, before_out) = (inflate.deflate.total_in(), inflate.deflate.total_out());
            let flush = self.marker.as_ref().map_or(InflateFlush::NoFlush, |marker| marker.flush());
            let status = inflate.deflate.decompress(&input[taken..], &mut inflate.buffer, flush);
            let from = taken;
            taken += (inflate.deflate.total_in() - before_in) as usize;
            let decoded = &inflate.buffer[..(inflate.deflate.total_out() - before_out) as usize];
            if !decoded.is_empty() {
                inflate.crc.update(decoded);
                inflate.len += decoded.len() as u64;
                if self.hand_out(decoded, out) < decoded.len() {
                    return Err((taken, DecodeErrorKind::TooLong(self.max_decoded_bytes)));
                }
                inflate.last = decoded[decoded.len() - 1];
            }
            if let Some(marker) = &mut self.marker {
                let has_room = decoded.len() < inflate.buffer.len();
                marker.inflated(Taken {
                    raw: &input[from..taken],
                    text: decoded,
                    compressed_offset: self.decoded.compressed_bytes + taken as u64,
                    decoded_offset: self.decoded.decoded_bytes,
                    lines: out.lines(),
                    stopped: matches!(status, Ok(Status::Ok)) && taken < input.len() && has_room,
                });
            }
            match status {
                Ok(Status::StreamEnd) => {
                    self.state = State::Trailer(Trailer::default());
                    return Ok(taken);
                }
                // A full buffer may hide more output, also when all input is taken.
                Ok(Status::Ok | Status::BufError) if decoded.len() == inflate.buffer.len() => {}
                Ok(Status::Ok | Status::BufError) if taken == input.len() => return Ok(taken),
                Ok(Status::Ok) => {}
                Ok(Status::BufError) | Err(_) => return Err((taken, DecodeErrorKind::Data)),
            }
        }
    }
}

//! The decoder: finds out what the bytes are and inflates them when they are gzip.

use flate2::{Decompress, FlushDecompress, Status};

use super::{
    DecodeError, DecodeErrorKind,
    gzip::{Header, MAGIC, Trailer},
};

/// Bytes of decoded log handed out at once at most: small enough to stay in the second-level cache while it is scanned.
const BUFFER_LEN: usize = 128 << 10;

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
#[derive(Debug)]
struct Inflate {
    deflate: Decompress,
    buffer: Vec<u8>,
    crc: crc32fast::Hasher,
    len: u64,
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
        }
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
            State::Header(_) | State::Body | State::Trailer(_) => self.decoded.truncated = true,
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
    fn step(&mut self, input: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<usize, (usize, DecodeErrorKind)> {
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
                let (taken, done) = header.push(input)?;
                if done {
                    self.start_body();
                }
                Ok(taken)
            }
            State::Body => self.inflate(input, out),
            State::Trailer(trailer) => {
                let taken = trailer.push(input);
                if trailer.is_complete() {
                    if let Some(inflate) = &self.inflate {
                        trailer
                            .check(inflate.crc.clone().finalize(), inflate.len)
                            .map_err(|kind| (taken, kind))?;
                    }
                    self.decoded.members += 1;
                    self.state = State::Between { first: false };
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

    fn plain(&mut self, input: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<usize, (usize, DecodeErrorKind)> {
        self.decoded.format = Format::Plain;
        let within = self.hand_out(input, out);
        if within < input.len() {
            return Err((within, DecodeErrorKind::TooLong(self.max_decoded_bytes)));
        }
        Ok(within)
    }

    /// Hands out what is within the limit; returns how much that is.
    fn hand_out(&mut self, text: &[u8], out: &mut dyn FnMut(&[u8])) -> usize {
        let room = self.max_decoded_bytes - self.decoded.decoded_bytes;
        let within = usize::try_from(room).map_or(text.len(), |room| room.min(text.len()));
        self.decoded.decoded_bytes += within as u64;
        if within > 0 {
            out(&text[..within]);
        }
        within
    }

    fn start_body(&mut self) {
        match &mut self.inflate {
            Some(inflate) => {
                inflate.deflate.reset(false);
                inflate.crc.reset();
                inflate.len = 0;
            }
            None => {
                self.inflate = Some(Box::new(Inflate {
                    deflate: Decompress::new(false),
                    buffer: vec![0; BUFFER_LEN],
                    crc: crc32fast::Hasher::new(),
                    len: 0,
                }));
            }
        }
        self.state = State::Body;
    }

    fn inflate(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(&[u8]),
    ) -> Result<usize, (usize, DecodeErrorKind)> {
        let Some(mut inflate) = self.inflate.take() else { unreachable!("the body starts with an inflater") };
        let result = self.inflate_with(&mut inflate, input, out);
        self.inflate = Some(inflate);
        result
    }

    fn inflate_with(
        &mut self,
        inflate: &mut Inflate,
        input: &[u8],
        out: &mut dyn FnMut(&[u8]),
    ) -> Result<usize, (usize, DecodeErrorKind)> {
        let mut taken = 0;
        loop {
            let (before_in, before_out) = (inflate.deflate.total_in(), inflate.deflate.total_out());
            let status =
                inflate.deflate.decompress(&input[taken..], &mut inflate.buffer, FlushDecompress::None);
            taken += (inflate.deflate.total_in() - before_in) as usize;
            let decoded = &inflate.buffer[..(inflate.deflate.total_out() - before_out) as usize];
            if !decoded.is_empty() {
                inflate.crc.update(decoded);
                inflate.len += decoded.len() as u64;
                if self.hand_out(decoded, out) < decoded.len() {
                    return Err((taken, DecodeErrorKind::TooLong(self.max_decoded_bytes)));
                }
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

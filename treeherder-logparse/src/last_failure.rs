//! The last failure line: its repetitions are dropped.

use std::ops::Range;

/// The last failure line handed out.
#[derive(Debug, Default)]
pub(crate) struct LastFailure {
    /// Where it stands in the block that is scanned, while it does: nothing is copied in a storm.
    here: Option<InBlock>,
    /// Else the line as it stood in the log: of equal lines nothing more is looked at. Empty when forgotten.
    raw: Vec<u8>,
    /// The bytes of its text.
    text: Vec<u8>,
    seen: bool,
}

/// A failure line within a block.
#[derive(Clone, Debug)]
struct InBlock {
    /// The line; empty when forgotten.
    raw: Range<usize>,
    text: Range<usize>,
}

impl LastFailure {
    /// Tells whether a line of the block is the last one again, as it stood in the log.
    #[inline]
    pub(crate) fn raw_is(&self, block: &[u8], line: &[u8]) -> bool {
        let raw = self.here.as_ref().map_or(&*self.raw, |here| &block[here.raw.clone()]);
        same(raw, line)
    }

    /// Tells whether the last one was handed out with this text.
    #[inline]
    pub(crate) fn text_is(&self, block: &[u8], text: &str) -> bool {
        let last = self.here.as_ref().map_or(&*self.text, |here| &block[here.text.clone()]);
        self.seen && same(last, text.as_bytes())
    }

    /// Makes no line equal the last one as it stood in the log: it may be another text by now.
    pub(crate) fn forget_raw(&mut self) {
        self.raw.clear();
        if let Some(here) = &mut self.here {
            here.raw = 0..0;
        }
    }

    /// Takes a line of the block, and the text that it was handed out with; `stands_at` is where that stands in the block.
    #[inline]
    pub(crate) fn replace(
        &mut self,
        block: &[u8],
        raw: Range<usize>,
        text: &str,
        stands_at: Option<Range<usize>>,
    ) {
        self.seen = true;
        self.here = stands_at.map(|text| InBlock { raw: raw.clone(), text });
        if self.here.is_none() {
            self.keep(&block[raw], text.as_bytes());
        }
    }

    /// Copies what is in the block: it goes.
    pub(crate) fn leave(&mut self, block: &[u8]) {
        if let Some(InBlock { raw, text }) = self.here.take() {
            self.keep(&block[raw], &block[text]);
        }
    }

    fn keep(&mut self, raw: &[u8], text: &[u8]) {
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.text.clear();
        self.text.extend_from_slice(text);
    }
}

/// Compares texts that nearly always differ in length or in their last bytes: numbers stand there.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.last_chunk::<8>() == other.last_chunk::<8>() && one == other
}

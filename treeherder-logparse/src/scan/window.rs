//! Windows: three bytes of each literal, and how a candidate finds the literals that own it.

use super::{WINDOW, prefilter::Literal, rarity};

/// A window to prefer, and the bucket to put it in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) window: [u8; WINDOW],
    pub(crate) bucket: usize,
}

/// One window and the literals that were given it.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) bytes: [u8; WINDOW],
    /// The bucket that a hint asks for.
    pub(super) bucket: Option<usize>,
    pub(super) owners: Vec<Owner>,
    /// Whether any of them is lasting.
    pub(super) lasting: bool,
}

/// A literal that was given a window, with all that most candidates are compared with.
#[derive(Debug)]
pub(super) struct Owner {
    /// The literal's first eight bytes, zeros where there are fewer.
    head: u64,
    /// The bits of `head` that count.
    mask: u64,
    /// Literal id.
    pub(super) literal: u16,
    /// Where in the literal the window lies.
    pub(super) offset: u16,
    /// The literal goes on behind `head`.
    longer: bool,
}

impl Owner {
    fn new(id: usize, literal: &Literal, offset: usize) -> Self {
        let bytes = literal.bytes();
        let mut head = [0; 8];
        let len = bytes.len().min(8);
        head[..len].copy_from_slice(&bytes[..len]);
        let mask = u64::MAX >> (8 * (8 - len));
        // Ids and offsets fit: rulesets with more literals, or longer ones, are refused.
        Self {
            head: u64::from_le_bytes(head),
            mask,
            literal: id as u16,
            offset: offset as u16,
            longer: bytes.len() > 8,
        }
    }

    /// Tells whether `text` begins with this literal, one of `literals`. Most candidates fail, and nearly all of those in
    /// one comparison.
    #[inline(always)]
    pub(super) fn begins(&self, text: &[u8], literals: &[Literal]) -> bool {
        let whole = || text.starts_with(literals[usize::from(self.literal)].bytes());
        match text.first_chunk::<8>() {
            Some(head) => u64::from_le_bytes(*head) & self.mask == self.head && (!self.longer || whole()),
            None => whole(),
        }
    }
}

/// A little more frequent is still better than one more window to look for.
const SHARING_SLACK: f64 = 4.0;

/// Chooses a window of each literal: rare, and shared where that costs little.
pub(super) fn choose(literals: &[Literal], probes: &[Probe]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut order: Vec<usize> = (0..literals.len()).collect();
    // Short literals have the least choice: they go first, longer ones may share.
    order.sort_by_key(|id| (literals[*id].bytes().len(), *id));
    for id in order {
        let bytes = literals[id].bytes();
        let hinted = probes.iter().find_map(|probe| {
            Some((bytes.windows(WINDOW).position(|window| window == probe.window)?, probe))
        });
        if let Some((at, probe)) = hinted {
            let owner = Owner::new(id, &literals[id], at);
            match windows.iter_mut().find(|window| window.bytes == probe.window) {
                Some(window) => window.owners.push(owner),
                None => {
                    let bucket = Some(probe.bucket);
                    windows.push(Window { bytes: probe.window, bucket, owners: vec![owner], lasting: false });
                }
            }
            continue;
        }
        let cost = |at: usize| rarity(&bytes[at..at + WINDOW]);
        let places = 0..=bytes.len() - WINDOW;
        let Some(best) = places.clone().min_by(|a, b| cost(*a).total_cmp(&cost(*b))) else { continue };
        let shared = places.filter(|at| cost(*at) <= SHARING_SLACK * cost(best)).find_map(|at| {
            Some((at, windows.iter().position(|window| window.bytes == bytes[at..at + WINDOW])?))
        });
        match shared {
            Some((at, window)) => windows[window].owners.push(Owner::new(id, &literals[id], at)),
            None => windows.push(Window {
                bytes: [bytes[best], bytes[best + 1], bytes[best + 2]],
                bucket: None,
                owners: vec![Owner::new(id, &literals[id], best)],
                lasting: false,
            }),
        }
    }
    for window in &mut windows {
        window.lasting = window.owners.iter().any(|owner| literals[usize::from(owner.literal)].is_lasting());
    }
    windows
}

/// Finds a window by its bytes: an open-addressed table of twice as many slots as windows, or more.
#[derive(Debug)]
pub(super) struct Lookup {
    /// Window's bytes in the low 24 bits and its index above, `EMPTY` where there is none.
    slots: Vec<u64>,
    shift: u32,
}

const EMPTY: u64 = u64::MAX;
const KEY: u64 = 0xFF_FFFF;

impl Lookup {
    pub(super) fn new(windows: &[Window]) -> Self {
        let bits = (4 * windows.len()).next_power_of_two().max(64).trailing_zeros();
        let mut lookup = Self { slots: vec![EMPTY; 1 << bits], shift: 32 - bits };
        for (index, window) in windows.iter().enumerate() {
            let mut slot = lookup.slot(key(window.bytes));
            while lookup.slots[slot] != EMPTY {
                slot = (slot + 1) & (lookup.slots.len() - 1);
            }
            lookup.slots[slot] = key(window.bytes) | ((index as u64) << 24);
        }
        lookup
    }

    fn slot(&self, key: u64) -> usize {
        // The low 32 bits of a product mix well enough for some dozens of keys.
        ((key as u32).wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    /// Returns the index of the window of these bytes.
    #[inline(always)]
    pub(super) fn find(&self, bytes: [u8; WINDOW]) -> Option<usize> {
        let key = key(bytes);
        let mut slot = self.slot(key);
        loop {
            let found = *self.slots.get(slot)?;
            if found & KEY == key && found != EMPTY {
                return Some((found >> 24) as usize);
            }
            if found == EMPTY {
                return None;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

fn key(bytes: [u8; WINDOW]) -> u64 {
    u64::from(bytes[0]) | u64::from(bytes[1]) << 8 | u64::from(bytes[2]) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_literal_owns_one_window_of_its_own_bytes() {
        let literals: Vec<Literal> = ["TEST-UNEXPECTED-", ": ***", "bash.exe: *** ", "abort:", "\u{2715} x"]
            .map(|text| Literal::new(text.into()))
            .into();
        let windows = choose(&literals, &[Probe { window: *b"bor", bucket: 3 }]);
        assert!(windows.iter().any(|window| window.bytes == *b"bor" && window.bucket == Some(3)));
        let lookup = Lookup::new(&windows);
        let mut seen = vec![0; literals.len()];
        for (index, window) in windows.iter().enumerate() {
            assert_eq!(lookup.find(window.bytes), Some(index));
            for owner in &window.owners {
                let (id, at) = (usize::from(owner.literal), usize::from(owner.offset));
                assert_eq!(literals[id].bytes()[at..][..WINDOW], window.bytes);
                seen[id] += 1;
            }
        }
        assert!(seen.iter().all(|count| *count == 1));
        assert!(windows.len() < literals.len(), "`***` is shared");
        assert_eq!(lookup.find(*b"zzz"), None);
        assert_eq!(lookup.find([0xFF; 3]), None);
    }
}

//! Windows spread over eight buckets, one bit each, for the vector searches' tables.

use super::{BUCKETS, WINDOW, rarity::byte_share, window::Window};

/// Windows of one bucket, as the set of bytes at each position.
#[derive(Clone)]
struct Bucket {
    bytes: [[bool; 256]; WINDOW],
}

impl Bucket {
    const EMPTY: Self = Self { bytes: [[false; 256]; WINDOW] };

    fn add(&mut self, window: [u8; WINDOW]) {
        for (set, byte) in self.bytes.iter_mut().zip(window) {
            set[usize::from(byte)] = true;
        }
    }

    /// Estimated share of positions that pass the bucket's tables.
    fn passing(&self, tables: Tables) -> f64 {
        self.bytes
            .iter()
            .map(|set| match tables {
                Tables::Nibbles => {
                    let (mut low, mut high) = ([false; 16], [false; 16]);
                    for byte in (0..256).filter(|byte| set[*byte]) {
                        low[byte & 15] = true;
                        high[byte >> 4] = true;
                    }
                    let passes = |byte: &u8| low[usize::from(byte & 15)] && high[usize::from(byte >> 4)];
                    (0..=255).filter(passes).map(byte_share).sum::<f64>()
                }
                Tables::Bytes => (0..=255_u8).filter(|byte| set[usize::from(*byte)]).map(byte_share).sum(),
            })
            .product()
    }
}

/// What the tables can tell apart.
#[derive(Clone, Copy)]
enum Tables {
    /// Low and high half of a byte, separately.
    Nibbles,
    /// The low seven bits of a byte.
    Bytes,
}

/// Gives each window the bucket in which it adds the fewest false candidates.
fn spread(windows: &[Window], tables: Tables) -> Vec<u8> {
    let mut buckets = vec![Bucket::EMPTY; BUCKETS];
    let mut passing = [0.0; BUCKETS];
    let mut bits = vec![0; windows.len()];
    let mut order: Vec<usize> = (0..windows.len()).collect();
    let share = |index: &usize| super::rarity(&windows[*index].bytes);
    order.sort_by(|a, b| share(b).total_cmp(&share(a)));
    let (hinted, free): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|index| windows[*index].bucket.is_some());
    for index in hinted {
        let number = windows[index].bucket.unwrap_or_default();
        buckets[number].add(windows[index].bytes);
        bits[index] = 1 << number;
    }
    for (passing, bucket) in passing.iter_mut().zip(&buckets) {
        *passing = bucket.passing(tables);
    }
    for index in free {
        let mut best = (f64::MAX, 0, Bucket::EMPTY);
        for (number, bucket) in buckets.iter().enumerate() {
            let mut with = bucket.clone();
            with.add(windows[index].bytes);
            let added = with.passing(tables) - passing[number];
            if added < best.0 {
                best = (added, number, with);
            }
        }
        let (added, number, bucket) = best;
        passing[number] += added;
        buckets[number] = bucket;
        bits[index] = 1 << number;
    }
    bits
}

/// Tables by half bytes: bit *b* of `low[p][x] & high[p][y]` says that a window of bucket *b* may have the byte `yx` at *p*.
#[derive(Debug)]
pub(super) struct NibbleTables {
    pub(super) low: [[u8; 16]; WINDOW],
    pub(super) high: [[u8; 16]; WINDOW],
    /// Whether all windows are ASCII, which saves an instruction.
    pub(super) ascii: bool,
}

impl NibbleTables {
    pub(super) fn new(windows: &[Window]) -> Self {
        let mut tables = Self { low: [[0; 16]; WINDOW], high: [[0; 16]; WINDOW], ascii: true };
        for (window, bit) in windows.iter().zip(spread(windows, Tables::Nibbles)) {
            for (position, byte) in window.bytes.into_iter().enumerate() {
                tables.low[position][usize::from(byte & 15)] |= bit;
                tables.high[position][usize::from(byte >> 4)] |= bit;
                tables.ascii &= byte.is_ascii();
            }
        }
        tables
    }
}

/// Tables by the low seven bits of a byte.
#[derive(Debug)]
pub(super) struct ByteTables {
    pub(super) bytes: [[u8; 128]; WINDOW],
}

impl ByteTables {
    pub(super) fn new(windows: &[Window]) -> Self {
        let mut tables = Self { bytes: [[0; 128]; WINDOW] };
        for (window, bit) in windows.iter().zip(spread(windows, Tables::Bytes)) {
            for (position, byte) in window.bytes.into_iter().enumerate() {
                tables.bytes[position][usize::from(byte & 0x7F)] |= bit;
            }
        }
        tables
    }
}

//! Compressed parts of logs that were used last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// A part of a log: id of the log, number of the part.
pub(super) type Part = (i32, usize);

/// Keeps parts up to a number of bytes; those that were not used for longest go first.
#[derive(Debug)]
pub(super) struct PartCache {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    parts: HashMap<Part, (Bytes, u64)>,
    bytes: usize,
    uses: u64,
}

impl PartCache {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { most_bytes, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Sums and map are changed together, without a panic in between.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, part: Part) -> Option<Bytes> {
        let mut kept = self.kept();
        kept.uses += 1;
        let uses = kept.uses;
        let (bytes, last_use) = kept.parts.get_mut(&part)?;
        *last_use = uses;
        Some(bytes.clone())
    }

    /// Keeps a part, unless it would take more than a quarter of the room.
    pub(super) fn put(&self, part: Part, bytes: Bytes) {
        if bytes.len() > self.most_bytes / 4 {
            return;
        }
        let mut kept = self.kept();
        kept.uses += 1;
        let uses = kept.uses;
        kept.bytes += bytes.len();
        if let Some((former, _)) = kept.parts.insert(part, (bytes, uses)) {
            kept.bytes -= former.len();
        }
        while kept.bytes > self.most_bytes {
            let oldest = kept.parts.iter().min_by_key(|(_, (_, last_use))| *last_use).map(|(part, _)| *part);
            let Some((gone, _)) = oldest.and_then(|part| kept.parts.remove(&part)) else { return };
            kept.bytes -= gone.len();
        }
    }

    /// Forgets all parts of a log.
    pub(super) fn forget(&self, log_id: i32) {
        let mut kept = self.kept();
        let Kept { parts, bytes, .. } = &mut *kept;
        parts.retain(|(id, _), (part, _)| {
            let stays = *id != log_id;
            *bytes -= if stays { 0 } else { part.len() };
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_used_last_are_kept() {
        let cache = PartCache::new(100);
        let part = |size: usize| Bytes::from(vec![0; size]);
        for number in 0..4 {
            cache.put((1, number), part(25));
        }
        assert!(cache.get((1, 0)).is_some());
        cache.put((2, 0), part(20));
        assert!(cache.get((1, 1)).is_none(), "used longest ago");
        assert!([(1, 0), (1, 2), (1, 3), (2, 0)].iter().all(|part| cache.get(*part).is_some()));
        cache.put((3, 0), part(26));
        assert!(cache.get((3, 0)).is_none(), "too large a share");
        cache.put((1, 0), part(1));
        cache.forget(1);
        assert!(cache.get((1, 0)).is_none() && cache.get((2, 0)).is_some());
        assert_eq!(cache.kept().bytes, 20);
    }
}

//! Ids that tell where they belong: from a task id or a revision alone, the stand-in finds push and task.
//!
//! So nothing has to be stored for an endless stream: whatever a message names can be made again from its id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::rng::mix;

/// Makes the id of a task: the slug of a version 4 UUID that hides push and task number.
pub fn task_id(seed: u64, push: u32, task: u16) -> String {
    URL_SAFE_NO_PAD.encode(task_bytes(seed, push, task))
}

/// Finds push and task number in the id of a task.
pub fn decode_task_id(seed: u64, slug: &str) -> Option<(u32, u16)> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(slug).ok()?.try_into().ok()?;
    let key = key(seed, &bytes[..6]).to_le_bytes();
    let push = u32::from_le_bytes([9, 10, 11, 12].map(|at| bytes[at] ^ key[at - 9]));
    let task = u16::from_le_bytes([13, 14].map(|at| bytes[at] ^ key[at - 9]));
    (task_bytes(seed, push, task) == bytes).then_some((push, task))
}

/// Returns the UUID text of a slug, as job guids hold it.
pub fn uuid_text(slug: &str) -> Option<String> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(slug).ok()?.try_into().ok()?;
    let hex = hex(&bytes);
    let parts = [hex.get(..8)?, hex.get(8..12)?, hex.get(12..16)?, hex.get(16..20)?, hex.get(20..)?];
    Some(parts.join("-"))
}

/// Makes the 40 digits of a commit; commit 0 is the head of its push.
pub fn revision(seed: u64, push: u32, commit: u16) -> String {
    let mut bytes = [0; 20];
    let head = mix(mix(seed, 0xc0), (u64::from(push) << 16) | u64::from(commit)).to_le_bytes();
    bytes[..8].copy_from_slice(&head);
    let key = key(seed, &bytes[..6]).to_le_bytes();
    for (at, byte) in push.to_le_bytes().into_iter().chain(commit.to_le_bytes()).enumerate() {
        bytes[8 + at] = byte ^ key[at];
    }
    let tail = mix(key[7].into(), u64::from_le_bytes(head)).to_le_bytes();
    bytes[14..].copy_from_slice(&tail[..6]);
    hex(&bytes)
}

/// Finds push and commit number in a revision, also in one cut to 28 digits or more.
pub fn decode_revision(seed: u64, text: &str) -> Option<(u32, u16)> {
    let byte = |at: usize| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok();
    let mut bytes = [0; 14];
    for (at, slot) in bytes.iter_mut().enumerate() {
        *slot = byte(at)?;
    }
    let key = key(seed, &bytes[..6]).to_le_bytes();
    let plain: Vec<u8> = (0..6).map(|at| bytes[8 + at] ^ key[at]).collect();
    let push = u32::from_le_bytes(plain[..4].try_into().ok()?);
    let commit = u16::from_le_bytes(plain[4..].try_into().ok()?);
    revision(seed, push, commit).starts_with(text).then_some((push, commit))
}

fn task_bytes(seed: u64, push: u32, task: u16) -> [u8; 16] {
    let mut bytes = [0; 16];
    let head = mix(mix(seed, 0x7a), (u64::from(push) << 16) | u64::from(task)).to_le_bytes();
    bytes[..8].copy_from_slice(&head);
    // As Taskcluster's slugs: the first bit is zero, so that none begins with a dash.
    bytes[0] &= 0x7f;
    bytes[6] = 0x40 | (bytes[6] & 0x0f);
    let key = key(seed, &bytes[..6]).to_le_bytes();
    bytes[8] = 0x80 | (key[6] & 0x3f);
    for (at, byte) in push.to_le_bytes().into_iter().chain(task.to_le_bytes()).enumerate() {
        bytes[9 + at] = byte ^ key[at];
    }
    bytes[15] = key[7];
    bytes
}

fn key(seed: u64, head: &[u8]) -> u64 {
    head.iter().fold(mix(seed, 0x11d5), |key, byte| mix(key, u64::from(*byte)))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS[usize::from(four & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_where_they_belong() {
        for (push, task) in [(0, 0), (1, 65_535), (77, 12), (u32::MAX, 3)] {
            let slug = task_id(5, push, task);
            assert_eq!(slug.len(), 22);
            assert!(!slug.starts_with('-'), "{slug}");
            assert_eq!(decode_task_id(5, &slug), Some((push, task)));
            assert_eq!(decode_task_id(6, &slug), None, "another seed, another world");
            let revision = revision(5, push, task);
            assert_eq!(revision.len(), 40);
            assert_eq!(decode_revision(5, &revision), Some((push, task)));
            assert_eq!(decode_revision(5, &revision[..28]), Some((push, task)));
        }
        assert_eq!(decode_task_id(5, "A35mWTRuQmyj88yMnIF0fA"), None);
        assert_eq!(decode_revision(5, &"0".repeat(40)), None);
    }

    #[test]
    fn a_slug_becomes_its_uuid() {
        let uuid = uuid_text("A35mWTRuQmyj88yMnIF0fA");
        assert_eq!(uuid.as_deref(), Some("037e6659-346e-426c-a3f3-cc8c9c81747c"));
        let ours = uuid_text(&task_id(1, 2, 3)).unwrap();
        assert_eq!((ours.as_bytes()[14], ours.len()), (b'4', 36));
    }
}

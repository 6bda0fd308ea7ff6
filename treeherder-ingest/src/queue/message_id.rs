//! What identifies a message from its publication to its end.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha1::{Digest as _, Sha1};
use thiserror::Error;
use uuid::Uuid;

/// Bits that the row id takes.
const ROW_BITS: u32 = 62;
/// Version 8 and variant of RFC 9562, in their places.
const MARKS: u128 = (8 << 76) | (0b10 << 62);

/// Identifies a message, whatever becomes of it: retried, dead, put back.
///
/// It is a UUID of version 8: 48 bits of time of publication in milliseconds, so that ids sort by time, 12 bits that
/// tell who made it, and 62 bits of the row in the table of messages, of chance or of the content. The table keeps
/// no id of its own for it, since time and row are in it.
///
/// ```
/// use treeherder_ingest::queue::MessageId;
///
/// let id = MessageId::of_row(1_700_000_000_000, 4711);
/// assert_eq!(id.to_string(), "018bcfe5-6800-8000-8000-000000001267");
/// assert_eq!(id.row(), Some((1_700_000_000_000, 4711)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Uuid);

/// A text is no id of a message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not the id of a message: 32 hexadecimal digits with hyphens, as /api/task/ shows them")]
pub struct NoMessageId(pub String);

impl MessageId {
    /// Makes the id of a row of the table of messages, published at `first_seen` milliseconds since the epoch.
    #[must_use]
    pub fn of_row(first_seen: i64, row: i64) -> Self {
        Self::from_parts(first_seen, 0, row.cast_unsigned())
    }

    /// Makes a new id for a message published at `first_seen` milliseconds since the epoch.
    #[must_use]
    pub fn random(first_seen: i64) -> Self {
        Self::from_parts(first_seen, rand::random_range(1..1 << 12), rand::random())
    }

    /// Makes the id of a message that came without one, of its content: it is the same when the message comes again.
    #[must_use]
    pub fn of_content(payload: &[u8]) -> Self {
        let digest = Sha1::digest(payload);
        let low = digest.iter().take(8).fold(0_u64, |low, byte| low << 8 | u64::from(*byte));
        Self::from_parts(0, 1, low)
    }

    fn from_parts(first_seen: i64, maker: u16, low: u64) -> Self {
        let time = u128::from(first_seen.cast_unsigned() & ((1 << 48) - 1));
        let low = u128::from(low & ((1 << ROW_BITS) - 1));
        Self(Uuid::from_u128(time << 80 | MARKS | u128::from(maker) << 64 | low))
    }

    /// Returns time of publication and row of a message that is kept in the table of messages.
    #[must_use]
    pub fn row(&self) -> Option<(i64, i64)> {
        let bits = self.0.as_u128();
        let first_seen = i64::try_from(bits >> 80).ok()?;
        let row = i64::try_from(bits & ((1 << ROW_BITS) - 1)).ok()?;
        (Self::of_row(first_seen, row) == *self).then_some((first_seen, row))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

impl FromStr for MessageId {
    type Err = NoMessageId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| NoMessageId(text.to_owned()))
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_row_come_back_and_others_have_no_row() {
        for row in [1, 4711, (1 << 62) - 1] {
            let id = MessageId::of_row(1_790_000_000_123, row);
            assert_eq!(id.row(), Some((1_790_000_000_123, row)));
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!(MessageId::random(1_790_000_000_123).row(), None);
        assert_eq!(MessageId::of_content(b"{}").row(), None);
        assert_eq!(Uuid::from_u128(u128::MAX).to_string().parse::<MessageId>().unwrap().row(), None);
    }

    #[test]
    fn ids_are_uuids_of_version_8_that_sort_by_time() {
        let (old, new) = (MessageId::random(1_000), MessageId::random(2_000));
        assert!(old < new && old.to_string() < new.to_string());
        assert_eq!((old.0.get_version_num(), old.0.get_variant()), (8, uuid::Variant::RFC4122));
        assert_ne!(MessageId::random(1_000), MessageId::random(1_000));
        assert_eq!(MessageId::of_content(b"a"), MessageId::of_content(b"a"));
        assert_ne!(MessageId::of_content(b"a"), MessageId::of_content(b"b"));
    }

    #[test]
    fn a_text_that_is_no_id_is_refused_by_name() {
        let error = "4711".parse::<MessageId>().unwrap_err().to_string();
        assert!(error.starts_with("\"4711\" is not the id of a message"), "{error}");
    }
}

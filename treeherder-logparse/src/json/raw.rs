//! JSON kept as it was written.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value kept as the text it was written in.
///
/// Properties without a meaning of their own are kept this way: they take no more memory than in the log, and
/// their numbers keep every digit. The text is always valid strict JSON.
///
/// ```
/// use treeherder_logparse::RawJson;
///
/// let kept: RawJson = serde_json::from_str("[1.50, 123456789012345678901234567890]")?;
/// assert_eq!(kept.as_str(), "[1.50, 123456789012345678901234567890]");
/// assert_eq!(kept.to_value()[0], 1.5);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Returns the text of the value.
    ///
    /// ```
    /// # use treeherder_logparse::RawJson;
    /// assert_eq!(RawJson::empty_list().as_str(), "[]");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Parses the value.
    ///
    /// Integers beyond 64 bits become the nearest float here; [`as_str`](Self::as_str) has all their digits.
    ///
    /// ```
    /// # use treeherder_logparse::RawJson;
    /// assert_eq!(RawJson::empty_list().to_value(), serde_json::json!([]));
    /// ```
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        // The text was checked when it came in, so the default is for no value that exists.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }

    /// Returns the empty list, `[]`.
    ///
    /// ```
    /// # use treeherder_logparse::RawJson;
    /// assert_eq!(serde_json::to_string(&RawJson::empty_list())?, "[]");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn empty_list() -> Self {
        Self(RawValue::from_string("[]".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Keeps this text, or says why it is not strict JSON.
    pub(crate) fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text.to_owned()).map(Self)
    }
}

impl PartialEq for RawJson {
    /// Compares the texts: `1.0` and `1.00` are different.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

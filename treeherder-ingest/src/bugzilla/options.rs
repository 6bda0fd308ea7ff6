//! Where Bugzilla is, and our keys there.

/// The settings of Bugzilla; start from the default and change fields.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BugzillaOptions {
    /// Server that bugs are read from.
    pub read_url: String,
    /// Server that bugs are filed at.
    pub write_url: String,
    /// Key for filing and reopening bugs; without it nobody can.
    pub filer_key: Option<String>,
    /// Key for bugs about performance, and comments.
    pub perf_sheriff_key: Option<String>,
}

impl std::fmt::Debug for BugzillaOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BugzillaOptions")
            .field("read_url", &self.read_url)
            .field("write_url", &self.write_url)
            .field("has_filer_key", &self.filer_key.is_some())
            .field("has_perf_sheriff_key", &self.perf_sheriff_key.is_some())
            .finish()
    }
}

impl Default for BugzillaOptions {
    fn default() -> Self {
        let mozilla = "https://bugzilla.mozilla.org";
        Self {
            read_url: mozilla.to_owned(),
            write_url: mozilla.to_owned(),
            filer_key: None,
            perf_sheriff_key: None,
        }
    }
}

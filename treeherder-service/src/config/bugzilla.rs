//! Where Bugzilla is, and our keys there (`spec/api.md` §9.3).

use treeherder_ingest::bugzilla::BugzillaOptions;

/// Where Bugzilla is, and our keys there.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Bugzilla")]
pub(crate) struct BugzillaArgs {
    /// Bugzilla that bugs are filed at [default: `https://bugzilla.mozilla.org`]
    #[arg(long, env = "BUGZILLA_API_URL", value_name = "URL")]
    pub(crate) bugzilla_api_url: Option<String>,

    /// Bugzilla that bugs are copied from [default: `https://bugzilla.mozilla.org`]
    #[arg(long, env = "TREEHERDER_BUGZILLA_READ_URL", value_name = "URL")]
    pub(crate) bugzilla_read_url: Option<String>,

    /// Key for filing and reopening bugs
    #[arg(long, env = "BUG_FILER_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) bug_filer_api_key: Option<String>,

    /// Key for filing bugs about performance, and for comments
    #[arg(long, env = "BUG_PERF_SHERIFF_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) bug_perf_sheriff_api_key: Option<String>,
}

impl BugzillaArgs {
    /// Makes the options of the settings; empty ones count as absent.
    pub(crate) fn options(&self) -> BugzillaOptions {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut options = BugzillaOptions::default();
        if let Some(url) = given(&self.bugzilla_api_url) {
            options.write_url = url;
        }
        if let Some(url) = given(&self.bugzilla_read_url) {
            options.read_url = url;
        }
        options.filer_key = given(&self.bug_filer_api_key);
        options.perf_sheriff_key = given(&self.bug_perf_sheriff_api_key);
        options
    }
}

//! The role of the web server: what its answers are made of.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use treeherder_ingest::bugzilla::{Bugzilla, BugzillaOptions};
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::suggestions::BugSearch;

use super::Database;
use crate::config::HealthArgs;
use crate::web::accounts::{AccountArgs, Accounts};
use crate::web::{AppState, BridgeView, Limits, Live, Parts, Site};

/// What a process has that answers HTTP requests.
#[derive(Debug)]
pub(crate) struct WebParts<'process> {
    /// The database.
    pub(crate) database: &'process Database,
    /// Folder where the secret key is kept.
    pub(crate) data_dir: &'process Path,
    /// Who may log in, and how.
    pub(crate) accounts: AccountArgs,
    /// Where bugs are filed.
    pub(crate) bugzilla: BugzillaOptions,
    /// How the outside world is asked.
    pub(crate) client_options: ClientOptions,
    /// What this site is called.
    pub(crate) site: Site,
    /// The bridge, where it runs in this process.
    pub(crate) bridge: BridgeView,
    /// What the endpoints for operators tell.
    pub(crate) health: HealthArgs,
    /// What takes submissions, shows logs and tells live readers.
    pub(crate) live: Live,
    /// How long requests may take.
    pub(crate) limits: Limits,
}

impl WebParts<'_> {
    /// Puts them together.
    pub(crate) fn state(self) -> anyhow::Result<AppState> {
        let store = self.database.store.clone();
        let mut options = self.client_options.clone();
        options.hosts.allow_host_of(&self.bugzilla.write_url);
        let client = Client::new(options).context("cannot set up HTTP")?;
        Ok(AppState::new(Parts {
            accounts: Accounts::new(store.clone(), self.accounts, self.data_dir, self.client_options)?,
            bug_search: BugSearch::new(store.clone()),
            bugzilla: Bugzilla::new(client, self.bugzilla),
            store,
            site: self.site,
            bridge: self.bridge,
            queue: Arc::clone(&self.database.queue),
            health: self.health,
            live: self.live,
            limits: self.limits,
        }))
    }
}

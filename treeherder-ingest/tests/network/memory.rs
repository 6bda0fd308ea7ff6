//! A push store and a pushlog cache in memory, and the servers they are used with.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::push::{
    LoadedPush, PushStore, PushStoreError, PushlogCache, RepositoryRule, Upstream, UpstreamOptions,
};

/// What has been stored, and what shall fail.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) repositories: Vec<RepositoryRule>,
    pub(crate) pushes: Mutex<Vec<(i32, LoadedPush)>>,
    pub(crate) last_push_ids: Mutex<HashMap<String, i64>>,
    /// Revisions of pushes that cannot be stored.
    pub(crate) broken: Vec<String>,
}

impl Memory {
    pub(crate) fn stored(&self) -> Vec<LoadedPush> {
        self.pushes.lock().unwrap().iter().map(|(_, push)| push.clone()).collect()
    }

    pub(crate) fn last_push_id(&self, repository: &str) -> Option<i64> {
        self.last_push_ids.lock().unwrap().get(repository).copied()
    }
}

#[async_trait]
impl PushStore for Memory {
    async fn repositories_at(&self, url: &str) -> Result<Vec<RepositoryRule>, PushStoreError> {
        Ok(self.repositories.iter().filter(|repository| repository.url == url).cloned().collect())
    }

    async fn store_push(&self, repository_id: i32, push: &LoadedPush) -> Result<(), PushStoreError> {
        if self.broken.contains(&push.revision) {
            return Err(PushStoreError::transient("the disk is full"));
        }
        let mut pushes = self.pushes.lock().unwrap();
        pushes.retain(|(known, old)| *known != repository_id || old.revision != push.revision);
        pushes.push((repository_id, push.clone()));
        Ok(())
    }
}

#[async_trait]
impl PushlogCache for Memory {
    async fn last_push_id(&self, repository: &str) -> Result<Option<i64>, PushStoreError> {
        Ok(self.last_push_id(repository))
    }

    async fn set_last_push_id(&self, repository: &str, push_id: i64) -> Result<(), PushStoreError> {
        self.last_push_ids.lock().unwrap().insert(repository.to_owned(), push_id);
        Ok(())
    }

    async fn forget_last_push_id(&self, repository: &str) -> Result<(), PushStoreError> {
        self.last_push_ids.lock().unwrap().remove(repository);
        Ok(())
    }
}

/// A repository on GitHub or hg.mozilla.org that takes everything.
pub(crate) fn repository(name: &str, url: &str, branches: &[&str]) -> RepositoryRule {
    RepositoryRule {
        id: 1,
        name: name.into(),
        url: url.into(),
        dvcs_type: if url.contains("github") { "git" } else { "hg" }.into(),
        active: true,
        accepts_pull_requests: true,
        branches: branches.iter().map(|branch| (*branch).to_owned()).collect(),
    }
}

/// Both upstream servers played by one at `base`.
pub(crate) fn upstream_at(base: &str, token: Option<&str>) -> Upstream {
    let client = Client::new(ClientOptions::for_local_servers()).unwrap();
    let mut options = UpstreamOptions::default();
    options.github_api_url = base.to_owned();
    options.github_token = token.map(str::to_owned);
    options.hg_url = Some(base.to_owned());
    Upstream::new(client, options).unwrap()
}

/// A file of the conformance data; `None` (after saying so) when the data are not on this machine.
pub(crate) fn conformance(path: &str) -> Option<Value> {
    let folder = std::env::var_os("TREEHERDER_CONFORMANCE_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance")),
        PathBuf::from,
    );
    if !folder.is_dir() {
        eprintln!("skipped: no conformance data at {}", folder.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap())
}

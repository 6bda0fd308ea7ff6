//! Telling others about a deployment.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::roles::hostname;

/// How long others may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Whom to tell about a deployment, and what.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Notice")]
pub(crate) struct NoticeArgs {
    /// Where to post the notice of the deployment, as JSON [default: nowhere, it is only logged]
    #[arg(long, env = "TREEHERDER_DEPLOY_WEBHOOK", value_name = "URL", hide_env_values = true)]
    webhook: Option<String>,
    /// Revision that is deployed
    #[arg(long, env = "SOURCE_VERSION", value_name = "REVISION")]
    revision: Option<String>,
    /// Where the sources are, for a link that compares the revisions
    #[arg(long, env = "TREEHERDER_SOURCE_URL", value_name = "URL")]
    source_url: Option<String>,
    /// What is deployed, in words
    #[arg(long, env = "TREEHERDER_DEPLOY_DESCRIPTION", value_name = "TEXT")]
    description: Option<String>,
}

/// A deployment, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    event: &'static str,
    site: String,
    version: &'static str,
    revision: Option<String>,
    /// What ran before, if the site could tell.
    former_revision: Option<String>,
    /// Link that compares the two.
    changes: Option<String>,
    description: Option<String>,
    machine: String,
    time: DateTime<Utc>,
}

impl Notice {
    /// Gathers what is to be told; that the old release cannot be asked is no failure.
    pub(crate) async fn new(args: &NoticeArgs, site_url: &str) -> Self {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let revision = set(&args.revision);
        let former_revision = match former_revision(site_url).await {
            Ok(revision) => revision,
            Err(error) => {
                tracing::info!(error = format!("{error:#}"), "the running release did not tell its revision");
                None
            }
        };
        let changes =
            compare(set(&args.source_url).as_deref(), former_revision.as_deref(), revision.as_deref());
        Self {
            event: "deployment",
            site: site_url.to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            revision,
            former_revision,
            changes,
            description: set(&args.description),
            machine: hostname(),
            time: Utc::now(),
        }
    }

    /// Logs the notice and posts it, if that is wanted. A receiver that fails does not abort the release.
    pub(crate) async fn tell(&self, args: &NoticeArgs) {
        tracing::info!(
            version = self.version,
            revision = self.revision,
            former_revision = self.former_revision,
            changes = self.changes,
            description = self.description,
            "released"
        );
        let Some(url) = args.webhook.as_deref().filter(|url| !url.is_empty()) else { return };
        if let Err(error) = self.post(url).await {
            // The address may hold a token.
            tracing::error!(
                error = format!("{:#}", error.without_url()),
                "the notice of the deployment was not taken"
            );
        }
    }

    async fn post(&self, url: &str) -> reqwest::Result<()> {
        let client = reqwest::Client::builder().timeout(ANSWER_TIME).build()?;
        client.post(url).json(self).send().await?.error_for_status().map(drop)
    }
}

/// Asks the running release for its revision.
async fn former_revision(site_url: &str) -> anyhow::Result<Option<String>> {
    let client = reqwest::Client::builder().timeout(ANSWER_TIME).build()?;
    let url = format!("{}/__version__", site_url.trim_end_matches('/'));
    let answer = client.get(&url).send().await?.error_for_status()?;
    let version: Value = answer.json().await.with_context(|| format!("{url} is not JSON"))?;
    Ok(version["commit"].as_str().filter(|commit| !commit.is_empty()).map(str::to_owned))
}

fn compare(source: Option<&str>, former: Option<&str>, revision: Option<&str>) -> Option<String> {
    let (source, former, revision) = (source?, former?, revision?);
    Some(format!("{}/compare/{former}...{revision}", source.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_linked_when_both_ends_are_known() {
        let source = Some("https://git.example/th/");
        assert_eq!(
            compare(source, Some("abc"), Some("def")).unwrap(),
            "https://git.example/th/compare/abc...def"
        );
        assert_eq!(compare(source, None, Some("def")), None);
        assert_eq!(compare(None, Some("abc"), Some("def")), None);
    }
}

//! A client of Bugzilla's REST API.

use std::time::Duration;

use serde_json::Value;

use super::BugzillaOptions;
use super::security_groups::Configuration;
use crate::http::{Client, HttpError, Method, Response, header};

/// Header of the key.
const KEY_HEADER: header::HeaderName = header::HeaderName::from_static("x-bugzilla-api-key");
/// Longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most of an answer that is not JSON which is shown, in characters.
const SHOWN: usize = 500;

/// An error of Bugzilla.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BugzillaError {
    /// It refused, with this explanation.
    #[error("{0}")]
    Refused(String),
    /// It could not be asked, or its answer could not be read.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// A Bugzilla; cheap to clone.
#[derive(Clone, Debug)]
pub struct Bugzilla {
    client: Client,
    options: BugzillaOptions,
}

impl Bugzilla {
    /// Speaks to the server of the options by `client`, whose allow-list has its host.
    #[must_use]
    pub fn new(client: Client, options: BugzillaOptions) -> Self {
        Self { client, options }
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &BugzillaOptions {
        &self.options
    }

    /// Returns the bugs that the parameters ask for, as they come.
    ///
    /// # Errors
    /// When Bugzilla cannot be asked, or answers with no JSON.
    pub(super) async fn bugs(&self, parameters: &[(&str, String)]) -> Result<Vec<Value>, BugzillaError> {
        let url = format!("{}/rest/bug", self.options.read_url.trim_end_matches('/'));
        let mut request = self.client.get(&url);
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        let mut answer: Value = request.json().await?;
        match answer.get_mut("bugs").map(Value::take) {
            Some(Value::Array(bugs)) => Ok(bugs),
            _ => Ok(Vec::new()),
        }
    }

    /// Returns what the server tells of its products and groups.
    ///
    /// # Errors
    /// When Bugzilla cannot be asked, or answers with something else.
    pub(super) async fn configuration(&self) -> Result<Configuration, BugzillaError> {
        let url = format!("{}/latest/configuration", self.options.read_url.trim_end_matches('/'));
        Ok(self.client.get(&url).json().await?)
    }

    /// Files a bug and returns its number.
    ///
    /// # Errors
    /// When Bugzilla refuses it or cannot be asked.
    pub async fn file_bug(&self, key: &str, bug: &Value) -> Result<i64, BugzillaError> {
        let answer = self.send(Method::POST, "rest/bug", key, bug).await?;
        let no_number = || BugzillaError::Refused("Bugzilla did not tell the number of the bug.".to_owned());
        answer.get("id").and_then(Value::as_i64).ok_or_else(no_number)
    }

    /// Changes a bug and returns Bugzilla's answer.
    ///
    /// # Errors
    /// When Bugzilla refuses it or cannot be asked.
    pub async fn change_bug(&self, key: &str, number: i64, change: &Value) -> Result<Value, BugzillaError> {
        self.send(Method::PUT, &format!("rest/bug/{number}"), key, change).await
    }

    /// The address of a bug for people.
    #[must_use]
    pub fn bug_url(&self, number: i64) -> String {
        format!("{}/show_bug.cgi?id={number}", self.options.write_url.trim_end_matches('/'))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, BugzillaError> {
        let url = format!("{}/{path}", self.options.write_url.trim_end_matches('/'));
        let request = self.client.request(method, &url).header(KEY_HEADER, key);
        let request = request.header(header::ACCEPT, "application/json").json_body(body);
        let response = request.total_timeout(TIMEOUT).any_status().response().await?;
        if response.status.is_success() {
            return Ok(response.json()?);
        }
        Err(BugzillaError::Refused(explanation(&response)))
    }
}

/// What a refusal says: its `message`, else its text.
fn explanation(response: &Response) -> String {
    let message =
        response.json::<Value>().ok().and_then(|body| Some(body.get("message")?.as_str()?.to_owned()));
    message.unwrap_or_else(|| {
        let text: String = response.text().chars().take(SHOWN).collect();
        if text.trim().is_empty() { format!("Bugzilla answered {}", response.status) } else { text }
    })
}

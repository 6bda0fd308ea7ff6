//! Where to listen: source objects (§1.2) and AMQP URLs.

use std::fmt;

use serde::{Deserialize, Deserializer};
use thiserror::Error;
use url::Url;

/// One source of messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Where Pulse is, and as whom; the user becomes part of the queue's name.
    pub pulse_url: AmqpUrl,
    /// Root URL of the Taskcluster deployment, passed along with every work item.
    #[serde(deserialize_with = "web_address")]
    pub root_url: String,
    /// AMQP virtual host; it overrides the URL's.
    #[serde(default = "default_vhost")]
    pub vhost: String,
    /// Whether to listen to pushes of hg.mozilla.org.
    #[serde(default)]
    pub hgmo: bool,
    /// Whether to listen to pushes and pull requests of GitHub.
    #[serde(default)]
    pub github: bool,
    /// Whether to listen to task events (joint listener only).
    #[serde(default)]
    pub tasks: bool,
    /// Whether to listen to mozci's classification tasks (joint listener only).
    #[serde(default, rename = "mozci-classification")]
    pub mozci_classification: bool,
    /// Namespace of a bridge whose job messages are listened to, in `exchange/<namespace>/v1/jobs` (joint listener, and
    /// the one to jobs, for which it is by default [`MAIN_BRIDGE`](super::MAIN_BRIDGE)).
    #[serde(default, deserialize_with = "word")]
    pub jobs: Option<String>,
    /// Destination of the job messages that are wanted, the first word of their routing keys; all when there is none.
    #[serde(default, rename = "jobs-destination", deserialize_with = "word")]
    pub jobs_destination: Option<String>,
}

fn default_vhost() -> String {
    "/".to_owned()
}

fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text),
        Ok(_) => Err(serde::de::Error::custom(format!("root_url \"{text}\" is not an http or https URL"))),
        Err(error) => Err(serde::de::Error::custom(format!("root_url \"{text}\": {error}"))),
    }
}

/// Reads a word of an exchange's name or of a routing key: no more than what it stands for can come of it.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text {
        Some(text) if text.is_empty() || text.contains(['.', '/', '*', '#', ':', ' ']) => {
            Err(serde::de::Error::custom(format!(
                "\"{text}\" is no single word, as jobs and jobs-destination are"
            )))
        }
        text => Ok(text),
    }
}

/// A list of sources cannot be read.
#[derive(Debug, Error)]
#[error("{variable}: {source}")]
pub struct SourceConfigError {
    /// Name of the variable that holds it.
    pub variable: String,
    /// What is wrong, with line and column.
    pub source: serde_json::Error,
}

impl SourceConfig {
    /// Makes a source that listens to nothing yet.
    #[must_use]
    pub fn new(pulse_url: AmqpUrl, root_url: &str) -> Self {
        Self {
            pulse_url,
            root_url: root_url.to_owned(),
            vhost: default_vhost(),
            hgmo: false,
            github: false,
            tasks: false,
            mozci_classification: false,
            jobs: None,
            jobs_destination: None,
        }
    }

    /// Reads a JSON array of source objects from the text of a variable.
    ///
    /// # Errors
    /// When the text is not such an array; the error names the variable and the place, and no password.
    pub fn parse_list(variable: &str, text: &str) -> Result<Vec<Self>, SourceConfigError> {
        serde_json::from_str(text)
            .map_err(|source| SourceConfigError { variable: variable.to_owned(), source })
    }

    /// Returns the name of the source's queue on Pulse's side: `queue/<user>/<suffix>` (§1.5).
    #[must_use]
    pub fn queue_name(&self, suffix: &str) -> String {
        format!("queue/{}/{suffix}", self.pulse_url.user())
    }
}

/// Hosts of this machine or compose file.
const LOCAL_HOSTS: [&str; 5] = ["127.0.0.1", "[::1]", "localhost", "postgres", "rabbitmq"];

/// Tells whether a server is spoken to without encryption unless its URL says otherwise: one of this machine or of the
/// same compose file, as the host of the URL names it.
#[must_use]
pub fn is_local_host(host: &str) -> bool {
    LOCAL_HOSTS.contains(&host)
}

/// An AMQP URL with a user; its password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AmqpUrl {
    url: Url,
    user: String,
    password: String,
}

impl AmqpUrl {
    /// Reads a URL such as `amqp://USER:PASS@pulse.mozilla.org:5671/?ssl=1`.
    ///
    /// # Errors
    /// A text that tells what is wrong, without the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if !matches!(url.scheme(), "amqp" | "amqps") {
            return Err(format!("scheme \"{}\" is neither amqp nor amqps", url.scheme()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("no host in the AMQP URL".to_owned());
        }
        let user = percent_decoded(url.username());
        if user.is_empty() {
            return Err("no user in the AMQP URL".to_owned());
        }
        let password = percent_decoded(url.password().unwrap_or_default());
        Ok(Self { url, user, password })
    }

    /// Returns the user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns the host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Tells whether the connection is encrypted (§2.3).
    ///
    /// `ssl=1` and `ssl=0` in the query decide; without them the scheme `amqps` does, and otherwise every host but
    /// the near ones ([`is_local_host`]).
    #[must_use]
    pub fn is_tls(&self) -> bool {
        let asked = self.url.query_pairs().find(|(key, _)| key == "ssl");
        match asked {
            Some((_, value)) => super::settings::environment_flag(&value),
            None => self.url.scheme() == "amqps" || !is_local_host(self.host()),
        }
    }

    /// Returns the virtual host of the path: `/` where the path is empty, `/` or `//`.
    #[must_use]
    pub fn vhost(&self) -> String {
        let path = self.url.path();
        match path.strip_prefix('/').unwrap_or(path) {
            "" => default_vhost(),
            name => percent_decoded(name),
        }
    }

    /// Returns the port: the URL's, else 5671 with encryption and 5672 without.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.is_tls() { 5671 } else { 5672 })
    }
}

impl fmt::Display for AmqpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.url.username();
        write!(formatter, "{}://{user}:***@{}:{}", self.url.scheme(), self.host(), self.port())
    }
}

impl fmt::Debug for AmqpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AmqpUrl({self})")
    }
}

impl<'de> Deserialize<'de> for AmqpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|reason| serde::de::Error::custom(format!("pulse_url: {reason}")))
    }
}

/// Replaces `%41`-style escapes; what is no escape stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape =
            (first == b'%').then(|| after.split_at_checked(2)).flatten().and_then(|(digits, after)| {
                let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
                Some((u8::from_str_radix(digits, 16).ok()?, after))
            });
        let (byte, after) = escape.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_object_has_the_keys_of_the_specification() {
        let text = r#"[
            {"pulse_url": "amqp://treeherder:secret@pulse.mozilla.org:5671/?ssl=1",
             "root_url": "https://firefox-ci-tc.services.mozilla.com", "hgmo": true, "github": true},
            {"pulse_url": "amqp://x%40y:p%25@localhost/vh", "root_url": "http://tc.local", "vhost": "communitytc",
             "tasks": true, "mozci-classification": true}
        ]"#;
        let sources = SourceConfig::parse_list("PULSE_SOURCES", text).unwrap();
        assert_eq!((sources[0].hgmo, sources[0].github, sources[0].tasks), (true, true, false));
        assert_eq!(sources[0].vhost, "/");
        assert_eq!(sources[0].queue_name("tasks"), "queue/treeherder/tasks");
        let url = &sources[0].pulse_url;
        assert_eq!((url.user(), url.password()), ("treeherder", "secret"));
        assert_eq!((url.host(), url.port(), url.is_tls()), ("pulse.mozilla.org", 5671, true));
        assert_eq!(sources[1].vhost, "communitytc");
        assert!(sources[1].mozci_classification && sources[1].tasks && !sources[1].hgmo);
        let url = &sources[1].pulse_url;
        assert_eq!((url.user(), url.password(), url.port(), url.is_tls()), ("x@y", "p%", 5672, false));
    }

    #[test]
    fn a_wrong_source_is_named_with_variable_and_place() {
        for (text, expected) in [
            ("{}", "PULSE_SOURCES: invalid type: map, expected a sequence at line 1 column 0"),
            ("[{}]", "PULSE_SOURCES: missing field `pulse_url` at line 1 column 3"),
            (
                r#"[{"pulse_url": "http://u:geheim@h", "root_url": "https://x"}]"#,
                "PULSE_SOURCES: pulse_url: scheme \"http\" is neither amqp nor amqps",
            ),
            (
                r#"[{"pulse_url": "amqp://h", "root_url": "https://x"}]"#,
                "PULSE_SOURCES: pulse_url: no user in the AMQP URL",
            ),
            (
                r#"[{"pulse_url": "amqp://u:geheim@h", "root_url": "x"}]"#,
                "PULSE_SOURCES: root_url \"x\": relative URL without a base",
            ),
            (
                r#"[{"pulse_url": "amqp://u:geheim@h", "root_url": "https://x", "gitub": true}]"#,
                "PULSE_SOURCES: unknown field `gitub`",
            ),
        ] {
            let error = SourceConfig::parse_list("PULSE_SOURCES", text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let source = SourceConfig::new(AmqpUrl::parse("amqps://user:geheim@host/").unwrap(), "https://x");
        assert!(!format!("{source:?} {}", source.pulse_url).contains("geheim"));
        assert_eq!(source.pulse_url.to_string(), "amqps://user:***@host:5671");
    }

    #[test]
    fn hosts_elsewhere_are_spoken_to_in_secret() {
        for (url, tls, port, vhost) in [
            ("amqp://guest:guest@localhost:5672//", false, 5672, "/"),
            ("amqp://guest:guest@rabbitmq", false, 5672, "/"),
            ("amqp://guest:guest@127.0.0.1/%2F", false, 5672, "/"),
            ("amqp://u:p@localhost/?ssl=1", true, 5671, "/"),
            ("amqp://u:p@broker.example/treeherder", true, 5671, "treeherder"),
            ("amqp://u:p@broker.example:5672/a%20b?ssl=0", false, 5672, "a b"),
            ("amqps://u:p@localhost", true, 5671, "/"),
        ] {
            let parsed = AmqpUrl::parse(url).unwrap();
            assert_eq!(
                (parsed.is_tls(), parsed.port(), parsed.vhost().as_str()),
                (tls, port, vhost),
                "{url}"
            );
        }
    }

    #[test]
    fn percent_escapes_are_decoded_and_others_kept() {
        for (text, expected) in
            [("a%20b", "a b"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%+1", "%+1")]
        {
            assert_eq!(percent_decoded(text), expected, "{text}");
        }
    }
}

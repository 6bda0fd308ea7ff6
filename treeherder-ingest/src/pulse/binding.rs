//! What a queue on Pulse's side receives (§1.4).

use std::fmt;

use thiserror::Error;

/// An exchange and the routing keys wanted from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Name of the exchange.
    pub exchange: String,
    /// Patterns of routing keys: `*` stands for one word, `#` for any number of words.
    pub routing_keys: Vec<String>,
}

/// A binding cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("binding \"{binding}\": {reason}")]
pub struct BindingError {
    /// The text.
    pub binding: String,
    /// What is missing.
    pub reason: &'static str,
}

/// What is done to routing keys before they are bound (§1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoutingKeyTransform {
    /// Nothing.
    Unchanged,
    /// `#.` is put in front, so that the key may stand at the end of a longer one.
    AnyPrefix,
}

impl RoutingKeyTransform {
    fn apply(self, key: &str) -> String {
        match self {
            Self::Unchanged => key.to_owned(),
            Self::AnyPrefix => format!("#.{key}"),
        }
    }
}

/// Which routes of mozci are listened to (`PULSE_MOZCI_ENVIRONMENT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MozciEnvironment {
    /// The real ones.
    #[default]
    Production,
    /// Those of mozci's tests.
    Testing,
}

impl MozciEnvironment {
    /// Reads the variable's text; whatever is unknown logs a warning and means production.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "testing" => Self::Testing,
            "production" => Self::Production,
            other => {
                tracing::warn!(
                    environment = other,
                    "PULSE_MOZCI_ENVIRONMENT is neither production nor testing, using production"
                );
                Self::Production
            }
        }
    }

    /// Returns the binding of mozci's classification tasks.
    pub(super) fn binding(self) -> &'static str {
        match self {
            Self::Production => {
                "exchange/taskcluster-queue/v1/task-completed.route.index.project.mozci.classification.#"
            }
            Self::Testing => {
                "exchange/taskcluster-queue/v1/task-completed.route.index.project.mozci.testing.classification.#"
            }
        }
    }
}

pub(super) const TASK_BINDINGS: [&str; 6] = [
    "exchange/taskcluster-queue/v1/task-defined.#",
    "exchange/taskcluster-queue/v1/task-pending.#",
    "exchange/taskcluster-queue/v1/task-running.#",
    "exchange/taskcluster-queue/v1/task-completed.#",
    "exchange/taskcluster-queue/v1/task-failed.#",
    "exchange/taskcluster-queue/v1/task-exception.#",
];
pub(super) const GITHUB_BINDINGS: [&str; 2] =
    ["exchange/taskcluster-github/v1/push.#", "exchange/taskcluster-github/v1/pull-request.#"];
pub(super) const HGMO_BINDINGS: [&str; 1] = ["exchange/hgpushes/v1.#"];

impl Binding {
    /// Reads `<exchange>.<routing keys>`: split at the first dot, keys separated by colons.
    ///
    /// # Errors
    /// When there is no dot, no exchange or an empty key.
    pub fn parse(text: &str, transform: RoutingKeyTransform) -> Result<Self, BindingError> {
        let wrong = |reason| BindingError { binding: text.to_owned(), reason };
        let (exchange, keys) =
            text.split_once('.').ok_or_else(|| wrong("no dot between exchange and routing key"))?;
        if exchange.is_empty() {
            return Err(wrong("no exchange before the first dot"));
        }
        if keys.split(':').any(str::is_empty) {
            return Err(wrong("empty routing key"));
        }
        let routing_keys = keys.split(':').map(|key| transform.apply(key)).collect();
        Ok(Self { exchange: exchange.to_owned(), routing_keys })
    }

    /// Tells whether a message with that exchange and one of those routing keys would be received.
    pub fn matches<'k>(&self, exchange: &str, mut keys: impl Iterator<Item = &'k str>) -> bool {
        self.exchange == exchange
            && keys.any(|key| self.routing_keys.iter().any(|pattern| topic_matches(pattern, key)))
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.exchange, self.routing_keys.join(":"))
    }
}

/// Tells whether a topic exchange would take the key for the pattern.
fn topic_matches(pattern: &str, key: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let key: Vec<&str> = if key.is_empty() { Vec::new() } else { key.split('.').collect() };
    let (mut at_pattern, mut at_key) = (0, 0);
    // Position after the last `#` and the first key word it has not swallowed: where to resume when words differ.
    let mut resume: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at_pattern), key.get(at_key)) {
            (Some(&"#"), _) => {
                at_pattern += 1;
                resume = Some((at_pattern, at_key));
            }
            (Some(word), Some(have)) if *word == "*" || word == have => {
                at_pattern += 1;
                at_key += 1;
            }
            (None, None) => return true,
            _ => match resume {
                Some((pattern_start, swallowed)) if swallowed < key.len() => {
                    at_pattern = pattern_start;
                    at_key = swallowed + 1;
                    resume = Some((pattern_start, at_key));
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_split_at_the_first_dot_and_at_colons() {
        let text = "exchange/taskcluster-queue/v1/task-completed.route.a.#:route.b";
        let binding = Binding::parse(text, RoutingKeyTransform::Unchanged).unwrap();
        assert_eq!(binding.exchange, "exchange/taskcluster-queue/v1/task-completed");
        assert_eq!(binding.routing_keys, ["route.a.#", "route.b"]);
        assert_eq!(binding.to_string(), text);
        let binding = Binding::parse(text, RoutingKeyTransform::AnyPrefix).unwrap();
        assert_eq!(binding.routing_keys, ["#.route.a.#", "#.route.b"]);
        let tasks = Binding::parse(TASK_BINDINGS[0], RoutingKeyTransform::AnyPrefix).unwrap();
        assert_eq!(tasks.routing_keys, ["#.#"]);
    }

    #[test]
    fn a_wrong_binding_is_named() {
        for (text, reason) in [
            ("exchange/x", "no dot between exchange and routing key"),
            (".#", "no exchange before the first dot"),
            ("exchange/x.", "empty routing key"),
            ("exchange/x.a::b", "empty routing key"),
        ] {
            let error = Binding::parse(text, RoutingKeyTransform::Unchanged).unwrap_err();
            assert_eq!(error.to_string(), format!("binding \"{text}\": {reason}"));
        }
    }

    #[test]
    fn topics_match_as_in_amqp() {
        for (pattern, key, expected) in [
            ("#", "", true),
            ("#", "a.b", true),
            ("#.#", "", true),
            ("#.#", "a.b.c", true),
            ("a", "a", true),
            ("a", "a.b", false),
            ("a", "", false),
            ("*", "a", true),
            ("*", "", false),
            ("*", "a.b", false),
            ("a.*.c", "a.b.c", true),
            ("a.#.c", "a.c", true),
            ("a.#.c", "a.b.b.c", true),
            ("a.#.c", "a.b.b", false),
            ("#.b.#.d", "a.b.x.b.d", true),
            ("#.a.*", "a.a.b", true),
            ("#.a.*", "a", false),
            ("#.route.x.#", "primary.route.x.y", true),
            ("#.route.x.#", "route.y", false),
        ] {
            assert_eq!(topic_matches(pattern, key), expected, "{pattern} against {key}");
        }
    }

    #[test]
    fn an_unknown_mozci_environment_means_production() {
        assert_eq!(MozciEnvironment::parse("testing"), MozciEnvironment::Testing);
        assert_eq!(MozciEnvironment::parse("production"), MozciEnvironment::Production);
        assert_eq!(MozciEnvironment::parse("staging"), MozciEnvironment::Production);
    }
}

//! What a listener is told by its environment (§0.2, §1.1–1.5).

use thiserror::Error;

use super::binding::{GITHUB_BINDINGS, HGMO_BINDINGS, TASK_BINDINGS};
use super::{AmqpUrl, Binding, Kind, MozciEnvironment, RoutingKeyTransform, SourceConfig, SourceConfigError};
use crate::bridge::jobs_binding;
use crate::pipeline::{COMMUNITY_TC, FIREFOX_CI};

/// Namespace of the bridge that Mozilla runs (`spec/bridge-l10n-platform.md` §1.8).
pub const MAIN_BRIDGE: &str = "taskcluster-treeherder";

/// Settings of one listener program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the program listens to.
    pub kind: Kind,
    /// Where.
    pub sources: Vec<SourceConfig>,
    /// Last part of the queue names on Pulse's side.
    pub queue_suffix: String,
    /// Whether those queues vanish with their last consumer.
    pub auto_delete: bool,
    /// Whether the program is to exit at once; every kind heeds it [Q-01].
    pub skip_ingestion: bool,
    /// Which routes of mozci count.
    pub mozci: MozciEnvironment,
}

/// The environment does not tell enough.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A list of sources cannot be read.
    #[error(transparent)]
    Sources(#[from] SourceConfigError),
    /// The default sources need an address.
    #[error("PULSE_URL is not set, and neither is {0}")]
    NoUrl(&'static str),
    /// The address cannot be read.
    #[error("PULSE_URL: {0}")]
    Url(String),
}

/// Reads a switch the way django-environ does: an integer is true unless 0, and so are a few words.
#[must_use]
pub fn environment_flag(text: &str) -> bool {
    let text = text.trim();
    match text.parse::<i128>() {
        Ok(number) => number != 0,
        Err(_) => ["true", "on", "ok", "y", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word)),
    }
}

impl Settings {
    /// Reads the settings for a kind of listener; `variable` looks up an environment variable.
    ///
    /// Other than upstream, `PULSE_URL` is needed only where the default sources are used.
    ///
    /// # Errors
    /// When there is no usable list of sources.
    pub fn read(
        kind: Kind,
        hostname: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let set = |name: &str| variable(name).filter(|text| !text.is_empty());
        let flag = |name: &str| set(name).is_some_and(|text| environment_flag(&text));
        let sources = match set(kind.sources_variable()) {
            Some(text) => SourceConfig::parse_list(kind.sources_variable(), &text)?,
            None => {
                let url = set("PULSE_URL").ok_or(SettingsError::NoUrl(kind.sources_variable()))?;
                kind.default_sources(&AmqpUrl::parse(&url).map_err(SettingsError::Url)?)
            }
        };
        Ok(Self {
            kind,
            sources,
            queue_suffix: set(kind.suffix_variable()).unwrap_or_else(|| kind.default_suffix(hostname)),
            auto_delete: flag("PULSE_AUTO_DELETE_QUEUES") || set("VIRTUAL_ENV").is_some(),
            skip_ingestion: flag("SKIP_INGESTION"),
            mozci: set("PULSE_MOZCI_ENVIRONMENT")
                .map_or_else(MozciEnvironment::default, |text| MozciEnvironment::parse(&text)),
        })
    }

    /// Returns each source with the name of its queue and its bindings.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&SourceConfig, String, Vec<Binding>)> {
        self.sources.iter().enumerate().map(|(position, source)| {
            let bindings = self.kind.bindings(position, source, self.mozci);
            (source, source.queue_name(&self.queue_suffix), bindings)
        })
    }
}

impl Kind {
    /// Returns the variable that lists the sources.
    #[must_use]
    pub fn sources_variable(self) -> &'static str {
        match self {
            Self::Joint => "PULSE_SOURCES",
            Self::Pushes => "PULSE_PUSH_SOURCES",
            Self::Tasks => "PULSE_TASK_SOURCES",
            Self::Classification => "PULSE_MOZCI_CLASSIFICATION_SOURCES",
            Self::Jobs => "PULSE_JOB_SOURCES",
        }
    }

    /// Returns the variable that holds the last part of the queue name; one of them is misspelt upstream.
    fn suffix_variable(self) -> &'static str {
        match self {
            Self::Joint => "PULSE_QUEUE_NAME",
            Self::Pushes => "PULSE_RESULSETS_QUEUE_NAME",
            Self::Tasks => "PULSE_TASKS_QUEUE_NAME",
            Self::Classification => "PULSE_MOZCI_CLASSIFICATION_QUEUE_NAME",
            Self::Jobs => "PULSE_JOBS_QUEUE_NAME",
        }
    }

    fn default_suffix(self, hostname: &str) -> String {
        match self {
            Self::Joint => format!("queue_{hostname}"),
            Self::Pushes => "resultsets".to_owned(),
            Self::Tasks => "tasks".to_owned(),
            Self::Classification => "tasksclassification".to_owned(),
            Self::Jobs => "jobs".to_owned(),
        }
    }

    /// Returns the sources that are listened to when no list is given (§1.3).
    #[must_use]
    pub fn default_sources(self, pulse_url: &AmqpUrl) -> Vec<SourceConfig> {
        let firefox = SourceConfig::new(pulse_url.clone(), FIREFOX_CI);
        let community = SourceConfig {
            vhost: "communitytc".to_owned(),
            ..SourceConfig::new(pulse_url.clone(), COMMUNITY_TC)
        };
        match self {
            Self::Joint => vec![
                SourceConfig { github: true, hgmo: true, tasks: true, ..firefox },
                SourceConfig { mozci_classification: true, ..community },
            ],
            Self::Pushes => vec![SourceConfig { github: true, hgmo: true, ..firefox }],
            Self::Tasks | Self::Jobs => vec![firefox],
            Self::Classification => vec![community],
        }
    }

    /// Returns what the source at that position is bound to, in order of binding (§1.4).
    #[must_use]
    pub fn bindings(self, position: usize, source: &SourceConfig, mozci: MozciEnvironment) -> Vec<Binding> {
        let transform = match self {
            Self::Tasks | Self::Classification => RoutingKeyTransform::AnyPrefix,
            Self::Joint if position == 0 => RoutingKeyTransform::AnyPrefix,
            // Upstream ignores a joint listener's third source and later ones [Q-03]; here they are like the second.
            Self::Joint | Self::Pushes | Self::Jobs => RoutingKeyTransform::Unchanged,
        };
        let (pushes, joint) = (self == Self::Pushes, self == Self::Joint);
        let mut texts: Vec<&str> = Vec::new();
        if source.hgmo && (pushes || joint) {
            texts.extend(HGMO_BINDINGS);
        }
        if source.github && (pushes || joint) {
            texts.extend(GITHUB_BINDINGS);
        }
        if self == Self::Tasks || joint && source.tasks {
            texts.extend(TASK_BINDINGS);
        }
        if self == Self::Classification || joint && source.mozci_classification {
            texts.push(mozci.binding());
        }
        let namespace = match self {
            Self::Jobs => Some(source.jobs.as_deref().unwrap_or(MAIN_BRIDGE)),
            Self::Joint => source.jobs.as_deref(),
            Self::Tasks | Self::Pushes | Self::Classification => None,
        };
        let jobs = namespace.map(|namespace| jobs_binding(namespace, source.jobs_destination.as_deref()));
        // The texts are constants of this module; a test reads them all.
        texts.into_iter().filter_map(|text| Binding::parse(text, transform).ok()).chain(jobs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "amqp://foo:bar@pulse.mozilla.org:5671/?ssl=1";

    fn read(kind: Kind, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(kind, "box", |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn bindings_of(settings: &Settings) -> Vec<Vec<String>> {
        settings
            .subscriptions()
            .map(|(_, _, bindings)| bindings.iter().map(ToString::to_string).collect())
            .collect()
    }

    #[test]
    fn default_sources_and_queue_names() {
        let cases = [
            (Kind::Joint, "queue/foo/queue_box", &[(FIREFOX_CI, "/"), (COMMUNITY_TC, "communitytc")][..]),
            (Kind::Pushes, "queue/foo/resultsets", &[(FIREFOX_CI, "/")]),
            (Kind::Tasks, "queue/foo/tasks", &[(FIREFOX_CI, "/")]),
            (Kind::Classification, "queue/foo/tasksclassification", &[(COMMUNITY_TC, "communitytc")]),
            (Kind::Jobs, "queue/foo/jobs", &[(FIREFOX_CI, "/")]),
        ];
        for (kind, queue, sources) in cases {
            let settings = read(kind, &[("PULSE_URL", URL)]).unwrap();
            let got: Vec<_> = settings
                .sources
                .iter()
                .map(|source| (source.root_url.as_str(), source.vhost.as_str()))
                .collect();
            assert_eq!(got, sources, "{kind:?}");
            for (_, name, bindings) in settings.subscriptions() {
                assert_eq!(name, queue);
                assert!(!bindings.is_empty(), "{kind:?}");
            }
            assert!(!settings.auto_delete && !settings.skip_ingestion);
        }
    }

    #[test]
    fn bindings_come_in_the_order_of_the_specification() {
        let pushes = read(Kind::Pushes, &[("PULSE_URL", URL)]).unwrap();
        let expected = [
            "exchange/hgpushes/v1.#",
            "exchange/taskcluster-github/v1/push.#",
            "exchange/taskcluster-github/v1/pull-request.#",
        ];
        assert_eq!(bindings_of(&pushes), [expected]);

        let tasks = read(Kind::Tasks, &[("PULSE_URL", URL)]).unwrap();
        let expected: Vec<_> = ["defined", "pending", "running", "completed", "failed", "exception"]
            .map(|state| format!("exchange/taskcluster-queue/v1/task-{state}.#.#"))
            .into();
        assert_eq!(bindings_of(&tasks), [expected]);

        let mozci = read(Kind::Classification, &[("PULSE_URL", URL), ("PULSE_MOZCI_ENVIRONMENT", "testing")]);
        assert_eq!(
            bindings_of(&mozci.unwrap()),
            [[
                "exchange/taskcluster-queue/v1/task-completed.#.route.index.project.mozci.testing.classification.#"
            ]]
        );

        let joint = read(Kind::Joint, &[("PULSE_URL", URL)]).unwrap();
        let bindings = bindings_of(&joint);
        assert_eq!(bindings[0].len(), 9);
        assert_eq!(bindings[0][0], "exchange/hgpushes/v1.#.#");
        assert_eq!(bindings[0][2], "exchange/taskcluster-github/v1/pull-request.#.#");
        assert_eq!(bindings[0][8], "exchange/taskcluster-queue/v1/task-exception.#.#");
        assert_eq!(
            bindings[1],
            ["exchange/taskcluster-queue/v1/task-completed.route.index.project.mozci.classification.#"]
        );
    }

    #[test]
    fn a_push_source_without_flags_binds_nothing_and_joint_uses_every_source() {
        let source = |flags: &str| format!(r#"{{"pulse_url": "{URL}", "root_url": "https://x"{flags}}}"#);
        let text = format!("[{}]", source(""));
        let settings = read(Kind::Pushes, &[("PULSE_PUSH_SOURCES", &text)]).unwrap();
        assert_eq!(bindings_of(&settings), [[""; 0]]);

        let text = format!("[{}, {}, {}]", source(""), source(""), source(r#", "hgmo": true"#));
        let settings = read(Kind::Joint, &[("PULSE_SOURCES", &text)]).unwrap();
        assert_eq!(bindings_of(&settings)[2], ["exchange/hgpushes/v1.#"]);
    }

    #[test]
    fn job_messages_come_from_the_bridge_that_is_named() {
        let jobs = read(Kind::Jobs, &[("PULSE_URL", URL)]).unwrap();
        assert_eq!(bindings_of(&jobs), [["exchange/taskcluster-treeherder/v1/jobs.#"]]);
        let source = |keys: &str| {
            format!(r#"[{{"pulse_url": "{URL}", "root_url": "https://x", "tasks": true, {keys}}}]"#)
        };
        let text = source(r#""jobs": "mine", "jobs-destination": "tc-treeherder""#);
        let jobs = read(Kind::Jobs, &[("PULSE_JOB_SOURCES", &text)]).unwrap();
        assert_eq!(bindings_of(&jobs), [["exchange/mine/v1/jobs.tc-treeherder.#"]]);
        let joint = read(Kind::Joint, &[("PULSE_SOURCES", &text)]).unwrap();
        assert_eq!(bindings_of(&joint)[0].len(), 7);
        assert_eq!(bindings_of(&joint)[0][6], "exchange/mine/v1/jobs.tc-treeherder.#");
        let tasks = read(Kind::Tasks, &[("PULSE_TASK_SOURCES", &text)]).unwrap();
        assert_eq!(bindings_of(&tasks)[0].len(), 6);
        for wrong in
            [r#""jobs": "" "#, r#""jobs": "a/b""#, r#""jobs": "a.b""#, r#""jobs-destination": "a.#""#]
        {
            let error = read(Kind::Jobs, &[("PULSE_JOB_SOURCES", &source(wrong))]).unwrap_err().to_string();
            assert!(error.contains("is no single word"), "{wrong}: {error}");
        }
    }

    #[test]
    fn variables_change_names_and_switches() {
        let variables = [
            ("PULSE_URL", URL),
            ("PULSE_RESULSETS_QUEUE_NAME", "mine"),
            ("PULSE_AUTO_DELETE_QUEUES", "True"),
            ("SKIP_INGESTION", "1"),
        ];
        let settings = read(Kind::Pushes, &variables).unwrap();
        assert_eq!(settings.queue_suffix, "mine");
        assert!(settings.auto_delete && settings.skip_ingestion);
        assert!(read(Kind::Tasks, &[("PULSE_URL", URL), ("VIRTUAL_ENV", "/venv")]).unwrap().auto_delete);
    }

    #[test]
    fn a_missing_address_is_named() {
        let error = read(Kind::Tasks, &[("PULSE_URL", "")]).unwrap_err();
        assert_eq!(error.to_string(), "PULSE_URL is not set, and neither is PULSE_TASK_SOURCES");
        let error = read(Kind::Tasks, &[("PULSE_URL", "\"amqp://a:b@c\"")]).unwrap_err();
        assert_eq!(error.to_string(), "PULSE_URL: not a URL: relative URL without a base");
    }

    #[test]
    fn flags_are_read_as_django_environ_does() {
        for (text, expected) in [
            ("1", true),
            ("-2", true),
            ("0", false),
            ("00", false),
            (" Yes ", true),
            ("TRUE", true),
            ("on", true),
            ("ok", true),
            ("y", true),
            ("t", false),
            ("no", false),
            ("", false),
        ] {
            assert_eq!(environment_flag(text), expected, "{text:?}");
        }
    }
}

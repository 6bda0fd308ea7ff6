//! What a bridge is told by its environment (`spec/bridge-l10n-platform.md` §1.1, §1.2).

use std::str::FromStr;

use thiserror::Error;
use url::Url;

use crate::pulse::{AmqpSource, AmqpSourceOptions, AmqpUrl, Binding, SourceConfig, environment_flag};

use super::amqp::AmqpPublisher;
use super::options::BridgeOptions;
use super::publication::JOBS;
use super::route::RouteForms;

/// The exchanges of task events, without their common beginning.
const EVENTS: [&str; 5] = ["pending", "running", "completed", "failed", "exception"];

/// The name space that production publishes in.
pub const PRODUCTION_NAMESPACE: &str = "taskcluster-treeherder";

/// Deliveries a broker hands out before the first is acknowledged.
const PREFETCH: u16 = 40;

/// Where a bridge runs; it decides on the name of the queue (`TREEHERDER_BRIDGE_PROFILE`, else `NODE_ENV`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// On somebody's machine.
    #[default]
    Development,
    /// For the staging instance.
    Staging,
    /// For the real one.
    Production,
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "development" => Ok(Self::Development),
            "staging" => Ok(Self::Staging),
            "production" => Ok(Self::Production),
            other => Err(format!("{other:?} is none of development, staging, production")),
        }
    }
}

impl Profile {
    fn queue_name(self) -> &'static str {
        match self {
            Self::Development => "taskcluster-treeherder-dev",
            Self::Staging => "taskcluster-treeherder-staging",
            Self::Production => "taskcluster-treeherder",
        }
    }
}

/// Settings of a bridge process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeSettings {
    /// How routes are read and messages written.
    pub options: BridgeOptions,
    /// Where task events come from and jobs go to, and the root URL of the Taskcluster deployment.
    pub source: SourceConfig,
    /// Middle part of the names of queue and exchange; what Pulse lets the user own.
    pub namespace: String,
    /// Last part of the queue's name.
    pub queue_suffix: String,
    /// Deliveries handed out before the first is acknowledged.
    pub prefetch: u16,
}

/// The environment does not tell what is needed, or something impossible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{variable} {problem}")]
pub struct BridgeSettingsError {
    /// Name of the variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl BridgeSettings {
    /// Reads the settings; `variable` looks up an environment variable.
    ///
    /// # Errors
    /// When a variable is missing or wrong; the error names it and shows no password.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BridgeSettingsError> {
        let environment = Environment(&variable);
        let profile = match environment.optional("TREEHERDER_BRIDGE_PROFILE") {
            Some(text) => text.parse().map_err(wrong("TREEHERDER_BRIDGE_PROFILE"))?,
            None => environment
                .optional("NODE_ENV")
                .map_or(Ok(Profile::default()), |text| text.parse().map_err(wrong("NODE_ENV")))?,
        };
        let options = environment.options()?;
        let source = environment.source()?;
        let namespace = environment
            .optional("PULSE_NAMESPACE")
            .or_else(|| (profile == Profile::Production).then(|| PRODUCTION_NAMESPACE.to_owned()))
            .unwrap_or_else(|| source.pulse_url.user().to_owned());
        if profile == Profile::Production && namespace != PRODUCTION_NAMESPACE {
            let problem = format!("is {namespace:?}; in production it must be {PRODUCTION_NAMESPACE:?}");
            return Err(BridgeSettingsError { variable: "PULSE_NAMESPACE", problem });
        }
        let prefetch = match environment.optional("PULSE_PREFETCH") {
            Some(text) => match text.parse() {
                Ok(number) if number > 0 => number,
                _ => {
                    return Err(wrong("PULSE_PREFETCH")(format!("{text:?} is not a number from 1 to 65535")));
                }
            },
            None => PREFETCH,
        };
        let queue_suffix =
            environment.optional("PULSE_QUEUE_NAME").unwrap_or_else(|| profile.queue_name().to_owned());
        Ok(Self { options, source, namespace, queue_suffix, prefetch })
    }

    /// Returns the name of the queue on Pulse's side: durable, neither exclusive nor auto-delete, without a limit.
    #[must_use]
    pub fn queue(&self) -> String {
        format!("queue/{}/{}", self.namespace, self.queue_suffix)
    }

    /// Returns the name of the exchange jobs are published to: a durable topic exchange, declared at the start.
    #[must_use]
    pub fn exchange(&self) -> String {
        format!("exchange/{}/{JOBS}", self.namespace)
    }

    /// Returns what the queue is bound to: five exchanges, with the routes of each prefix.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        let routing_keys: Vec<String> =
            self.options.prefixes.iter().map(|prefix| format!("route.{prefix}.#")).collect();
        EVENTS
            .iter()
            .map(|event| Binding {
                exchange: format!("exchange/taskcluster-queue/v1/task-{event}"),
                routing_keys: routing_keys.clone(),
            })
            .collect()
    }

    /// Makes the source of task events.
    #[must_use]
    pub fn amqp_source(&self) -> AmqpSource {
        let options = AmqpSourceOptions { prefetch: self.prefetch, ..AmqpSourceOptions::default() };
        AmqpSource::new(self.source.clone(), self.queue(), self.bindings(), options)
    }

    /// Makes the publisher of jobs.
    #[must_use]
    pub fn amqp_publisher(&self) -> AmqpPublisher {
        AmqpPublisher::new(self.source.clone(), self.exchange())
    }
}

fn wrong(variable: &'static str) -> impl Fn(String) -> BridgeSettingsError {
    move |problem| BridgeSettingsError { variable, problem: format!("is wrong: {problem}") }
}

struct Environment<'env>(&'env dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|text| !text.is_empty())
    }

    fn required(&self, variable: &'static str) -> Result<String, BridgeSettingsError> {
        let problem = "is not set".to_owned();
        self.optional(variable).ok_or(BridgeSettingsError { variable, problem })
    }

    fn flag(&self, name: &str) -> bool {
        self.optional(name).is_some_and(|text| environment_flag(&text))
    }

    fn options(&self) -> Result<BridgeOptions, BridgeSettingsError> {
        const PREFIX: &str = "TREEHERDER_ROUTE_PREFIX";
        let text = self.required(PREFIX)?;
        let prefixes: Vec<&str> = text.split(',').map(str::trim).collect();
        if let Some(bad) = prefixes.iter().find(|word| word.is_empty() || word.contains(['.', '*', '#'])) {
            return Err(wrong(PREFIX)(format!("{bad:?} in {text:?} is not one word of a route")));
        }
        let mut options = BridgeOptions::new(prefixes);
        options.prefixes.sort_unstable();
        options.prefixes.dedup();
        options.legacy_revision_hash = self.flag("TREEHERDER_BRIDGE_LEGACY_REVISION_HASH");
        if let Some(name) = self.optional("TREEHERDER_BRIDGE_LOG_NAME") {
            if name.chars().count() > 50 {
                return Err(wrong("TREEHERDER_BRIDGE_LOG_NAME")("it has more than 50 characters".to_owned()));
            }
            options.log_name = name;
        }
        options.route_forms = match self.optional("TREEHERDER_BRIDGE_STRICT_ROUTES").as_deref() {
            None => RouteForms::All,
            Some("v2") => RouteForms::VersionTwo,
            Some(other) => {
                return Err(wrong("TREEHERDER_BRIDGE_STRICT_ROUTES")(format!("{other:?} is not \"v2\"")));
            }
        };
        Ok(options)
    }

    /// Reads where Pulse is from `PULSE_URL`, else from the variables of taskcluster-treeherder.
    fn source(&self) -> Result<SourceConfig, BridgeSettingsError> {
        const ROOT: &str = "TASKCLUSTER_ROOT_URL";
        let root_url = self.required(ROOT)?;
        match Url::parse(&root_url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {}
            _ => return Err(wrong(ROOT)(format!("{root_url:?} is not an http or https URL"))),
        }
        let pulse_url = match self.optional("PULSE_URL") {
            Some(text) => AmqpUrl::parse(&text).map_err(wrong("PULSE_URL"))?,
            None => self.pulse_url()?,
        };
        let vhost = pulse_url.vhost();
        let mut source = SourceConfig { tasks: true, vhost, ..SourceConfig::new(pulse_url, &root_url) };
        if let Some(vhost) = self.optional("PULSE_VHOST") {
            source.vhost = vhost;
        }
        Ok(source)
    }

    fn pulse_url(&self) -> Result<AmqpUrl, BridgeSettingsError> {
        const HOST: &str = "PULSE_HOSTNAME";
        let host = self.required(HOST)?;
        let (user, password) = (self.required("PULSE_USERNAME")?, self.required("PULSE_PASSWORD")?);
        let invalid = || wrong(HOST)(format!("{host:?} is not a host"));
        let mut url = Url::parse(&format!("amqp://{host}/")).map_err(|_| invalid())?;
        if url.path() != "/" || !url.username().is_empty() {
            return Err(invalid());
        }
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !is_local {
            // Passwords never travel in the clear.
            url = Url::parse(&format!("amqps://{host}/")).map_err(|_| invalid())?;
        }
        url.set_username(&user).and_then(|()| url.set_password(Some(&password))).map_err(|()| invalid())?;
        AmqpUrl::parse(url.as_str()).map_err(wrong(HOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: [(&str, &str); 5] = [
        ("TREEHERDER_ROUTE_PREFIX", "tc-treeherder"),
        ("TASKCLUSTER_ROOT_URL", "https://tc.example.com"),
        ("PULSE_USERNAME", "me"),
        ("PULSE_PASSWORD", "ge:heim/@"),
        ("PULSE_HOSTNAME", "pulse.example.com"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<BridgeSettings, BridgeSettingsError> {
        BridgeSettings::read(|name| {
            let mut all = changes.iter().chain(&NEEDED);
            all.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_defaults_are_those_of_the_specification() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.options, BridgeOptions::new(["tc-treeherder"]));
        assert_eq!(settings.options.log_name, "builds-4h");
        assert_eq!(settings.queue(), "queue/me/taskcluster-treeherder-dev");
        assert_eq!(settings.exchange(), "exchange/me/v1/jobs");
        assert_eq!((settings.prefetch, settings.source.vhost.as_str()), (40, "/"));
        let url = &settings.source.pulse_url;
        assert_eq!((url.user(), url.password()), ("me", "ge:heim/@"));
        assert_eq!((url.host(), url.port(), url.is_tls()), ("pulse.example.com", 5671, true));
        let local = read(&[("PULSE_HOSTNAME", "127.0.0.1:5999")]).unwrap().source.pulse_url;
        assert_eq!((local.host(), local.port(), local.is_tls()), ("127.0.0.1", 5999, false));
        assert!(!format!("{settings:?}").contains("heim"));
    }

    #[test]
    fn the_profile_names_queue_and_exchange() {
        for (profile, queue, exchange) in [
            ("development", "queue/me/taskcluster-treeherder-dev", "exchange/me/v1/jobs"),
            ("staging", "queue/me/taskcluster-treeherder-staging", "exchange/me/v1/jobs"),
            (
                "production",
                "queue/taskcluster-treeherder/taskcluster-treeherder",
                "exchange/taskcluster-treeherder/v1/jobs",
            ),
        ] {
            for variable in ["TREEHERDER_BRIDGE_PROFILE", "NODE_ENV"] {
                let settings = read(&[(variable, profile)]).unwrap();
                assert_eq!((settings.queue().as_str(), settings.exchange().as_str()), (queue, exchange));
            }
        }
    }

    #[test]
    fn five_exchanges_are_bound_with_the_routes_of_each_prefix() {
        let prefixes = ("TREEHERDER_ROUTE_PREFIX", "tc-treeherder-staging, tc-treeherder,tc-treeherder");
        let bindings = read(&[prefixes]).unwrap().bindings();
        let exchanges: Vec<&str> = bindings.iter().map(|binding| binding.exchange.as_str()).collect();
        assert_eq!(
            exchanges,
            [
                "exchange/taskcluster-queue/v1/task-pending",
                "exchange/taskcluster-queue/v1/task-running",
                "exchange/taskcluster-queue/v1/task-completed",
                "exchange/taskcluster-queue/v1/task-failed",
                "exchange/taskcluster-queue/v1/task-exception",
            ]
        );
        for binding in &bindings {
            assert_eq!(binding.routing_keys, ["route.tc-treeherder.#", "route.tc-treeherder-staging.#"]);
        }
        let keys = |route| ["primary.x", route].into_iter();
        let exchange = "exchange/taskcluster-queue/v1/task-failed";
        assert!(bindings[3].matches(exchange, keys("route.tc-treeherder.v2.try.abc")));
        assert!(!bindings[3].matches(exchange, keys("route.tc-treeherder-other.v2.try.abc")));
        assert!(!bindings[3].matches(exchange, keys("tc-treeherder.v2.try.abc")));
    }

    #[test]
    fn switches_change_how_routes_are_read_and_logs_are_called() {
        let settings = read(&[
            ("TREEHERDER_BRIDGE_STRICT_ROUTES", "v2"),
            ("TREEHERDER_BRIDGE_LEGACY_REVISION_HASH", "1"),
            ("TREEHERDER_BRIDGE_LOG_NAME", "live_backing_log"),
            ("PULSE_PREFETCH", "20"),
            ("PULSE_VHOST", "communitytc"),
        ])
        .unwrap();
        assert_eq!(settings.options.route_forms, RouteForms::VersionTwo);
        assert!(settings.options.legacy_revision_hash);
        assert_eq!(settings.options.log_name, "live_backing_log");
        assert_eq!((settings.prefetch, settings.source.vhost.as_str()), (20, "communitytc"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (variable, value, expected) in [
            ("TREEHERDER_ROUTE_PREFIX", "", "TREEHERDER_ROUTE_PREFIX is not set"),
            ("TREEHERDER_ROUTE_PREFIX", "a,,b", "TREEHERDER_ROUTE_PREFIX is wrong: \"\" in \"a,,b\""),
            ("TREEHERDER_ROUTE_PREFIX", "a.b", "TREEHERDER_ROUTE_PREFIX is wrong: \"a.b\""),
            ("TASKCLUSTER_ROOT_URL", "", "TASKCLUSTER_ROOT_URL is not set"),
            ("TASKCLUSTER_ROOT_URL", "tc", "TASKCLUSTER_ROOT_URL is wrong: \"tc\""),
            ("PULSE_USERNAME", "", "PULSE_USERNAME is not set"),
            ("PULSE_PASSWORD", "", "PULSE_PASSWORD is not set"),
            ("PULSE_HOSTNAME", "", "PULSE_HOSTNAME is not set"),
            ("PULSE_HOSTNAME", "a b", "PULSE_HOSTNAME is wrong"),
            ("PULSE_HOSTNAME", "u@host", "PULSE_HOSTNAME is wrong"),
            ("PULSE_URL", "http://u:geheim@h", "PULSE_URL is wrong: scheme"),
            ("PULSE_PREFETCH", "0", "PULSE_PREFETCH is wrong"),
            ("NODE_ENV", "prod", "NODE_ENV is wrong: \"prod\" is none of"),
            ("TREEHERDER_BRIDGE_STRICT_ROUTES", "v1", "TREEHERDER_BRIDGE_STRICT_ROUTES is wrong"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains("geheim"), "{error}");
        }
        let error = read(&[("NODE_ENV", "production"), ("PULSE_NAMESPACE", "me")]).unwrap_err();
        assert!(error.to_string().contains("in production it must be \"taskcluster-treeherder\""), "{error}");
    }
}

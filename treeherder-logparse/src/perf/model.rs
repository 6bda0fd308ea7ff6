//! The typed form of performance data.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::RawJson;

/// Properties without a meaning of their own, by name, as they were written.
///
/// ```
/// # use treeherder_logparse::perf;
/// let data = perf::parse_json(br#"{"framework": {}, "suites": [], "revision": {"short": "ab12"}}"#)?;
/// assert_eq!(data.extra["revision"].to_value()["short"], "ab12");
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
pub type Extra = BTreeMap<String, RawJson>;

/// One performance object: what a test or build measured, for one framework (§5.6.1).
///
/// It comes from [`parse_line`](super::parse_line), [`parse_json`](super::parse_json) or any serde format that can carry JSON,
/// and then it satisfies the schema. Written out again it is equal to the JSON it came from: absent properties stay
/// absent, integers stay integers, and unknown properties are in `extra`. (Properties come in the order of these
/// fields, and an integer beyond 64 bits becomes a float, unless it is in `extra`.)
///
/// ```
/// use treeherder_logparse::perf::PerformanceData;
///
/// let text = r#"{"framework": {"name": "talos"}, "suites": [
///     {"name": "tp5o", "subtests": [{"name": "a.com", "value": 12}], "value": 3.0, "gecko": [1, 2]}]}"#;
/// let data: PerformanceData = serde_json::from_str(text)?;
/// assert_eq!(data.framework.name.as_deref(), Some("talos"));
/// assert_eq!(data.suites[0].subtests[0].value.as_u64(), Some(12));
/// assert_eq!(data.suites[0].extra["gecko"].as_str(), "[1, 2]");
///
/// let written = serde_json::to_value(&data)?;
/// assert_eq!(written, serde_json::from_str::<serde_json::Value>(text)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PerformanceData {
    /// The framework that measured.
    pub framework: Framework,
    /// The application under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// The operating system it ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// When the measured commit was pushed, in seconds since 1970, for pushes of several commits. The schema does not
    /// know it: anything but a number is left in `extra`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_timestamp: Option<Number>,
    /// What was measured.
    pub suites: Vec<Suite>,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The framework of a performance object.
///
/// ```
/// # use treeherder_logparse::perf;
/// let data = perf::parse_json(br#"{"framework": {"name": "build_metrics"}, "suites": []}"#)?;
/// assert_eq!(data.framework.name.as_deref(), Some("build_metrics"));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Framework {
    /// Its name, such as `build_metrics`. The schema lets it be absent, storing needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The application under test.
///
/// ```
/// # use treeherder_logparse::perf;
/// let text = br#"{"framework": {}, "suites": [], "application": {"name": "fenix", "version": "130.0a1"}}"#;
/// let application = perf::parse_json(text)?.application.expect("it is given");
/// assert_eq!((&*application.name, application.version.as_deref()), ("fenix", Some("130.0a1")));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Application {
    /// Its name, one of [`APPLICATION_NAMES`](super::APPLICATION_NAMES).
    pub name: String,
    /// Its version, at most 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The operating system of a measurement.
///
/// ```
/// # use treeherder_logparse::perf;
/// let text = br#"{"framework": {}, "suites": [], "os": {"name": "linux", "platform_version": "22.04"}}"#;
/// let os = perf::parse_json(text)?.os.expect("it is given");
/// assert_eq!((os.name.as_deref(), os.platform_version.as_deref()), (Some("linux"), Some("22.04")));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Os {
    /// Its name, 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version of the platform, 1 to 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One suite of a performance object.
///
/// ```
/// # use treeherder_logparse::perf;
/// let text = br#"{"framework": {}, "suites": [{"name": "amazon", "value": 12, "extraOptions": ["cold"], "subtests": []}]}"#;
/// let suite = &perf::parse_json(text)?.suites[0];
/// assert_eq!(suite.value.as_ref().and_then(|value| value.as_f64()), Some(12.0));
/// assert_eq!(suite.extra_options.as_deref(), Some(&["cold".to_owned()][..]));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Suite {
    /// Its name, at most 80 characters.
    pub name: String,
    /// The name shown to people, at most 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_name: Option<String>,
    /// Up to 14 different tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Up to 8 different options of at most 100 characters, no more than one of them longer than 45.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_options: Option<Vec<String>>,
    /// The measurements that make up the suite.
    pub subtests: Vec<Subtest>,
    /// The summary of the suite, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// The single measurements behind `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicates: Option<Vec<Number>>,
    /// Whether changes of the value are watched without alerting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<bool>,
    /// Who is told about alerts: up to 8 different addresses of at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_notify_emails: Option<Vec<String>>,
    /// What the value means and when it alerts.
    #[serde(flatten)]
    pub alerting: Alerting,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One measurement of a suite.
///
/// ```
/// # use treeherder_logparse::perf;
/// let text = br#"{"framework": {}, "suites": [{"name": "s", "subtests": [
///     {"name": "fcp", "value": 1.5, "replicates": [1, 2]}]}]}"#;
/// let subtest = &perf::parse_json(text)?.suites[0].subtests[0];
/// assert_eq!((&*subtest.name, subtest.value.as_f64()), ("fcp", Some(1.5)));
/// assert_eq!(subtest.replicates.as_ref().map(Vec::len), Some(2));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Subtest {
    /// Its name, at most 80 characters.
    pub name: String,
    /// The name shown to people, at most 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_name: Option<String>,
    /// What was measured, from -1e12 to 1e12.
    pub value: Number,
    /// The single measurements behind `value`. The schema does not know them: anything but a list of finite
    /// numbers is left in `extra`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicates: Option<Vec<Number>>,
    /// What the value means and when it alerts.
    #[serde(flatten)]
    pub alerting: Alerting,
    /// All other properties.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a value means and when a change of it alerts: the properties that suites and subtests share.
///
/// ```
/// # use treeherder_logparse::perf::{self, AlertChangeType, AlertSeverity};
/// let text = br#"{"framework": {}, "suites": [{"name": "s", "subtests": [], "unit": "ms", "lowerIsBetter": true,
///     "alertChangeType": "percentage", "alertThreshold": 2, "alertSeverity": "critical"}]}"#;
/// let alerting = &perf::parse_json(text)?.suites[0].alerting;
/// assert_eq!((alerting.unit.as_deref(), alerting.lower_is_better), (Some("ms"), Some(true)));
/// assert_eq!(alerting.alert_change_type, Some(AlertChangeType::Percentage));
/// assert_eq!(alerting.alert_severity, Some(AlertSeverity::Critical));
/// # Ok::<(), perf::PerformanceProblem>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Alerting {
    /// The unit of the value, 1 to 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether less is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower_is_better: Option<bool>,
    /// Whether changes alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub should_alert: Option<bool>,
    /// How the threshold is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_change_type: Option<AlertChangeType>,
    /// The change that alerts, not negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_threshold: Option<Number>,
    /// How severe an alert is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_severity: Option<AlertSeverity>,
    /// The least number of points to look back, 1 to 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_back_window: Option<Number>,
    /// The greatest number of points to look back, 1 to 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_back_window: Option<Number>,
    /// The number of points to look ahead, 1 to 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fore_window: Option<Number>,
}

/// How the threshold of an alert is meant.
///
/// ```
/// # use treeherder_logparse::perf::AlertChangeType;
/// assert_eq!(serde_json::to_string(&AlertChangeType::Absolute)?, "\"absolute\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertChangeType {
    /// As a difference of values.
    Absolute,
    /// In percent of the value.
    Percentage,
}

/// How severe an alert is.
///
/// ```
/// # use treeherder_logparse::perf::AlertSeverity;
/// assert_eq!(serde_json::to_string(&AlertSeverity::Subcritical)?, "\"subcritical\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertSeverity {
    /// The highest.
    Critical,
    /// Between the others.
    Subcritical,
    /// The usual.
    Normal,
}

impl<'de> Deserialize<'de> for PerformanceData {
    /// Reads and validates; the error names the first violation and its path.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        super::parse_json(text.get().as_bytes()).map_err(D::Error::custom)
    }
}

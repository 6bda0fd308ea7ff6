//! A typed view of one Perfherder artifact (`spec/api.md` §6.2).
//!
//! Unknown properties are tolerated everywhere. The parser checks the ranges of the schema; here only what storing needs
//! is checked: presence, types and the widths of the columns.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ArtifactError, limits};

/// One performance artifact.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceArtifact {
    /// Harness that measured.
    pub framework: Framework,
    /// Application measured.
    #[serde(default)]
    pub application: Option<Application>,
    /// System it ran on.
    #[serde(default)]
    pub os: Option<OperatingSystem>,
    /// Unix time of the commit measured, when that is not the head of the push.
    #[serde(default)]
    pub push_timestamp: Option<f64>,
    /// What was measured.
    #[serde(skip)]
    pub suites: Vec<Suite>,
}

/// The harness of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Framework {
    /// Name, as in the table of frameworks.
    pub name: String,
}

/// The application of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// `firefox`, `chrome`, ….
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
}

/// The system of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OperatingSystem {
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Version.
    #[serde(default)]
    pub platform_version: Option<String>,
}

/// What `alertThreshold` is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertChangeType {
    /// The change in percent.
    Percentage,
    /// The change itself.
    Absolute,
}

impl AlertChangeType {
    /// The number that stands for it in the database (`spec/api.md` §5.9).
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Percentage => 0,
            Self::Absolute => 1,
        }
    }
}

/// A suite of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suite {
    /// Name.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub public_name: Option<String>,
    /// Value of the whole suite; with it the suite has a summary series.
    #[serde(default)]
    pub value: Option<f64>,
    /// Unit of `value`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Single measurements behind `value`.
    #[serde(default)]
    pub replicates: Vec<f64>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Options of the run that make a series of its own.
    #[serde(default)]
    pub extra_options: Vec<String>,
    /// Whether a smaller value is an improvement; true when not told.
    #[serde(default)]
    pub lower_is_better: Option<bool>,
    /// Whether changes alert.
    #[serde(default)]
    pub should_alert: Option<bool>,
    /// Whether changes are told to `alert_notify_emails`.
    #[serde(default)]
    pub monitor: Option<bool>,
    /// What `alert_threshold` is compared with.
    #[serde(default)]
    pub alert_change_type: Option<AlertChangeType>,
    /// Smallest change that alerts.
    #[serde(default)]
    pub alert_threshold: Option<f64>,
    /// `critical`, `subcritical` or `normal`.
    #[serde(default)]
    pub alert_severity: Option<String>,
    /// Fewest points before a change.
    #[serde(default)]
    pub min_back_window: Option<f64>,
    /// Most points before a change.
    #[serde(default)]
    pub max_back_window: Option<f64>,
    /// Points after a change.
    #[serde(default)]
    pub fore_window: Option<f64>,
    /// Who is told.
    #[serde(default)]
    pub alert_notify_emails: Option<Vec<String>>,
    /// Parts of the suite.
    #[serde(skip)]
    pub subtests: Vec<Subtest>,
}

/// A subtest of a suite.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subtest {
    /// Name.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub public_name: Option<String>,
    /// Value.
    pub value: f64,
    /// Unit of `value`.
    #[serde(default)]
    pub unit: Option<String>,
    /// Single measurements behind `value`.
    #[serde(default)]
    pub replicates: Vec<f64>,
    /// Whether a smaller value is an improvement; true when not told.
    #[serde(default)]
    pub lower_is_better: Option<bool>,
    /// Whether changes alert.
    #[serde(default)]
    pub should_alert: Option<bool>,
    /// What `alert_threshold` is compared with.
    #[serde(default)]
    pub alert_change_type: Option<AlertChangeType>,
    /// Smallest change that alerts.
    #[serde(default)]
    pub alert_threshold: Option<f64>,
    /// `critical`, `subcritical` or `normal`; the suite's when not told.
    #[serde(default)]
    pub alert_severity: Option<String>,
    /// Fewest points before a change.
    #[serde(default)]
    pub min_back_window: Option<f64>,
    /// Most points before a change.
    #[serde(default)]
    pub max_back_window: Option<f64>,
    /// Points after a change.
    #[serde(default)]
    pub fore_window: Option<f64>,
}

impl PerformanceArtifact {
    /// Reads an artifact from its JSON.
    ///
    /// # Errors
    /// [`ArtifactError`] with the place of the first part that is missing, of the wrong type or too long to be stored.
    pub fn from_value(mut value: Value) -> Result<Self, ArtifactError> {
        let suites = read("suites", take(&mut value, "suites"))?;
        let mut artifact: Self = read("artifact", value)?;
        artifact.suites = read_suites(suites)?;
        artifact.push_time()?;
        limits::check(&artifact)?;
        Ok(artifact)
    }

    /// The time of the commit measured, to the microsecond that the databases keep; `None` without `pushTimestamp`.
    ///
    /// # Errors
    /// [`ArtifactError::PushTimestamp`] when the number is beyond what a date can hold.
    pub fn push_time(&self) -> Result<Option<DateTime<Utc>>, ArtifactError> {
        let Some(seconds) = self.push_timestamp else { return Ok(None) };
        let time = |seconds: f64| {
            let microseconds = (seconds * 1e6).round();
            // Years before 1 and after 9999 have no place in the clients' date formats.
            let representable = (-62_135_596_800.0..253_402_300_800.0).contains(&seconds);
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked one line up")]
            representable.then(|| DateTime::from_timestamp_micros(microseconds as i64)).flatten()
        };
        time(seconds).map(Some).ok_or(ArtifactError::PushTimestamp(seconds))
    }
}

fn read_suites(values: Vec<Value>) -> Result<Vec<Suite>, ArtifactError> {
    let mut suites = Vec::with_capacity(values.len());
    for (suite_index, mut value) in values.into_iter().enumerate() {
        let place = format!("suites[{suite_index}]");
        let subtests: Vec<Value> = read(&format!("{place}.subtests"), take(&mut value, "subtests"))?;
        let mut suite: Suite = read(&place, value)?;
        suite.subtests.reserve_exact(subtests.len());
        for (subtest_index, subtest) in subtests.into_iter().enumerate() {
            suite.subtests.push(read(&format!("{place}.subtests[{subtest_index}]"), subtest)?);
        }
        suites.push(suite);
    }
    Ok(suites)
}

/// Takes a part out, so that it can be read on its own and an error names its place.
fn take(value: &mut Value, key: &str) -> Value {
    value.get_mut(key).map(Value::take).unwrap_or_default()
}

fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, ArtifactError> {
    serde_json::from_value(value).map_err(|source| ArtifactError::Shape { place: place.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn minimal() -> Value {
        json!({"framework": {"name": "talos"}, "suites": [
            {"name": "amazon", "value": 1, "subtests": [{"name": "fcp", "value": 2.5, "replicates": [2, 3]}]}]})
    }

    #[test]
    fn unknown_properties_are_tolerated_everywhere() {
        let mut value = minimal();
        for pointer in ["", "/framework", "/suites/0", "/suites/0/subtests/0"] {
            value.pointer_mut(pointer).unwrap()["surprise"] = json!({"a": [1]});
        }
        assert_eq!(
            PerformanceArtifact::from_value(value).unwrap(),
            PerformanceArtifact::from_value(minimal()).unwrap()
        );
    }

    #[test]
    fn errors_name_the_place() {
        let cases = [
            ("/suites/0/subtests/0/value", json!(true), "suites[0].subtests[0]"),
            ("/suites/0/subtests", json!(null), "suites[0].subtests"),
            ("/suites/0/name", json!(3), "suites[0]"),
            ("/suites", json!({}), "suites"),
            ("/framework", json!({}), "artifact"),
            ("/suites/0/name", json!("x".repeat(81)), "suites[0].name"),
        ];
        for (pointer, bad, place) in cases {
            let mut value = minimal();
            *value.pointer_mut(pointer).unwrap() = bad;
            let message = PerformanceArtifact::from_value(value).unwrap_err().to_string();
            assert!(message.starts_with(&format!("performance data: {place}: ")), "{message}");
        }
    }

    #[test]
    fn the_push_timestamp_is_kept_to_the_microsecond() {
        let mut value = minimal();
        for (given, expected) in [
            (json!(1_700_000_000), "2023-11-14 22:13:20 UTC"),
            (json!(1_700_000_000.123_456_7), "2023-11-14 22:13:20.123457 UTC"),
        ] {
            value["pushTimestamp"] = given;
            let artifact = PerformanceArtifact::from_value(value.clone()).unwrap();
            assert_eq!(artifact.push_time().unwrap().unwrap().to_string(), expected);
        }
        value["pushTimestamp"] = json!(1e300);
        assert!(matches!(PerformanceArtifact::from_value(value), Err(ArtifactError::PushTimestamp(_))));
    }
}

//! The points of an artifact: one per suite with a value and one per subtest (`spec/api.md` §6.3).

use serde_json::Number;
use treeherder_logparse::perf::{AlertChangeType, AlertSeverity, Alerting, PerformanceData, Subtest, Suite};

use super::SignatureProperties;

/// The properties of a job that are part of its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProperties<'a> {
    /// Options of the build.
    pub option_collection_hash: &'a str,
    /// Platform the job ran on.
    pub machine_platform: &'a str,
}

/// What a series is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// The value of a whole suite.
    Summary,
    /// A subtest.
    Subtest {
        /// Hash of the suite's summary; `None` when the suite has no value.
        parent: Option<String>,
    },
}

/// A point of an artifact with the properties of its series, as they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Series<'a> {
    /// Hash that names the series.
    pub signature_hash: String,
    /// Summary or subtest.
    pub kind: SeriesKind,
    /// Suite.
    pub suite: &'a str,
    /// Subtest, empty for a summary.
    pub test: &'a str,
    /// Name of the suite for people.
    pub suite_public_name: Option<&'a str>,
    /// Name of the subtest for people.
    pub test_public_name: Option<&'a str>,
    /// Tags, sorted, blank between.
    pub tags: String,
    /// Extra options, sorted, blank between.
    pub extra_options: String,
    /// Unit.
    pub measurement_unit: Option<&'a str>,
    /// Whether a smaller value is an improvement.
    pub lower_is_better: bool,
    /// Whether changes alert; `None` leaves it to the rule of the kind.
    pub should_alert: Option<bool>,
    /// Whether changes are told to `alert_notify_emails`; the suite's also for a subtest.
    pub monitor: Option<bool>,
    /// Who is told, blank between; the suite's also for a subtest.
    pub alert_notify_emails: Option<String>,
    /// What `alert_threshold` is compared with.
    pub alert_change_type: Option<AlertChangeType>,
    /// Smallest change that alerts.
    pub alert_threshold: Option<f64>,
    /// Severity; a subtest falls back to the suite's, then `normal`.
    pub alert_severity: &'a str,
    /// Fewest points before a change.
    pub min_back_window: Option<i32>,
    /// Most points before a change.
    pub max_back_window: Option<i32>,
    /// Points after a change.
    pub fore_window: Option<i32>,
    /// Value of the point.
    pub value: f64,
    /// Single measurements behind the value.
    pub replicates: Vec<f64>,
}

/// Lists the points of `artifact` as measured by `job`; the summary of a suite comes before its subtests.
#[must_use]
pub fn series<'a>(artifact: &'a PerformanceData, job: JobProperties<'_>) -> Vec<Series<'a>> {
    let count = artifact.suites.iter().map(|suite| suite.subtests.len() + 1).sum();
    let mut all = Vec::with_capacity(count);
    for suite in &artifact.suites {
        push_suite(&mut all, suite, job);
    }
    all
}

fn push_suite<'a>(all: &mut Vec<Series<'a>>, suite: &'a Suite, job: JobProperties<'_>) {
    let options = sorted(suite.extra_options.as_deref());
    let tags = sorted(suite.tags.as_deref());
    let properties = SignatureProperties {
        option_collection_hash: job.option_collection_hash,
        machine_platform: job.machine_platform,
        suite: &suite.name,
        extra_options: &options,
        test: None,
        parent_signature: None,
    };
    let emails = suite.alert_notify_emails.as_ref().map(|emails| emails.join(" "));
    let shared = Shared { tags: tags.join(" "), extra_options: options.join(" "), emails };
    let parent = suite.value.as_ref().map(|value| {
        let hash = properties.hash();
        all.push(summary(suite, number(value), hash.clone(), &shared));
        hash
    });
    for subtest in &suite.subtests {
        let hash = SignatureProperties {
            test: Some(&subtest.name),
            parent_signature: parent.as_deref(),
            ..properties.clone()
        }
        .hash();
        all.push(part(suite, subtest, hash, parent.clone(), &shared));
    }
}

/// Texts that all series of a suite share.
struct Shared {
    tags: String,
    extra_options: String,
    emails: Option<String>,
}

fn sorted(texts: Option<&[String]>) -> Vec<&str> {
    let mut texts: Vec<&str> = texts.unwrap_or_default().iter().map(String::as_str).collect();
    texts.sort_unstable();
    texts
}

fn summary<'a>(suite: &'a Suite, value: f64, hash: String, shared: &Shared) -> Series<'a> {
    Series {
        kind: SeriesKind::Summary,
        value,
        replicates: numbers(suite.replicates.as_deref()),
        ..common(suite, &suite.alerting, hash, shared)
    }
}

fn part<'a>(
    suite: &'a Suite,
    subtest: &'a Subtest,
    hash: String,
    parent: Option<String>,
    shared: &Shared,
) -> Series<'a> {
    Series {
        kind: SeriesKind::Subtest { parent },
        test: &subtest.name,
        test_public_name: subtest.public_name.as_deref(),
        value: number(&subtest.value),
        replicates: numbers(subtest.replicates.as_deref()),
        ..common(suite, &subtest.alerting, hash, shared)
    }
}

/// What summaries and subtests fill in alike, from the suite and from their own alerting.
fn common<'a>(suite: &'a Suite, own: &'a Alerting, hash: String, shared: &Shared) -> Series<'a> {
    let severity = own.alert_severity.or(suite.alerting.alert_severity);
    Series {
        signature_hash: hash,
        kind: SeriesKind::Summary,
        suite: &suite.name,
        test: "",
        suite_public_name: suite.public_name.as_deref(),
        test_public_name: None,
        tags: shared.tags.clone(),
        extra_options: shared.extra_options.clone(),
        measurement_unit: own.unit.as_deref(),
        lower_is_better: own.lower_is_better.unwrap_or(true),
        should_alert: own.should_alert,
        monitor: suite.monitor,
        alert_notify_emails: shared.emails.clone(),
        alert_change_type: own.alert_change_type,
        alert_threshold: own.alert_threshold.as_ref().map(number),
        alert_severity: severity_name(severity),
        min_back_window: window(own.min_back_window.as_ref()),
        max_back_window: window(own.max_back_window.as_ref()),
        fore_window: window(own.fore_window.as_ref()),
        value: 0.0,
        replicates: Vec::new(),
    }
}

/// The name of a severity, as in the artifact.
fn severity_name(severity: Option<AlertSeverity>) -> &'static str {
    match severity {
        Some(AlertSeverity::Critical) => "critical",
        Some(AlertSeverity::Subcritical) => "subcritical",
        _ => "normal",
    }
}

/// The number that stands for a change type in the database (`spec/api.md` §5.9).
#[must_use]
pub fn change_type_code(change_type: AlertChangeType) -> i32 {
    match change_type {
        AlertChangeType::Absolute => 1,
        _ => 0,
    }
}

/// Every JSON number has a nearest float: `as_f64` fails only for forms that `serde_json` does not read here.
fn number(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

fn numbers(given: Option<&[Number]>) -> Vec<f64> {
    given.unwrap_or_default().iter().map(number).collect()
}

/// The schema lets a subtest's window be any number; the column holds its whole part.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and the schema allows 1 to 255")]
fn window(points: Option<&Number>) -> Option<i32> {
    points.map(|points| number(points) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const JOB: JobProperties<'_> = JobProperties {
        option_collection_hash: "102210fe594ee9b33d82058545b1ed14f4c8206e",
        machine_platform: "linux64",
    };

    fn artifact(suite: &Value) -> PerformanceData {
        let value = json!({"framework": {"name": "browsertime"}, "suites": [suite]});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_suite_with_a_value_is_the_parent_of_its_subtests() {
        let artifact = artifact(&json!({"name": "amazon", "value": 10, "extraOptions": ["fission", "cold"],
            "tags": ["b", "a"], "monitor": true, "alertNotifyEmails": ["z@example.org", "a@example.org"],
            "alertSeverity": "critical", "publicName": "Shop", "shouldAlert": false, "unit": "ms",
            "subtests": [{"name": "fcp", "value": 1, "publicName": "Paint", "minBackWindow": 12.9}]}));
        let all = series(&artifact, JOB);
        assert_eq!(all.len(), 2);
        let (summary, fcp) = (&all[0], &all[1]);
        assert_eq!(summary.signature_hash, "6f6b9db463da358bd4334a8cf19722636157f835");
        assert_eq!(fcp.signature_hash, "95a59f386c24a910c44b1f842b05cf16b95bf2e5");
        assert_eq!(fcp.kind, SeriesKind::Subtest { parent: Some(summary.signature_hash.clone()) });
        assert_eq!((summary.test, summary.test_public_name), ("", None));
        assert_eq!((fcp.suite_public_name, fcp.test_public_name), (Some("Shop"), Some("Paint")));
        assert_eq!((fcp.tags.as_str(), fcp.extra_options.as_str()), ("a b", "cold fission"));
        assert_eq!(fcp.monitor, Some(true));
        assert_eq!(fcp.alert_notify_emails.as_deref(), Some("z@example.org a@example.org"));
        assert_eq!(fcp.alert_severity, "critical");
        assert_eq!((fcp.should_alert, fcp.measurement_unit), (None, None), "these are not inherited");
        assert_eq!(fcp.min_back_window, Some(12));
        assert!(fcp.lower_is_better);
    }

    #[test]
    fn a_suite_without_a_value_has_only_subtests_and_they_have_other_hashes() {
        let suite = json!({"name": "amazon", "extraOptions": ["cold", "fission"],
            "subtests": [{"name": "fcp", "value": 1}]});
        let artifact = artifact(&suite);
        let all = series(&artifact, JOB);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].kind, SeriesKind::Subtest { parent: None });
        assert_ne!(all[0].signature_hash, "95a59f386c24a910c44b1f842b05cf16b95bf2e5");
        assert_eq!(all[0].alert_severity, "normal");
    }
}

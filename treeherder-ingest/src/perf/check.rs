//! What storing needs beyond the schema, which the parser has checked (`spec/api.md` §6.2).

use chrono::{DateTime, Utc};
use treeherder_logparse::perf::PerformanceData;

use super::ArtifactError;

/// The parts of an artifact that the schema leaves open, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    /// Name of the framework.
    pub framework: &'a str,
    /// Time of the commit measured, when that is not the head of the push.
    pub commit_time: Option<DateTime<Utc>>,
}

/// Checks that an artifact can be stored: it names its framework, its time is one, its texts hold no NUL.
///
/// All texts that satisfy the schema fit into their columns.
///
/// # Errors
/// [`ArtifactError`], which names the place of the first thing that is wrong.
pub fn check(data: &PerformanceData) -> Result<Checked<'_>, ArtifactError> {
    let framework = data.framework.name.as_deref().ok_or(ArtifactError::NoFrameworkName)?;
    let commit_time = match data.push_timestamp.as_ref().and_then(serde_json::Number::as_f64) {
        Some(seconds) => Some(time(seconds).ok_or(ArtifactError::PushTimestamp(seconds))?),
        None => None,
    };
    texts_without_nul(data)?;
    Ok(Checked { framework, commit_time })
}

/// The time to the microsecond that both databases keep; `None` outside of the years 1 to 9999 that clients can show.
fn time(seconds: f64) -> Option<DateTime<Utc>> {
    if !(-62_135_596_800.0..253_402_300_799.0).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked above")]
    let microseconds = (seconds * 1e6).round() as i64;
    DateTime::from_timestamp_micros(microseconds)
}

fn texts_without_nul(data: &PerformanceData) -> Result<(), ArtifactError> {
    if let Some(application) = &data.application {
        without_nul(|| "application.version".to_owned(), application.version.as_deref())?;
    }
    if let Some(os) = &data.os {
        without_nul(|| "os.name".to_owned(), os.name.as_deref())?;
        without_nul(|| "os.platform_version".to_owned(), os.platform_version.as_deref())?;
    }
    for (index, suite) in data.suites.iter().enumerate() {
        let place = |name: &str| format!("suites[{index}].{name}");
        without_nul(|| place("name"), Some(&suite.name))?;
        without_nul(|| place("publicName"), suite.public_name.as_deref())?;
        without_nul(|| place("unit"), suite.alerting.unit.as_deref())?;
        let lists =
            [("extraOptions", &suite.extra_options), ("alertNotifyEmails", &suite.alert_notify_emails)];
        for (name, list) in lists {
            for text in list.iter().flatten() {
                without_nul(|| place(name), Some(text))?;
            }
        }
        for (subtest_index, subtest) in suite.subtests.iter().enumerate() {
            let place = |name: &str| place(&format!("subtests[{subtest_index}].{name}"));
            without_nul(|| place("name"), Some(&subtest.name))?;
            without_nul(|| place("publicName"), subtest.public_name.as_deref())?;
            without_nul(|| place("unit"), subtest.alerting.unit.as_deref())?;
        }
    }
    Ok(())
}

fn without_nul(place: impl Fn() -> String, text: Option<&str>) -> Result<(), ArtifactError> {
    match text {
        Some(text) if text.contains('\0') => Err(ArtifactError::Nul { place: place() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn minimal() -> Value {
        json!({"framework": {"name": "talos"}, "suites": [
            {"name": "amazon", "value": 1, "unit": "ms", "extraOptions": ["cold"],
             "subtests": [{"name": "fcp", "value": 2.5, "publicName": "paint"}]}]})
    }

    fn message(value: Value) -> String {
        check(&serde_json::from_value(value).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_place() {
        for (pointer, place) in [
            ("/suites/0/name", "suites[0].name"),
            ("/suites/0/unit", "suites[0].unit"),
            ("/suites/0/extraOptions/0", "suites[0].extraOptions"),
            ("/suites/0/subtests/0/name", "suites[0].subtests[0].name"),
            ("/suites/0/subtests/0/publicName", "suites[0].subtests[0].publicName"),
        ] {
            let mut value = minimal();
            *value.pointer_mut(pointer).unwrap() = json!("a\0b");
            let expected = format!("performance data: {place}: the text holds a NUL character");
            assert_eq!(message(value), expected);
        }
        let mut value = minimal();
        value["framework"] = json!({});
        assert_eq!(message(value), "performance data: framework.name is missing");
    }

    #[test]
    fn the_push_timestamp_is_kept_to_the_microsecond() {
        let mut value = minimal();
        for (given, expected) in [
            (json!(1_700_000_000), "2023-11-14 22:13:20 UTC"),
            (json!(1_700_000_000.123_456_7), "2023-11-14 22:13:20.123457 UTC"),
            (json!(-1), "1969-12-31 23:59:59 UTC"),
        ] {
            value["pushTimestamp"] = given;
            let data = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(check(&data).unwrap().commit_time.unwrap().to_string(), expected);
        }
        for wrong in [1e300, 253_402_300_800.0, -1e12] {
            value["pushTimestamp"] = json!(wrong);
            assert!(message(value.clone()).starts_with("performance data: pushTimestamp: "), "{wrong}");
        }
        assert_eq!(check(&serde_json::from_value(minimal()).unwrap()).unwrap().commit_time, None);
    }
}

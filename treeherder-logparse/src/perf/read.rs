//! Reading and validating performance data in one pass (§5.6.1).
//!
//! Each function below reads one object of the schema; the text of the log is walked over once, and nothing is kept
//! but the typed form. A property that is given twice counts with its last value only, so its first violation is
//! forgotten when it comes again.

use std::collections::BTreeMap;

use super::model::{
    AlertChangeType, AlertSeverity, Alerting, Application, Extra, Framework, Os, PerformanceData, Subtest,
    Suite,
};
use super::problem::{Place, Violation};
use super::rules::{
    Read, VALUE_LIMIT, boolean, different_texts, expect, integer, list, not_finite, number, text, word,
};
use crate::RawJson;
use crate::json::{Kind, Reader, SyntaxError};

/// The applications that may be under test.
///
/// ```
/// assert!(treeherder_logparse::perf::APPLICATION_NAMES.contains(&"fenix"));
/// ```
pub const APPLICATION_NAMES: &[&str] = &[
    "firefox",
    "chrome",
    "chrome-m",
    "fennec",
    "geckoview",
    "refbrow",
    "fenix",
    "focus",
    "safari",
    "safari-tp",
    "custom-car",
    "cstm-car-m",
];

const CHANGE_TYPES: &[&str] = &["absolute", "percentage"];
const SEVERITIES: &[&str] = &["critical", "subcritical", "normal"];
/// Options longer than this are "long": a suite may have one of them.
const LONG_OPTION: usize = 45;

/// The violations of one object: for each property that has one, how many came before it, and what it is.
///
/// The first one stands by itself: an object hardly ever has more, and a tree costs more than all else.
#[derive(Default)]
struct Violations {
    first: Option<(String, Violation)>,
    more: BTreeMap<String, (usize, Violation)>,
    found: usize,
}

impl Violations {
    /// Unwraps what was read for a property, and keeps its violation until the property comes again.
    fn keep<T>(&mut self, key: &str, read: Result<T, Violation>) -> Option<T> {
        if self.found > 0 {
            self.forget(key);
        }
        match read {
            Ok(value) => Some(value),
            Err(violation) => {
                if self.found == 0 {
                    self.first = Some((key.to_owned(), violation));
                } else {
                    self.more.insert(key.to_owned(), (self.found, violation));
                }
                self.found += 1;
                None
            }
        }
    }

    fn forget(&mut self, key: &str) {
        if self.first.as_ref().is_some_and(|(first, _)| first == key) {
            self.first = None;
        }
        self.more.remove(key);
    }

    /// Makes the object, unless something was violated; else returns the first violation.
    fn or<T>(self, make: impl FnOnce() -> Result<T, Violation>) -> Result<T, Violation> {
        if let Some((_, violation)) = self.first {
            return Err(violation);
        }
        match self.more.into_values().min_by_key(|(order, _)| *order) {
            Some((_, violation)) => Err(violation),
            None => make(),
        }
    }
}

/// Reads the whole object.
pub(super) fn performance_data(reader: &mut Reader<'_>) -> Read<PerformanceData> {
    let whole = &Place::Whole;
    let (mut framework, mut application, mut os, mut suites) = (None, None, None, None);
    let mut push_timestamp = None;
    let mut extra = Extra::new();
    let read = object(reader, whole, |reader, at, key, violations| {
        match key {
            "framework" => framework = violations.keep(key, read_framework(reader, at)?),
            "application" => application = violations.keep(key, read_application(reader, at)?),
            "os" => os = violations.keep(key, read_os(reader, at)?),
            "suites" => suites = violations.keep(key, list(reader, at, suite)?),
            "pushTimestamp" if reader.kind()? == Kind::Number => {
                extra.remove(key);
                push_timestamp = violations.keep(key, number(reader, at, f64::MIN, f64::MAX)?);
            }
            "pushTimestamp" => {
                push_timestamp = None;
                keep_extra(reader, at, key, violations, &mut extra)?;
            }
            _ => keep_extra(reader, at, key, violations, &mut extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| {
        violations.or(|| {
            Ok(PerformanceData {
                framework: required(framework, whole, "framework")?,
                suites: required(suites, whole, "suites")?,
                application,
                os,
                push_timestamp,
                extra,
            })
        })
    }))
}

fn read_framework(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<Framework> {
    let mut framework = Framework::default();
    let read = object(reader, at, |reader, at, key, violations| {
        match key {
            "name" => framework.name = violations.keep(key, text(reader, at, 0, usize::MAX)?),
            _ => keep_extra(reader, at, key, violations, &mut framework.extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| violations.or(|| Ok(framework))))
}

fn read_application(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<Application> {
    let (mut name, mut version, mut extra) = (None, None, Extra::new());
    let read = object(reader, at, |reader, at, key, violations| {
        match key {
            "name" => {
                let read = word(reader, at, APPLICATION_NAMES, |name| Some(name.to_owned()))?;
                name = violations.keep(key, read);
            }
            "version" => version = violations.keep(key, text(reader, at, 0, 40)?),
            _ => keep_extra(reader, at, key, violations, &mut extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| {
        violations.or(|| Ok(Application { name: required(name, at, "name")?, version, extra }))
    }))
}

fn read_os(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<Os> {
    let mut os = Os::default();
    let read = object(reader, at, |reader, at, key, violations| {
        match key {
            "name" => os.name = violations.keep(key, text(reader, at, 1, 100)?),
            "platform_version" => os.platform_version = violations.keep(key, text(reader, at, 1, 100)?),
            _ => keep_extra(reader, at, key, violations, &mut os.extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| violations.or(|| Ok(os))))
}

fn suite(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<Suite> {
    let mut suite = Suite::default();
    let (mut name, mut subtests) = (None, None);
    let read = object(reader, at, |reader, at, key, violations| {
        let suite = &mut suite;
        match key {
            "name" => name = violations.keep(key, text(reader, at, 0, 80)?),
            "publicName" => suite.public_name = violations.keep(key, text(reader, at, 0, 30)?),
            "tags" => {
                suite.tags = violations.keep(key, different_texts(reader, at, 14, usize::MAX, check_tag)?);
            }
            "extraOptions" => {
                let options = different_texts(reader, at, 8, 100, |_| Ok(()))?;
                suite.extra_options = violations.keep(key, options.and_then(|list| check_options(list, at)));
            }
            "subtests" => subtests = violations.keep(key, list(reader, at, subtest)?),
            "value" => suite.value = violations.keep(key, value(reader, at)?),
            "replicates" => suite.replicates = violations.keep(key, list(reader, at, value)?),
            "monitor" => suite.monitor = violations.keep(key, boolean(reader, at)?),
            "alertNotifyEmails" => {
                let addresses = different_texts(reader, at, 8, 100, |_| Ok(()))?;
                suite.alert_notify_emails = violations.keep(key, addresses);
            }
            _ if alerting(reader, at, key, violations, &mut suite.alerting, integer)? => {}
            _ => keep_extra(reader, at, key, violations, &mut suite.extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| {
        violations.or(|| {
            suite.name = required(name, at, "name")?;
            suite.subtests = required(subtests, at, "subtests")?;
            Ok(suite)
        })
    }))
}

fn subtest(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<Subtest> {
    let (mut name, mut public_name, mut measured) = (None, None, None);
    let (mut replicates, mut means, mut extra) = (None, Alerting::default(), Extra::new());
    let read = object(reader, at, |reader, at, key, violations| {
        match key {
            "name" => name = violations.keep(key, text(reader, at, 0, 80)?),
            "publicName" => public_name = violations.keep(key, text(reader, at, 0, 30)?),
            "value" => measured = violations.keep(key, value(reader, at)?),
            "replicates" => {
                // Looking ahead reads this list twice, each list only once more.
                let ahead =
                    list(&mut reader.clone(), at, |reader, at| number(reader, at, f64::MIN, f64::MAX))?;
                replicates = ahead.ok();
                if replicates.is_some() {
                    reader.skip()?;
                    extra.remove(key);
                    let _: Option<()> = violations.keep(key, Ok(()));
                } else {
                    keep_extra(reader, at, key, violations, &mut extra)?;
                }
            }
            _ if alerting(reader, at, key, violations, &mut means, number)? => {}
            _ => keep_extra(reader, at, key, violations, &mut extra)?,
        }
        Ok(())
    })?;
    Ok(read.and_then(|violations| {
        violations.or(|| {
            let name = required(name, at, "name")?;
            let value = required(measured, at, "value")?;
            Ok(Subtest { name, public_name, value, replicates, alerting: means, extra })
        })
    }))
}

/// Reads one of the properties that suites and subtests share; says whether it was one. They differ in one thing: the
/// windows of a suite are integers, those of a subtest any numbers.
fn alerting(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    key: &str,
    violations: &mut Violations,
    means: &mut Alerting,
    window: fn(&mut Reader<'_>, &Place<'_>, f64, f64) -> Read<serde_json::Number>,
) -> Result<bool, SyntaxError> {
    match key {
        "unit" => means.unit = violations.keep(key, text(reader, at, 1, 20)?),
        "lowerIsBetter" => means.lower_is_better = violations.keep(key, boolean(reader, at)?),
        "shouldAlert" => means.should_alert = violations.keep(key, boolean(reader, at)?),
        "alertChangeType" => {
            means.alert_change_type = violations.keep(key, word(reader, at, CHANGE_TYPES, change_type)?);
        }
        "alertThreshold" => means.alert_threshold = violations.keep(key, number(reader, at, 0.0, f64::MAX)?),
        "alertSeverity" => {
            means.alert_severity = violations.keep(key, word(reader, at, SEVERITIES, severity)?);
        }
        "minBackWindow" => means.min_back_window = violations.keep(key, window(reader, at, 1.0, 255.0)?),
        "maxBackWindow" => means.max_back_window = violations.keep(key, window(reader, at, 1.0, 255.0)?),
        "foreWindow" => means.fore_window = violations.keep(key, window(reader, at, 1.0, 255.0)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn change_type(word: &str) -> Option<AlertChangeType> {
    match word {
        "absolute" => Some(AlertChangeType::Absolute),
        "percentage" => Some(AlertChangeType::Percentage),
        _ => None,
    }
}

fn severity(word: &str) -> Option<AlertSeverity> {
    match word {
        "critical" => Some(AlertSeverity::Critical),
        "subcritical" => Some(AlertSeverity::Subcritical),
        "normal" => Some(AlertSeverity::Normal),
        _ => None,
    }
}

fn value(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<serde_json::Number> {
    number(reader, at, -VALUE_LIMIT, VALUE_LIMIT)
}

/// Checks a tag against `^[a-zA-Z0-9-]{1,24}$`, where `$` also stands before a final line feed.
fn check_tag(tag: &str) -> Result<(), &'static str> {
    let tag = tag.strip_suffix('\n').unwrap_or(tag);
    let allowed = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if allowed && (1..=24).contains(&tag.len()) {
        Ok(())
    } else {
        Err("is not 1 to 24 letters, digits and hyphens")
    }
}

/// Checks that there is at most one long option: the database column has room for no more.
fn check_options(options: Vec<String>, at: &Place<'_>) -> Result<Vec<String>, Violation> {
    let long = options.iter().filter(|option| option.chars().count() > LONG_OPTION).count();
    if long > 1 {
        return Err(
            at.violation(format!("has {long} options longer than {LONG_OPTION} characters, only one may be"))
        );
    }
    Ok(options)
}

/// Reads an object, handing each property to `property`, and returns the violations of those.
fn object(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    mut property: impl FnMut(&mut Reader<'_>, &Place<'_>, &str, &mut Violations) -> Result<(), SyntaxError>,
) -> Read<Violations> {
    expect(reader, at, Kind::Object, |reader| {
        let mut violations = Violations::default();
        reader.open()?;
        while let Some(key) = reader.next_key()? {
            property(reader, &Place::Key(at, &key), &key, &mut violations)?;
        }
        Ok(Ok(violations))
    })
}

/// Keeps a property the schema does not know. The one thing it cannot hold are numbers that are not finite.
fn keep_extra(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    key: &str,
    violations: &mut Violations,
    extra: &mut Extra,
) -> Result<(), SyntaxError> {
    let skipped = reader.skip()?;
    let raw = match skipped.not_finite {
        Some(text) => Err(not_finite(at, text)),
        None => RawJson::from_text(skipped.text).map_err(|error| at.violation(error.to_string())),
    };
    match violations.keep(key, raw) {
        Some(raw) => drop(extra.insert(key.to_owned(), raw)),
        None => drop(extra.remove(key)),
    }
    Ok(())
}

fn required<T>(value: Option<T>, at: &Place<'_>, key: &str) -> Result<T, Violation> {
    value.ok_or_else(|| Place::Key(at, key).violation("is missing"))
}

//! Widths of the columns that an artifact's texts go to (`spec/api.md` §5.7).

use super::{ArtifactError, PerformanceArtifact, Subtest, Suite};

/// Checks every text that is stored, so that both databases refuse the same artifacts with the same message.
pub(super) fn check(artifact: &PerformanceArtifact) -> Result<(), ArtifactError> {
    if let Some(application) = &artifact.application {
        fits("application.name", &application.name, 10)?;
        optional("application.version", application.version.as_ref(), 50)?;
    }
    if let Some(os) = &artifact.os {
        optional("os.name", os.name.as_ref(), 100)?;
        optional("os.platform_version", os.platform_version.as_ref(), 100)?;
    }
    for (index, suite) in artifact.suites.iter().enumerate() {
        suite_fits(&format!("suites[{index}]"), suite)?;
    }
    Ok(())
}

fn suite_fits(place: &str, suite: &Suite) -> Result<(), ArtifactError> {
    fits(&format!("{place}.name"), &suite.name, 80)?;
    optional(&format!("{place}.publicName"), suite.public_name.as_ref(), 30)?;
    optional(&format!("{place}.unit"), suite.unit.as_ref(), 50)?;
    optional(&format!("{place}.alertSeverity"), suite.alert_severity.as_ref(), 80)?;
    joined(&format!("{place}.tags"), &suite.tags, 360)?;
    joined(&format!("{place}.extraOptions"), &suite.extra_options, 422)?;
    joined(&format!("{place}.alertNotifyEmails"), suite.alert_notify_emails.as_deref().unwrap_or(&[]), 807)?;
    for (index, subtest) in suite.subtests.iter().enumerate() {
        subtest_fits(&format!("{place}.subtests[{index}]"), subtest)?;
    }
    Ok(())
}

fn subtest_fits(place: &str, subtest: &Subtest) -> Result<(), ArtifactError> {
    fits(&format!("{place}.name"), &subtest.name, 80)?;
    optional(&format!("{place}.publicName"), subtest.public_name.as_ref(), 30)?;
    optional(&format!("{place}.unit"), subtest.unit.as_ref(), 50)?;
    optional(&format!("{place}.alertSeverity"), subtest.alert_severity.as_ref(), 80)
}

fn fits(place: &str, text: &str, limit: usize) -> Result<(), ArtifactError> {
    without_nul(place, text)?;
    within(place, text.chars().count(), limit)
}

fn optional(place: &str, text: Option<&String>, limit: usize) -> Result<(), ArtifactError> {
    text.map_or(Ok(()), |text| fits(place, text, limit))
}

/// Lists are stored with blanks between their elements.
fn joined(place: &str, texts: &[String], limit: usize) -> Result<(), ArtifactError> {
    texts.iter().try_for_each(|text| without_nul(place, text))?;
    let length = texts.iter().map(|text| text.chars().count() + 1).sum::<usize>().saturating_sub(1);
    within(place, length, limit)
}

fn without_nul(place: &str, text: &str) -> Result<(), ArtifactError> {
    if text.contains('\0') { Err(ArtifactError::Nul { place: place.to_owned() }) } else { Ok(()) }
}

fn within(place: &str, length: usize, limit: usize) -> Result<(), ArtifactError> {
    if length <= limit {
        Ok(())
    } else {
        Err(ArtifactError::TooLong { place: place.to_owned(), length, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_lists_of_the_schema_fit() {
        let mut options = vec!["o".repeat(45); 7];
        options.push("o".repeat(100));
        let suite = Suite {
            name: "s".repeat(80),
            tags: vec!["t".repeat(24); 14],
            extra_options: options,
            alert_notify_emails: Some(vec!["m".repeat(100); 8]),
            ..Suite::default()
        };
        suite_fits("suites[0]", &suite).unwrap();
    }

    #[test]
    fn a_nul_character_is_refused_with_its_place() {
        let suite = Suite { tags: vec!["a\0".to_owned()], ..Suite::default() };
        let message = suite_fits("suites[7]", &suite).unwrap_err().to_string();
        assert_eq!(message, "performance data: suites[7].tags: the text holds a NUL character");
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        let suite = |name: String| Suite { name, ..Suite::default() };
        suite_fits("suites[0]", &suite("\u{1f346}".repeat(80))).unwrap();
        let message = suite_fits("suites[0]", &suite("é".repeat(81))).unwrap_err().to_string();
        assert_eq!(message, "performance data: suites[0].name: 81 characters, at most 80 can be stored");
    }
}

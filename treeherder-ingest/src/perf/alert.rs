//! When a point makes its series a candidate for alerts (`spec/api.md` §6.3).

use super::{Series, SeriesKind};

/// What the rule needs to know about the repository and the job of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertContext<'a> {
    /// Name of the repository.
    pub repository: &'a str,
    /// Whether the repository has performance alerts.
    pub alerts_enabled: bool,
    /// Tier of the job.
    pub tier: i32,
}

/// The repository whose monitored series are not looked at.
const TRY: &str = "try";

impl AlertContext<'_> {
    /// Whether the series of `point` is to be looked at for changes; `new_datum` tells whether the point was stored now.
    #[must_use]
    pub fn is_candidate(&self, point: &Series<'_>, new_datum: bool) -> bool {
        let alerts = match &point.kind {
            SeriesKind::Summary => point.should_alert != Some(false),
            SeriesKind::Subtest { parent } => point.should_alert.unwrap_or(parent.is_none()),
        };
        let sheriffed = alerts && new_datum && self.alerts_enabled && self.tier < 3;
        sheriffed || (point.monitor == Some(true) && self.repository != TRY)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{JobProperties, series};
    use super::*;
    use serde_json::json;

    const SHERIFFED: AlertContext<'_> =
        AlertContext { repository: "autoland", alerts_enabled: true, tier: 1 };

    /// Candidates among summary and subtest of one suite.
    fn candidates(
        suite: &serde_json::Value,
        subtest: &serde_json::Value,
        context: AlertContext<'_>,
        new_datum: bool,
    ) -> Vec<bool> {
        let mut value = json!({"framework": {"name": "talos"}, "suites": [suite]});
        value["suites"][0]["name"] = json!("s");
        value["suites"][0]["subtests"] = json!([subtest]);
        value["suites"][0]["subtests"][0]["name"] = json!("t");
        value["suites"][0]["subtests"][0]["value"] = json!(1);
        let artifact = serde_json::from_value(value).unwrap();
        let job = JobProperties { option_collection_hash: "h", machine_platform: "p" };
        series(&artifact, job).iter().map(|point| context.is_candidate(point, new_datum)).collect()
    }

    #[test]
    fn the_kind_and_should_alert_decide() {
        let cases = [
            (json!({"value": 1}), json!({}), vec![true, false]),
            (json!({"value": 1, "shouldAlert": true}), json!({"shouldAlert": true}), vec![true, true]),
            (json!({"value": 1, "shouldAlert": false}), json!({"shouldAlert": false}), vec![false, false]),
            (json!({}), json!({}), vec![true]),
            (json!({}), json!({"shouldAlert": false}), vec![false]),
        ];
        for (suite, subtest, expected) in cases {
            assert_eq!(candidates(&suite, &subtest, SHERIFFED, true), expected, "{suite}");
        }
    }

    #[test]
    fn nothing_alerts_for_old_points_tier_3_or_repositories_without_alerts() {
        let suite = json!({"value": 1, "shouldAlert": true});
        let subtest = json!({"shouldAlert": true});
        for (context, new_datum) in [
            (SHERIFFED, false),
            (AlertContext { tier: 3, ..SHERIFFED }, true),
            (AlertContext { alerts_enabled: false, ..SHERIFFED }, true),
        ] {
            assert_eq!(candidates(&suite, &subtest, context, new_datum), [false, false]);
        }
        assert_eq!(candidates(&suite, &subtest, AlertContext { tier: 2, ..SHERIFFED }, true), [true, true]);
    }

    #[test]
    fn monitored_series_are_candidates_everywhere_but_on_try() {
        let context = AlertContext { repository: "mozilla-beta", alerts_enabled: false, tier: 3 };
        let suite = json!({"value": 1, "monitor": true, "shouldAlert": false});
        assert_eq!(candidates(&suite, &json!({}), context, false), [true, true]);
        let on_try = AlertContext { repository: "try", ..context };
        assert_eq!(candidates(&suite, &json!({}), on_try, false), [false, false]);
    }
}

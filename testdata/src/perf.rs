//! Performance data: the objects in logs and the perfherder artifacts (`spec/ingest.md` §5.6.1).

use serde_json::{Value, json};

use crate::rng::{Rng, mix};

const SUITES: [&str; 8] =
    ["tabpaint", "sessionload", "pagescroll", "canvasdraw", "jsobjects", "startup", "domwalk", "textflow"];
const SUBTESTS: [&str; 8] = ["first", "median", "wide", "narrow", "cold", "warm", "nested", "flat"];

/// What is wrong with an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PerfDefect {
    /// The text stops in the middle.
    NotJson,
    /// `{}`.
    EmptyObject,
    /// A suite has no `subtests`.
    NoSubtests,
    /// The name of a suite has 81 characters.
    LongName,
    /// Two extra options have more than 45 characters.
    TwoLongOptions,
    /// A value beyond 10^12.
    HugeValue,
}

impl PerfDefect {
    /// Every defect.
    pub const ALL: [Self; 6] = [
        Self::NotJson,
        Self::EmptyObject,
        Self::NoSubtests,
        Self::LongName,
        Self::TwoLongOptions,
        Self::HugeValue,
    ];
}

/// Describes one artifact; equal specs give equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PerfSpec {
    /// Name of the framework.
    pub framework: &'static str,
    /// Seed of what stays the same from push to push: the level of each series.
    pub series: u64,
    /// Seed of what differs: the noise.
    pub sample: u64,
    /// Number of suites, at most 8. Every other one has a value of its own.
    pub suites: u8,
    /// Number of subtests of each suite, at most 8.
    pub subtests: u8,
    /// Number of replicates of each subtest.
    pub replicates: u8,
    /// By how many percent the values lie above the level (a regression).
    pub shift_percent: i8,
    /// What is wrong.
    pub defect: Option<PerfDefect>,
}

impl PerfSpec {
    /// Describes a valid artifact of three suites with four subtests each.
    pub fn new(framework: &'static str, series: u64, sample: u64) -> Self {
        Self {
            framework,
            series,
            sample,
            suites: 3,
            subtests: 4,
            replicates: 5,
            shift_percent: 0,
            defect: None,
        }
    }

    /// Says how many data points are stored: one for each subtest and for each suite with a value.
    pub fn data_points(&self) -> u64 {
        if self.defect.is_some() {
            return 0;
        }
        let suites = u64::from(self.suites.min(8));
        suites * u64::from(self.subtests.min(8)) + suites.div_ceil(2)
    }

    /// Makes the object.
    pub fn object(&self) -> Value {
        let mut rng = Rng::new(mix(self.series, self.sample));
        let suites: Vec<Value> =
            (0..usize::from(self.suites.min(8))).map(|at| self.suite(at, &mut rng)).collect();
        let mut object = json!({
            "framework": {"name": self.framework},
            "application": {"name": "firefox", "version": "150.0a1"},
            "suites": suites,
        });
        self.spoil(&mut object);
        object
    }

    /// Makes the text of the artifact.
    pub fn text(&self) -> String {
        let text = self.object().to_string();
        match self.defect {
            Some(PerfDefect::NotJson) => text.get(..text.len() / 2).unwrap_or_default().to_owned(),
            _ => text,
        }
    }

    fn suite(&self, at: usize, rng: &mut Rng) -> Value {
        let subtests: Vec<Value> = (0..usize::from(self.subtests.min(8)))
            .map(|subtest| {
                let level = self.level(at as u64 * 16 + subtest as u64);
                let replicates: Vec<f64> = (0..self.replicates).map(|_| self.value(level, rng)).collect();
                json!({
                    "name": SUBTESTS[subtest],
                    "value": self.value(level, rng),
                    "unit": "ms",
                    "lowerIsBetter": true,
                    "replicates": replicates,
                })
            })
            .collect();
        let mut suite = json!({
            "name": SUITES[at],
            "extraOptions": ["e10s", "stylo"],
            "lowerIsBetter": true,
            "unit": "ms",
            "alertThreshold": 2.0,
            "subtests": subtests,
        });
        if at.is_multiple_of(2) {
            suite["value"] = json!(self.value(self.level(at as u64 * 16 + 15), rng));
        }
        suite
    }

    fn level(&self, series: u64) -> u64 {
        Rng::new(mix(self.series, series)).range(20_000, 900_000)
    }

    /// The level with a noise of one percent, in hundredths.
    fn value(&self, level: u64, rng: &mut Rng) -> f64 {
        let shifted = level as i64 * (100 + i64::from(self.shift_percent)) / 100;
        (shifted + rng.below(level / 50 + 1) as i64 - level as i64 / 100) as f64 / 100.0
    }

    fn spoil(&self, object: &mut Value) {
        let long = |c: char, n: usize| c.to_string().repeat(n);
        match self.defect {
            None | Some(PerfDefect::NotJson) => {}
            Some(PerfDefect::EmptyObject) => *object = json!({}),
            Some(PerfDefect::NoSubtests) => object["suites"] = json!([{"name": "tabpaint"}]),
            Some(PerfDefect::LongName) => object["suites"][0]["name"] = json!(long('s', 81)),
            Some(PerfDefect::TwoLongOptions) => {
                object["suites"][0]["extraOptions"] = json!([long('a', 46), long('b', 46)]);
            }
            Some(PerfDefect::HugeValue) => object["suites"][0]["value"] = json!(2e12),
        }
    }
}

/// Makes the object of one line of a log.
pub(crate) fn line_object(rng: &mut Rng) -> Value {
    let mut spec = PerfSpec::new("build_metrics", rng.below(9), rng.next_u64());
    spec.suites = rng.range(1, 3) as u8;
    spec.replicates = 2;
    spec.object()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_data_points_is_that_of_the_object() {
        for suites in 0..9 {
            let spec = PerfSpec { suites, subtests: suites, ..PerfSpec::new("talos", 3, 4) };
            let object = spec.object();
            let mut points = 0;
            for suite in object["suites"].as_array().unwrap() {
                points +=
                    suite["subtests"].as_array().unwrap().len() + usize::from(suite["value"].is_number());
            }
            assert_eq!(points as u64, spec.data_points(), "{suites} suites");
        }
    }

    #[test]
    fn a_shift_moves_the_values_and_a_defect_has_no_points() {
        let level = PerfSpec::new("talos", 1, 1);
        let shifted = PerfSpec { shift_percent: 10, ..PerfSpec::new("talos", 1, 1) };
        let value = |spec: &PerfSpec| spec.object()["suites"][0]["value"].as_f64().unwrap();
        assert!(value(&shifted) > value(&level) * 1.05);
        for defect in PerfDefect::ALL {
            let spoiled = PerfSpec { defect: Some(defect), ..level.clone() };
            assert_eq!(spoiled.data_points(), 0);
            assert_ne!(spoiled.text(), level.text(), "{defect:?}");
        }
    }
}

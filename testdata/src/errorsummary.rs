//! Structured error summaries: one JSON object per line (`spec/ingest.md` §5.8).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rng::Rng;

/// How many lines of an error summary are read: the limit of 150 and the line that marks the cut.
pub const SUMMARY_LINES_READ: usize = 151;

/// Describes one error summary; equal specs give equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SummarySpec {
    /// Seed of everything that is left to chance.
    pub seed: u64,
    /// Number of `test_result` lines.
    pub results: u32,
    /// Number of `log` lines.
    pub logs: u32,
    /// Number of `crash` lines.
    pub crashes: u32,
    /// Number of `group_result` lines with a usable path.
    pub groups: u32,
    /// Further `group_result` lines whose path has backslashes or more than 255 characters: they are skipped.
    pub odd_groups: bool,
    /// A line in the middle that is not JSON: nothing of the file is stored.
    pub broken_line: bool,
    /// Characters outside the basic multilingual plane in messages.
    pub astral: bool,
}

/// What is stored from an error summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryTruth {
    /// Lines of the file.
    pub lines: u64,
    /// False when a line within the limit is not JSON: then nothing is stored.
    pub valid: bool,
    /// Failure lines, the mark of the cut included.
    pub failure_lines: u64,
    /// Group results with status `OK`, `ERROR`, `SKIP` and others.
    pub groups: [u64; 4],
}

impl SummaryTruth {
    /// Returns the number of group results of all states.
    pub fn group_results(&self) -> u64 {
        self.groups.iter().sum()
    }
}

enum Line {
    Ignored(Value),
    Failure(Value),
    Group(Value, Option<usize>),
    Broken,
}

impl SummarySpec {
    /// Describes the error summary of a failed test job.
    pub fn failed(seed: u64, results: u32) -> Self {
        Self { seed, results, groups: 6, ..Self::default() }
    }

    /// Describes the error summary of a passed test job: groups only.
    pub fn passed(seed: u64) -> Self {
        Self { seed, groups: 6, ..Self::default() }
    }

    /// Writes the file and says what is stored from it.
    pub fn text(&self) -> (String, SummaryTruth) {
        let lines = self.lines();
        let mut truth = SummaryTruth { lines: lines.len() as u64, valid: true, ..SummaryTruth::default() };
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            if at == SUMMARY_LINES_READ - 1 && !matches!(line, Line::Broken) {
                // Whatever it was, it is stored as the mark of the cut.
                truth.failure_lines += 1;
            } else if at < SUMMARY_LINES_READ {
                match line {
                    Line::Ignored(_) | Line::Group(_, None) => {}
                    Line::Failure(_) => truth.failure_lines += 1,
                    Line::Group(_, Some(status)) => truth.groups[*status] += 1,
                    Line::Broken => truth.valid = false,
                }
            }
            match line {
                Line::Ignored(value) | Line::Failure(value) | Line::Group(value, _) => {
                    text.push_str(&value.to_string());
                }
                Line::Broken => {
                    text.push_str("{\"action\": \"test_result\", \"line\": 12, \"test\": \"dom/pa");
                }
            }
            text.push('\n');
        }
        if !truth.valid {
            truth.failure_lines = 0;
            truth.groups = [0; 4];
        }
        (text, truth)
    }

    fn lines(&self) -> Vec<Line> {
        let mut rng = Rng::new(self.seed);
        let groups: Vec<String> =
            (0..self.groups).map(|at| format!("{}/demo{at}.toml", directory(&mut rng))).collect();
        let mut lines = vec![Line::Ignored(json!({"action": "test_groups", "line": 1, "groups": groups}))];
        let mut number = 2;
        let mut next = |rng: &mut Rng| {
            number += rng.range(1, 90);
            number
        };
        for at in 0..self.results {
            lines.push(Line::Failure(self.result(at, next(&mut rng), &groups, &mut rng)));
        }
        for at in 0..self.logs {
            let level = rng.word(&["ERROR", "CRITICAL", "warning"]);
            lines.push(Line::Failure(json!({
                "action": "log", "line": next(&mut rng), "level": level,
                "message": format!("the runner lost its helper process {at}"),
            })));
        }
        for at in 0..self.crashes {
            lines.push(Line::Failure(json!({
                "action": "crash", "line": next(&mut rng), "test": test(&mut rng),
                "signature": format!("[@ demo::PaintQueue{at}::Flush]"),
                "stackwalk_stdout": "Operating system: Linux\n 0  libdemo.so!demo::PaintQueue::Flush(demo::Surface*)\n",
                "stackwalk_stderr": null,
            })));
        }
        if self.broken_line {
            lines.insert(lines.len().div_ceil(2), Line::Broken);
        }
        for (at, group) in groups.iter().enumerate() {
            let failed = (at as u32) < self.results.min(2);
            let (status, slot) = match at % 7 {
                _ if failed => ("ERROR", 1),
                5 => ("SKIP", 2),
                6 => ("CRASHED", 3),
                _ => ("OK", 0),
            };
            let duration = if at % 5 == 4 { json!(null) } else { json!(rng.range(900, 90_000)) };
            let value = json!({"action": "group_result", "line": next(&mut rng), "group": group, "status": status, "duration": duration});
            lines.push(Line::Group(value, Some(slot)));
        }
        if self.odd_groups {
            for group in
                ["dom\\paint\\test\\demo.toml".to_owned(), format!("dom/{}/demo.toml", "long/".repeat(60))]
            {
                let value = json!({"action": "group_result", "line": next(&mut rng), "group": group, "status": "OK", "duration": 7});
                lines.push(Line::Group(value, None));
            }
        }
        lines
    }

    fn result(&self, at: u32, line: u64, groups: &[String], rng: &mut Rng) -> Value {
        let status = rng.word(&["FAIL", "FAIL", "TIMEOUT", "ERROR"]);
        let message = match (self.astral, at % 3) {
            (true, _) => format!("label {at} shows \u{1f4a5} \u{1d4b3} instead of \"text\""),
            (false, 0) => format!("step {at} of the sequence - got {at}, expected 0"),
            (false, 1) => format!("read C:\\task_{at}\\build\\tests\\demo.log in vain"),
            _ => "Test timed out".to_owned(),
        };
        json!({
            "action": "test_result", "line": line, "test": test(rng),
            "subtest": format!("the queue keeps its order ({at})"), "group": groups.first(),
            "status": status, "expected": "PASS", "message": message, "stack": null,
            "known_intermittent": if at % 4 == 3 { json!(["FAIL"]) } else { json!([]) },
            "modifiers": "", "duration": rng.range(10, 9000),
        })
    }
}

fn directory(rng: &mut Rng) -> &'static str {
    rng.word(crate::logs::DIRS)
}

fn test(rng: &mut Rng) -> String {
    format!("{}/test_{}.html", directory(rng), rng.range(1000, 1999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_job_has_results_and_groups() {
        let spec =
            SummarySpec { logs: 1, crashes: 1, odd_groups: true, groups: 8, ..SummarySpec::failed(1, 3) };
        let (text, truth) = spec.text();
        assert_eq!(truth.lines, 1 + 3 + 1 + 1 + 8 + 2);
        assert_eq!(truth.failure_lines, 5);
        assert_eq!(truth.groups, [4, 2, 1, 1]);
        assert!(
            text.lines()
                .all(|line| serde_json::from_str::<Value>(line).is_ok_and(|v| v["action"].is_string()))
        );
        assert!(text.contains(r"C:\\task_1\\build"));
    }

    #[test]
    fn the_cut_costs_the_groups() {
        let spec = SummarySpec::failed(1, 200);
        let (_, truth) = spec.text();
        assert_eq!((truth.failure_lines, truth.group_results()), (150, 0));
        let exact = SummarySpec { groups: 6, ..SummarySpec::failed(1, 144) };
        let (_, truth) = exact.text();
        assert_eq!((truth.lines, truth.failure_lines, truth.group_results()), (151, 145, 5));
    }

    #[test]
    fn a_broken_line_within_the_limit_costs_everything() {
        let spec = SummarySpec { broken_line: true, ..SummarySpec::failed(1, 4) };
        let (text, truth) = spec.text();
        assert!(!truth.valid);
        assert_eq!((truth.failure_lines, truth.group_results()), (0, 0));
        assert_eq!(text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count(), 1);
    }

    #[test]
    fn line_numbers_are_unique() {
        let (text, _) = SummarySpec { logs: 20, crashes: 20, ..SummarySpec::failed(9, 60) }.text();
        let numbers: Vec<u64> = text
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap()["line"].as_u64().unwrap())
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}

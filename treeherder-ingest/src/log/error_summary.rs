//! From the parser's view of an error summary to the rows that are stored (§5.8.4, §5.8.5).

use treeherder_logparse::errorsummary::{FailureLine, GroupResult};

use crate::store::failures::{FailureLineRow, GroupResultRow};

impl From<FailureLine> for FailureLineRow {
    fn from(line: FailureLine) -> Self {
        Self {
            action: line.action.name().to_owned(),
            line: i64::from(line.line),
            test: line.test,
            subtest: line.subtest,
            status: line.status,
            expected: line.expected,
            message: line.message,
            signature: line.signature,
            level: line.level,
            stack: line.stack,
            stackwalk_stdout: line.stackwalk_stdout,
            stackwalk_stderr: line.stackwalk_stderr,
            known_intermittent: line.known_intermittent.to_value(),
        }
    }
}

impl From<GroupResult> for GroupResultRow {
    fn from(result: GroupResult) -> Self {
        // The parser has made seconds of the milliseconds already.
        let milliseconds = f64::from(result.duration) * 1000.0;
        Self { group: result.group, status: result.status_text, duration: Some(milliseconds) }
    }
}

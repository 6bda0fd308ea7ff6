//! Whether this machine and the database agree about the time: leases and retries are reckoned by it.

use chrono::TimeDelta;

use super::finding::Findings;
use crate::roles::Database;

const CHECK: &str = "clock";
/// Leases last a minute; this much they bear.
const TOLERATED: TimeDelta = TimeDelta::seconds(2);

pub(super) async fn examine(database: &Database, findings: &mut Findings) {
    match database.store.clock_offset().await {
        Ok((offset, trust)) => judge(offset, trust, findings),
        Err(error) => findings.problem(
            CHECK,
            format!("the database does not tell the time: {error}"),
            "See what the database server logs.",
        ),
    }
}

fn judge(offset: TimeDelta, trust: TimeDelta, findings: &mut Findings) {
    let (ms, trust_ms) = (offset.num_milliseconds(), trust.num_milliseconds());
    let side = if ms < 0 { "behind" } else { "ahead of" };
    let message = format!("this machine's clock is {} ms {side} the database's (± {trust_ms} ms)", ms.abs());
    if offset.abs() - trust > TOLERATED {
        findings.problem(
            CHECK,
            message,
            "Let both machines set their clocks by NTP (`timedatectl set-ntp true`): leases and retries are reckoned by \
             the clock.",
        );
    } else {
        findings.ok(CHECK, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Finding, Level};

    #[test]
    fn a_clock_that_surely_is_wrong_is_a_problem() {
        for (offset, trust, level) in [
            (1_900, 0, Level::Ok),
            (-2_100, 0, Level::Problem),
            (5_000, 4_000, Level::Ok),
            (-90_000, 10, Level::Problem),
        ] {
            let mut findings = Findings::default();
            judge(TimeDelta::milliseconds(offset), TimeDelta::milliseconds(trust), &mut findings);
            let findings: Vec<Finding> = findings.into();
            assert_eq!(findings[0].level, level, "{}", findings[0].message);
        }
    }
}

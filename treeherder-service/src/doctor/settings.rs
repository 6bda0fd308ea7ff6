//! Settings that cannot work, or not as meant.

use super::finding::Findings;
use crate::config::StorageArgs;
use crate::{roles, variables};

const CHECK: &str = "settings";
/// Begins the names of our own variables; only there a name that nothing reads is surely a mistake.
const OURS: &str = "TREEHERDER_";
/// Read by tests and by scripts.
const ELSEWHERE: [&str; 3] =
    ["TREEHERDER_REQUIRE_SERVICES", "TREEHERDER_CONFORMANCE_DIR", "TREEHERDER_DJANGO_SECRET_KEY"];

pub(super) fn examine(storage: &StorageArgs, findings: &mut Findings) {
    let mut is_well = true;
    if let Err(error) = roles::check_addresses(storage) {
        is_well = false;
        findings.problem(CHECK, format!("{error:#}"), "Correct the variable or the flag.");
    }
    let known = variables::names();
    for (name, _) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if name.starts_with(OURS) && !known.contains(name) && !ELSEWHERE.contains(&name) {
            is_well = false;
            findings.note(
                CHECK,
                format!("{name} is set, but no command reads it"),
                "Look for the right name in `treeherder environment`.",
            );
        }
    }
    if is_well {
        findings.ok(CHECK, "what is set can be read");
    }
}

//! Logs made to be slow.

use treeherder_logparse::Rules;

/// A log of one kind of trouble.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What it is made of.
    pub name: &'static str,
    /// The log.
    pub text: Vec<u8>,
    /// Its performance data is JSON that has to be read to tell whether it is good: other work than looking for lines.
    pub reads_json: bool,
}

/// What is repeated to make a log: with the switch for Taskcluster's prefix at its start, or without.
struct Recipe {
    name: &'static str,
    taskcluster: bool,
    piece: String,
}

fn plain(name: &'static str, piece: impl Into<String>) -> Recipe {
    Recipe { name, taskcluster: false, piece: piece.into() }
}

fn prefixed(name: &'static str, piece: impl Into<String>) -> Recipe {
    Recipe { name, taskcluster: true, piece: piece.into() }
}

/// Makes every hostile log known, each of about `bytes`.
#[must_use]
pub fn all(rules: &Rules, bytes: usize) -> Vec<Hostile> {
    let mut recipes = Vec::new();
    recipes.extend(useless_hits());
    recipes.extend(tiny_failures());
    recipes.extend(near_windows());
    recipes.extend(line_ends());
    recipes.extend(prefixes());
    recipes.push(plain("every literal, no failure", every_literal(rules) + "\n"));
    let mut logs: Vec<Hostile> = recipes.into_iter().map(|recipe| make(&recipe, bytes, false)).collect();
    logs.extend(performance_data().iter().map(|recipe| make(recipe, bytes, true)));
    logs
}

fn make(recipe: &Recipe, bytes: usize, reads_json: bool) -> Hostile {
    let head = if recipe.taskcluster { "[taskcluster 2026-11-22 10:00:00.000Z] Task ID: abc\n" } else { "" };
    let text = [head, &*recipe.piece.repeat(bytes / recipe.piece.len())].concat();
    Hostile { name: recipe.name, text: text.into_bytes(), reads_json }
}

/// Literals of rules that then don't match.
fn useless_hits() -> Vec<Recipe> {
    vec![
        plain(
            "one useless `Error: ` a line",
            "some text Error: nothing to see here, move on please, usual length\n",
        ),
        plain("60 useless `Error: ` a line", " Error: ".repeat(60) + "\n"),
        plain("68 useless `: ***` a line", "x: *** ".repeat(68) + "\n"),
        plain("lines of 14 kB of `x: *** `", "x: *** ".repeat(2000) + "\n"),
        plain("one useless hit in 480 bytes", "1".repeat(450) + ": *** \n"),
        plain("one useless unanchored hit in 480 bytes", "mozmake.exe ".repeat(39) + ": ***\n"),
        plain("unanchored patterns just missed", " error(11111111111111 error C error( :1: error\n"),
        plain("`ERROR 4` without end", "ERROR 4x "),
        plain("`ERROR 4` lines", "ERROR 4\n"),
        plain("`error(1` lines", " error(1\n"),
        plain("`:1: error` lines", ":1: error\n"),
        plain("letters, then `Error:`", "a".repeat(400) + "Error:x\n"),
        plain("`abort:` late in a line of 490 bytes", "a b c d ".repeat(60) + "abort:\n"),
        plain(
            "`PERFHERDER_DATA` lifts the cut, then hits",
            "PERFHERDER_DATA ".to_owned() + &": *** ".repeat(9000) + "\n",
        ),
        plain("near Unicode failures", ":é: error:\n"),
        plain("Unicode lines with a useless hit", "é: ***\n"),
        plain("wide Unicode lines with a useless hit", "\u{1F600}".repeat(110) + " error C: x\n"),
    ]
}

/// Failure lines as short as can be, all of them reported or dropped as repeated.
fn tiny_failures() -> Vec<Recipe> {
    vec![
        plain("`: ***` alone", ": ***\n"),
        plain("equal tiny failures", "abort:\n"),
        plain("tiny failures that differ", "abort:1\nabort:2\n"),
        plain("equal failures", "fatal error\n"),
        plain("failures that differ", "fatal error 1\nfatal error 2\n"),
        plain("equal Unicode failures", "é fatal error\n"),
        plain("Unicode failures that differ", "é fatal error1\né fatal error2\n"),
        plain("excluded failures", "TEST-PASS fatal error\n"),
        plain("excluded failures that differ", "non-fatal error 1\nnon-fatal error 2\n"),
        plain("nearly excluded failures", "I Gecko ".repeat(50) + " fatal error\n"),
        plain(
            "long nearly excluded failures that differ",
            "I Gecko ".repeat(30) + "TEST-UNEXPECTED\n" + &"I Gecko ".repeat(30) + " fatal error 2\n",
        ),
        plain("tiny compiler errors that differ", ":1: error:\n:2: error:\n"),
        plain("tiny `[a:error]` that differ", "[a:error]\n[b:error]\n"),
    ]
}

/// Pieces of literals that make candidates only.
fn near_windows() -> Vec<Recipe> {
    vec![
        plain("an endless line of `a`", "a"),
        plain("an endless line of `***`", "***"),
        plain("an endless line of ` er`", " er"),
        plain("an endless line of `ut:`", "ut:"),
        plain("an endless line of ` **`", " **"),
        plain("an endless line of `: *** `", ": *** "),
        plain("lines of ` er`", " er er er er er er er er\n"),
        plain("lines of ` **`", " ** **\n"),
        plain(
            "every window of the hints",
            " ** erRT:TA:et:rt:ut:RFORLDRROrm:AssED-ExcUns:er:exASHErr ] UMMAL eFadSakcl\n",
        ),
    ]
}

fn line_ends() -> Vec<Recipe> {
    vec![
        plain("empty lines", "\n"),
        plain("lone CR", "\r"),
        plain("CR LF", "\r\n"),
        plain("LF CR", "\n\r"),
        plain("lone CR between hits", ": ***\r"),
    ]
}

fn prefixes() -> Vec<Recipe> {
    vec![
        plain("mozharness prefix, useless hit", "12:12:12     INFO -   : ***\n"),
        prefixed("Taskcluster prefix, useless hit", "[task 2026-11-22T10:00:02.000Z] : ***\n"),
        prefixed("short prefix, equal failures", "[a2026-1] abort:\n"),
        prefixed("short prefix, failures that differ", "[a2026-1] abort:1\n[a2026-1] abort:2\n"),
        prefixed("Unicode prefix, equal failures", "[é2026-1]\u{a0}abort:\n"),
        prefixed("Unicode prefix, failures that differ", "[é2026-1]\u{a0}abort:1\n[é2026-1]\u{a0}abort:2\n"),
        prefixed("Unicode prefix, useless hit", "[é2026-1]\u{a0}: ***\n"),
        prefixed("prefix that never ends", "[".to_owned() + &"2026-".repeat(90) + " : ***\n"),
        prefixed("`[taskcluster ` again and again", "[taskcluster \n"),
        prefixed("`[taskcluster:` again and again", "[taskcluster:error] x\n[taskcluster:error] y\n"),
    ]
}

fn performance_data() -> Vec<Recipe> {
    vec![
        plain("`PERFHERDER_DATA:` lines", "PERFHERDER_DATA:\n"),
        plain("an endless line of `PERFHERDER_DATA:`", "PERFHERDER_DATA:"),
        plain("`PERFHERDER_DATA: {}` lines", "PERFHERDER_DATA: {}\n"),
        plain("tiny bad performance data", "PERFHERDER_DATA: {\"framework\":1}\n"),
        plain("performance data that never ends", "PERFHERDER_DATA: { ".repeat(50) + "\n"),
        plain("deep brackets", "PERFHERDER_DATA: {\"a\":".to_owned() + &"[".repeat(400) + "\n"),
    ]
}

/// All literals in one line, those cut short that would make it a failure line.
fn every_literal(rules: &Rules) -> String {
    let mut line = String::new();
    for literal in rules.literals() {
        let literal = String::from_utf8_lossy(literal);
        let alone = rules.is_failure(&format!("x{literal}x"));
        line.push_str(if alone { &literal[1..] } else { &literal });
        line.push('x');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_all_literals_is_no_failure_line() {
        let rules = Rules::treeherder();
        assert!(!rules.is_failure(&every_literal(&rules)));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all(&Rules::treeherder(), 2000).iter().map(|log| log.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

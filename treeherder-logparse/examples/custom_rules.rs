//! Finds failure lines by rules of one's own: `custom_rules rules.toml < build.log`, or without arguments by the rules
//! below in the log below.

use std::{env, error::Error, fs, io};

use treeherder_logparse::{Event, Parser, Rules, Ruleset, parse_reader};

const RULES: &str = r#"
name = "cargo"
description = "what cargo says when something fails"
max-failure-lines = 100

# `12:03:04 `: removed for good, whatever line it stands on.
[[strip]]
pattern = '^\d\d:\d\d:\d\d '

[[failure]]
pattern = '^error(?:\[E\d{4}\])?: '
[[failure]]
pattern = '^thread .* panicked at '
[[failure]]
text = "... FAILED"

[[exclude]]
text = "error: aborting due to"
"#;

const LOG: &str = "\
12:03:04    Compiling demo v0.1.0
12:03:05 error[E0425]: cannot find value `x` in this scope
12:03:05 error: aborting due to 1 previous error
12:03:09 test tests::adds ... ok
12:03:09 test tests::divides ... FAILED
";

fn main() -> Result<(), Box<dyn Error>> {
    let (rules, log): (String, Box<dyn io::Read>) = match env::args_os().nth(1) {
        Some(path) => (fs::read_to_string(path)?, Box::new(io::stdin().lock())),
        None => (RULES.to_owned(), Box::new(LOG.as_bytes())),
    };
    // An error names the rule and its line in the file.
    let rules = Rules::compile(&Ruleset::from_toml(&rules)?)?;
    let parser = Parser::builder().rules(rules).build();
    let report = parse_reader(log, parser, &mut |event| {
        if let Event::Failure(line) = event {
            println!("{}: {}", line.line_number + 1, line.text);
        }
    })?;
    println!("{} of {} lines", report.summary.failure_lines, report.summary.lines);
    Ok(())
}

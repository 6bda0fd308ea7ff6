//! Tells what is in a log, gzipped or not: `gzip_report live_backing.log.gz`.
//!
//! A log that breaks off, or is corrupt in the middle, is reported as far as it can be read.

use std::{env, error::Error, fs::File};

use treeherder_logparse::{Event, Parser, parse_reader};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("usage: gzip_report LOG")?;
    let mut sink = |event: Event<'_>| match event {
        Event::Failure(line) => println!("{:>8}  {}", line.line_number + 1, line.text),
        Event::Performance(line) => {
            let suites: Vec<&str> = line.data.suites.iter().map(|suite| suite.name.as_str()).collect();
            println!("{:>8}  performance data: {}", line.line_number + 1, suites.join(", "));
        }
        Event::Problem(problem) => println!("{:>8}  {}", problem.line_number + 1, problem.kind),
        _ => {}
    };
    let (report, problem) = match parse_reader(File::open(path)?, Parser::new(), &mut sink) {
        Ok(report) => (report, None),
        Err(error) => (error.report, Some(error.source)),
    };
    let (summary, decoded) = (report.summary, report.decoded);
    println!("{} lines, {} bytes from {}", summary.lines, decoded.decoded_bytes, decoded.compressed_bytes);
    if decoded.truncated {
        println!("the log breaks off in its compressed data");
    }
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

//! A line with performance data: what is accepted is written as JSON that reads as the same data again.
#![cfg_attr(fuzzing, no_main)]

use treeherder_logparse::perf;
use treeherder_logparse_fuzz::target;

target!(|data| {
    let extracted = perf::extract(data).map(|text| text.into_owned());
    match perf::parse_line(data) {
        perf::Outcome::NotPerformanceData => assert_eq!(extracted, None),
        perf::Outcome::Problem(problem) => assert!(!problem.to_string().is_empty() && extracted.is_some()),
        perf::Outcome::Data(first) => {
            let text = extracted.expect("it was read from there");
            let again = perf::parse_json(text.as_bytes()).expect("it was accepted before");
            assert_eq!(format!("{again:?}"), format!("{first:?}"));
        }
    }
});

//! How much memory performance data take. A program of its own with one test: the peak is that of the whole process.

#![cfg(target_os = "linux")]

use treeherder_logparse::perf;

/// The most memory this process has had so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    kilobytes.expect("Linux has it").parse::<usize>().expect("it is a number") * 1024
}

/// A line of about five megabytes, made of one piece of text again and again.
fn line(before: &str, piece: &str, after: &str) -> String {
    let pieces = format!("{piece},").repeat((5 << 20) / (piece.len() + 1));
    format!("PERFHERDER_DATA: {before}{pieces}{piece}{after}")
}

#[test]
fn the_costliest_lines_take_a_bounded_multiple_of_their_length() {
    let suite = r#"{"framework": {}, "suites": [{"name": "s", "subtests": [], "#;
    let shapes = [
        ("one property again and again", suite, "\"x\":[[[[]]]]", "}]}"),
        ("objects nobody asked for", &format!("{suite}\"x\": ["), "{}", "]}]}"),
        ("objects where numbers belong", &format!("{suite}\"replicates\": ["), "{\"a\":[]}", "]}]}"),
        ("the shortest numbers", &format!("{suite}\"replicates\": ["), "1", "]}]}"),
        ("the shortest subtests", &format!("{suite}\"subtests\": ["), "{\"name\":\"\",\"value\":1}", "]}]}"),
        ("the shortest suites", "{\"framework\":{},\"suites\":[", "{\"name\":\"\",\"subtests\":[]}", "]}"),
    ];
    let before = peak();
    for (what, start, piece, end) in shapes {
        let line = line(start, piece, end);
        let outcome = perf::parse_line(line.as_bytes());
        assert!(!matches!(outcome, perf::Outcome::NotPerformanceData));
        let grown = peak() - before;
        eprintln!("{what}: {} MB so far for {} MB", grown >> 20, line.len() >> 20);
        assert!(grown < 32 * line.len(), "{what}: {grown} bytes for a line of {}", line.len());
    }
}

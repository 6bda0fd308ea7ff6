//! How often the parser asks for memory, and how much it keeps. Counted per thread, so that tests don't disturb each other.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    io::Write as _,
};

use flate2::{Compression, write::GzEncoder};
use treeherder_logparse::{Event, LogParser, Parser};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

fn count(size: usize, freed: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + u64::from(size > 0));
    LIVE.set(LIVE.get() + size as i64 - freed as i64);
    PEAK.set(PEAK.get().max(LIVE.get()));
}

// SAFETY: every call goes to the system's allocator as it came; the cells are plain numbers and allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new exist side by side while the system copies.
        count(size, 0);
        count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns how often memory was asked for.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// Returns how much memory was in use at most, beyond what was at the start.
fn peak(work: impl FnOnce()) -> i64 {
    let before = LIVE.get();
    PEAK.set(before);
    work();
    PEAK.get() - before
}

/// Lines that yield nothing, though some of them nearly do.
fn barren() -> Vec<u8> {
    let lines = [
        "[task 2026-11-22T10:00:00.000Z] 10:00:00     INFO - TEST-PASS | dom/a.js | TEST-UNEXPECTED-FAIL is fine here",
        "[task 2026-11-22T10:00:00.000Z] 10:00:00     INFO - ImportError: No module named pygtk",
        "[task 2026-11-22T10:00:00.000Z]  make: *** is what it would say, but not here",
        "[taskcluster:info] Starting task",
        "a non-fatal error in été 🍆",
        "some error(abc): and Exception: in the middle\r",
        "",
        "PERFHERDER_DATA:{} without a blank",
        "x ERROR 304: nothing",
    ];
    let mut log = b"[taskcluster 2026-11-22 10:00:00.000Z] Task ID: abc\n".to_vec();
    for number in 0..2000 {
        log.extend_from_slice(lines[number % lines.len()].as_bytes());
        log.push(b'\n');
    }
    log
}

#[expect(clippy::needless_pass_by_value, reason = "a sink takes events")]
fn nothing(event: Event<'_>) {
    panic!("{event:?}");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Vec::<u8>::with_capacity(10))), 1);
    assert!((1000..2000).contains(&peak(|| drop(vec![0_u8; 1000]))));
}

#[test]
fn lines_that_yield_nothing_cost_no_memory() {
    let log = barren();
    for size in [log.len(), 1, 7, 100, 512, 4096, 65_536] {
        let mut parser = Parser::new();
        log.chunks(size).for_each(|chunk| parser.feed(chunk, &mut nothing));
        let count = allocations(|| log.chunks(size).for_each(|chunk| parser.feed(chunk, &mut nothing)));
        assert_eq!(count, 0, "in chunks of {size}");
    }
}

#[test]
fn failure_lines_cost_no_memory_of_the_parsers() {
    let log: String = (0..1000).map(|number| format!("abort: {number:04}\nok\n")).collect();
    for size in [log.len(), 7, 512] {
        let mut parser = Parser::builder().max_failure_lines(None).build();
        let mut lines = 0;
        let mut feed =
            || log.as_bytes().chunks(size).for_each(|chunk| parser.feed(chunk, &mut |_| lines += 1));
        feed();
        let count = allocations(feed);
        assert_eq!((count, lines), (0, 2000), "in chunks of {size}");
    }
}

#[test]
fn long_lines_cost_no_memory_once_there_is_room_for_a_head() {
    let log = [&b"x".repeat(200_000)[..], b"\nshort\n"].concat();
    for size in [1000, 65_536] {
        let mut parser = Parser::new();
        log.chunks(size).for_each(|chunk| parser.feed(chunk, &mut nothing));
        let count = allocations(|| log.chunks(size).for_each(|chunk| parser.feed(chunk, &mut nothing)));
        assert_eq!(count, 0, "in chunks of {size}");
    }
}

#[test]
fn inflating_costs_no_memory_after_the_first_member() {
    let log = barren();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&log).unwrap();
    let member = encoder.finish().unwrap();
    let mut parser = LogParser::default();
    let mut feed = || member.chunks(1000).for_each(|chunk| parser.feed(chunk, &mut nothing).unwrap());
    feed();
    assert_eq!(allocations(|| (0..3).for_each(|_| feed())), 0);
}

/// A line of 50 MB: only its head is kept.
#[test]
fn an_endless_line_is_kept_in_bounded_memory() {
    let chunk = vec![b'x'; 64 << 10];
    let mut parser = Parser::new();
    let peak = peak(|| {
        for _ in 0..800 {
            parser.feed(&chunk, &mut nothing);
        }
    });
    assert!(peak <= 256 << 10, "{peak} bytes");
    let summary = parser.finish(&mut nothing);
    assert_eq!((summary.lines, summary.bytes), (1, 800 * (64 << 10)));
}

/// The same with a marker: kept up to the limit, then given up, and reported.
#[test]
fn endless_performance_data_is_kept_up_to_its_limit() {
    let limit = 1 << 20;
    let chunk = vec![b'x'; 64 << 10];
    let mut parser = Parser::builder().max_performance_line(limit).build();
    let mut problems = Vec::new();
    parser.feed(b"PERFHERDER_DATA: {", &mut nothing);
    let peak = peak(|| {
        for _ in 0..800 {
            parser.feed(&chunk, &mut nothing);
        }
    });
    assert!(peak <= 4 * limit as i64, "{peak} bytes");
    let summary = parser.finish(&mut |event| match event {
        Event::Problem(problem) => problems.push(problem.to_string()),
        other => panic!("{other:?}"),
    });
    assert_eq!(summary.problems, 1);
    assert_eq!(problems, ["line 0: performance data longer than 1048576 bytes was skipped"]);
}

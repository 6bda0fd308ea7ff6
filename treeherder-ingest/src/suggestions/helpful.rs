//! What is worth searching for (§6.5.4).

/// Texts that stand in the place of a test's name in lines of any failure.
const UNHELPFUL: [&str; 18] = [
    "automation.py",
    "remoteautomation.py",
    "Shutdown",
    "undefined",
    "Main app process exited normally",
    "Traceback (most recent call last):",
    "Return code: 0",
    "Return code: 1",
    "Return code: 2",
    "Return code: 10",
    "mozalloc_abort(char const*)",
    "mozalloc_abort",
    "CrashingThread(void *)",
    "gtest",
    "Last test finished",
    "leakcheck",
    "LeakSanitizer",
    "# TBPL FAILURE #",
];

/// Tells whether a text says enough to find a bug by it.
#[must_use]
pub fn is_helpful(text: &str) -> bool {
    let text = text.trim();
    text.chars().nth(4).is_some() && !UNHELPFUL.contains(&text)
}

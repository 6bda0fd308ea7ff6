//! Progress bars, on the standard error stream when that is a terminal.

use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Returns the place where all bars are drawn.
pub(crate) fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Starts a bar that counts up to `total`; its message follows the counts.
pub(crate) fn counter(label: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {bar:32} {pos}/{len}  {msg}");
    start(ProgressBar::new(total), style.ok(), label)
}

/// Starts a display without an end.
pub(crate) fn spinner(label: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>10} {spinner} {elapsed}  {msg}");
    start(ProgressBar::new_spinner(), style.ok(), label)
}

fn start(bar: ProgressBar, style: Option<ProgressStyle>, label: &'static str) -> ProgressBar {
    let bar = bars().add(bar).with_prefix(label);
    if let Some(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

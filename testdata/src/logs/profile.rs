//! Kinds of logs.

use super::failure::FailureKind;
use super::plant::Decoy;
use super::script::{self, Frame, Script};

/// What kind of job writes the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Browser tests under mozharness and the Taskcluster worker.
    Mochitest,
    /// A build: make, compiler lines of several kilobytes, CRLF in the set-up.
    Build,
    /// Rendering tests.
    Reftest,
    /// Shell tests.
    Xpcshell,
    /// Tests with a sanitizer.
    Sanitizer,
    /// Tests on Windows: CRLF everywhere.
    Windows,
    /// Tests on an emulator with device messages.
    Android,
    /// Performance tests.
    Talos,
    /// GitHub Actions: no Taskcluster prefix, a time stamp before every line.
    Actions,
    /// A plain task: worker prefix, no mozharness.
    PlainTask,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 10] = [
        Self::Mochitest,
        Self::Build,
        Self::Reftest,
        Self::Xpcshell,
        Self::Sanitizer,
        Self::Windows,
        Self::Android,
        Self::Talos,
        Self::Actions,
        Self::PlainTask,
    ];

    /// Returns the kinds of failures that can occur in such a log.
    pub fn failure_kinds(self) -> Vec<FailureKind> {
        FailureKind::ALL.iter().copied().filter(|kind| kind.fits(self)).collect()
    }

    /// Returns the near misses that can occur in such a log.
    pub fn decoys(self) -> Vec<Decoy> {
        Decoy::ALL.into_iter().filter(|decoy| decoy.fits(self)).collect()
    }

    pub(crate) fn script(self) -> &'static Script {
        match self {
            Self::Mochitest => &script::MOCHITEST,
            Self::Build => &script::BUILD,
            Self::Reftest => &script::REFTEST,
            Self::Xpcshell => &script::XPCSHELL,
            Self::Sanitizer => &script::SANITIZER,
            Self::Windows => &script::WINDOWS,
            Self::Android => &script::ANDROID,
            Self::Talos => &script::TALOS,
            Self::Actions => &script::ACTIONS,
            Self::PlainTask => &script::PLAIN_TASK,
        }
    }

    /// Says whether a parser sees the text of a line at its start, all prefixes removed.
    pub(crate) fn starts_lines(self) -> bool {
        self.script().frame != Frame::Actions
    }

    pub(crate) fn has_mozharness(self) -> bool {
        self.script().frame == Frame::Mozharness
    }
}

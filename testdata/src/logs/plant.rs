//! What can be planted in a log: failures, near misses and measurements.

use super::failure::FailureKind;
use super::profile::Profile;

/// One thing planted at a known place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plant {
    /// A line that must be reported.
    Failure(FailureKind),
    /// The last failure again, under a new time: must not be reported a second time.
    Repeat,
    /// A line that looks like a failure and is none.
    Decoy(Decoy),
    /// A line with performance data.
    Perf(PerfLine),
}

/// Lines that contain what failures contain and are none (`spec/ingest.md` §5.5.1, rules X1 and X2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decoy {
    /// X1a.
    TestInfo,
    /// X1a.
    TestPass,
    /// X1b.
    ShutdownOnCrash,
    /// X2a.
    GeckoLogcat,
    /// X2b.
    BareAssertion,
    /// X2c.
    UnexpectedWarning,
    /// X2d.
    Timeout,
    /// X2e.
    MissingPygtk,
    /// X2f.
    NonFatal,
    /// A term after the 500th character.
    BeyondLimit,
    /// An anchored term that is not at the start.
    NotAtStart,
}

impl Decoy {
    /// Every decoy.
    pub const ALL: [Self; 11] = [
        Self::TestInfo,
        Self::TestPass,
        Self::ShutdownOnCrash,
        Self::GeckoLogcat,
        Self::BareAssertion,
        Self::UnexpectedWarning,
        Self::Timeout,
        Self::MissingPygtk,
        Self::NonFatal,
        Self::BeyondLimit,
        Self::NotAtStart,
    ];

    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::TestInfo => "TEST-INFO | {unit} | next comes TEST-UNEXPECTED-FAIL of case {n}, wanted here",
            Self::TestPass => "TEST-PASS | {unit} | the text fatal error shows up {n} times",
            Self::ShutdownOnCrash => {
                "PROCESS-CRASH? A content process crashed and MOZ_CRASHREPORTER_SHUTDOWN is set, shutting down"
            }
            Self::GeckoLogcat => "I/Gecko ( {n}): TEST-UNEXPECTED-FAIL | {unit} | copied from the device",
            Self::BareAssertion => "waiting for child {n}: Assertion failure",
            Self::UnexpectedWarning => "TEST-UNEXPECTED-WARNING | {unit} | slow by {n} ms",
            Self::Timeout => "TimeoutException: nothing came within {n} seconds",
            Self::MissingPygtk => "ImportError: No module named pygtk",
            Self::NonFatal => "step {n}: fatal error turned into a non-fatal error by policy",
            Self::BeyondLimit => "{pad}{pad}{pad}{pad}{pad}{pad} TEST-UNEXPECTED-FAIL | {unit} | case {n}",
            Self::NotAtStart => "step {n} said abort: and then make: *** but both were quoted",
        }
    }

    /// Says whether the decoy stays one when the line starts with something that is not removed.
    pub(crate) fn bears_prefix(self) -> bool {
        !matches!(self, Self::UnexpectedWarning)
    }

    pub(crate) fn fits(self, profile: Profile) -> bool {
        self.bears_prefix() || profile.starts_lines()
    }
}

/// Lines with the marker of performance data (`spec/ingest.md` §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PerfLine {
    /// Valid.
    Valid,
    /// Valid; another marker without data precedes it and text follows it.
    SecondMarker,
    /// No blank after the colon.
    NoBlank,
    /// Cut in the middle.
    BrokenJson,
    /// `{}`.
    Empty,
    /// A suite without subtests.
    SchemaViolation,
}

impl PerfLine {
    /// Every form.
    pub const ALL: [Self; 6] = [
        Self::Valid,
        Self::SecondMarker,
        Self::NoBlank,
        Self::BrokenJson,
        Self::Empty,
        Self::SchemaViolation,
    ];

    /// Says whether a parser must take the object.
    pub fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::SecondMarker)
    }
}

//! Logs worth having by name.

use super::failure::FailureKind as Kind;
use super::plant::{PerfLine, Plant};
use super::profile::Profile;
use super::spec::{LogSpec, Oddities};

/// A kind of log with what usually goes wrong in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// A successful browser test.
    Clean,
    /// Failing browser tests.
    MochitestFail,
    /// Rendering differences.
    ReftestFail,
    /// Failing shell tests.
    XpcshellFail,
    /// A crash with its stack.
    Crash,
    /// Sanitizer reports.
    Sanitizer,
    /// Leaked windows.
    Leak,
    /// Compiler errors and the `make: ***` lines they lead to.
    BuildFail,
    /// Compiler errors on Windows.
    WindowsFail,
    /// A device that stopped answering.
    AndroidFail,
    /// A task killed for its time.
    Timeout,
    /// GitHub Actions.
    Actions,
    /// Performance data, valid and not.
    Perf,
    /// Thousands of failures.
    Storm,
    /// Very long lines, invalid UTF-8, astral characters, lone CR, no newline at the end.
    Odd,
    /// Every rule and every near miss.
    EveryRule,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 16] = [
        Self::Clean,
        Self::MochitestFail,
        Self::ReftestFail,
        Self::XpcshellFail,
        Self::Crash,
        Self::Sanitizer,
        Self::Leak,
        Self::BuildFail,
        Self::WindowsFail,
        Self::AndroidFail,
        Self::Timeout,
        Self::Actions,
        Self::Perf,
        Self::Storm,
        Self::Odd,
        Self::EveryRule,
    ];

    /// Returns the name used for files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::MochitestFail => "mochitest-fail",
            Self::ReftestFail => "reftest-fail",
            Self::XpcshellFail => "xpcshell-fail",
            Self::Crash => "crash",
            Self::Sanitizer => "sanitizer",
            Self::Leak => "leak",
            Self::BuildFail => "build-fail",
            Self::WindowsFail => "windows-fail",
            Self::AndroidFail => "android-fail",
            Self::Timeout => "timeout",
            Self::Actions => "actions",
            Self::Perf => "perf",
            Self::Storm => "storm",
            Self::Odd => "odd",
            Self::EveryRule => "every-rule",
        }
    }

    /// Describes the log.
    pub fn spec(self, seed: u64, bytes: u64) -> LogSpec {
        let fail = |profile, kinds: &[Kind]| {
            let mut spec = LogSpec::new(profile, seed, bytes);
            spec.plants = kinds.iter().map(|kind| Plant::Failure(*kind)).collect();
            spec.oddities.progress = true;
            spec
        };
        match self {
            Self::Clean => fail(Profile::Mochitest, &[]),
            Self::MochitestFail => {
                let mut spec = fail(Profile::Mochitest, &[Kind::TestUnexpected, Kind::TestUnexpected]);
                spec.plants.push(Plant::Repeat);
                spec.plants.extend([Plant::Failure(Kind::TestTimeout), Plant::Failure(Kind::LevelError)]);
                spec
            }
            Self::ReftestFail => {
                fail(Profile::Reftest, &[Kind::ReftestError, Kind::TestUnexpected, Kind::LevelError])
            }
            Self::XpcshellFail => {
                fail(Profile::Xpcshell, &[Kind::TestUnexpected, Kind::NamedError, Kind::Assertion])
            }
            Self::Crash => {
                fail(Profile::Mochitest, &[Kind::MozCrash, Kind::ProcessCrash, Kind::TestUnexpected])
            }
            Self::Sanitizer => fail(
                Profile::Sanitizer,
                &[Kind::AddressSanitizer, Kind::ThreadSanitizer, Kind::UndefinedBehavior],
            ),
            Self::Leak => fail(Profile::Sanitizer, &[Kind::Leak, Kind::TestUnexpected]),
            Self::BuildFail => fail(
                Profile::Build,
                &[Kind::CompilerError, Kind::FatalLower, Kind::GmakeDepth, Kind::Make, Kind::LevelFatal],
            ),
            Self::WindowsFail => fail(Profile::Windows, &[Kind::MsvcError, Kind::Mozmake, Kind::LevelError]),
            Self::AndroidFail => fail(Profile::Android, &[Kind::Automation, Kind::TestTimeout]),
            Self::Timeout => {
                fail(Profile::PlainTask, &[Kind::CommandTimedOut, Kind::Killed, Kind::BracketError])
            }
            Self::Actions => fail(Profile::Actions, &[Kind::CompilerError, Kind::FatalLower]),
            Self::Perf => {
                let mut spec = fail(Profile::Talos, &[]);
                spec.plants = PerfLine::ALL.into_iter().map(Plant::Perf).collect();
                spec
            }
            Self::Storm => {
                let mut spec = fail(Profile::Talos, &[Kind::LevelError]);
                spec.storm = (bytes / 400).clamp(60, 20_000);
                spec
            }
            Self::Odd => {
                let mut spec = fail(
                    Profile::Mochitest,
                    &[Kind::Astral, Kind::InvalidUtf8, Kind::Overlong, Kind::TrailingSpace],
                );
                spec.oddities = Oddities {
                    progress: true,
                    astral: true,
                    invalid_utf8: true,
                    long_lines: true,
                    no_final_newline: true,
                };
                spec
            }
            Self::EveryRule => {
                let mut spec = fail(Profile::Mochitest, &spec_kinds(Profile::Mochitest));
                let decoys = Profile::Mochitest.decoys().into_iter().map(Plant::Decoy);
                spec.plants.extend(decoys);
                spec
            }
        }
    }
}

fn spec_kinds(profile: Profile) -> Vec<Kind> {
    profile.failure_kinds()
}

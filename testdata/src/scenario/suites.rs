//! What the tasks of a push do.

use crate::logs::{Preset, Profile};

/// The kind of a job, as `extra.treeherder.jobKind` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// `build`
    Build,
    /// `test`
    Test,
    /// `other`
    Other,
}

impl JobKind {
    /// Returns the name in the definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Test => "test",
            Self::Other => "other",
        }
    }
}

/// One kind of task.
#[derive(Debug, PartialEq)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) symbol: &'static str,
    /// `None`: the group stays `?`.
    pub(crate) group: Option<(&'static str, &'static str)>,
    pub(crate) kind: JobKind,
    pub(crate) profile: Profile,
    /// What its log looks like when it fails.
    pub(crate) failure: Preset,
    pub(crate) chunked: bool,
    pub(crate) framework: Option<&'static str>,
    /// Usual length of a run, in seconds.
    pub(crate) seconds: u64,
}

const MOCHITESTS: Option<(&str, &str)> = Some(("M", "Mochitests"));

static DECISION: Suite = Suite {
    name: "Decision Task",
    symbol: "D",
    group: None,
    kind: JobKind::Other,
    profile: Profile::PlainTask,
    failure: Preset::Timeout,
    chunked: false,
    framework: None,
    seconds: 120,
};
static LINT: Suite = Suite {
    name: "source-test-lint-codestyle",
    symbol: "style",
    group: Some(("lint", "Linters")),
    kind: JobKind::Other,
    profile: Profile::PlainTask,
    failure: Preset::Timeout,
    chunked: false,
    framework: None,
    seconds: 240,
};
static BUILD: Suite = Suite {
    name: "build",
    symbol: "B",
    group: None,
    kind: JobKind::Build,
    profile: Profile::Build,
    failure: Preset::BuildFail,
    chunked: false,
    framework: Some("build_metrics"),
    seconds: 1100,
};

const fn test(
    name: &'static str,
    symbol: &'static str,
    group: Option<(&'static str, &'static str)>,
    profile: Profile,
    failure: Preset,
    seconds: u64,
) -> Suite {
    let chunked = symbol.is_empty() || matches!(symbol.as_bytes(), b"bc" | b"dt" | b"X" | b"R");
    Suite { name, symbol, group, kind: JobKind::Test, profile, failure, chunked, framework: None, seconds }
}

static TESTS: [Suite; 9] = [
    test("mochitest-browser-chrome", "bc", MOCHITESTS, Profile::Mochitest, Preset::MochitestFail, 1500),
    test("mochitest-plain", "", MOCHITESTS, Profile::Mochitest, Preset::Crash, 1300),
    test("xpcshell", "X", None, Profile::Xpcshell, Preset::XpcshellFail, 900),
    test("reftest", "R", Some(("R", "Reftests")), Profile::Reftest, Preset::ReftestFail, 1200),
    Suite {
        framework: Some("talos"),
        ..test("talos-pages", "p", Some(("T", "Talos performance tests")), Profile::Talos, Preset::Perf, 800)
    },
    test("mochitest-devtools-chrome", "dt", MOCHITESTS, Profile::Sanitizer, Preset::Leak, 1600),
    test("gtest", "GTest", None, Profile::PlainTask, Preset::Timeout, 500),
    Suite {
        framework: Some("awsy"),
        ..test("awsy-tabs", "sy", Some(("SY", "Are we slim yet tests")), Profile::Talos, Preset::Perf, 700)
    },
    test("geckoview-junit", "gv", None, Profile::Android, Preset::AndroidFail, 900),
];

/// Platform and option of each build.
static BUILDS: [(&str, &str); 4] =
    [("linux64", "opt"), ("windows2012-64", "opt"), ("osx-cross", "debug"), ("linux64", "asan")];
static TEST_PLATFORMS: [(&str, &str); 5] = [
    ("linux2404-64", "opt"),
    ("windows11-64-24h2", "opt"),
    ("macosx1500-aarch64", "debug"),
    ("linux2404-64", "asan"),
    ("linux2404-64", "debug"),
];

/// What one task of a push does, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    pub(crate) suite: &'static Suite,
    pub(crate) chunk: Option<u16>,
    pub(crate) platform: &'static str,
    pub(crate) option: &'static str,
    pub(crate) profile: Profile,
    pub(crate) failure: Preset,
}

/// Index of the first test task.
pub(crate) const FIRST_TEST: u16 = 6;

impl Duty {
    pub(crate) fn of(push: u32, task: u16) -> Self {
        let plain = |suite: &'static Suite, platform, option| Self {
            suite,
            chunk: None,
            platform,
            option,
            profile: suite.profile,
            failure: suite.failure,
        };
        match task {
            0 => plain(&DECISION, "gecko-decision", "opt"),
            1..=4 => {
                let (platform, option) = BUILDS[usize::from(task) - 1];
                plain(&BUILD, platform, option)
            }
            5 => plain(&LINT, "lint", "opt"),
            _ => {
                let number = usize::from(task - FIRST_TEST);
                let suite = &TESTS[number % TESTS.len()];
                let round = number / TESTS.len();
                let (platform, option) = TEST_PLATFORMS[(round + push as usize) % TEST_PLATFORMS.len()];
                let mut duty = plain(suite, platform, option);
                duty.chunk = suite.chunked.then_some(round as u16 + 1);
                if suite.profile == Profile::Android {
                    duty.platform = "android-em-14-x86_64";
                } else if platform.starts_with("windows") && suite.profile == Profile::Mochitest {
                    duty.profile = Profile::Windows;
                    duty.failure = Preset::WindowsFail;
                }
                duty
            }
        }
    }

    pub(crate) fn task_name(&self) -> String {
        let suite = self.suite.name;
        let chunk = self.chunk.map_or(String::new(), |chunk| format!("-{chunk}"));
        match self.suite.kind {
            JobKind::Other => suite.to_owned(),
            JobKind::Build => format!("build-{}/{}", self.platform, self.option),
            JobKind::Test => format!("test-{}/{}-{suite}{chunk}", self.platform, self.option),
        }
    }

    pub(crate) fn symbol(&self) -> String {
        let chunk = self.chunk.map_or(String::new(), |chunk| chunk.to_string());
        format!("{}{chunk}", self.suite.symbol)
    }
}

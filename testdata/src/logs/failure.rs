//! The kinds of failure lines: one for every rule of `spec/ingest.md` §5.5.1, and the difficult ones.

use super::profile::Profile;

/// Where on its line the text of a failure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere: below the prefixes of the profile.
    Anywhere,
    /// First, after prefixes that a parser removes.
    Start,
    /// After the prefix of mozharness with this level.
    Level(&'static str),
    /// First on the line, without any prefix.
    Bare,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $place:expr, $text:expr;)*) => {
        /// One kind of failure line, named by the rule that finds it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureKind { $($(#[$doc])* $kind,)* }

        impl FailureKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            pub(crate) fn place(self) -> Place {
                match self { $(Self::$kind => $place,)* }
            }

            pub(crate) fn template(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }
        }
    };
}

use Place::{Anywhere, Bare, Level, Start};

kinds! {
    /// Term `TEST-UNEXPECTED-`.
    TestUnexpected Anywhere, "TEST-UNEXPECTED-FAIL | {unit} | step {n} of the sequence - got {n}, expected 0";
    /// The same with another status.
    TestTimeout Anywhere, "TEST-UNEXPECTED-TIMEOUT | {unit} | test {n} did not call finish() in time - expected PASS";
    /// Term `fatal error`.
    FatalLower Anywhere, "{src}:{n}:10: fatal error: 'demo/Generated{n}.h' file not found";
    /// Term `FATAL ERROR`.
    FatalUpper Anywhere, "FATAL ERROR: heap limit of the script runner reached in cycle {n}";
    /// Term `Hit MOZ_CRASH`.
    MozCrash Anywhere, "Hit MOZ_CRASH(state {n} is not allowed here) at {src}:{n}";
    /// Term `REFTEST ERROR`.
    ReftestError Anywhere, "REFTEST ERROR | {unit} | manifest entry {n} cannot be read";
    /// Term `PROCESS-CRASH`; a stack follows.
    ProcessCrash Anywhere, "PROCESS-CRASH | {unit} | application crashed [@ demo::PaintQueue{n}::Flush]";
    /// Term `Assertion fail`.
    Assertion Anywhere, "Assertion failure: mDepth == {n} (queue depth out of step), at {src}:{n}";
    /// Term `###!!! ABORT:`.
    Abort Anywhere, "[Child {n}] ###!!! ABORT: actor {n} outlived its manager: file {src}, line {n}";
    /// Term `SUMMARY: AddressSanitizer`; a stack precedes it.
    AddressSanitizer Anywhere, "SUMMARY: AddressSanitizer: heap-use-after-free {src}:{n} in demo::Node::Detach";
    /// Term `SUMMARY: ThreadSanitizer`.
    ThreadSanitizer Anywhere, "SUMMARY: ThreadSanitizer: data race {src}:{n} in demo::Pool::Take";
    /// Term `SUMMARY: UndefinedBehaviorSanitizer`.
    UndefinedBehavior Anywhere, "SUMMARY: UndefinedBehaviorSanitizer: shift-out-of-bounds {src}:{n}:7";
    /// Term `ThreadSanitizer: nested bug`.
    NestedBug Anywhere, "ThreadSanitizer: nested bug in the same thread, round {n}, giving up.";
    /// Term `Automation Error:`.
    Automation Anywhere, "Automation Error: the device agent did not answer request {n}";
    /// Term `command timed out:`.
    CommandTimedOut Anywhere, "command timed out: {n} seconds without output, killing the process group";
    /// Term `wget: unable `.
    Wget Anywhere, "wget: unable to resolve host address 'mirror{n}.example.com'";
    /// Term `bash.exe: *** `.
    BashExe Anywhere, "bash.exe: *** could not reserve memory at 0x{n}, status 487";
    /// Term `Unsuccessful task run with exit code: 137`.
    Killed Anywhere, "Unsuccessful task run with exit code: 137 completed in {n} seconds";
    /// Term `YOU ARE LEAKING THE WORLD`.
    Leak Anywhere, "--DOMWINDOW {n} YOU ARE LEAKING THE WORLD (at least one window, {n} of them)";
    /// Rule E1, `ERROR`.
    LevelError Level("   ERROR"), "Return code: {n}";
    /// Rule E1, `CRITICAL`.
    LevelCritical Level("CRITICAL"), "# TBPL RETRY after {n} attempts #";
    /// Rule E1, `FATAL`.
    LevelFatal Level("   FATAL"), "Halting on failure while running step {n}";
    /// Rule M1.
    Make Start, "make: *** [config/demo.mk:{n}: compile] Error 2";
    /// Rule M1 with a depth.
    GmakeDepth Start, "gmake[4]: *** [/builds/worker/checkouts/demo/config/rules.mk:{n}: Unified_cpp0.o] Error 1";
    /// Rule M2.
    NamedError Start, "mozdemo.process.TypeError: argument {n} is missing";
    /// Rule M3.
    NamedException Start, "org.example.demo.RunnerException: session {n} has gone away";
    /// Rule M4.
    GtestFailed Start, "[  FAILED  ] DemoQueue.KeepsOrder{n} (12 ms)";
    /// Rule M5.
    RemoteFailed Start, "remoteFailed: [Failure instance: connection {n} was closed uncleanly]";
    /// Rule M6.
    RmCannot Start, "rm: cannot remove '/builds/demo/tmp{n}': Device or resource busy";
    /// Rule M7.
    HgAbort Start, "abort: stream ended unexpectedly after {n} bytes";
    /// Rule M8.
    TaskclusterError Bare, "[taskcluster] Error: upload number {n} was refused";
    /// Rule M9.
    BracketError Bare, "[taskcluster:error] exit status {n}";
    /// Rule M9 with `exception`.
    BracketException Bare, "[mounts.cache-1:exception] mount {n} is not writable";
    /// Rule S1.
    ShaderError Anywhere, "shader {n}: error(7): undeclared name in fragment stage";
    /// Rule S2.
    CompilerError Anywhere, "{src}:{n}: error: no member named 'mDemo{n}' in 'demo::Frame'";
    /// Rule S3, compiler.
    MsvcError Anywhere, "{src}({n}): error C2065: 'mDemo{n}': undeclared identifier";
    /// Rule S3, resource compiler.
    ResourceError Anywhere, "demo.rc({n}) : error RC2135 : file not found, then error RC1: stopped";
    /// Rule S4.
    HttpError Anywhere, "2026-03-02 ERROR 503: Service Unavailable, attempt {n}.";
    /// Rule S5.
    Mozmake Anywhere, "mozmake.exe[3]: *** [demo/rules.mk:{n}: export] Error 2";
    /// Characters outside the basic multilingual plane.
    Astral Anywhere, "TEST-UNEXPECTED-FAIL | {unit} | label {n} shows \u{1f4a5}\u{1d4b3} and \u{1f468}\u{200d}\u{1f692} instead of text";
    /// Bytes that are not UTF-8 (`{bad}`): they are replaced.
    InvalidUtf8 Anywhere, "TEST-UNEXPECTED-FAIL | {unit} | bytes {bad} in case {n}";
    /// Longer than 500 characters: it is cut.
    Overlong Anywhere, "TEST-UNEXPECTED-FAIL | {unit} | case {n} {pad}{pad}{pad}{pad}{pad}{pad}{pad}";
    /// White space of every kind at the end: it is removed.
    TrailingSpace Start, "abort: transaction {n} rolled back \t\u{b}\u{1c}\u{a0}\u{3000}";
}

impl FailureKind {
    /// Says whether the kind can occur in logs of this profile.
    pub fn fits(self, profile: Profile) -> bool {
        match self.place() {
            Anywhere => true,
            Start | Bare => profile.starts_lines(),
            Level(_) => profile.has_mozharness(),
        }
    }

    /// Ordinary lines that follow the failure, such as the frames of a stack.
    pub(crate) fn aftermath(self) -> &'static [&'static str] {
        match self {
            Self::ProcessCrash => &STACK,
            Self::AddressSanitizer | Self::ThreadSanitizer => &SHADOW,
            Self::CompilerError => &CARET,
            _ => &[],
        }
    }
}

static STACK: [&str; 9] = [
    "Crash dump filename: /tmp/tmpdemo/minidumps/{hex}.dmp",
    "Operating system: Linux",
    "Crash reason:  SIGSEGV / SEGV_MAPERR",
    "Crash address: 0x0000000000000018",
    "Thread {pid} Web Content (crashed)",
    " 0  libdemo.so!demo::PaintQueue::Flush(demo::Surface*) [PaintQueue.cpp : 412 + 0x5]",
    "     rax = 0x00007f{hex}   rdx = 0x0000000000000018",
    " 1  libdemo.so!demo::Compositor::Run() [Compositor.cpp : 96 + 0xa]",
    " 2  libdemo.so!demo::ThreadMain(void*) [Thread.cpp : 201 + 0x3]",
];

static SHADOW: [&str; 4] = [
    "Shadow bytes around the buggy address:",
    "  0x0c047fff8000: fa fa fd fd fa fa fd fa fa fa 00 00 fa fa fd fd",
    "=>0x0c047fff8010: fa fa[fd]fd fa fa fd fd fa fa fd fa fa fa fa fa",
    "==1024==ABORTING",
];

static CARET: [&str; 3] =
    ["      aFrame->mDemo = nullptr;", "      ~~~~~~  ^", "1 problem generated while compiling {src}"];

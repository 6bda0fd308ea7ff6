//! What each kind of log is made of: templates of lines and how often they come.
//!
//! A template may hold `{unit}` (the current test or source file) and `{ms}` (a number), filled for every line,
//! and the placeholders of [`super::stock`], filled once per log so that lines repeat as they do in real logs.
//! No template may match a rule of `spec/ingest.md` §5.5.1; a test checks all of them.

/// Prefixes of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// `[task 2026-03-02T09:58:31.699Z] 09:58:31     INFO - `
    Mozharness,
    /// `[task 2026-03-02T09:58:31.699Z] `
    Task,
    /// `2026-03-02T09:58:31.6990000Z `
    Actions,
}

/// Ends of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eol {
    Lf,
    CrLf,
    /// LF; CRLF in what the worker's own scripts write.
    Mixed,
}

/// One kind of log.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) frame: Frame,
    pub(crate) eol: Eol,
    /// `@name ` gives the line another prefix: `tc`, `setup`, `vcs`, `raw`.
    pub(crate) preamble: &'static [&'static str],
    pub(crate) start: &'static [&'static str],
    /// Weight and template.
    pub(crate) noise: &'static [(u32, &'static str)],
    pub(crate) end: &'static [&'static str],
    pub(crate) trailer: &'static [&'static str],
}

const WORKER: &[&str] = &[
    "@tc Task ID: {slug}",
    "@tc Worker ID: {n}{n}{n}",
    "@tc Worker Group: demo-west1-b",
    "@tc Worker Type: t-linux-demo",
    "@tc Hostname: demo-t-linux-{hex}",
    "@tc using cache \"demo-level-3-checkouts-{hex}\" -> /builds/worker/checkouts",
    "@raw ",
    "@tc Downloading artifact \"public/image.tar.zst\" from task ID: {slug}.",
    "@tc === Task Starting ===",
    "@setup run-task started in /builds/worker",
    "@setup running as worker:worker",
    "@vcs executing ['hg', 'robustcheckout', '--sharebase', '/builds/worker/checkouts/hg-store', '--revision', '{hex}']",
    "@vcs (using Mercurial 6.8.1)",
    "@vcs (pulling to obtain {hex})",
    "@vcs PERFHERDER-less checkout took {n} ms",
];

const NO_WORKER: &[&str] = &[
    "##[group]Operating System",
    "Ubuntu 24.04.2 LTS",
    "##[endgroup]",
    "##[group]Run actions/checkout@v4",
    "with:",
    "  repository: example/demo",
    "##[endgroup]",
];

const DONE: &[&str] = &[
    "Running post-run listener: _resource_record_post_run",
    "# DEMO SUCCESS #",
    "@tc === Task Finished ===",
];

/// Lines that any run of the browser writes.
macro_rules! browser {
    ($($extra:expr),* $(,)?) => {
        &[
            $($extra,)*
            (130, "GECKO({pid}) | [Parent {pid}, Main Thread] WARNING: {snake} was not ready: file /builds/worker/checkouts/demo/{src}:{n}"),
            (90, "GECKO({pid}) | [Child {pid}, Socket Thread] WARNING: '{snake}', file /builds/worker/checkouts/demo/{src}, line {n}"),
            (45, "GECKO({pid}) | console.error: \"{word} {word} of {snake}\" \"{dir}/{file}.sys.mjs\""),
            (42, "GECKO({pid}) | JavaScript error: resource://demo/{dir}/{file}.sys.mjs, line {n}: NS_ERROR_NOT_AVAILABLE"),
            (5, "GECKO({pid}) | EGL Error: 0x30{n}"),
            (70, "GECKO({pid}) | MEMORY STAT | vsize {ms}MB | residentFast {n}MB | heapAllocated {n}MB"),
            (90, "GECKO({pid}) | {dir}: {word} {word} {word} {word} {word} took {ms} ms"),
            (90, "GECKO({pid}) | ++DOMWINDOW == {n} (0x7f{hex}) [pid = {pid}] [serial = {ms}] [outer = 0x7f{hex}]"),
            (90, "GECKO({pid}) | --DOCSHELL 0x7f{hex} == {n} [pid = {pid}] [id = {n}] [url = chrome://demo/content/{dir}/{file}.html]"),
            (60, "Buffered messages: {word} {word}, {word} is {word} in {dir}/{file}.html at {n}:{n}"),
            (60, "{word} {word} {word}: {snake} == {snake}"),
            (17, "Setting environment {env}"),
            (17, "GECKO({pid}) | profile {json}"),
        ]
    };
}

pub(crate) static MOCHITEST: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Mixed,
    preamble: WORKER,
    start: &["TEST-START | {unit}"],
    noise: browser![
        (80, "GECKO({pid}) | must wait for focus of {dir}/{file}.html"),
        (50, "Entering test bound test_{word}_{word}_{snake}"),
    ],
    end: &["TEST-OK | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static WINDOWS: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::CrLf,
    preamble: &[
        "@tc Worker Type (demo-t/win11-64-demo) settings:",
        "@tc   {",
        "@tc     \"config\": { \"headlessTasks\": false },",
        "@tc     \"engine\": \"multiuser\"",
        "@tc   }",
        "@tc Task ID: {slug}",
        "@tc === Task Starting ===",
        "@tc Executing command 0: python3 run-demo C:\\task_{n}\\build",
    ],
    start: &["TEST-START | {unit}"],
    noise: browser![
        (80, "GECKO({pid}) | Initializing context {hex} surface {hex} on display {hex}"),
        (60, "copying C:\\task_{n}\\build\\tests\\{dir}\\{file}.js -> C:\\task_{n}\\stage"),
    ],
    end: &["TEST-OK | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static REFTEST: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Lf,
    preamble: WORKER,
    start: &["REFTEST TEST-START | {unit} == {unit}-ref.html"],
    noise: browser![(60, "REFTEST INFO | drawing of {dir}/{file}.html came after {ms} ms, snapshot updated")],
    end: &[
        "REFTEST TEST-PASS | {unit} == {unit}-ref.html | image comparison, max difference: 0, number of differing pixels: 0",
        "REFTEST TEST-END | {unit} == {unit}-ref.html",
    ],
    trailer: DONE,
};

pub(crate) static XPCSHELL: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Lf,
    preamble: WORKER,
    start: &["TEST-START | {unit}"],
    noise: &[
        (180, "PID {pid} | [Parent {pid}, Main Thread] WARNING: {snake} came too late: file {src}:{n}"),
        (140, "PID {pid} | 1772441911{ms}\t{dir}.{word}\tDEBUG\t{word} {word} {word} {snake}"),
        (140, "PID {pid} | Couldn't convert chrome URL: chrome://demo/locale/{file}.properties"),
        (
            90,
            "PID {pid} | JavaScript error: resource://demo/{dir}/{file}.sys.mjs, line {n}: NS_ERROR_FAILURE",
        ),
        (80, "PID {pid} | console.error: {dir}: \"{word} {word} {snake}\""),
        (5, "PID {pid} | last reply was Error: {word} {word}"),
        (150, "(xpcshell/head.js) | test {snake} pending ({ms})"),
        (150, "\"{word} {word} {word}\" {dir}/{file}.js:{n}:{n} {snake}"),
        (17, "Setting environment {env}"),
        (17, "PID {pid} | state {json}"),
    ],
    end: &["TEST-PASS | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static SANITIZER: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Lf,
    preamble: WORKER,
    start: &["TEST-START | {unit}"],
    noise: browser![
        (
            80,
            "leak check: tab process {pid}: {n} bytes in {ms} objects of class {snake} still alive, allowed"
        ),
        (60, "    #{n} 0x55{hex} in demo::{word}::{snake} /builds/worker/checkouts/demo/{src}:{n}:{n}"),
    ],
    end: &["TEST-PASS | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static ANDROID: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Mixed,
    preamble: WORKER,
    start: &["TEST-START | {unit}"],
    noise: &[
        (200, "03-02 09:58:31.699  {pid}  {pid} D {word}: {word} {word} {snake} of com.example.demo/.{file}"),
        (
            160,
            "03-02 09:58:31.699  {pid}  {pid} W System.err: \tat com.example.demo.{dir}.{file}({file}.java:{n})",
        ),
        (120, "03-02 09:58:31.699  {pid}  {pid} I Gecko   : {word} {word} {word} in {ms} ms"),
        (130, "03-02 09:58:31.699  {pid}  {pid} E {word}Error: {snake} has no window token {hex}"),
        (40, "03-02 09:58:31.699  {pid}  {pid} E chatty  : uid={n} GeckoErrors expire {ms} lines"),
        (4, "03-02 09:58:31.699  {pid}  {pid} W demo    : Error: {snake} {word}"),
        (120, "adb shell_output: am start -W -n com.example.demo/.{file} --es args '{word} {word} {hex}'"),
        (17, "Setting environment {env}"),
        (18, "device properties {json}"),
    ],
    end: &["TEST-OK | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static TALOS: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Lf,
    preamble: WORKER,
    start: &["TEST-START | {unit}", "Running cycle {ms} of {unit}"],
    noise: browser![
        (
            90,
            "PID {pid} | Cycle {n}({n}): loaded http://127.0.0.1:{pid}/{dir}/{file}/index.html (next: {ms})"
        ),
        (60, "PID {pid} | RSS: Main: {ms}000, Content: {pid}000, {word}: {n}"),
    ],
    end: &["TEST-OK | {unit} | took {ms}ms"],
    trailer: DONE,
};

pub(crate) static BUILD: Script = Script {
    frame: Frame::Mozharness,
    eol: Eol::Mixed,
    preamble: WORKER,
    start: &["gmake[4]: Entering directory '/builds/worker/workspace/obj-build/{unit}'"],
    noise: &[
        (230, "{dir}/{file}.o"),
        (160, "   Compiling {word}-{snake} v{n}.{n}.0 (/builds/worker/checkouts/demo/{dir})"),
        (150, "../../../config/nsinstall -R -m 644 '{file}.h' '../../../dist/include/{dir}'"),
        (90, "warning: unused variable: `{snake}` in /builds/worker/checkouts/demo/{src}:{n}:{n}"),
        (
            90,
            "/builds/worker/checkouts/demo/{src}:{n}:{n}: warning: '{snake}' is deprecated: use {snake} [-Wdeprecated-declarations]",
        ),
        (80, "TEST-free step {word} of {dir}: {ms} ms"),
        (60, "adding ErrorResult.h, {file}Error.h and {snake} to the list of {dir}"),
        (5, "note: the type in Error: {snake} is {word}"),
        (
            24,
            "/builds/worker/fetches/clang/bin/clang++ -o {file}.o -c {flags} -MF .deps/{file}.o.pp {file}.cpp",
        ),
        (6, "/builds/worker/fetches/rustc/bin/rustc --crate-name {word} {flags} --emit=dep-info,link"),
    ],
    end: &["gmake[4]: Leaving directory '/builds/worker/workspace/obj-build/{unit}'"],
    trailer: DONE,
};

pub(crate) static ACTIONS: Script = Script {
    frame: Frame::Actions,
    eol: Eol::Lf,
    preamble: NO_WORKER,
    start: &["##[group]Run {unit}"],
    noise: &[
        (200, "test {dir}::{file}::{snake} ... ok"),
        (180, "   Compiling {word}-{word} v0.{n}.{n}"),
        (150, "   Downloaded {word}-{snake} v{n}.{n}.0 (registry `example`)"),
        (120, "warning: field `{snake}` is never read, in {dir}/{file}.rs:{n}:{n}"),
        (100, "##[debug]{word} {word}: '{snake}' in {ms} ms, no error"),
        (4, "##[debug]caught Error: {word}, retrying"),
        (17, "##[debug]environment {env}"),
        (18, "##[debug]event {json}"),
    ],
    end: &["##[endgroup]"],
    trailer: &["##[group]Post job cleanup.", "##[endgroup]", "Cleaning up orphan processes"],
};

pub(crate) static PLAIN_TASK: Script = Script {
    frame: Frame::Task,
    eol: Eol::Mixed,
    preamble: WORKER,
    start: &["==> {unit}"],
    noise: &[
        (200, "{dir}/{file}.py: checked {ms} statements, {word} {word}"),
        (150, "Collecting {word}-{word}=={n}.{n}.0 from /builds/worker/wheels"),
        (150, "DEBUG:{dir}.{word}:{snake} -> {snake} ({hex})"),
        (90, "TEST-style report of {file}: {word}, no error, {n} warnings"),
        (70, "resolving error code table of {dir}: {ms} entries"),
        (4, "reply was Error: {word} (ignored, attempt {n})"),
        (17, "Setting environment {env}"),
        (18, "graph {json}"),
    ],
    end: &["<== {unit} done after {ms} ms"],
    trailer: &[
        "@tc === Task Finished ===",
        "@tc Successful task run with exit code: 0 completed in {n} seconds",
    ],
};

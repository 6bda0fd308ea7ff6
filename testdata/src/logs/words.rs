//! The words that lines are made of. All invented or everyday words.

pub(crate) static WORDS: &[&str] = &[
    "queue", "frame", "window", "parser", "cache", "socket", "cursor", "buffer", "layout", "anchor",
    "bridge", "canvas", "decoder", "element", "folder", "gesture", "handler", "index", "journal", "kernel",
    "ledger", "mirror", "notifier", "observer", "painter", "quota", "render", "signal", "timer", "updater",
    "viewer", "worker", "loaded", "ready", "waiting", "restored", "skipped", "stopped", "started", "flushed",
    "merged", "opened", "closed", "moved", "shared", "locked", "empty", "stale", "fresh", "lazy",
];

pub(crate) static DIRS: &[&str] = &[
    "dom/paint/test",
    "dom/storage/tests/browser",
    "browser/components/tabs/test",
    "layout/flow/tests",
    "layout/grid/reference",
    "netwerk/streams/test/unit",
    "toolkit/components/ledger/tests",
    "gfx/canvas/tests",
    "editor/caret/tests",
    "accessible/tree/test",
    "docshell/history/test",
    "media/decoder/gtest",
    "security/certs/tests/unit",
    "widget/drag/tests",
    "js/objects/tests",
    "devtools/inspector/test",
    "image/frames/tests/crash",
    "intl/numbers/tests",
    "storage/journal/tests",
    "uriloader/types/test",
];

pub(crate) static STEMS: &[&str] = &[
    "bug",
    "basic",
    "focus",
    "resize",
    "scroll",
    "reload",
    "drag",
    "paste",
    "login",
    "popup",
    "zoom",
    "sidebar",
    "download",
    "history",
    "selection",
    "keyboard",
    "animation",
    "transform",
    "gradient",
    "timeline",
    "worker",
    "cookie",
    "redirect",
    "upload",
];

pub(crate) static EXTENSIONS: &[&str] = &["js", "html", "xhtml", "js", "html"];

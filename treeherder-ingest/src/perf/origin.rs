//! Where performance data may come from (`spec/ingest.md` §6.3).

/// The kind of file that performance data was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A Perfherder JSON artifact of the task.
    JsonArtifact,
    /// A line of a text log.
    TextLog,
}

impl Origin {
    /// Tells the origin from the URL of the log.
    #[must_use]
    pub fn of(log_url: &str) -> Self {
        if log_url.ends_with(".json") && log_url.contains("perfherder-data") {
            Self::JsonArtifact
        } else {
            Self::TextLog
        }
    }
}

/// A framework whose data is also taken from text logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Name of the framework.
    pub framework: String,
    /// Names of the suites; empty means all.
    pub suites: Vec<String>,
}

/// Whether data of `suite` may be stored; `text_logs` lists what is taken from text logs, nothing by default.
#[must_use]
pub fn may_be_stored(origin: Origin, framework: &str, suite: &str, text_logs: &[Allowed]) -> bool {
    let listed = |allowed: &Allowed| {
        allowed.framework == framework
            && (allowed.suites.is_empty() || allowed.suites.iter().any(|name| name == suite))
    };
    match origin {
        Origin::JsonArtifact => true,
        Origin::TextLog => text_logs.iter().any(listed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_tells_the_origin() {
        for (url, expected) in [
            ("https://tc.example/artifacts/public/perfherder-data-talos.json", Origin::JsonArtifact),
            ("https://tc.example/artifacts/public/perfherder-data.json.gz", Origin::TextLog),
            ("https://tc.example/artifacts/public/logs/live_backing.log", Origin::TextLog),
            ("https://tc.example/artifacts/public/perfherder_data.json", Origin::TextLog),
        ] {
            assert_eq!(Origin::of(url), expected, "{url}");
        }
    }

    #[test]
    fn text_logs_need_an_entry() {
        let list = [
            Allowed { framework: "awsy".to_owned(), suites: vec![] },
            Allowed { framework: "talos".to_owned(), suites: vec!["tp5o".to_owned()] },
        ];
        assert!(may_be_stored(Origin::JsonArtifact, "talos", "tart", &[]));
        assert!(!may_be_stored(Origin::TextLog, "awsy", "any", &[]));
        assert!(may_be_stored(Origin::TextLog, "awsy", "any", &list));
        assert!(may_be_stored(Origin::TextLog, "talos", "tp5o", &list));
        assert!(!may_be_stored(Origin::TextLog, "talos", "tart", &list));
    }
}

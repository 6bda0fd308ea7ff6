//! Repository and revision of a published job (`spec/bridge-l10n-platform.md` §1.7).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::route::{JobRoute, RouteId, RouteOrigin};

/// Number of forms of an origin in the published schema; those after them need the switch for revision hashes.
pub(super) const FORMS: usize = 2;

/// Where the code of a job comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind")]
pub enum PulseOrigin {
    /// A push to a repository of hg.mozilla.org.
    #[serde(rename = "hg.mozilla.org")]
    Mercurial {
        /// Repository as Treeherder knows it.
        project: String,
        /// Commit id.
        #[serde(flatten)]
        revision: Revision,
        /// Push log id.
        #[serde(rename = "pushLogID", skip_serializing_if = "Option::is_none")]
        push_log_id: Option<RouteId>,
    },
    /// A push or pull request of a GitHub repository.
    #[serde(rename = "github.com")]
    GitHub {
        /// Owner of the repository.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Repository as Treeherder knows it.
        project: String,
        /// Commit id.
        revision: String,
        /// Number of the pull request.
        #[serde(rename = "pullRequestID", skip_serializing_if = "Option::is_none")]
        pull_request_id: Option<RouteId>,
    },
}

/// The word of a route that names a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Revision {
    /// Commit id.
    Revision(String),
    /// What routes of three words named in 2017.
    RevisionHash(String),
}

impl PulseOrigin {
    /// Makes the origin of a route's jobs.
    pub(super) fn of_route(route: JobRoute, legacy_revision_hash: bool) -> Self {
        match route.origin {
            RouteOrigin::GitHub => Self::GitHub {
                owner: route.owner,
                project: route.project,
                revision: route.revision,
                pull_request_id: route.id,
            },
            RouteOrigin::Mercurial => Self::Mercurial {
                project: route.project,
                revision: if legacy_revision_hash && route.has_three_words {
                    Revision::RevisionHash(route.revision)
                } else {
                    Revision::Revision(route.revision)
                },
                push_log_id: route.id,
            },
        }
    }
}

impl JsonSchema for PulseOrigin {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PulseOrigin".into()
    }

    /// Written out, as one of the types has two forms; all of them are here.
    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let hash = |description: &str| {
            json_schema!({
                "description": description,
                "type": "string", "minLength": 40, "maxLength": 40, "pattern": "^[0-9a-f]+$"
            })
        };
        let name = |description: &str| {
            json_schema!({
                "description": description,
                "type": "string", "minLength": 1, "maxLength": 50, "pattern": r"^[\w-]+$"
            })
        };
        let project = name("Name of the repository as Treeherder knows it.");
        let kind = |name: &str| json_schema!({"description": "Which service has the repository.", "type": "string", "const": name});
        let push_log_id = json_schema!({"description": "Push log id.", "type": "integer"});
        json_schema!({
            "oneOf": [
                {
                    "description": "A push to a repository of hg.mozilla.org.",
                    "type": "object",
                    "properties": {
                        "kind": kind("hg.mozilla.org"),
                        "project": project,
                        "revision": hash("Commit id, the head of the push."),
                        "pushLogID": push_log_id
                    },
                    "additionalProperties": false,
                    "required": ["kind", "project", "revision"]
                },
                {
                    "description": "A push to a branch, or a pull request, of a GitHub repository.",
                    "type": "object",
                    "properties": {
                        "kind": kind("github.com"),
                        "owner": name("Owner of the repository; consumers ignore it."),
                        "project": project,
                        "revision": {
                            "description": "Commit id, the head of the push.",
                            "type": "string", "minLength": 40, "maxLength": 40
                        },
                        "pullRequestID": {"description": "Number of the pull request.", "type": "integer"}
                    },
                    "additionalProperties": false,
                    "required": ["kind", "project", "revision"]
                },
                {
                    "description": "A push to a repository of hg.mozilla.org, named as in 2017.",
                    "type": "object",
                    "properties": {
                        "kind": kind("hg.mozilla.org"),
                        "project": project,
                        "revision_hash": hash("Revision hash of the push."),
                        "pushLogID": push_log_id
                    },
                    "additionalProperties": false,
                    "required": ["kind", "project", "revision_hash"]
                }
            ]
        })
    }
}

//! A server that stands in for Taskcluster, its object storage, Mercurial, GitHub and Bugzilla.
//!
//! It serves what a [`Scenario`](crate::scenario::Scenario) describes, for every push of the burst and of the
//! continuation, each made when it is asked for. It answers as the real servers do: artifacts come by a
//! redirect to storage, listings in pages, commits with `Link` headers. Faults can be injected for any path.
//!
//! | path | what |
//! |---|---|
//! | `/api/queue/v1/task/<id>`, `…/status` | definition, status |
//! | `/api/queue/v1/task/<id>/runs/<run>/artifacts` | listing, in pages of 1000 with `continuationToken` |
//! | `/api/queue/v1/task/<id>/runs/<run>/artifacts/<name>` | redirect (303) to `/objects/…` |
//! | `/bugzilla/rest/bug` | bugs: read, filed with a key, changed at `…/<number>` |
//! | `/bugzilla/latest/configuration` | products and the groups that may see their security bugs |
//! | `/api/queue/v1/task-group/<id>/list` | tasks of a push |
//! | `/objects/<id>/<run>/<name>` | the bytes, gzip with `Content-Encoding: gzip` |
//! | `/hg/<repository>/json-pushes` | pushlog, with `startID`, `endID`, `changeset`, `version`, `full` |
//! | `/github-api/repos/<org>/<name>` | repository, `/compare/<base>...<head>`, `/pulls/<n>`, `/pulls/<n>/commits` |

mod body;
mod bugzilla;
mod counts;
mod fault;
mod github;
mod hg;
mod objects;
mod query;
mod queue;
mod server;

pub use counts::Counts;
pub use fault::Fault;
pub use server::{RepositoryRow, StandIn};

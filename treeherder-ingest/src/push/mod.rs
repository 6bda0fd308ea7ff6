//! Pushes: Mercurial and GitHub messages, pushlog polling, branch rules (§3).
//!
//! [`process_push_message`] is the way of one message: [`PushMessage::read`] chooses the kind by the exchange,
//! [`resolve()`] finds the repository among its rules, [`Upstream`] fetches what the message does not say, and a
//! [`PushStore`] keeps the [`LoadedPush`]es. [`poll_pushlog`] repairs what messages missed; [`manual`] is what
//! commands need to ingest pushes by hand.

mod database;
mod error;
mod github;
mod hg;
mod loaded;
pub mod manual;
mod message;
mod process;
mod pushlog;
mod resolve;
mod store;
mod upstream;

pub use error::{FailedPush, PushError};
pub use loaded::{LoadedPush, Revision};
pub use message::{
    GithubPullRequest, GithubPush, HgPush, PushKind, PushMessage, WebhookAuthor, WebhookCommit,
};
pub use process::{PushOutcome, load_pushes, process_push_message};
pub use pushlog::{PushlogPoll, poll_pushlog};
pub use resolve::{RepositoryRule, Resolution, resolve};
pub use store::{PushStore, PushStoreError, PushlogCache};
pub use upstream::{Upstream, UpstreamOptions};

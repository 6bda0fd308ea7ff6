//! Logs: streaming fetch, inflate and scan, statuses, error summaries (§5); uploads, and lines for viewers.

mod fetch;
mod fetch_error;
mod fetch_text;
mod parse;
mod parse_pool;
mod upload;
mod view;

pub use fetch::{LogFetchOptions, LogStream, open_log};
pub use fetch_error::{ArtifactKind, FetchError};
pub use fetch_text::{ArtifactFetchOptions, fetch_error_summary, fetch_perfherder_json};
pub use parse::{ParseLogError, ParseLogOptions, ParsedLog, parse_log};
pub use parse_pool::ParsePool;
pub use upload::UploadError;
pub(crate) use upload::{LogUpload, Uploaded};
pub use view::{Followed, LogFollower, LogPage, LogSearch, LogViewer, SearchedLog, ViewError, ViewOptions};

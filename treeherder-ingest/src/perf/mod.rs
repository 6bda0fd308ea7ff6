//! Performance data, without a database: what an artifact holds, which series it feeds and when a series is looked
//! at for changes (`spec/ingest.md` §6.3; `spec/api.md` §6.1–6.3).
//!
//! The parser reads and validates artifacts ([`treeherder_logparse::perf`]). [`check`](check()) adds what storing needs,
//! [`series`](series()) lists the points with the hashes of their series, and [`AlertContext`] tells which series may have
//! changed. The writing is done by
//! [`Store::store_performance_data`](crate::store::Store::store_performance_data).

mod alert;
mod check;
mod error;
mod origin;
mod series;
mod signature;

pub use alert::AlertContext;
pub use check::{Checked, check};
pub use error::ArtifactError;
pub use origin::{Allowed, Origin, may_be_stored};
pub use series::{JobProperties, Series, SeriesKind, change_type_code, series};
pub use signature::{SignatureProperties, json_list};

//! Performance data, without a database: what an artifact holds, which series it feeds and when a series is looked
//! at for changes (`spec/ingest.md` §6.3; `spec/api.md` §6.1–6.3).
//!
//! [`PerformanceArtifact`] is the typed view of one artifact, [`series`] lists the points in it with their
//! [`SignatureProperties`], and [`AlertContext`] tells which of them may have changed. The writing is done by
//! `Store::store_performance_data`.

mod alert;
mod artifact;
mod error;
mod limits;
mod origin;
mod series;
mod signature;

pub use alert::AlertContext;
pub use artifact::{
    AlertChangeType, Application, Framework, OperatingSystem, PerformanceArtifact, Subtest, Suite,
};
pub use error::ArtifactError;
pub use origin::{Allowed, Origin, may_be_stored};
pub use series::{JobProperties, Series, SeriesKind, series};
pub use signature::{SignatureProperties, json_list};

//! Job messages: schema, validation, transformation to what is stored, state rules, scheduling (§4.7–4.10).
//!
//! [`load()`] is the loader: a [`JobMessage`] goes in, a [`LoadedJob`] for the storage comes out.

pub mod ids;
mod load;
mod loaded;
mod log_status;
mod message;
pub mod schedule;
pub mod schema;
pub mod state;

pub use load::{InvalidJob, load, load_json, read};
pub use loaded::{JobData, LoadedJob, LogReference, Platform};
pub use log_status::LogStatus;
pub(crate) use message::optional_integer;
pub use message::{
    JobDisplay, JobInfo, JobKind, JobLink, JobMessage, Machine, MessageLog, MessageResult, Origin,
};
pub use state::JobState;

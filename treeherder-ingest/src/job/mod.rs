//! Job messages: schema, validation, transformation to what is stored, state rules, scheduling (§4.7–4.10).

mod loaded;

pub use loaded::{JobData, LoadedJob, LogReference, Platform};

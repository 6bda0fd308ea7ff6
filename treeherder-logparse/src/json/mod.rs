//! JSON as the producers of CI artifacts write it.
//!
//! Most of them are Python programs, and so is the service whose results this crate reproduces, hence the
//! dialect ("JSON parsing" in appendix F of the ingestion specification): `NaN`, `Infinity` and `-Infinity`
//! are numbers, the last of several equal keys wins, and half of a surrogate pair is no error.
//!
//! The reader walks over the text once and builds nothing by itself. What a caller does not ask for costs no
//! memory, and since it never calls itself for a nested value, no nesting exhausts the stack.

mod lossy;
mod raw;
mod reader;

pub(crate) use lossy::decode;
pub use raw::RawJson;
pub(crate) use reader::{Kind, Number, Reader, SyntaxError};

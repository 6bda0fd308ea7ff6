//! Outgoing HTTP: one client with time, size, redirect and address limits (`spec/ingest.md` §0.1).
//!
//! [`Client`] is the only way out to the network. Every URL, and every hop of a redirect, passes the guard:
//! scheme `http` or `https`, a host of the allow-list ([`HostList`]), and no address outside the public
//! Internet, neither written in the URL nor found by resolving the name. Credentials of a URL never reach an
//! error text or a log ([`redact_url`]).
//!
//! ```
//! # async fn example() -> Result<(), treeherder_ingest::http::HttpError> {
//! use treeherder_ingest::http::{Client, ClientOptions};
//!
//! let client = Client::new(ClientOptions::for_site("https://treeherder.example.org"))?;
//! let status: serde_json::Value = client
//!     .get_json("https://firefox-ci-tc.services.mozilla.com/api/queue/v1/task/abc/status")
//!     .await?;
//! # drop(status);
//! # Ok(())
//! # }
//! ```

mod address;
mod body;
mod client;
mod error;
mod guard;
mod host_limit;
mod link;
mod options;
mod redact;
mod request;
mod resolver;
mod text;

pub use address::is_public;
pub use body::{BodyStream, ContentEncoding, Response, StreamResponse};
pub use client::Client;
pub use error::{HttpError, HttpErrorKind, TimeoutPhase};
pub use guard::{HostList, Refusal};
pub use link::next_page;
pub use options::{ClientOptions, StreamLimits};
pub use redact::redact_url;
pub use request::Request;
pub use text::decode_text;

pub use reqwest::{Method, StatusCode, header};

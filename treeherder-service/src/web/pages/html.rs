//! Pages as answers: their headers, and the pages that tell that something went wrong.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use treeherder_ingest::queue::QueueError;
use treeherder_ingest::store::StoreError;

use super::early::Place;
use super::shell::Shell;
use crate::web::response::Refused;

/// What a page may load: nothing that is not from here, nothing inline but data.
const SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";

/// A page that cannot be shown; an error of the database is told in the log, not on the page.
#[derive(Debug)]
pub(super) struct Failed {
    shell: Shell,
    status: StatusCode,
    title: String,
    text: String,
}

impl Failed {
    /// Nobody was logged in, because somebody refuses.
    pub(super) fn not_logged_in(shell: Shell, refused: &Refused) -> Self {
        Self { status: refused.status(), ..Self::no_login(shell, refused.words()) }
    }

    /// Nobody was logged in.
    pub(super) fn no_login(shell: Shell, text: impl Into<String>) -> Self {
        let title = "You are not logged in".to_owned();
        Self { shell, status: StatusCode::FORBIDDEN, title, text: text.into() }
    }

    /// What was asked for is refused.
    pub(super) fn refused(shell: Shell, refused: &Refused) -> Self {
        let (status, text) = (refused.status(), refused.words().to_owned());
        Self { shell, status, title: "That was refused".to_owned(), text }
    }

    /// Nothing is at this address.
    pub(super) fn missing(shell: Shell, text: impl Into<String>) -> Self {
        Self { shell, status: StatusCode::NOT_FOUND, title: "Nothing is here".to_owned(), text: text.into() }
    }
}

/// Why no page could be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queues failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A template failed.
    #[error(transparent)]
    Template(#[from] askama::Error),
    /// The data of a page could not be written.
    #[error(transparent)]
    Data(#[from] serde_json::Error),
    /// The content of a page, whose beginning is sent, is not there in time.
    #[error("the content of the page took too long")]
    TooLong,
    /// The frame of a page does not say where its content belongs.
    #[error("the frame of the page has no place for its content")]
    NoPlace,
}

#[derive(Debug, Template)]
#[template(path = "failed.html")]
struct FailedPage {
    shell: Shell,
    title: String,
    text: String,
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Self { shell, status, title, text } = self;
        (status, render(&FailedPage { shell, title, text })).into_response()
    }
}

/// What a page has instead of its content when that could not be made.
#[derive(Debug, Template)]
#[template(path = "failed_part.html")]
struct FailedPart {
    title: &'static str,
    text: &'static str,
}

const NOT_MADE: (&str, &str) =
    ("This page could not be made", "The service has written down why. Trying again may help.");

impl PageError {
    /// Writes down why the content of a page could not be made, and tells readers that. The answer began with the status 200, so
    /// nothing else tells operators.
    pub(super) fn instead_of_content(&self, place: &Place) -> String {
        let Place { path, repository } = place;
        match self {
            // Trying again may help, as with a request that takes too long from its beginning on.
            Self::TooLong => {
                tracing::warn!(error = %self, path, repository, "cannot make the content of a page");
            }
            _ => tracing::error!(error = %self, path, repository, "cannot make the content of a page"),
        }
        let (title, text) = NOT_MADE;
        FailedPart { title, text }.render().unwrap_or_else(|_| title.to_owned())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "cannot make a page");
        let (title, text) = NOT_MADE;
        let failed = Failed {
            shell: Shell::plain(),
            status: StatusCode::INTERNAL_SERVER_ERROR,
            title: title.to_owned(),
            text: text.to_owned(),
        };
        failed.into_response()
    }
}

/// Makes an answer of a page.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot write a page");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n").into_response()
        }
    }
}

/// Adds what all pages have in their headers. `Cross-Origin-Opener-Policy` is none of it (`spec/api.md` §1.5): browsers start a process of its own for
/// such a page, which took a third of the time until the first job is seen.
pub(super) async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SECURITY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}

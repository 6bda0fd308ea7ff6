//! Pages whose beginning is sent before their content is known.
//!
//! Reading thousands of jobs takes a while. Meanwhile the browser can load the styles and scripts that the beginning of the page
//! names, and show what is the same on all pages.

use std::convert::Infallible;
use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt as _;
use futures_util::stream;

use super::html::PageError;
use crate::web::TimeLeft;
use crate::web::conventions::compression::takes_gzip;

/// Stands in a frame where the content belongs.
pub(super) const HERE: &str = "<!-- content -->";

/// Where a page is, for operators.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: &'static str,
    pub(super) repository: String,
}

/// Answers with a frame, whose beginning is sent at once, and with its content, which is sent as soon as it is there.
///
/// By then the status of the answer is sent: an error can only take the place of the content. The content is given what is left of
/// the time that the request has.
pub(super) fn answer(
    frame: &str,
    headers: &HeaderMap,
    place: Place,
    time: TimeLeft,
    content: impl Future<Output = Result<String, PageError>> + Send + 'static,
) -> Result<Response, PageError> {
    let (before, after) = frame.split_once(HERE).ok_or(PageError::NoPlace)?;
    let after = after.to_owned();
    let is_gzip = takes_gzip(headers);
    let mut body = Parts::new(is_gzip);
    let beginning = body.part(before);
    let content = time.bound(content);
    let rest = async move {
        let content = content.await.unwrap_or(Err(PageError::TooLong));
        let content = content.unwrap_or_else(|error| error.instead_of_content(&place));
        body.last(content + &after)
    };
    let parts = stream::iter([beginning]).chain(stream::once(rest)).map(Ok::<_, Infallible>);
    let mut response = Html(Body::from_stream(parts)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // Proxies (nginx) would keep the beginning back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// A body in parts, each of which can be read when it arrives: what compresses whole answers would keep the beginning back.
enum Parts {
    Plain,
    Gzip(Box<GzEncoder<Vec<u8>>>),
}

impl Parts {
    fn new(gzip: bool) -> Self {
        if gzip { Self::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast()))) } else { Self::Plain }
    }

    fn part(&mut self, text: &str) -> Bytes {
        match self {
            Self::Plain => Bytes::copy_from_slice(text.as_bytes()),
            Self::Gzip(encoder) => {
                // Writing into memory does not fail.
                let _ = encoder.write_all(text.as_bytes()).and_then(|()| encoder.flush());
                std::mem::take(encoder.get_mut()).into()
            }
        }
    }

    fn last(self, text: String) -> Bytes {
        match self {
            Self::Plain => text.into(),
            Self::Gzip(mut encoder) => {
                let _ = encoder.write_all(text.as_bytes());
                encoder.finish().unwrap_or_default().into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use flate2::bufread::GzDecoder;
    use futures_util::future;
    use tokio::sync::oneshot;

    use super::*;
    use crate::web::Limits;

    const FRAME: &str = "<head><!-- content --></body>";

    #[tokio::test]
    async fn the_beginning_can_be_read_before_there_is_any_content() {
        for (accepted, is_gzip) in [("gzip, br", true), ("identity", false), ("gzip;q=0", false)] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            let (tell, told) = oneshot::channel();
            let content = async { Ok(told.await.unwrap_or_default()) };
            let response = answer(FRAME, &headers, place(), Limits::default().begin(), content).unwrap();
            assert_eq!(response.headers()["x-accel-buffering"], "no");
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), is_gzip);
            let mut body = response.into_body().into_data_stream();
            let mut seen = body.next().await.unwrap().unwrap().to_vec();
            assert_eq!(readable(&seen, is_gzip), "<head>", "{accepted}");
            tell.send("jobs".to_owned()).unwrap();
            while let Some(part) = body.next().await {
                seen.extend(part.unwrap());
            }
            assert_eq!(readable(&seen, is_gzip), "<head>jobs</body>", "{accepted}");
        }
    }

    #[tokio::test]
    async fn an_error_is_told_in_place_of_the_content() {
        let failed = future::ready(Err(PageError::Template(askama::Error::Fmt)));
        let never = future::pending();
        for content in [future::Either::Left(failed), future::Either::Right(never)] {
            let limits = Limits::new(Duration::from_millis(10));
            let answer = answer(FRAME, &HeaderMap::new(), place(), limits.begin(), content).unwrap();
            let body = answer.into_body();
            let text = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(text.starts_with("<head>") && text.ends_with("</body>"), "{text}");
            assert!(text.contains("This page could not be made"), "{text}");
        }
    }

    #[tokio::test]
    async fn an_error_behind_the_beginning_is_told_to_operators() {
        let failed = future::ready(Err(PageError::Template(askama::Error::Fmt)));
        let never = future::pending();
        for (content, level) in
            [(future::Either::Left(failed), "ERROR"), (future::Either::Right(never), " WARN")]
        {
            let log = Log::default();
            let writer = log.clone();
            let subscriber =
                tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
            let _guard = tracing::subscriber::set_default(subscriber);
            let limits = Limits::new(Duration::from_millis(10));
            let answer = answer(FRAME, &HeaderMap::new(), place(), limits.begin(), content).unwrap();
            axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let text = log.text();
            assert_eq!(text.lines().count(), 1, "{text}");
            for part in [
                level,
                "cannot make the content of a page",
                "error=",
                "path=\"/jobs\"",
                "repository=\"autoland\"",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }

    #[test]
    fn a_frame_without_a_place_for_the_content_is_an_error() {
        let content = future::ready(Ok(String::new()));
        let answer = answer("<head></body>", &HeaderMap::new(), place(), Limits::default().begin(), content);
        assert!(matches!(answer, Err(PageError::NoPlace)), "{answer:?}");
    }

    fn place() -> Place {
        Place { path: "/jobs", repository: "autoland".to_owned() }
    }

    /// What is written into the log of a test.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a browser has read when it has received so much.
    fn readable(received: &[u8], is_gzip: bool) -> String {
        let mut text = Vec::new();
        if is_gzip {
            // That the end is missing as yet is no matter.
            let mut decoder = GzDecoder::new(received);
            let mut byte = [0];
            while matches!(decoder.read(&mut byte), Ok(1)) {
                text.push(byte[0]);
            }
        } else {
            text.extend_from_slice(received);
        }
        String::from_utf8(text).unwrap()
    }
}

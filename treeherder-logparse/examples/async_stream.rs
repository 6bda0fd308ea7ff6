//! Parses a log from an asynchronous stream of chunks, such as the body of an HTTP response (feature `stream`).
//!
//! Any stream of `Result<Bytes, E>` will do (reqwest's `Response::bytes_stream()` is one), on any runtime.

use std::{error::Error, io};

use bytes::Bytes;
use futures_util::stream;
use treeherder_logparse::{Event, Parser, parse_stream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let chunks = [
        "[taskcluster 2026-11-22] starts\n[task 2026-11-22T10:00:00Z] wge",
        "t: unable to resolve",
        " host\n",
    ];
    let body = stream::iter(chunks.map(|chunk| Ok::<_, io::Error>(Bytes::from_static(chunk.as_bytes()))));

    let mut failures = Vec::new();
    let report = parse_stream(body, Parser::new(), |event| {
        if let Event::Failure(line) = event {
            failures.push(line.text.to_owned());
        }
    })
    .await?;
    println!("{} lines, {failures:?}", report.summary.lines);
    Ok(())
}

//! Deliveries from recorded files.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::Instant;

use super::recording::Pending;
use super::{Broken, Delivery, Incoming, Received, RecordedAt, Recording, Source, SourceError};

/// Longest line that is read whole; RabbitMQ carries no larger message.
const MAX_LINE: usize = 128 * 1024 * 1024;
/// How much of a longer line is kept.
const KEPT_OF_LONG_LINE: usize = 1024 * 1024;
/// Latest time a message can be recorded at, in seconds.
const MAX_OFFSET: f64 = 100.0 * 365.0 * 86_400.0;

/// How fast recorded messages are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As fast as they are taken.
    #[default]
    AsFastAsPossible,
    /// With the recorded times between them, divided by this factor: 1 is the speed of the recording.
    Timed {
        /// How many times faster than recorded.
        speed: f64,
    },
}

/// Replays files with one [`Recording`] a line; empty lines are skipped.
///
/// A line that cannot be read is handed out as [`Broken`], with the file's name and the line's number. A file that
/// cannot be read is an error, once; then the next file follows.
#[derive(Debug)]
pub struct ReplaySource {
    files: VecDeque<PathBuf>,
    pace: Pace,
    open: Option<OpenFile>,
    /// What waits for its time.
    waiting: Option<(Instant, Delivery)>,
    start: Option<Instant>,
    first_moment: Option<DateTime<Utc>>,
    pending: Arc<Pending>,
}

#[derive(Debug)]
struct OpenFile {
    name: String,
    reader: BufReader<File>,
    line_number: u64,
    /// The line read so far: kept here, because reading may be interrupted anywhere.
    line: Vec<u8>,
    length: usize,
}

/// What a line turned out to be.
enum Found {
    Broken(Broken),
    Due(Instant, Delivery),
}

/// A line and what is to be known about it.
struct Line {
    number: u64,
    bytes: Vec<u8>,
    is_cut: bool,
}

impl ReplaySource {
    /// Replays the files, in that order.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = PathBuf>, pace: Pace) -> Self {
        Self {
            files: files.into_iter().collect(),
            pace,
            open: None,
            waiting: None,
            start: None,
            first_moment: None,
            pending: Arc::default(),
        }
    }

    /// Reads the next line that says something; nothing at the end of the last file.
    async fn read(&mut self) -> Result<Option<Found>, SourceError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(path) = self.files.front() else { return Ok(None) };
                let name = path.display().to_string();
                let opened = File::open(path).await;
                self.files.pop_front();
                let file = opened.map_err(|error| failed(&name, &error))?;
                let reader = BufReader::with_capacity(64 * 1024, file);
                self.open = Some(OpenFile { name, reader, line_number: 0, line: Vec::new(), length: 0 });
                continue;
            };
            match open.next_line().await {
                Ok(Some(line)) if line.bytes.trim_ascii().is_empty() => {}
                Ok(Some(line)) => {
                    let place = format!("{}:{}", open.name, line.number);
                    return Ok(Some(self.understand(place, line)));
                }
                Ok(None) => self.open = None,
                Err(error) => {
                    let error = failed(&open.name, &error);
                    self.open = None;
                    return Err(error);
                }
            }
        }
    }

    /// Makes a delivery of a line and notes when it is due.
    fn understand(&mut self, place: String, line: Line) -> Found {
        let broken = |error: String, raw| Found::Broken(Broken { place, error, raw });
        if line.is_cut {
            let error = format!(
                "line longer than {MAX_LINE} bytes; only the first {KEPT_OF_LONG_LINE} are kept, see the file"
            );
            return broken(error, line.bytes);
        }
        let recording = match Recording::parse(&line.bytes) {
            Ok(recording) => recording,
            Err(error) => {
                // The line's own number is in the place; serde's would always say line 1.
                let text = error.to_string().replace(" at line 1 column ", " at column ");
                return broken(format!("not a recorded message: {text}"), line.bytes);
            }
        };
        let Some(offset) = self.offset(recording.at) else {
            return broken("\"at\" is out of range".to_owned(), line.bytes);
        };
        let start = *self.start.get_or_insert_with(Instant::now);
        Found::Due(start + offset, recording.into())
    }

    /// Returns how long after the start a message is due; nothing when its time makes no sense.
    fn offset(&mut self, at: Option<RecordedAt>) -> Option<Duration> {
        let seconds = match at {
            None => return Some(Duration::ZERO),
            Some(RecordedAt::Seconds(seconds)) => seconds,
            Some(RecordedAt::Moment(moment)) => {
                let first = *self.first_moment.get_or_insert(moment);
                // Recordings need not be sorted; what was before the first message is due with it.
                (moment - first).as_seconds_f64().max(0.0)
            }
        };
        if !(0.0..=MAX_OFFSET).contains(&seconds) {
            return None;
        }
        match self.pace {
            Pace::AsFastAsPossible => Some(Duration::ZERO),
            // A speed that is no positive number would never end.
            Pace::Timed { speed } => {
                let seconds = if speed > 0.0 { seconds / speed } else { seconds };
                Duration::try_from_secs_f64(seconds.min(MAX_OFFSET)).ok()
            }
        }
    }
}

fn failed(place: &str, error: &std::io::Error) -> SourceError {
    SourceError { place: place.to_owned(), reason: error.to_string() }
}

impl OpenFile {
    /// Reads a line; may be interrupted and called again.
    async fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            let available = self.reader.fill_buf().await?;
            let at_end = available.is_empty();
            if at_end && self.length == 0 {
                return Ok(None);
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = &available[..newline.unwrap_or(available.len())];
            let room = MAX_LINE.saturating_sub(self.line.len()).min(part.len());
            self.line.extend_from_slice(&part[..room]);
            let used = newline.map_or(available.len(), |position| position + 1);
            self.length += used;
            let is_cut = self.length > MAX_LINE + 1;
            self.reader.consume(used);
            if is_cut && self.line.len() > KEPT_OF_LONG_LINE {
                self.line.truncate(KEPT_OF_LONG_LINE);
                self.line.shrink_to_fit();
            }
            if newline.is_some() || at_end {
                self.line_number += 1;
                self.length = 0;
                let bytes = std::mem::take(&mut self.line);
                return Ok(Some(Line { number: self.line_number, bytes, is_cut }));
            }
        }
    }
}

#[async_trait]
impl Source for ReplaySource {
    async fn next(&mut self) -> Result<Option<Received>, SourceError> {
        loop {
            if let Some(returned) = self.pending.take_returned() {
                return Ok(Some(self.pending.hand_out(returned).with_redelivered(true)));
            }
            if let Some((due, _)) = &self.waiting {
                if *due > Instant::now() {
                    tokio::select! {
                        () = tokio::time::sleep_until(*due) => {}
                        () = self.pending.changed() => continue,
                    }
                }
                if let Some((_, delivery)) = self.waiting.take() {
                    return Ok(Some(self.pending.hand_out(Incoming::Delivery(delivery))));
                }
            }
            match self.read().await? {
                Some(Found::Broken(broken)) => {
                    tracing::warn!(place = %broken.place, error = %broken.error, "cannot replay a line");
                    return Ok(Some(self.pending.hand_out(Incoming::Broken(broken))));
                }
                Some(Found::Due(due, delivery)) => self.waiting = Some((due, delivery)),
                None if self.pending.is_idle() => return Ok(None),
                None => self.pending.changed().await,
            }
        }
    }
}

//! Where an input comes from, and how it is opened.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::OnceLock,
    time::Duration,
};

use reqwest::{
    blocking::Client,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// A server may be silent for this long, before the answer and between its pieces.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_REDIRECTS: usize = 5;

/// One input of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Stdin,
    File(PathBuf),
    Url(String),
}

/// An input ready to be read.
pub(super) struct Opened {
    pub(super) reader: Box<dyn Read>,
    /// How many bytes it has, when that is known.
    pub(super) size: Option<u64>,
}

/// Why an input cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("cannot be opened: {0}")]
    Io(#[from] io::Error),
    #[error("is a directory")]
    Directory,
    #[error("cannot be fetched: {}", chain(.0))]
    Http(#[from] reqwest::Error),
    #[error("cannot be fetched: the server answered {0}")]
    Status(reqwest::StatusCode),
    #[error("cannot be fetched: the server sent it in the encoding {0:?}, which was not asked for")]
    Encoding(String),
}

/// Joins an error with its causes: what went wrong on the network is in the last of them.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl Source {
    pub(super) fn new(argument: &OsString) -> Self {
        let is_url = |text: &str| {
            text.split_once("://").is_some_and(|(scheme, _)| {
                ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            })
        };
        match argument.to_str() {
            Some("-") => Self::Stdin,
            Some(text) if is_url(text) => Self::Url(text.to_owned()),
            _ => Self::File(argument.into()),
        }
    }

    /// Returns the input as the command line named it.
    pub(super) fn argument(&self) -> String {
        match self {
            Self::Stdin => "-".to_owned(),
            other => other.to_string(),
        }
    }

    /// Returns the size of a file, without opening it.
    pub(super) fn file_size(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).ok().filter(|data| data.is_file()).map(|data| data.len())
            }
            Self::Stdin | Self::Url(_) => None,
        }
    }

    pub(super) fn open(&self) -> Result<Opened, OpenError> {
        match self {
            Self::Stdin => Ok(Opened { reader: Box::new(io::stdin()), size: None }),
            Self::File(path) => {
                let file = File::open(path)?;
                let data = file.metadata()?;
                if data.is_dir() {
                    return Err(OpenError::Directory);
                }
                Ok(Opened { reader: Box::new(file), size: data.is_file().then_some(data.len()) })
            }
            Self::Url(url) => {
                // Gzip is found out by content, so a server may well send it.
                let response = client()?.get(url).header(ACCEPT_ENCODING, "gzip").send()?;
                if !response.status().is_success() {
                    return Err(OpenError::Status(response.status()));
                }
                // One it was stored in, gzip within gzip, would show only by the bytes: it is not expected twice.
                if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
                    && ![b"gzip", b"x-gzip".as_slice(), b"identity"].contains(&encoding.as_bytes())
                {
                    return Err(OpenError::Encoding(
                        String::from_utf8_lossy(encoding.as_bytes()).into_owned(),
                    ));
                }
                let size = response.content_length();
                Ok(Opened { reader: Box::new(response), size })
            }
        }
    }
}

/// Returns the HTTP client, made when the first URL is met: it brings a thread and a TLS set-up with it.
fn client() -> Result<Client, reqwest::Error> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    // An error means that the program around this command has chosen a provider already.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("logparse/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(SILENCE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::limited(MAX_REDIRECTS))
        .build()?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// As people are told of it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("<stdin>"),
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

//! Connections that do only what they are told: they can stop reading, or stop in the middle of a request.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::PATIENCE;

/// Bytes that the system takes for somebody who does not read.
const RECEIVED: u32 = 4096;

/// A connection to a site.
pub(crate) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    /// Connects to the site at this URL and sends a request, or as much of it as there is.
    pub(crate) async fn open(url: &str, request: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVED).unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let mut wire = Self { stream, read: Vec::new() };
        wire.send(request.as_bytes()).await;
        wire
    }

    /// Sends bytes, as far as the other side takes them.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("somebody reads").unwrap();
    }

    /// Waits for a text up to this mark; nothing when the connection ends before.
    pub(crate) async fn until(&mut self, mark: &str) -> Option<String> {
        let mut searched = 0;
        loop {
            let found = self.read[searched..].windows(mark.len()).position(|part| part == mark.as_bytes());
            if let Some(at) = found {
                let text = self.take(searched + at + mark.len()).await?;
                return Some(String::from_utf8(text).unwrap());
            }
            searched = self.read.len().saturating_sub(mark.len());
            self.more().await?;
        }
    }

    /// Waits for the next chunk of a body that comes in chunks; nothing at the end.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let length = usize::from_str_radix(self.until("\r\n").await?.trim_end(), 16).unwrap();
        let text = self.take(length).await?;
        assert_eq!(self.until("\r\n").await?, "\r\n");
        (length > 0).then(|| String::from_utf8(text).unwrap())
    }

    /// Waits for as many bytes.
    pub(crate) async fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.read.len() < count {
            self.more().await?;
        }
        let rest = self.read.split_off(count);
        Some(std::mem::replace(&mut self.read, rest))
    }

    async fn more(&mut self) -> Option<()> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        // A connection that is cut off has ended as well.
        (read.expect("the connection goes on or ends").unwrap_or(0) > 0).then_some(())
    }
}

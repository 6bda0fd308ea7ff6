//! A server that answers with exactly the bytes a test gives it, faults included.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with a connection after it has read a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Sends the bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends the bytes and keeps the connection open without a further word.
    Stall(Vec<u8>),
    /// Sends the first bytes once, then the second for as long as somebody reads.
    Endless(Vec<u8>, Vec<u8>),
}

/// A running server; dropping it stops it.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server that gives every request the same answer.
    pub(crate) async fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone()).await
    }

    /// Starts a server whose answer depends on the path and query of the request.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&str) -> Answer + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &seen, answer.as_ref()).await });
            }
        });
        Self { address, requests, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    #[allow(dead_code, reason = "each test binary uses a part")]
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The heads of all requests so far, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F: Fn(&str) -> Answer>(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &F) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head.to_lowercase());
    // The client may leave at any time: then there is nobody left to write to.
    match answer(&path) {
        Answer::Close(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Answer::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read(&mut [0; 1]).await;
        }
        Answer::Endless(bytes, again) => {
            let mut result = stream.write_all(&bytes).await;
            while result.is_ok() {
                result = stream.write_all(&again).await;
            }
        }
    }
}

/// A complete response with the headers given (each ended by CR LF).
pub(crate) fn response(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Because\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

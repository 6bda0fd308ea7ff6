//! The client: limits, redirects, guard, secrets.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;
use treeherder_ingest::http::{
    Client, ClientOptions, ContentEncoding, HostList, HttpErrorKind, Refusal, StreamLimits, TimeoutPhase,
};

use crate::server::{Answer, Server, response};

fn local_client() -> Client {
    client_with(|_| ())
}

fn client_with(change: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::for_local_servers();
    change(&mut options);
    Client::new(options).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn fetches_json_with_our_user_agent() {
    let server =
        Server::always(Answer::Close(response(200, "content-type: text/plain\r\n", b"{\"a\":1}"))).await;
    let value: serde_json::Value = local_client().get_json(&server.url("/x")).await.unwrap();
    assert_eq!(value, serde_json::json!({"a": 1}));
    let head = &server.requests()[0];
    assert!(head.contains("user-agent: treeherder/localhost\r\n"), "{head}");
    assert!(head.contains("accept: application/json\r\n"), "{head}");
}

#[tokio::test]
async fn inflates_collected_bodies_of_several_members() {
    let body = [gzip(b"caf\xc3\xa9 "), gzip(b"cr\xc3\xa8me")].concat();
    let server = Server::always(Answer::Close(response(200, "content-encoding: gzip\r\n", &body))).await;
    assert_eq!(local_client().get_text(&server.url("/")).await.unwrap(), "café crème");
}

#[tokio::test]
async fn bodies_that_inflate_past_the_limit_are_refused() {
    let body = gzip(&vec![b'a'; 1_000_000]);
    assert!(body.len() < 20_000);
    let server = Server::always(Answer::Close(response(200, "content-encoding: gzip\r\n", &body))).await;
    let error = local_client().get_bytes(&server.url("/"), 20_000).await.unwrap_err();
    assert_eq!(*error.kind(), HttpErrorKind::TooLarge { limit: 20_000 });
    assert_eq!(local_client().get_bytes(&server.url("/"), 1_000_000).await.unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn truncated_gzip_is_an_error() {
    let mut body = gzip(b"some text that matters");
    body.truncate(body.len() - 9);
    let server = Server::always(Answer::Close(response(200, "content-encoding: gzip\r\n", &body))).await;
    let error = local_client().get_text(&server.url("/")).await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::DamagedEncoding(_)), "{error}");
}

#[tokio::test]
async fn streams_leave_gzip_untouched() {
    let body = gzip(b"a log line\n");
    let server = Server::always(Answer::Close(response(200, "content-encoding: gzip\r\n", &body))).await;
    let mut opened = local_client().stream(&server.url("/"), StreamLimits::default()).await.unwrap();
    assert_eq!(opened.encoding, ContentEncoding::Gzip);
    assert_eq!(opened.content_length, Some(body.len() as u64));
    let mut received = Vec::new();
    while let Some(piece) = opened.body.chunk().await.unwrap() {
        received.extend_from_slice(&piece);
    }
    assert_eq!(received, body);
    assert!(server.requests()[0].contains("accept-encoding: gzip\r\n"));
}

#[tokio::test]
async fn unknown_encodings_are_refused() {
    let server = Server::always(Answer::Close(response(200, "content-encoding: br\r\n", b"x"))).await;
    let error = local_client().get_text(&server.url("/")).await.unwrap_err();
    assert_eq!(*error.kind(), HttpErrorKind::UnsupportedEncoding("br".into()));
}

#[tokio::test]
async fn error_statuses_are_errors() {
    for status in [304, 400, 403, 404, 429, 500, 503] {
        let server = Server::always(Answer::Close(response(status, "", b"{}"))).await;
        let error = local_client().get_text(&server.url("/")).await.unwrap_err();
        assert_eq!(error.status(), Some(status));
        assert!(!error.is_permanent());
    }
}

#[tokio::test]
async fn syntax_errors_tell_url_and_place() {
    let server = Server::always(Answer::Close(response(200, "", b"{\"a\": }"))).await;
    let url = server.url("/data?secret_token=hunter2");
    let error = local_client().get_json::<serde_json::Value>(&url).await.unwrap_err();
    assert!(error.is_permanent());
    let text = error.to_string();
    assert!(
        text.contains("/data") && text.contains("line 1 column 7") && !text.contains("hunter2"),
        "{text}"
    );
}

#[tokio::test]
async fn follows_redirects_and_keeps_credentials_at_home() {
    let storage = Server::always(Answer::Close(response(200, "", b"stored"))).await;
    let target = format!("http://localhost:{}/object", storage.port());
    let queue = Server::start(move |path| match path {
        "/artifact" => Answer::Close(response(303, "location: /elsewhere\r\n", b"")),
        _ => Answer::Close(response(302, &format!("location: {target}\r\n"), b"")),
    })
    .await;
    let text = local_client().get(&queue.url("/artifact")).bearer("hunter2").text().await.unwrap();
    assert_eq!(text, "stored");
    assert_eq!(queue.requests().len(), 2);
    assert!(queue.requests().iter().all(|head| head.contains("authorization: bearer hunter2")));
    assert!(!storage.requests()[0].contains("hunter2"));
}

#[tokio::test]
async fn redirect_loops_end() {
    let server = Server::always(Answer::Close(response(302, "location: /again\r\n", b""))).await;
    let client = client_with(|options| options.max_redirects = 5);
    let error = client.get_text(&server.url("/")).await.unwrap_err();
    assert_eq!(*error.kind(), HttpErrorKind::TooManyRedirects(5));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn redirects_pass_the_guard_again() {
    let refused = [
        ("http://169.254.169.254/latest/", "169.254.169.254"),
        ("http://evil.example/", "evil.example"),
        ("http://2130706434/", "127.0.0.2"),
        ("file:///etc/passwd", "file"),
    ];
    for (target, culprit) in refused {
        let server =
            Server::always(Answer::Close(response(302, &format!("location: {target}\r\n"), b""))).await;
        let error = local_client().get_text(&server.url("/")).await.unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Refused(_)), "{target}: {error}");
        assert!(error.is_permanent() && error.to_string().contains(culprit), "{target}: {error}");
    }
}

/// The first server may be private, what it redirects to may not: each hop is judged by its own host.
#[tokio::test]
async fn redirects_to_private_addresses_are_refused() {
    let inner = Server::always(Answer::Close(response(200, "", b"inner secret"))).await;
    let client = client_with(|options| {
        options.hosts = HostList::new(["*"]);
        options.private_hosts = HostList::new(["127.0.0.1"]);
    });
    for host in ["localhost", "127.0.0.2", "2130706434", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let headers = format!("location: http://{host}:{}/\r\n", inner.port());
        let server = Server::always(Answer::Close(response(302, &headers, b""))).await;
        let error = client.get_text(&server.url("/")).await.unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Refused(Refusal::Address { .. })), "{host}: {error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(inner.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn redirects_without_target_are_errors() {
    for headers in ["", "location: http://[\r\n"] {
        let server = Server::always(Answer::Close(response(302, headers, b""))).await;
        let error = local_client().get_text(&server.url("/")).await.unwrap_err();
        assert_eq!(*error.kind(), HttpErrorKind::BadRedirect);
    }
}

/// The guard is on: nothing may reach the server, by whatever spelling of this machine.
#[tokio::test]
async fn private_addresses_are_refused() {
    let server = Server::always(Answer::Close(response(200, "", b"inner secret"))).await;
    let client = client_with(|options| {
        options.hosts = HostList::new(["*"]);
        options.private_hosts = HostList::default();
    });
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "localhost"] {
        let url = format!("http://{host}:{}/", server.port());
        let error = client.get_text(&url).await.unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Refused(Refusal::Address { .. })), "{host}: {error}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn hosts_off_the_allow_list_are_refused() {
    let client = Client::new(ClientOptions::for_site("https://treeherder.example.org")).unwrap();
    for url in ["https://example.com/x", "https://hg.mozilla.org.example.com/", "http://127.0.0.1/"] {
        let error = client.get_text(url).await.unwrap_err();
        assert!(matches!(error.kind(), HttpErrorKind::Refused(Refusal::Host(_))), "{error}");
    }
    let error = client.get_text("ftp://hg.mozilla.org/").await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Refused(Refusal::Scheme(_))), "{error}");
    let error = client.get_text("hg.mozilla.org/try").await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Invalid(_)) && error.is_permanent(), "{error}");
}

#[tokio::test]
async fn stalls_end_in_a_timeout() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec();
    let cases = [(Vec::new(), TimeoutPhase::Response), (head, TimeoutPhase::Body)];
    for (bytes, phase) in cases {
        let server = Server::always(Answer::Stall(bytes)).await;
        let client = client_with(|options| {
            options.connect_timeout = Duration::from_millis(200);
            options.idle_timeout = Duration::from_millis(200);
        });
        let error = client.get_text(&server.url("/")).await.unwrap_err();
        assert_eq!(*error.kind(), HttpErrorKind::Timeout(phase));
        assert!(!error.is_permanent());
    }
}

#[tokio::test]
async fn endless_bodies_end_at_the_limit_or_at_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let server = Server::always(Answer::Endless(head, vec![b'x'; 65_536])).await;
    let error = local_client().get_bytes(&server.url("/"), 1_000_000).await.unwrap_err();
    assert_eq!(*error.kind(), HttpErrorKind::TooLarge { limit: 1_000_000 });
    let limits = StreamLimits { total_timeout: Some(Duration::from_millis(300)), ..StreamLimits::default() };
    let mut opened = local_client().stream(&server.url("/"), limits).await.unwrap();
    let error = loop {
        match opened.body.chunk().await {
            Ok(piece) => assert!(piece.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(*error.kind(), HttpErrorKind::Timeout(TimeoutPhase::Total));
    assert!(opened.body.received() > 0);
    assert_eq!(opened.body.chunk().await, Ok(None), "a broken body stays ended");
}

#[tokio::test]
async fn bodies_that_are_cut_off_are_errors() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec();
    let server = Server::always(Answer::Close(head)).await;
    let error = local_client().get_text(&server.url("/")).await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Body(_)) && !error.is_permanent(), "{error}");
}

#[tokio::test]
async fn a_refused_connection_is_worth_a_retry() {
    let port = Server::always(Answer::Close(Vec::new())).await.port();
    // The server is gone; nobody listens any more.
    let error = local_client().get_text(&format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Connection(_)) && !error.is_permanent(), "{error}");
}

#[tokio::test]
async fn a_host_gets_no_more_requests_than_it_has_slots() {
    let server = Server::always(Answer::Stall(response(200, "", b"abc"))).await;
    let client = client_with(|options| options.requests_per_host = 1);
    let open = client.stream(&server.url("/first"), StreamLimits::default()).await.unwrap();
    let second = client.get(&server.url("/second")).total_timeout(Duration::from_millis(200)).text().await;
    assert_eq!(*second.unwrap_err().kind(), HttpErrorKind::Timeout(TimeoutPhase::Total));
    drop(open);
    assert_eq!(client.get_text(&server.url("/third")).await.unwrap(), "abc");
    assert!(!server.requests().iter().any(|head| head.starts_with("get /second")));
}

#[tokio::test]
async fn a_header_that_cannot_be_one_is_an_error() {
    let error = local_client().get("http://127.0.0.1:1/").bearer("line\nbreak").text().await.unwrap_err();
    assert!(matches!(error.kind(), HttpErrorKind::Invalid(_)), "{error}");
    assert!(!error.to_string().contains("break"));
}

#[tokio::test]
async fn a_second_burst_goes_over_the_connections_of_the_first() {
    const BURST: usize = 24;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    let server = tokio::spawn(async move {
        // Nobody is answered before all have asked: so each has a connection of its own.
        let together = Arc::new(Barrier::new(BURST));
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let together = Arc::clone(&together);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        together.wait().await;
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc").await.unwrap();
                    }
                }
            });
        }
    });
    let client = client_with(|options| options.requests_per_host = BURST);
    for _ in 0..2 {
        let burst = (0..BURST).map(|_| client.get_text(&url));
        for answer in futures_util::future::join_all(burst).await {
            assert_eq!(answer.unwrap(), "abc");
        }
        // A connection is free again a moment after its answer has been read.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(accepted.load(Ordering::Relaxed), BURST);
    server.abort();
}

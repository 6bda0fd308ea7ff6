//! Opening connections.

use std::io;
use std::time::Duration;

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};

use crate::pulse::AmqpUrl;

/// How long opening a connection may take (§2.3).
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Seconds after which a silent peer is checked; a connection without them can die unnoticed.
const HEARTBEAT: u16 = 30;
/// How long a connection's orderly end may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a connection that the broker's lists show under `name`.
pub(crate) async fn connect(url: &AmqpUrl, vhost: &str, name: &str) -> lapin::Result<Connection> {
    let uri = AMQPUri {
        scheme: if url.is_tls() { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: url.user().to_owned(), password: url.password().to_owned() },
            // A literal IPv6 address stands in brackets in a URL only.
            host: url.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port(),
        },
        vhost: vhost.to_owned(),
        query: AMQPQueryString { heartbeat: Some(HEARTBEAT), ..AMQPQueryString::default() },
    };
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    tokio::time::timeout(CONNECTION_TIMEOUT, Connection::connect_uri(uri, properties))
        .await
        .unwrap_or_else(|_elapsed| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in 30 s").into()))
}

/// Ends a connection in order, so that what was sent over it arrives.
pub(crate) async fn end(connection: &Connection) {
    let closed = tokio::time::timeout(CLOSE_TIMEOUT, connection.close(200, "bye".into())).await;
    if let Ok(Err(error)) = closed {
        tracing::debug!(%error, "a connection was gone before it was closed");
    }
}

//! Servers on other machines: spoken to with TLS, as the ones that they are, or not at all.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use super::servers::{Logged, started};
use crate::servers::postgres::Postgres;
use crate::servers::rabbitmq::RabbitMq;
use crate::servers::tls::{ELSEWHERE, Identity};
use crate::support::{PATIENCE, Place};

/// Somebody who tells who is who.
struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    /// Writes its certificate to a file of `place`.
    fn new(place: &Place, name: &str) -> (Self, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let file = place.file(&format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        (Self(Issuer::new(params, key)), file.to_str().unwrap().to_owned())
    }

    /// Testifies that a server is at this address.
    fn testify(&self, address: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![address.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// Where a program runs that is to trust one of two authorities.
struct Trust {
    place: Place,
    /// The server's, by `trusted`.
    identity: Identity,
    /// Files of the authorities.
    trusted: String,
    strange: String,
}

impl Trust {
    fn new() -> Self {
        let place = Place::new();
        let (authority, trusted) = Authority::new(&place, "ours");
        let (_, strange) = Authority::new(&place, "strange");
        Self { identity: authority.testify(ELSEWHERE), trusted, strange, place }
    }
}

/// Another address that leads to a server, which is no name of the server.
fn forwarded(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.3:0").unwrap();
    let by_another_name = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect((ELSEWHERE, port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    by_another_name
}

/// A server elsewhere that knows no TLS: answers each client once and tells what the client has said until its end.
fn without_tls(answer: &'static [u8]) -> (u16, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((ELSEWHERE, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut heard = vec![0; 8];
            let _ = stream.read_exact(&mut heard).and_then(|()| stream.write_all(answer));
            let _ = stream.read_to_end(&mut heard);
            let _ = sender.send(heard);
        }
    });
    (port, said)
}

/// Runs a command that must be refused with all of these words, and without the password.
fn refused(place: &Place, args: &[&str], variables: &[(&str, &str)], expected: &[&str]) -> String {
    let mut command = place.command(args);
    let output =
        tokio::task::block_in_place(|| crate::support::output_of(command.envs(variables.iter().copied())));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{variables:?}: {text}");
    for part in expected {
        assert!(text.contains(part), "{variables:?}: no {part:?} in: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
    text
}

fn depth(place: &Place, queue: &str, of: &str) -> Value {
    let queues = place.json(&["queues", "--format", "json"]);
    queues.as_array().unwrap().iter().find(|row| row["queue"] == queue).unwrap()[of].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_elsewhere_is_spoken_to_with_tls_and_as_the_one_that_it_is() {
    let Trust { place, identity, trusted, strange } = Trust::new();
    let Some(rabbit) = started(|| RabbitMq::start_encrypted(&identity)) else { return };
    let url = rabbit.url("/");
    let (trusted, strange) = (trusted.as_str(), strange.as_str());
    place.text(&["migrate"]);

    // The scheme of an unencrypted connection is no reason to have one.
    assert!(url.starts_with(&format!("amqp://guest:guest@{ELSEWHERE}:")), "{url}");
    let address = url.split(['@', '/']).nth(3).unwrap();
    for (broker, authorities, reason) in [
        (url.clone(), strange, "UnknownIssuer"),
        (url.clone(), "/nowhere.pem", "/nowhere.pem"),
        (url.replace("amqp:", "amqps:"), strange, "UnknownIssuer"),
        // The broker hangs up, with or without a word before.
        (format!("{url}?ssl=0"), trusted, "cannot connect to the broker"),
    ] {
        let broker = broker.replace("guest:guest", "guest:hunter2");
        refused(
            &place,
            &["queues"],
            &[("BROKER_URL", &broker), ("SSL_CERT_FILE", authorities)],
            &[address, reason],
        );
    }
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let other_name = format!("127.0.0.3:{}", forwarded(port));
    refused(
        &place,
        &["queues"],
        &[("BROKER_URL", &url.replace(address, &other_name)), ("SSL_CERT_FILE", trusted)],
        &[&other_name, "not valid for name \"127.0.0.3\"", ELSEWHERE],
    );

    place.set("SSL_CERT_FILE", trusted);
    place.set("BROKER_URL", &url);
    let broken = place.file("broken.jsonl");
    let line =
        r#"{"exchange": "exchange/nobody/knows", "routing_key": "", "root_url": "http://tc", "body": {}}"#;
    std::fs::write(&broken, line).unwrap();
    place.text(&["replay", "--queue-only", broken.to_str().unwrap()]);
    assert_eq!(depth(&place, "store_pulse_pushes", "dead"), 1);
    // Listeners and workers, over connections that stay.
    place.set(
        "PULSE_TASK_SOURCES",
        &json!([{"pulse_url": url, "root_url": "https://tc.example"}]).to_string(),
    );
    let listener = Logged::start(&place, &["pulse_listener_tasks"]);
    // It is the broker who says so.
    listener.await_message("no exchange 'exchange/taskcluster-queue");
    listener.stop();
    let worker = Logged::start(&place, &["worker_store_pulse_data"]);
    worker.await_message("working");
    place.text(&["queues", "put-back", "--all", "store_pulse_pushes"]);
    worker.await_message("exchange/nobody/knows");
    worker.stop();
    assert_eq!(depth(&place, "store_pulse_pushes", "dead"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_elsewhere_is_spoken_to_with_tls_and_as_the_one_that_it_is() {
    let Trust { place, identity, trusted, strange } = Trust::new();
    let Some(postgres) = started(|| Postgres::start_encrypted(&identity)) else { return };
    let url = postgres.create_database_elsewhere("hunter2").await;
    let (trusted, strange) = (trusted.as_str(), strange.as_str());
    let address = url.split(['@', '/']).nth(3).unwrap().to_owned();
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let other_name = format!("127.0.0.3:{}", forwarded(port));

    // The server lets this user in with TLS only; nothing in the URL asks for it.
    assert!(!url.contains("sslmode"), "{url}");
    place.text_with(&["migrate"], &[("DATABASE_URL", &url)]);
    for (query, variable) in
        [("?sslmode=verify-full", trusted), (&format!("?sslmode=verify-full&sslrootcert={trusted}"), strange)]
    {
        let database = format!("{url}{query}");
        let variables = [("DATABASE_URL", database.as_str()), ("SSL_CERT_FILE", variable)];
        assert!(place.text_with(&["repositories", "list"], &variables).contains("autoland"), "{query}");
    }

    let full = format!("{url}?sslmode=verify-full");
    let renamed = full.replace(&address, &other_name);
    for (database, authorities, expected) in [
        (&full, strange, [address.as_str(), "UnknownIssuer", "SSL_CERT_FILE"]),
        (&renamed, trusted, [&other_name, "not valid for name \"127.0.0.3\"", ELSEWHERE]),
        // It is the server who says so.
        (&format!("{url}?sslmode=disable"), trusted, [&address, "no encryption", "pg_hba.conf"]),
    ] {
        refused(&place, &["jobs"], &[("DATABASE_URL", database), ("SSL_CERT_FILE", authorities)], &expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_elsewhere_without_tls_hears_neither_user_nor_password() {
    let place = Place::new();
    place.text(&["migrate"]);
    let (port, said) = without_tls(b"N");
    let address = format!("{ELSEWHERE}:{port}");
    let database = format!("postgres://stranger:hunter2@{address}/t");
    refused(
        &place,
        &["jobs"],
        &[("DATABASE_URL", &database)],
        &[&address, "server does not support TLS", "sslmode"],
    );
    // The question whether it speaks TLS.
    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), [0, 0, 0, 8, 4, 210, 22, 47]);

    let (port, said) = without_tls(b"AMQP\0\0\x09\x01");
    let address = format!("{ELSEWHERE}:{port}");
    let broker = format!("amqp://stranger:hunter2@{address}/");
    refused(&place, &["queues"], &[("BROKER_URL", &broker)], &[&address, "InvalidContentType", "ssl=0"]);
    let said = said.recv_timeout(PATIENCE).unwrap();
    // The beginning of a handshake.
    assert_eq!(said[..2], [0x16, 0x03]);
    let text = String::from_utf8_lossy(&said);
    assert!(!text.contains("stranger") && !text.contains("hunter2") && !text.contains("AMQP"), "{text}");

    // What wants TLS answers with an alert to who speaks in the clear.
    let (port, _) = without_tls(b"\x15\x03\x03\0\x02\x02\x46");
    let address = format!("{ELSEWHERE}:{port}");
    let broker = format!("amqp://stranger:hunter2@{address}/?ssl=0");
    refused(&place, &["queues"], &[("BROKER_URL", &broker)], &[&address, "`amqps:` asks for it"]);
}

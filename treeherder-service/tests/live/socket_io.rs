//! Clients of Socket.IO that do only what they are told: they can stop reading.

use serde_json::Value;

use crate::support::PATIENCE;
use crate::wire::Wire;

/// No subscription, and the answer to it.
const REFUSED: &str = r#"42/events,["subscribe",""]"#;
/// The answer to [`REFUSED`].
const MALFORMED: &str = r#"42/events,["error","malformed subscription"]"#;

/// A session of Socket.IO over a websocket, in the namespace of events.
pub(crate) struct Session(Wire);

impl Session {
    /// Joins and subscribes.
    pub(crate) async fn subscribed(url: &str, to: &str) -> Self {
        let upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n\
            Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut wire = Wire::open(url, upgrade).await;
        let head = wire.until("\r\n\r\n").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut session = Self(wire);
        assert!(session.packet().await.unwrap().starts_with("0{"));
        session.send("40/events,").await;
        assert!(session.packet().await.unwrap().starts_with("40/events,{"));
        session.send(&format!(r#"42/events,["subscribe","{to}"]"#)).await;
        session.send(REFUSED).await;
        // It is answered after the other one was heard.
        while session.packet().await.unwrap() != MALFORMED {}
        session
    }

    /// Sends a packet, which is short.
    async fn send(&mut self, packet: &str) {
        let length = u8::try_from(packet.len()).unwrap();
        assert!(length < 126);
        // One frame of text, masked with nothing.
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], packet.as_bytes()].concat();
        self.0.send(&frame).await;
    }

    /// Waits for the next packet and answers the question whether anybody is there; nothing at the end.
    pub(crate) async fn packet(&mut self) -> Option<String> {
        // A session that is only asked whether it lives is silent as well.
        tokio::time::timeout(PATIENCE, self.any_packet()).await.expect("the session goes on or ends")
    }

    async fn any_packet(&mut self) -> Option<String> {
        loop {
            let head = self.0.take(2).await?;
            let length = match head[1] {
                126 => usize::from(u16::from_be_bytes(self.0.take(2).await?.try_into().unwrap())),
                127 => {
                    usize::try_from(u64::from_be_bytes(self.0.take(8).await?.try_into().unwrap())).unwrap()
                }
                short => usize::from(short),
            };
            let text = self.0.take(length).await?;
            match head[0] {
                0x81 if text == b"2" => self.send("3").await,
                0x81 => return Some(String::from_utf8(text).unwrap()),
                // The websocket is closed.
                0x88 => return None,
                other => panic!("a frame of type {other:x}"),
            }
        }
    }

    /// Waits for the next event; nothing when the session ends.
    pub(crate) async fn event(&mut self) -> Option<Value> {
        event_of(&self.packet().await?)
    }
}

/// A session of Socket.IO that asks for what there is.
pub(crate) struct Polling {
    site: String,
    client: reqwest::Client,
}

impl Polling {
    /// Joins and subscribes.
    pub(crate) async fn subscribed(url: &str, to: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let site = format!("{url}socket.io/?EIO=4&transport=polling");
        let mut session = Self { site, client };
        let open = session.packets().await.unwrap().remove(0);
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        session.site += &format!("&sid={}", open["sid"].as_str().unwrap());
        session.send("40/events,").await;
        assert!(session.packets().await.unwrap()[0].starts_with("40/events,{"));
        session.send(&format!(r#"42/events,["subscribe","{to}"]"#)).await;
        session.send(REFUSED).await;
        while !session.packets().await.unwrap().iter().any(|packet| packet == MALFORMED) {}
        session
    }

    /// Sends a packet.
    async fn send(&self, packet: &str) {
        let sent = self.client.post(&self.site).body(packet.to_owned()).send().await.unwrap();
        assert_eq!(sent.status(), 200);
    }

    /// Waits for packets and answers the question whether anybody is there; nothing at the end.
    pub(crate) async fn packets(&self) -> Option<Vec<String>> {
        loop {
            let answer = self.client.get(&self.site).send().await.unwrap();
            if answer.status() == 400 {
                return None;
            }
            assert_eq!(answer.status(), 200);
            let text = answer.text().await.unwrap();
            let mut packets: Vec<String> = text.split('\x1e').map(str::to_owned).collect();
            if packets.iter().any(|packet| packet == "2") {
                // A session that is over does not want to know.
                let _ = self.client.post(&self.site).body("3").send().await;
                packets.retain(|packet| packet != "2");
            }
            if !packets.is_empty() {
                return Some(packets);
            }
        }
    }
}

/// Reads the event of a packet; nothing when the packet is the end.
pub(crate) fn event_of(packet: &str) -> Option<Value> {
    if matches!(packet, "41/events," | "1") {
        return None;
    }
    let event = packet.strip_prefix("42/events,").unwrap_or_else(|| panic!("{packet:.100}"));
    let event: Vec<Value> = serde_json::from_str(event).unwrap();
    Some(event[1].clone())
}

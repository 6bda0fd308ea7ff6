//! An identity provider on a loopback port, with a key of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const KEY: &[u8] = include_bytes!("keys/issuer.pem");
const STRANGERS_KEY: &[u8] = include_bytes!("keys/stranger.pem");
/// Name of the key.
const KEY_ID: &str = "key-of-the-test";
/// Name of the site at the provider.
pub(crate) const AUDIENCE: &str = "treeherder-test";

/// The provider; it answers as long as it is held.
pub(crate) struct Issuer {
    pub(crate) url: String,
    fetches: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let fetches = Arc::new(AtomicUsize::new(0));
        let app =
            axum::Router::new().route("/.well-known/jwks.json", get(keys)).with_state(Arc::clone(&fetches));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, fetches, server }
    }

    /// How often the keys were asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// The claims of a person in these groups, for an hour.
    pub(crate) fn claims(&self, email: &str, groups: Option<&[&str]>) -> Value {
        let mut claims = json!({
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ad|Mozilla-LDAP|somebody",
            "email": email,
            "iat": chrono::Utc::now().timestamp(),
            "exp": chrono::Utc::now().timestamp() + 3600,
        });
        if let Some(groups) = groups {
            claims["https://sso.mozilla.com/claim/groups"] = json!(groups);
        }
        claims
    }
}

async fn keys(State(fetches): State<Arc<AtomicUsize>>) -> Json<Value> {
    fetches.fetch_add(1, Ordering::SeqCst);
    let key = EncodingKey::from_rsa_pem(KEY).unwrap();
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some(KEY_ID.to_owned());
    Json(json!({"keys": [jwk]}))
}

/// Signs claims as the provider does.
pub(crate) fn signed(claims: &Value) -> String {
    signed_with(claims, KEY, Some(KEY_ID))
}

/// Signs claims with somebody else's key under the provider's name of its key.
pub(crate) fn forged(claims: &Value) -> String {
    signed_with(claims, STRANGERS_KEY, Some(KEY_ID))
}

/// Signs claims with a key of this name.
pub(crate) fn signed_as(claims: &Value, key_id: Option<&str>) -> String {
    signed_with(claims, KEY, key_id)
}

fn signed_with(claims: &Value, pem: &[u8], key_id: Option<&str>) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key_id.map(str::to_owned);
    encode(&header, claims, &EncodingKey::from_rsa_pem(pem).unwrap()).unwrap()
}

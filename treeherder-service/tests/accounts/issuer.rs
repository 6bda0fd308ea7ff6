//! An identity provider on a loopback port, with a key of its own.
//!
//! People are not asked anything: a test says which code is worth what.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const KEY: &[u8] = include_bytes!("keys/issuer.pem");
const STRANGERS_KEY: &[u8] = include_bytes!("keys/stranger.pem");
/// Name of the key.
const KEY_ID: &str = "key-of-the-test";
/// Name of the site at the provider.
pub(crate) const AUDIENCE: &str = "treeherder-test";

/// The provider; it answers as long as it is held.
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Known>,
    server: tokio::task::JoinHandle<()>,
}

/// What the provider has in mind.
#[derive(Default)]
struct Known {
    /// How often its keys were asked for.
    fetches: AtomicUsize,
    /// What codes are worth: the challenge that goes with each, and the claims of the id token.
    codes: Mutex<BTreeMap<String, (String, Value)>>,
    url: Mutex<String>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Known::default());
        let app = Router::new()
            .route("/.well-known/jwks.json", get(keys))
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/token", post(token))
            .with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        state.url.lock().unwrap().clone_from(&url);
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, state, server }
    }

    /// How often the keys were asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }

    /// Gives an id token with these claims for a code, once, to whom knows what the challenge is made of.
    pub(crate) fn will_give(&self, code: &str, challenge: &str, claims: &Value) {
        self.state.codes.lock().unwrap().insert(code.to_owned(), (challenge.to_owned(), claims.clone()));
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

async fn configuration(State(known): State<Arc<Known>>) -> Json<Value> {
    let url = known.url.lock().unwrap().clone();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}authorize"),
        "token_endpoint": format!("{url}token"),
    }))
}

async fn token(
    State(known): State<Arc<Known>>,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let bad = StatusCode::BAD_REQUEST;
    let (challenge, claims) = known.codes.lock().unwrap().remove(&asked["code"]).ok_or(bad)?;
    let proven = URL_SAFE_NO_PAD.encode(Sha256::digest(asked["code_verifier"].as_bytes())) == challenge;
    let is_ours = asked["grant_type"] == "authorization_code" && asked["client_id"] == AUDIENCE;
    if !proven || !is_ours || !asked["redirect_uri"].ends_with("/login") {
        return Err(bad);
    }
    Ok(Json(json!({"access_token": "access-token", "id_token": signed(&claims), "expires_in": 600})))
}

async fn keys(State(known): State<Arc<Known>>) -> Json<Value> {
    known.fetches.fetch_add(1, Ordering::SeqCst);
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

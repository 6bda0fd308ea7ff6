//! What handlers share about accounts.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Key, SignedCookieJar};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use treeherder_ingest::http::{Client, ClientOptions};
use treeherder_ingest::store::{Store, StoreError};
use url::Url;

use super::cookies::{self, SessionCookies};
use super::keys::random_key;
use super::oidc::{CodeFlow, IdTokens, Provider};
use super::{Account, AccountArgs, csrf, secret};
use crate::web::response::Refused;
use crate::web::site::addressed;

/// Accounts, their sessions and how one logs in; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Accounts(Arc<Inner>);

struct Inner {
    store: Store,
    cookie_key: Key,
    csrf_key: [u8; 64],
    id_tokens: IdTokens,
    code_flow: CodeFlow,
    settings: AccountArgs,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Accounts").field("id_tokens", &self.id_tokens).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Makes them of the settings; `options` are those of the client for the outside world, which also asks for the
    /// provider's keys.
    ///
    /// # Errors
    /// When the secret cannot be kept, or the client cannot be set up.
    pub(crate) fn new(
        store: Store,
        settings: AccountArgs,
        data_dir: &Path,
        mut options: ClientOptions,
    ) -> anyhow::Result<Self> {
        let given = settings.secret_key.as_deref().or(settings.django_secret_key.as_deref());
        let secret = secret::load(given, data_dir)?;
        let keys_url = settings.keys_url();
        options.hosts.allow_host_of(&keys_url);
        options.hosts.allow_host_of(&settings.issuer());
        let client = Client::new(options).context("cannot set up HTTP")?;
        let provider =
            Provider { issuer: settings.issuer(), audience: settings.auth0_client_id.clone(), keys_url };
        Ok(Self(Arc::new(Inner {
            store,
            cookie_key: Key::from(&secret::derive(&secret, "cookies")),
            csrf_key: secret::derive(&secret, "csrf"),
            code_flow: CodeFlow::new(client.clone(), &provider),
            id_tokens: IdTokens::new(client, provider),
            settings,
        })))
    }

    /// The database.
    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The settings.
    pub(super) fn settings(&self) -> &AccountArgs {
        &self.0.settings
    }

    /// What reads id tokens.
    pub(super) fn id_tokens(&self) -> &IdTokens {
        &self.0.id_tokens
    }

    /// Whether anybody may log in as anybody.
    pub(in crate::web) fn development_login(&self) -> bool {
        self.0.settings.development_login
    }

    /// Returns the origin of the identity provider; nothing for an issuer that is no web address.
    pub(in crate::web) fn issuer_origin(&self) -> Option<String> {
        let origin = Url::parse(&self.settings().issuer()).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }

    /// Whether pages of this origin may change something.
    pub(super) fn trusts_origin(&self, origin: &str) -> bool {
        self.0.settings.csrf_trusted_origins.iter().any(|trusted| trusted == origin)
    }

    /// Returns the key of the session that the request comes with, if we signed it.
    pub(super) fn session_key(&self, headers: &HeaderMap) -> Option<String> {
        cookies::session_key(headers, &self.0.cookie_key)
    }

    /// Begins a session of so many seconds and returns its cookies.
    pub(super) async fn begin_session(
        &self,
        user_id: i32,
        seconds: i64,
        headers: &HeaderMap,
    ) -> Result<(SignedCookieJar, CookieJar), StoreError> {
        let session_key = random_key();
        let expires = Utc::now() + TimeDelta::seconds(seconds);
        // Whoever logs in anew leaves nothing behind that still counts.
        if let Some(former) = self.session_key(headers) {
            self.store().end_session(&former).await?;
        }
        self.store().begin_session(&session_key, user_id, expires).await?;
        let csrf_token = self.csrf_token(&session_key);
        let is_secure = addressed(headers).starts_with("https:");
        let cookies = SessionCookies { session_key, csrf_token, seconds, is_secure };
        Ok(cookies.jars(&self.0.cookie_key))
    }

    /// Whether `token` is the proof that goes with the session.
    pub(super) fn is_csrf_token(&self, token: &str, session_key: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.csrf_mac(session_key).verify_slice(&bytes).is_ok()
    }

    /// Returns the proof that goes with the session.
    fn csrf_token(&self, session_key: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf_mac(session_key).finalize().into_bytes())
    }

    /// Returns the proof that forms of our pages carry in a field, if the request comes with a session.
    pub(in crate::web) fn form_proof(&self, headers: &HeaderMap) -> Option<String> {
        Some(self.csrf_token(&self.session_key(headers)?))
    }

    /// Finds out who sent a form of our pages; nobody when it comes without a session.
    ///
    /// # Errors
    /// 403 when the form does not come from our own page.
    pub(in crate::web) async fn sender_of_form(
        &self,
        headers: &HeaderMap,
        proof: &str,
    ) -> Result<Option<Account>, Refused> {
        let Some(session) = self.session_key(headers) else { return Ok(None) };
        let Some(user) = self.store().session_user(&session).await? else { return Ok(None) };
        csrf::check_form(self, headers, &session, proof)?;
        Ok(Some(Account::new(user)))
    }

    /// Returns the way to the identity provider and back.
    pub(super) fn code_flow(&self) -> &CodeFlow {
        &self.0.code_flow
    }

    /// The key that cookies are signed with.
    pub(super) fn cookie_key(&self) -> &Key {
        &self.0.cookie_key
    }

    fn csrf_mac(&self, session_key: &str) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0.csrf_key);
        // HMAC takes keys of any length.
        #[expect(clippy::unwrap_used, reason = "cannot fail, see above")]
        let mut mac = mac.unwrap();
        mac.update(session_key.as_bytes());
        mac
    }
}

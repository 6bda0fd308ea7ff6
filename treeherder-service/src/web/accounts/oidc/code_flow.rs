//! To the provider and back: the authorization code flow with a proof key (RFC 6749, RFC 7636, `OpenID` Connect Core §3.1).
//!
//! The code is exchanged here and not in the browser, so that pages need no script and no token is ever in a page.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use treeherder_ingest::http::{Client, HttpError, Method};
use url::Url;

use super::Provider;
use crate::web::accounts::keys::random_key;

/// What we want to know of a person.
const SCOPE: &str = "openid profile email";
/// Longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const MAX_BYTES: u64 = 1 << 20;

/// A login that has been begun; the browser keeps it, signed, while somebody is at the provider.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::web::accounts) struct Attempt {
    /// Comes back with the code, which proves that this browser asked for it.
    pub(in crate::web::accounts) state: String,
    /// Comes back in the id token.
    pub(in crate::web::accounts) nonce: String,
    /// What only this browser knows, whose hash the provider was told.
    verifier: String,
    /// Path to go on at.
    pub(in crate::web::accounts) next: String,
}

/// What the provider gives for a code.
#[derive(Debug, Deserialize)]
pub(in crate::web::accounts) struct Tokens {
    pub(in crate::web::accounts) id_token: String,
    pub(in crate::web::accounts) access_token: String,
    /// Seconds until the access token ends.
    pub(in crate::web::accounts) expires_in: Option<i64>,
}

/// Where the provider is asked, as its own document says.
#[derive(Clone, Debug, Deserialize)]
struct Endpoints {
    authorization_endpoint: String,
    token_endpoint: String,
}

/// Sends people to one provider and takes them back.
#[derive(Debug)]
pub(in crate::web::accounts) struct CodeFlow {
    client: Client,
    issuer: String,
    client_id: String,
    endpoints: OnceCell<Endpoints>,
}

/// Why the provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::web::accounts) enum CodeFlowError {
    /// It does not answer, or refuses.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Its document names no address that people can be sent to.
    #[error("the identity provider names {0:?} as the place to log in at")]
    Endpoint(String),
}

impl CodeFlow {
    /// Makes the way to `provider`, which `client` asks.
    pub(in crate::web::accounts) fn new(client: Client, provider: &Provider) -> Self {
        let (issuer, client_id) = (provider.issuer.clone(), provider.audience.clone());
        Self { client, issuer, client_id, endpoints: OnceCell::new() }
    }

    /// Begins a login: returns where to send the browser, and what it has to keep.
    ///
    /// # Errors
    /// When the provider does not tell where that is.
    pub(in crate::web::accounts) async fn begin(
        &self,
        redirect_uri: &str,
        next: &str,
    ) -> Result<(Url, Attempt), CodeFlowError> {
        let endpoint = &self.endpoints().await?.authorization_endpoint;
        let unusable = || CodeFlowError::Endpoint(endpoint.clone());
        let mut url = Url::parse(endpoint).map_err(|_| unusable())?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(unusable());
        }
        let attempt = Attempt {
            state: random_key(),
            nonce: random_key(),
            verifier: random_key(),
            next: next.to_owned(),
        };
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge(&attempt.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok((url, attempt))
    }

    /// Exchanges the code that somebody came back with.
    ///
    /// # Errors
    /// When the provider does not answer, or not with tokens.
    pub(in crate::web::accounts) async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        attempt: &Attempt,
    ) -> Result<Tokens, CodeFlowError> {
        let request = self.client.request(Method::POST, &self.endpoints().await?.token_endpoint);
        let request = request.form_body(&[
            ("grant_type", "authorization_code"),
            ("client_id", &self.client_id),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", &attempt.verifier),
        ]);
        Ok(request.total_timeout(TIMEOUT).max_body(MAX_BYTES).json().await?)
    }

    async fn endpoints(&self) -> Result<&Endpoints, HttpError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let ask = || async { self.client.get(&url).total_timeout(TIMEOUT).max_body(MAX_BYTES).json().await };
        self.endpoints.get_or_try_init(ask).await
    }
}

/// The hash of a verifier that the provider is told.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}

//! Checking an id token.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sha2::{Digest as _, Sha256};
use treeherder_ingest::http::Client;

use super::claims::Claims;
use super::identity::Identity;
use super::key_cache::KeyCache;
use crate::web::response::Refused;

const BAD_CLAIMS: &str = "Incorrect claims: please check the audience and issuer";
const BAD_TOKEN: &str = "Invalid header: Unable to parse authentication";

/// Whose tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web::accounts) struct Provider {
    /// Issuer, exactly as its tokens name it.
    pub(in crate::web::accounts) issuer: String,
    /// Name of this site at the provider.
    pub(in crate::web::accounts) audience: String,
    /// Where its public keys are.
    pub(in crate::web::accounts) keys_url: String,
}

/// Checks id tokens of one provider.
#[derive(Debug)]
pub(in crate::web::accounts) struct IdTokens {
    provider: Provider,
    keys: KeyCache,
}

impl IdTokens {
    /// Checks tokens of `provider`, whose keys `client` fetches.
    pub(in crate::web::accounts) fn new(client: Client, provider: Provider) -> Self {
        let keys = KeyCache::new(client, provider.keys_url.clone());
        Self { provider, keys }
    }

    /// Tells whom the token names, after every check of §8.2.
    ///
    /// # Errors
    /// The refusal of the first check that fails; 503 when the provider's keys cannot be had.
    pub(in crate::web::accounts) async fn identify(
        &self,
        id_token: &str,
        access_token: &str,
    ) -> Result<Identity, Refused> {
        let claims = self.checked(id_token, access_token).await?;
        Identity::of_claims(&claims).ok_or_else(|| Refused::forbidden("Unrecognized identity"))
    }

    /// Does the same with a token that has to answer the login that was sent with `nonce`.
    ///
    /// # Errors
    /// As [`identify`](Self::identify), and when the token answers another login.
    pub(in crate::web::accounts) async fn identify_answer(
        &self,
        id_token: &str,
        access_token: &str,
        nonce: &str,
    ) -> Result<Identity, Refused> {
        let claims = self.checked(id_token, access_token).await?;
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(Refused::forbidden(BAD_CLAIMS));
        }
        Identity::of_claims(&claims).ok_or_else(|| Refused::forbidden("Unrecognized identity"))
    }

    async fn checked(&self, id_token: &str, access_token: &str) -> Result<Claims, Refused> {
        let header = decode_header(id_token)
            .map_err(|_| Refused::forbidden("Unable to decode the Id token header"))?;
        let name = header.kid.ok_or_else(|| Refused::forbidden("Id token header missing RSA key ID"))?;
        let key = self.keys.find(&name).await.map_err(|error| {
            tracing::error!(%error, "cannot fetch the keys of the identity provider");
            let detail = "The identity provider cannot be reached, please try again later.";
            Refused::detail(StatusCode::SERVICE_UNAVAILABLE, detail)
        })?;
        let key = key.ok_or_else(|| Refused::forbidden("Id token using unrecognised RSA key ID"))?;
        let key = DecodingKey::from_jwk(&key).map_err(|_| Refused::forbidden(BAD_TOKEN))?;
        let claims = decode::<Claims>(id_token, &key, &self.validation())
            .map_err(|error| Refused::forbidden(text(error.kind())))?
            .claims;
        if claims.at_hash.as_ref().is_some_and(|hash| *hash != access_token_hash(access_token)) {
            return Err(Refused::forbidden(BAD_CLAIMS));
        }
        Ok(claims)
    }

    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_audience(&[&self.provider.audience]);
        validation.set_issuer(&[&self.provider.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation
    }
}

/// The left half of the access token's hash.
fn access_token_hash(access_token: &str) -> String {
    let hash = Sha256::digest(access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

fn text(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "Id token is expired",
        ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer | ErrorKind::MissingRequiredClaim(_) => {
            BAD_CLAIMS
        }
        _ => BAD_TOKEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_an_access_token_is_that_of_the_standard() {
        // OpenID Connect Core 1.0, A.3.
        assert_eq!(
            access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}

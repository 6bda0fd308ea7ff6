//! The proof that a request which changes something was made by our own pages (§8.3).
//!
//! The cookie's value is derived from the session, so that a cookie that somebody else planted proves nothing.

use axum::http::{HeaderMap, HeaderName, header};
use url::Url;

use super::{Accounts, cookies};
use crate::web::response::Refused;
use crate::web::site::addressed;

/// Header with the value of the cookie.
const HEADER: HeaderName = HeaderName::from_static("x-csrftoken");

/// Checks a request that came with this session.
pub(super) fn check(accounts: &Accounts, headers: &HeaderMap, session: &str) -> Result<(), Refused> {
    check_origin(accounts, headers)?;
    let cookie = cookies::csrf_cookie(headers).ok_or_else(|| failed("CSRF cookie not set."))?;
    let given = headers.get(HEADER).ok_or_else(|| failed("CSRF token missing."))?;
    let matches = given.as_bytes() == cookie.as_bytes() && accounts.is_csrf_token(&cookie, session);
    if matches { Ok(()) } else { Err(failed("CSRF token from the 'X-Csrftoken' HTTP header incorrect.")) }
}

/// Checks a form that came with this session and has the proof in a field.
pub(super) fn check_form(
    accounts: &Accounts,
    headers: &HeaderMap,
    session: &str,
    proof: &str,
) -> Result<(), Refused> {
    check_origin(accounts, headers)?;
    if accounts.is_csrf_token(proof, session) {
        Ok(())
    } else {
        Err(failed("CSRF token of the form incorrect."))
    }
}

/// Checks the origin that the browser tells; behind HTTPS one that it does not tell is looked for in the referrer.
pub(super) fn check_origin(accounts: &Accounts, headers: &HeaderMap) -> Result<(), Refused> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let own = addressed(headers);
    let is_trusted = |origin: &str| origin == own || accounts.trusts_origin(origin);
    if let Some(origin) = text(header::ORIGIN) {
        if is_trusted(origin) {
            return Ok(());
        }
        return Err(failed(&format!(
            "Origin checking failed - {origin} does not match any trusted origins."
        )));
    }
    if !own.starts_with("https:") {
        return Ok(());
    }
    let Some(referrer) = text(header::REFERER) else {
        return Err(failed("Referer checking failed - no Referer."));
    };
    let origin = Url::parse(referrer).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    if is_trusted(&origin) {
        Ok(())
    } else {
        Err(failed(&format!("Referer checking failed - {referrer} does not match any trusted origins.")))
    }
}

fn failed(reason: &str) -> Refused {
    Refused::forbidden(&format!("CSRF Failed: {reason}"))
}

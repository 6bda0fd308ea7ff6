//! The two cookies of a session (§8.1).

use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, Key, SameSite, SignedCookieJar};

/// Name of the cookie with the signed key of the session.
const SESSION: &str = "sessionid";
/// Name of the cookie that scripts of our pages read and send back.
const CSRF: &str = "csrftoken";
/// How long the latter is kept: a year.
const CSRF_AGE_SECONDS: i64 = 365 * 86_400;

/// Returns the key of the session, if the cookie was signed by us.
pub(super) fn session_key(headers: &HeaderMap, key: &Key) -> Option<String> {
    let jar = SignedCookieJar::<Key>::from_headers(headers, key.clone());
    jar.get(SESSION).map(|cookie| cookie.value().to_owned())
}

/// Returns what the request has as its proof.
pub(super) fn csrf_cookie(headers: &HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers).get(CSRF).map(|cookie| cookie.value().to_owned())
}

/// A session as the browser is to keep it.
#[derive(Debug)]
pub(super) struct SessionCookies {
    /// Key of the session.
    pub(super) session_key: String,
    /// Proof that goes with it.
    pub(super) csrf_token: String,
    /// Seconds until the session ends.
    pub(super) seconds: i64,
    /// Whether browsers may send the cookies by HTTPS only.
    pub(super) is_secure: bool,
}

impl SessionCookies {
    /// Makes the cookies.
    pub(super) fn jars(self, key: &Key) -> (SignedCookieJar, CookieJar) {
        let session = cookie(SESSION, self.session_key, self.seconds, self.is_secure, true);
        let csrf = cookie(CSRF, self.csrf_token, CSRF_AGE_SECONDS, self.is_secure, false);
        (SignedCookieJar::new(key.clone()).add(session), CookieJar::new().add(csrf))
    }
}

/// Makes browsers forget the session.
pub(super) fn forgotten(is_secure: bool) -> CookieJar {
    let forget = |name, is_http_only| cookie(name, String::new(), 0, is_secure, is_http_only);
    CookieJar::new().add(forget(SESSION, true)).add(forget(CSRF, false))
}

fn cookie(
    name: &'static str,
    value: String,
    seconds: i64,
    is_secure: bool,
    is_http_only: bool,
) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_path("/");
    cookie.set_same_site(SameSite::Lax);
    cookie.set_http_only(is_http_only);
    cookie.set_secure(is_secure);
    // The crate's durations are those of `time`, which nothing else here uses.
    cookie.set_max_age(time::Duration::seconds(seconds));
    cookie
}

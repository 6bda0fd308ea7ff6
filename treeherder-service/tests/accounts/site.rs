//! The program with an identity provider.

use serde_json::Value;

use crate::browser::{Answer, Browser};
use crate::issuer::{AUDIENCE, Issuer, signed};
use crate::support::{Place, Running};

/// A running site.
pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) issuer: Issuer,
    pub(crate) url: String,
    _running: Running,
}

impl Site {
    pub(crate) async fn start(args: &[&str]) -> Self {
        Self::start_in(Place::new(), args).await
    }

    /// Starts the site on data that is there already.
    pub(crate) async fn start_in(place: Place, args: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let issuer = Issuer::start().await;
        let mut all = vec!["--oidc-issuer", issuer.url.as_str(), "--auth0-client-id", AUDIENCE];
        all.extend(args);
        let (running, url) = Running::serve(&place, &all);
        Self { place, issuer, url, _running: running }
    }

    /// Ends the program and returns its data.
    pub(crate) fn stop(self) -> Place {
        let Self { place, _running: running, .. } = self;
        drop(running);
        place
    }

    /// Somebody who is not logged in.
    pub(crate) fn anonymous(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// Sends a login with these claims.
    pub(crate) async fn login(&self, browser: &mut Browser, claims: &Value) -> Answer {
        let expires = (chrono::Utc::now().timestamp() + 3600).to_string();
        login_with(browser, &signed(claims), &expires).await
    }

    /// Somebody who is logged in and in these groups.
    pub(crate) async fn member(&self, email: &str, groups: &[&str]) -> Browser {
        let mut browser = self.anonymous();
        let answer = self.login(&mut browser, &self.issuer.claims(email, Some(groups))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    /// A token made by the command.
    pub(crate) fn token(&self, args: &[&str]) -> Value {
        let mut all = vec!["tokens", "create", "--format", "json"];
        all.extend(args);
        self.place.json(&all)
    }
}

/// Sends a login with this id token.
pub(crate) async fn login_with(browser: &mut Browser, id_token: &str, expires_at: &str) -> Answer {
    let headers = [
        ("authorization", "Bearer access-token"),
        ("id-token", id_token),
        ("access-token-expires-at", expires_at),
    ];
    browser.send(reqwest::Method::GET, "api/auth/login/", &headers, None).await
}

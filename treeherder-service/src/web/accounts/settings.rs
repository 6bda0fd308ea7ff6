//! The settings of accounts (§9.3).

use std::net::SocketAddr;

use crate::config::switch;

/// Who may log in, and how.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Accounts")]
pub(crate) struct AccountArgs {
    /// Secret that signs cookies, the same in all processes of a site [default: a random one, kept in the data folder]
    #[arg(long, env = "TREEHERDER_SECRET_KEY", value_name = "SECRET", hide_env_values = true)]
    pub(crate) secret_key: Option<String>,

    /// The same under the name that existing deployments have
    #[arg(long, env = "TREEHERDER_DJANGO_SECRET_KEY", value_name = "SECRET", hide_env_values = true)]
    pub(crate) django_secret_key: Option<String>,

    /// Origins, besides this site, whose pages may change something
    #[arg(
        long,
        env = "CSRF_TRUSTED_ORIGINS",
        value_name = "ORIGIN,…",
        value_delimiter = ',',
        default_value = "http://localhost:8000,http://localhost:5000"
    )]
    pub(crate) csrf_trusted_origins: Vec<String>,

    /// Host of the identity provider; it issues as `https://HOST/`
    #[arg(long, env = "AUTH0_DOMAIN", value_name = "HOST", default_value = "auth.mozilla.auth0.com")]
    pub(crate) auth0_domain: String,

    /// Name of this site at the identity provider, which is the audience of its id tokens
    #[arg(
        long,
        env = "AUTH0_CLIENTID",
        value_name = "ID",
        default_value = "q8fZZFfGEmSB2c5uSI8hOkKdDGXnlo5z"
    )]
    pub(crate) auth0_client_id: String,

    /// Issuer of id tokens, where it is not the one of `AUTH0_DOMAIN` [default: `https://AUTH0_DOMAIN/`]
    #[arg(long, env = "TREEHERDER_OIDC_ISSUER", value_name = "URL")]
    pub(crate) oidc_issuer: Option<String>,

    /// Public keys of the issuer [default: `.well-known/jwks.json` below the issuer]
    #[arg(long, env = "TREEHERDER_OIDC_KEYS_URL", value_name = "URL")]
    pub(crate) oidc_keys_url: Option<String>,

    /// Longest time of a session; the identity provider's tokens may end it earlier
    #[arg(
        long,
        env = "AUTH_MAX_SESSION_AGE_SECONDS",
        value_name = "SECONDS",
        default_value_t = 2700,
        value_parser = clap::value_parser!(i64).range(1..=31_536_000)
    )]
    pub(crate) max_session_seconds: i64,

    /// Let anybody log in as anybody, for development; only at a loopback address
    #[arg(long, env = "TREEHERDER_DEVELOPMENT_LOGIN", value_parser = switch)]
    pub(crate) development_login: bool,

    /// Requests that change something, from one address in a minute
    #[arg(
        long,
        env = "TREEHERDER_WRITES_PER_MINUTE",
        value_name = "NUMBER",
        default_value_t = 600,
        value_parser = clap::value_parser!(u32).range(1..=60_000)
    )]
    pub(crate) writes_per_minute: u32,

    /// Logins from one address in a minute
    #[arg(
        long,
        env = "TREEHERDER_LOGINS_PER_MINUTE",
        value_name = "NUMBER",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=60_000)
    )]
    pub(crate) logins_per_minute: u32,

    /// Take the address of a client from the last entry of X-Forwarded-For, for a site behind one proxy that sets it
    #[arg(long, env = "TREEHERDER_TRUST_FORWARDED_FOR", value_parser = switch)]
    pub(crate) trust_forwarded_for: bool,
}

impl AccountArgs {
    /// The settings of the demo: no provider is asked, and anybody is let in where only this machine can ask.
    pub(crate) fn for_demo(listen: SocketAddr) -> Self {
        Self {
            secret_key: None,
            django_secret_key: None,
            csrf_trusted_origins: Vec::new(),
            auth0_domain: "localhost".to_owned(),
            auth0_client_id: "demo".to_owned(),
            oidc_issuer: None,
            oidc_keys_url: None,
            max_session_seconds: 12 * 3600,
            development_login: listen.ip().is_loopback(),
            writes_per_minute: 600,
            logins_per_minute: 60,
            trust_forwarded_for: false,
        }
    }

    /// Refuses to let anybody in where others than this machine can ask.
    ///
    /// # Errors
    /// When the development login is on and `listen` is no loopback address.
    pub(crate) fn check(&self, listen: SocketAddr) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.development_login || listen.ip().is_loopback(),
            "--development-login lets anybody log in as anybody: it works at a loopback address only, not at {listen}"
        );
        Ok(())
    }

    /// Returns the issuer of id tokens.
    pub(super) fn issuer(&self) -> String {
        self.oidc_issuer.clone().unwrap_or_else(|| format!("https://{}/", self.auth0_domain))
    }

    /// Returns where the issuer's keys are.
    pub(super) fn keys_url(&self) -> String {
        let default = || format!("{}/.well-known/jwks.json", self.issuer().trim_end_matches('/'));
        self.oidc_keys_url.clone().unwrap_or_else(default)
    }
}

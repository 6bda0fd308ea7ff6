//! Settings that would be a mistake in earnest; a release is refused for each of them.

use treeherder_ingest::pulse::{AmqpUrl, is_local_host};

use url::Url;

use crate::config::{StorageArgs, switch};
use crate::roles::host_without_tls;

/// Fewest characters of a secret.
const SECRET_LENGTH: usize = 32;

/// Fewest different characters of a secret.
const SECRET_VARIETY: usize = 5;

/// What secrets begin with that come with a program.
const INSECURE: [&str; 3] = ["insecure", "django-insecure", "secret-key-of-at-least"];

/// Settings that are checked and are no matter of the release otherwise.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Checks")]
pub(crate) struct CheckArgs {
    /// This is nobody's production: settings that are not safe are told and do not abort the release
    #[arg(long, env = "TREEHERDER_DEBUG", value_parser = switch)]
    pub(crate) debug: bool,
    /// Secret that signs cookies, the same in all processes of a site
    #[arg(long, env = "TREEHERDER_SECRET_KEY", value_name = "SECRET", hide_env_values = true)]
    pub(crate) secret_key: Option<String>,
    /// The same under the name that existing deployments have
    #[arg(long, env = "TREEHERDER_DJANGO_SECRET_KEY", value_name = "SECRET", hide_env_values = true)]
    pub(crate) django_secret_key: Option<String>,
    /// Pulse, if processes of this release listen to it
    #[arg(long, env = "PULSE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) pulse_url: Option<String>,
}

/// Lists what is wrong with the settings, each with its variable and how to mend it.
pub(crate) fn problems(args: &CheckArgs, storage: &StorageArgs, site_url: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let secret = args.secret_key.as_deref().or(args.django_secret_key.as_deref()).unwrap_or_default();
    problems.extend(secret_problem(secret).map(|problem| {
        format!("TREEHERDER_SECRET_KEY {problem}: set it to at least {SECRET_LENGTH} random characters")
    }));
    if let Some(url) = storage.database_url.as_deref() {
        problems.extend(database_problem(url));
    }
    for (variable, url) in [("BROKER_URL", &storage.broker_url), ("PULSE_URL", &args.pulse_url)] {
        problems.extend(
            url.as_deref().filter(|url| !url.is_empty()).and_then(|url| broker_problem(variable, url)),
        );
    }
    problems.extend(site_problem(site_url));
    problems
}

fn secret_problem(secret: &str) -> Option<String> {
    let mut characters: Vec<char> = secret.chars().collect();
    let length = characters.len();
    characters.sort_unstable();
    characters.dedup();
    if secret.is_empty() {
        Some("is not set".to_owned())
    } else if INSECURE.iter().any(|beginning| secret.starts_with(beginning)) {
        Some("is one that everybody knows".to_owned())
    } else if length < SECRET_LENGTH {
        Some(format!("has only {length} characters"))
    } else if characters.len() < SECRET_VARIETY {
        Some(format!("has only {} different characters", characters.len()))
    } else {
        None
    }
}

fn database_problem(url: &str) -> Option<String> {
    let host = host_without_tls(url)?;
    Some(format!(
        "DATABASE_URL does not insist on TLS to {host}: say sslmode=verify-full (or require), else passwords and data travel \
         in the clear"
    ))
}

fn broker_problem(variable: &str, url: &str) -> Option<String> {
    match AmqpUrl::parse(url) {
        Err(reason) => Some(format!("{variable}: {reason}")),
        Ok(url) if !url.is_tls() && !is_local_host(url.host()) => {
            Some(format!("{variable} switches TLS to {} off: remove ssl=0", url.host()))
        }
        Ok(_) => None,
    }
}

fn site_problem(site_url: &str) -> Option<String> {
    let site = Url::parse(site_url).ok();
    let host = site.as_ref().and_then(Url::host_str);
    match site.as_ref().map_or("", Url::scheme) {
        "https" => None,
        "http" if host.is_some_and(is_local_host) => None,
        "http" => Some(format!("SITE_URL is {site_url}: cookies of a site that people log in to need https")),
        _ => Some(format!("SITE_URL is {site_url:?}, which is not an http or https URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "x7Gq02mLwP9sRt5vBn8cKd3fHj6yZa4e";

    fn problems_of(secret: &str, database: &str, broker: &str, site: &str) -> Vec<String> {
        let args = CheckArgs {
            debug: false,
            secret_key: None,
            django_secret_key: Some(secret.to_owned()),
            pulse_url: None,
        };
        let storage = StorageArgs {
            data_dir: "x".into(),
            database_url: Some(database.to_owned()),
            broker_url: Some(broker.to_owned()),
        };
        problems(&args, &storage, site)
    }

    #[test]
    fn a_sound_deployment_has_no_problems() {
        for database in [
            "postgres://u:p@db.example:5432/t?sslmode=verify-full",
            "psql://u:p@db.example/t?a=b&sslmode=require",
            "psql://postgres:mozilla1234@127.0.0.1:5432/treeherder",
            "postgres://u:p@[::1]:5432/t",
            "postgres://u:p@[::1]/t?sslmode=disable",
            // TLS is what a server elsewhere is spoken to with.
            "postgres://u:p@db.example/t",
            "sqlite://x.sqlite",
        ] {
            let broker = "amqp://u:p@broker.example/th";
            assert_eq!(problems_of(SECRET, database, broker, "https://th.example"), [""; 0], "{database}");
        }
    }

    #[test]
    fn each_mistake_is_named_and_no_password_is() {
        let cases = [
            ("", "sqlite://x", "", "https://x", "TREEHERDER_SECRET_KEY is not set"),
            ("geheim", "sqlite://x", "", "https://x", "TREEHERDER_SECRET_KEY has only 6 characters"),
            (&"ab".repeat(30), "sqlite://x", "", "https://x", "has only 2 different characters"),
            ("django-insecure-9827349827349827349827439", "sqlite://x", "", "https://x", "everybody knows"),
            (
                SECRET,
                "postgres://u:geheim@db.example/t?sslmode=disable",
                "",
                "https://x",
                "DATABASE_URL does not insist on TLS to db.example",
            ),
            (SECRET, "postgres://u:geheim@db/t?sslmode=prefer", "", "https://x", "DATABASE_URL"),
            (
                SECRET,
                "sqlite://x",
                "amqp://u:geheim@mq.example/?ssl=0",
                "https://x",
                "BROKER_URL switches TLS to mq.example off",
            ),
            (SECRET, "sqlite://x", "redis://u:geheim@mq", "https://x", "BROKER_URL: scheme"),
            (SECRET, "sqlite://x", "", "http://th.example", "SITE_URL is http://th.example"),
            (SECRET, "sqlite://x", "", "th.example", "SITE_URL"),
        ];
        for (secret, database, broker, site, expected) in cases {
            let found = problems_of(secret, database, broker, site);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected) && !found[0].contains("geheim"), "{found:?}");
        }
    }
}

//! `treeherder tokens`: tokens by which scripts log in (`docs/ACCOUNTS.md`).

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;
use treeherder_ingest::store::accounts::{ListedToken, NewToken};

use crate::config::StorageArgs;
use crate::output::{self, Format, FormatArgs, Table};
use crate::roles::Database;
use crate::web::accounts::new_token;

const EXAMPLES: &str = "\
Examples:
  treeherder tokens create --user ci@example.org --expires 90d --description 'GitHub Actions'
  treeherder tokens create --user bot@example.org --sheriff
  treeherder tokens list
  treeherder tokens revoke 3

A script sends its token with each request: `Authorization: Bearer th_…`. It may do what anybody who is logged in may \
do; with --sheriff what sheriffs may.";

/// Make, list and revoke the tokens by which scripts log in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(CreateArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// Make a token; it is shown once and cannot be shown again
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder tokens create --user ci@example.org --expires 90d")]
struct CreateArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Account in whose name the script acts, a mail address for example; made when there is none
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What the token is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Allow what sheriffs may do
    #[arg(long)]
    sheriff: bool,
    /// When it ends: `90d`, `12h`, or a date such as 2027-01-31 [default: never]
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires: Option<DateTime<Utc>>,
}

/// List the tokens; what they are themselves is not known
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder tokens list --format json")]
struct ListArgs {
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Revoke a token at once and for good
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  treeherder tokens revoke 3")]
struct RevokeArgs {
    #[command(flatten)]
    storage: StorageArgs,
    /// Number of the token, as `treeherder tokens list` shows it
    id: i32,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Revoke(args) => revoke(args).await,
    }
}

async fn create(args: CreateArgs) -> anyhow::Result<()> {
    let user = args.user.trim();
    anyhow::ensure!(!user.is_empty(), "--user: the name is empty");
    let database = Database::open(&args.storage).await?;
    let token = new_token();
    let new = NewToken {
        token: token.clone(),
        username: user.to_owned(),
        description: args.description,
        is_sheriff: args.sheriff,
        expires: args.expires,
    };
    let id = database.store.create_token(&new).await.context("cannot make a token")?;
    if args.format.format == Format::Json {
        return output::json(&json!({"id": id, "user": user, "token": token, "expires": args.expires}));
    }
    output::line(&token)?;
    eprintln!("This is token {id} of {user}. It is not shown again.");
    Ok(())
}

async fn list(args: ListArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let tokens = database.store.tokens().await?;
    let now = Utc::now();
    if args.format.format == Format::Json {
        let rows = tokens.iter().map(|listed| {
            json!({
                "id": listed.token.id,
                "user": listed.username,
                "sheriff": listed.token.is_sheriff,
                "description": listed.token.description,
                "created": listed.token.created,
                "expires": listed.token.expires,
                "revoked": listed.token.revoked,
                "status": status(listed, now),
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let mut table = Table::new(&[">id", "user", "may", "status", "created", "expires", "description"]);
    for listed in &tokens {
        let may = if listed.token.is_sheriff { "sheriff" } else { "write" };
        let day = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        table.row([
            listed.token.id.to_string(),
            listed.username.clone(),
            may.to_owned(),
            status(listed, now).to_owned(),
            day(listed.token.created),
            listed.token.expires.map_or_else(|| "never".to_owned(), day),
            listed.token.description.clone(),
        ]);
    }
    Ok(table.print("no tokens")?)
}

async fn revoke(args: RevokeArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.storage).await?;
    let was_valid = database.store.revoke_token(args.id).await?;
    let text = if was_valid { "revoked" } else { "was revoked already" };
    Ok(output::line(&format!("token {} {text}", args.id))?)
}

fn status(listed: &ListedToken, now: DateTime<Utc>) -> &'static str {
    match (listed.token.revoked, listed.token.expires) {
        (Some(_), _) => "revoked",
        (None, Some(expires)) if expires <= now => "expired",
        (None, _) => "valid",
    }
}

/// Reads an end: a time from now, or a date.
fn expiry(text: &str) -> Result<DateTime<Utc>, String> {
    expiry_from(text, Utc::now()).ok_or_else(|| {
        "neither a time from now (`90d`, `12h`), nor a date (2027-01-31), nor a moment (2027-01-31T12:00:00Z)"
            .to_owned()
    })
}

fn expiry_from(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    for (unit, seconds) in [('d', 86_400), ('h', 3600), ('m', 60)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<i64>().ok()) {
            let time = TimeDelta::try_seconds(number.checked_mul(seconds).filter(|seconds| *seconds > 0)?)?;
            return now.checked_add_signed(time);
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_in_three_forms() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        for (text, expected) in [
            ("90d", Some("2026-04-01T00:00:00+00:00")),
            ("12h", Some("2026-01-01T12:00:00+00:00")),
            ("2027-01-31", Some("2027-01-31T00:00:00+00:00")),
            ("2027-01-31T12:00:00+01:00", Some("2027-01-31T11:00:00+00:00")),
            ("0d", None),
            ("-3d", None),
            ("99999999999999999d", None),
            ("soon", None),
            ("", None),
        ] {
            let read = expiry_from(text, now).map(|time| time.to_rfc3339());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}

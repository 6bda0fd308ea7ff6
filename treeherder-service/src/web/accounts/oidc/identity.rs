//! Who somebody is, of what their id token says.

use super::claims::Claims;

/// Words of `sub` by which one knows the way of logging in, in this order, and what names of accounts begin with.
const PROVIDERS: [(&str, &str); 5] = [
    ("Mozilla-LDAP", "mozilla-ldap/"),
    ("email", "email/"),
    ("github", "github/"),
    ("google", "google/"),
    ("oauth2", "oauth2/"),
];

/// Groups whose members are sheriffs.
const SHERIFF_GROUPS: [&str; 2] = ["sheriff", "perf_sheriff"];

/// Somebody whose id token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web::accounts) struct Identity {
    /// Name of the account.
    pub(in crate::web::accounts) username: String,
    /// Mail address.
    pub(in crate::web::accounts) email: String,
    /// Whether the person is a sheriff, if the token says anything about groups.
    pub(in crate::web::accounts) is_sheriff: Option<bool>,
    /// Seconds since 1970 at which the id token ends.
    pub(in crate::web::accounts) expires: i64,
}

impl Identity {
    /// Reads the claims; `None` when the person logged in by a way that is not known, or has no mail address.
    pub(super) fn of_claims(claims: &Claims) -> Option<Self> {
        let (_, prefix) = PROVIDERS.iter().find(|(word, _)| claims.sub.contains(word))?;
        if claims.email.is_empty() {
            return None;
        }
        let is_sheriff = claims.groups.as_ref().map(|groups| {
            let names = groups.as_array().into_iter().flatten().filter_map(|name| name.as_str());
            names.into_iter().any(|name| SHERIFF_GROUPS.contains(&name))
        });
        Some(Self {
            username: format!("{prefix}{}", claims.email),
            email: claims.email.clone(),
            is_sheriff,
            // Rounded down, as seconds that have begun are not whole ones; a number out of range saturates.
            expires: claims.exp as i64,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity(claims: serde_json::Value) -> Option<Identity> {
        Identity::of_claims(&serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn names_of_accounts_tell_the_way_of_logging_in() {
        for (sub, username) in [
            ("ad|Mozilla-LDAP|u", Some("mozilla-ldap/u@x")),
            ("ad|Mozilla-LDAP|github", Some("mozilla-ldap/u@x")),
            ("email|123", Some("email/u@x")),
            ("github|1", Some("github/u@x")),
            ("google-oauth2|1", Some("google/u@x")),
            ("oauth2|firefoxaccounts|1", Some("oauth2/u@x")),
            ("twitter|1", None),
            ("", None),
        ] {
            let found = identity(json!({"sub": sub, "email": "u@x", "exp": 1.5}));
            assert_eq!(found.map(|found| found.username).as_deref(), username, "{sub}");
        }
        assert_eq!(identity(json!({"sub": "email|1", "exp": 1})), None);
    }

    #[test]
    fn groups_make_sheriffs_and_their_absence_says_nothing() {
        const GROUPS: &str = "https://sso.mozilla.com/claim/groups";
        for (groups, expected) in [
            (json!(["all", "sheriff"]), Some(true)),
            (json!(["perf_sheriff"]), Some(true)),
            (json!(["sheriffs"]), Some(false)),
            (json!([]), Some(false)),
            (json!("sheriff"), Some(false)),
            (json!(null), None),
        ] {
            let found = identity(json!({"sub": "email|1", "email": "u@x", "exp": 1, GROUPS: groups}));
            assert_eq!(found.unwrap().is_sheriff, expected, "{groups}");
        }
        let without = identity(json!({"sub": "email|1", "email": "u@x", "exp": 1}));
        assert_eq!(without.unwrap().is_sheriff, None);
    }
}

//! Repository fixtures: JSON in the form of Django's fixtures, as Mozilla keeps them (`spec/ingest.md` §3.1).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{StoreError, check_text};

/// What a fixture file holds, checked.
#[derive(Debug, Default)]
pub(super) struct Fixture {
    pub(super) groups: Vec<(i32, GroupFields)>,
    pub(super) repositories: Vec<(i32, RepositoryFields)>,
    pub(super) branches: Vec<(i64, BranchFields)>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    pk: i64,
    model: String,
    fields: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupFields {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RepositoryFields {
    pub(super) name: String,
    pub(super) repository_group: i32,
    pub(super) dvcs_type: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) codebase: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default = "active")]
    pub(super) active_status: String,
    #[serde(default)]
    pub(super) life_cycle_order: Option<u32>,
    #[serde(default)]
    pub(super) performance_alerts_enabled: bool,
    #[serde(default = "yes")]
    pub(super) expire_performance_data: bool,
    #[serde(default)]
    pub(super) is_try_repo: bool,
    #[serde(default)]
    pub(super) tc_root_url: Option<String>,
    #[serde(default)]
    pub(super) accepts_pull_requests: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct BranchFields {
    pub(super) repository: i32,
    pub(super) branch: String,
}

fn active() -> String {
    "active".to_owned()
}

fn yes() -> bool {
    true
}

impl Fixture {
    /// Reads and checks a fixture; every error names the entry it is about.
    pub(super) fn parse(json: &str) -> Result<Self, StoreError> {
        let entries: Vec<Value> = serde_json::from_str(json)
            .map_err(|error| StoreError::Value(format!("repository fixture: {error}")))?;
        let mut fixture = Self::default();
        for (position, entry) in entries.into_iter().enumerate() {
            let entry: Entry = serde_json::from_value(entry).map_err(|error| {
                StoreError::Value(format!("repository fixture, entry {}: {error}", position + 1))
            })?;
            let place =
                format!("repository fixture, entry {} ({} pk {})", position + 1, entry.model, entry.pk);
            fixture.add(entry).map_err(|problem| StoreError::Value(format!("{place}: {problem}")))?;
        }
        Ok(fixture)
    }

    fn add(&mut self, entry: Entry) -> Result<(), String> {
        let small_pk = || i32::try_from(entry.pk).map_err(|_| "the key is out of range".to_owned());
        match entry.model.as_str() {
            "model.repositorygroup" => {
                let fields: GroupFields = fields(entry.fields)?;
                text("repository_group", "name", 100, &fields.name)?;
                self.groups.push((small_pk()?, fields));
            }
            "model.repository" => {
                let fields: RepositoryFields = fields(entry.fields)?;
                fields.check()?;
                self.repositories.push((small_pk()?, fields));
            }
            "model.repositorybranch" => {
                let fields: BranchFields = fields(entry.fields)?;
                text("repository_branch", "branch", 255, &fields.branch)?;
                check_branch_rule(&fields.branch)?;
                self.branches.push((entry.pk, fields));
            }
            _ => {
                return Err("unknown model (repositorygroup, repository and repositorybranch are)".to_owned());
            }
        }
        Ok(())
    }
}

impl RepositoryFields {
    fn check(&self) -> Result<(), String> {
        let columns = [
            ("name", 50, self.name.as_str()),
            ("dvcs_type", 25, &self.dvcs_type),
            ("url", 255, &self.url),
            ("codebase", 50, self.codebase.as_deref().unwrap_or_default()),
            ("tc_root_url", 255, self.tc_root_url.as_deref().unwrap_or_default()),
        ];
        for (column, limit, value) in columns {
            text("repository", column, limit, value)?;
        }
        if self.name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if !matches!(self.dvcs_type.as_str(), "hg" | "git") {
            return Err(format!("dvcs_type is {:?}, not hg or git", self.dvcs_type));
        }
        match self.active_status.as_str() {
            "onhold" => Ok(()),
            "active" if self.tc_root_url.as_deref().unwrap_or_default().is_empty() => {
                Err("an active repository needs its tc_root_url".to_owned())
            }
            "active" => Ok(()),
            other => Err(format!("active_status is {other:?}, not active or onhold")),
        }
    }
}

fn fields<Fields: DeserializeOwned>(value: Value) -> Result<Fields, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn text(table: &'static str, column: &'static str, limit: usize, value: &str) -> Result<(), String> {
    check_text(table, column, limit, value).map_err(|error| error.to_string())
}

/// Checks a branch rule: at most one `*`, and only as its last character.
fn check_branch_rule(rule: &str) -> Result<(), String> {
    if rule.is_empty() {
        return Err("the branch rule is empty".to_owned());
    }
    match rule.find('*') {
        Some(place) if place + 1 != rule.len() => {
            Err(format!("branch rule {rule:?}: a * may only be its last character"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_only_allowed_once_and_last() {
        for valid in ["*", "master", "releases/*", "foo/bar/*"] {
            assert_eq!(check_branch_rule(valid), Ok(()), "{valid}");
        }
        for invalid in ["foo*bar", "*release", "re*ases", "a*b*", "**", ""] {
            assert!(check_branch_rule(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn errors_name_the_entry() {
        let repository =
            |fields: &str| format!(r#"[{{"pk": 12, "model": "model.repository", "fields": {fields}}}]"#);
        for (json, expected) in [
            ("[".to_owned(), "repository fixture: EOF while parsing a list at line 1 column 1"),
            (r#"[{"pk": 1}]"#.to_owned(), "repository fixture, entry 1: missing field `model`"),
            (
                repository(r#"{"name": "x", "repository_group": 1, "url": ""}"#),
                "repository fixture, entry 1 (model.repository pk 12): missing field `dvcs_type`",
            ),
            (
                repository(r#"{"name": "x", "repository_group": 1, "url": "", "dvcs_type": "svn"}"#),
                "repository fixture, entry 1 (model.repository pk 12): dvcs_type is \"svn\", not hg or git",
            ),
            (
                r#"[{"pk": 3, "model": "model.repositorybranch", "fields": {"repository": 1, "branch": "a*b"}}]"#
                    .to_owned(),
                "repository fixture, entry 1 (model.repositorybranch pk 3): branch rule \"a*b\": a * may only be \
                 its last character",
            ),
            (
                r#"[{"pk": 3, "model": "model.bug", "fields": {}}]"#.to_owned(),
                "repository fixture, entry 1 (model.bug pk 3): unknown model (repositorygroup, repository and \
                 repositorybranch are)",
            ),
        ] {
            assert_eq!(Fixture::parse(&json).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn fields_we_do_not_know_are_passed_over() {
        let json = r#"[{"pk": 12, "model": "model.repository", "fields": {"name": "x", "repository_group": 1,
            "url": "", "dvcs_type": "hg", "active_status": "onhold", "colour": "red"}}]"#;
        let fixture = Fixture::parse(json).unwrap();
        assert_eq!(fixture.repositories.len(), 1);
        assert!(fixture.repositories[0].1.expire_performance_data);
    }
}

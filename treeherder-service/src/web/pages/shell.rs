//! What all pages have around them: navigation, repositories, theme, who is logged in, static files.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::repository;

use super::assets::Assets;
use super::html::PageError;
use crate::web::AppState;
use crate::web::accounts::{Account, Accounts, MaybeAccount};

/// Name of the cookie with the chosen theme.
const THEME_COOKIE: &str = "theme";

/// The repository of pages that name none.
const DEFAULT_REPOSITORY: &str = "autoland";

/// Name of the group of repositories that only those look at who work on them.
const PROJECTS: &str = "project repositories";

/// What a page is surrounded by.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) assets: Assets,
    /// `light` or `dark`; empty: as the system has it.
    pub(super) theme: &'static str,
    /// Which entry of the navigation is the current one.
    pub(super) section: &'static str,
    /// Repository of the page.
    pub(super) repo: String,
    /// Who is logged in.
    pub(super) account: Option<Account>,
    /// What forms carry to prove that they are of this page; empty when nobody is logged in.
    pub(super) proof: String,
    /// Path and parameters of the page.
    here: String,
    /// Active repositories by group.
    pub(super) groups: Vec<RepositoryGroup>,
    repositories: Vec<repository::Model>,
}

/// A group of the repository menu.
#[derive(Clone, Debug)]
pub(super) struct RepositoryGroup {
    pub(super) name: String,
    pub(super) repositories: Vec<String>,
}

/// An entry of the navigation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) section: &'static str,
    pub(super) title: &'static str,
    pub(super) path: &'static str,
}

/// The navigation.
const ENTRIES: [Entry; 4] = [
    Entry { section: "jobs", title: "Jobs", path: "/jobs" },
    Entry { section: "performance", title: "Performance", path: "/performance" },
    Entry { section: "intermittents", title: "Intermittents", path: "/intermittent-failures" },
    Entry { section: "repositories", title: "Repositories", path: "/repositories" },
];

/// What is looked at less often.
const MORE: [Entry; 5] = [
    Entry { section: "workers", title: "Workers and queues", path: "/workers" },
    Entry { section: "dead-letters", title: "Dead letters", path: "/dead-letters" },
    Entry { section: "guide", title: "How to read the jobs", path: "/userguide" },
    Entry { section: "api", title: "API", path: "/docs" },
    Entry { section: "about", title: "About", path: "/about" },
];

impl Shell {
    /// A shell that needs no database.
    pub(super) fn plain() -> Self {
        Self {
            assets: Assets::embedded(),
            theme: "",
            section: "",
            repo: DEFAULT_REPOSITORY.to_owned(),
            account: None,
            proof: String::new(),
            here: "/".to_owned(),
            groups: Vec::new(),
            repositories: Vec::new(),
        }
    }

    /// Names the section and the repository of the page; without a name it is the usual one.
    pub(super) fn at(mut self, section: &'static str, repo: Option<&str>) -> Self {
        self.section = section;
        if let Some(repo) = repo {
            repo.clone_into(&mut self.repo);
        }
        self
    }

    /// Returns the repository of the page, if it is known and active.
    pub(super) fn repository(&self) -> Option<&repository::Model> {
        self.repositories.iter().find(|repository| repository.name == self.repo)
    }

    /// Returns the active repositories.
    pub(super) fn repositories(&self) -> &[repository::Model] {
        &self.repositories
    }

    /// Whether jobs of the repository of the page may be classified with neither bug nor comment (§11.9).
    pub(super) fn is_free(&self) -> bool {
        let is_of_projects =
            |group: &RepositoryGroup| group.name == PROJECTS && group.repositories.contains(&self.repo);
        self.repository().is_some_and(|repository| repository.is_try_repo)
            || self.groups.iter().any(is_of_projects)
    }

    pub(super) fn entries() -> &'static [Entry] {
        &ENTRIES
    }

    pub(super) fn more() -> &'static [Entry] {
        &MORE
    }

    /// Whether the page is one of those that are looked at less often.
    pub(super) fn is_at_more(&self) -> bool {
        MORE.iter().any(|entry| entry.section == self.section)
    }

    /// Returns the path of an entry with the repository of the page.
    pub(super) fn path(&self, entry: &Entry) -> String {
        format!("{}?repo={}", entry.path, super::query::encoded(&self.repo))
    }

    /// Returns the path at which one logs in and then comes back here.
    pub(super) fn login_path(&self) -> String {
        format!("/login?next={}", super::query::encoded(&self.here))
    }

    /// Returns path and parameters of the page.
    pub(super) fn here(&self) -> &str {
        &self.here
    }

    /// Whether somebody is logged in who may do what sheriffs may.
    pub(super) fn may_sheriff(&self) -> bool {
        self.account.as_ref().is_some_and(Account::may_sheriff)
    }

    pub(super) fn url(&self, name: &str) -> String {
        self.assets.url(name)
    }
}

impl FromRequestParts<AppState> for Shell {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let store = Store::from_ref(state);
        let mut shell = Self { theme: theme(&parts.headers), ..Self::plain() };
        if let Some(here) = parts.uri.path_and_query() {
            here.as_str().clone_into(&mut shell.here);
        }
        // A token that does not count keeps nobody from looking.
        if let Ok(MaybeAccount(Some(account))) = MaybeAccount::from_request_parts(parts, state).await {
            shell.proof = Accounts::from_ref(state).form_proof(&parts.headers).unwrap_or_default();
            shell.account = Some(account);
        }
        shell.repositories =
            store.repositories().await?.into_iter().filter(|known| known.active_status == "active").collect();
        let mut groups = store.repository_groups().await?;
        groups.sort_by_key(|group| group.id);
        for group in groups {
            let members = shell.repositories.iter().filter(|known| known.repository_group_id == group.id);
            let repositories: Vec<String> = members.map(|known| known.name.clone()).collect();
            if !repositories.is_empty() {
                shell.groups.push(RepositoryGroup { name: group.name, repositories });
            }
        }
        if shell.repository().is_none()
            && let Some(first) = shell.repositories.first()
        {
            shell.repo.clone_from(&first.name);
        }
        Ok(shell)
    }
}

fn theme(headers: &HeaderMap) -> &'static str {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    match pairs.find(|(name, _)| *name == THEME_COOKIE).map(|(_, value)| value) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_is_a_cookie_and_nothing_else_gets_into_the_page() {
        let of = |cookie: &'static str| {
            theme(&HeaderMap::from_iter([(header::COOKIE, axum::http::HeaderValue::from_static(cookie))]))
        };
        assert_eq!(of("a=b; theme=dark"), "dark");
        assert_eq!(of("theme=light"), "light");
        assert_eq!(of("theme=\"><script>"), "");
        assert_eq!(of("sessionid=x"), "");
    }
}

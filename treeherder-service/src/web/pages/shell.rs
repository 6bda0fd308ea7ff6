//! What all pages have around them: navigation, repositories, theme, static files.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use treeherder_ingest::store::Store;
use treeherder_ingest::store::entity::repository;

use super::assets::Assets;
use super::html::PageError;
use crate::web::AppState;

/// Name of the cookie with the chosen theme.
const THEME_COOKIE: &str = "theme";

/// The repository of pages that name none.
const DEFAULT_REPOSITORY: &str = "autoland";

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

impl Shell {
    /// A shell that needs no database.
    pub(super) fn plain() -> Self {
        Self {
            assets: Assets::embedded(),
            theme: "",
            section: "",
            repo: DEFAULT_REPOSITORY.to_owned(),
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

    pub(super) fn entries(&self) -> &'static [Entry] {
        &ENTRIES
    }

    /// Returns the path of an entry with the repository of the page.
    pub(super) fn path(&self, entry: &Entry) -> String {
        format!("{}?repo={}", entry.path, super::query::encoded(&self.repo))
    }

    pub(super) fn url(&self, name: &str) -> String {
        self.assets.url(name)
    }

    pub(super) fn modules(&self, name: &str) -> Vec<String> {
        self.assets.modules(name)
    }
}

impl FromRequestParts<AppState> for Shell {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let store = Store::from_ref(state);
        let mut shell = Self { theme: theme(&parts.headers), ..Self::plain() };
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

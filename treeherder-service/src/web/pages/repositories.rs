//! All repositories with their newest push.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use treeherder_ingest::store::{PushQuery, Store};

use super::html::{PageError, render};
use super::shell::Shell;

/// The repositories by group.
#[derive(Debug, Template)]
#[template(path = "repositories.html")]
struct Page<'p> {
    shell: &'p Shell,
    groups: Vec<(String, Vec<Row>)>,
}

/// A repository.
#[derive(Debug)]
struct Row {
    name: String,
    url: String,
    kind: String,
    is_try: bool,
    /// Time and author of the newest push.
    newest: Option<(String, String)>,
}

/// Shows the overview.
pub(super) async fn show(shell: Shell, State(store): State<Store>) -> Result<Response, PageError> {
    let shell = shell.at("repositories", None);
    let mut groups = Vec::new();
    for group in &shell.groups {
        let mut rows = Vec::new();
        for known in shell.repositories().iter().filter(|known| group.repositories.contains(&known.name)) {
            let query = PushQuery { repository_id: Some(known.id), limit: 1, ..PushQuery::default() };
            let newest = store.pushes(&query).await?.pop();
            rows.push(Row {
                name: known.name.clone(),
                url: known.url.clone(),
                kind: known.dvcs_type.clone(),
                is_try: known.is_try_repo,
                newest: newest.map(|push| (push.time.format("%-d %b %Y, %H:%M").to_string(), push.author)),
            });
        }
        groups.push((group.name.clone(), rows));
    }
    Ok(render(&Page { shell: &shell, groups }))
}

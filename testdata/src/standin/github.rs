//! The GitHub API, as far as it is asked.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::body;
use super::query::{Query, decode};
use super::server::State;
use crate::scenario::{Commit, Push, Source, ids};

/// Commits of a page when nothing else is asked for; GitHub has 250 (compare) and 30 (pull requests), fewer
/// here so that paging happens with pushes of a usual size.
const PAGE: u64 = 30;

/// Answers what begins with `/github-api/`.
pub(crate) fn serve(state: &State, path: &str, query: &Query) -> Response {
    let mut parts = path.trim_end_matches('/').splitn(5, '/');
    let (Some("repos"), Some(organization), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return state.not_found();
    };
    if (organization, name) != ("mozilla", "enterprise-firefox") {
        return state.not_found();
    }
    state.counters.count(|counts| counts.github += 1);
    let base = format!("{}/repos/{organization}/{name}", state.urls.github_api());
    match (parts.next(), parts.next()) {
        (None, _) => body::json(&json!({
            "id": 142,
            "name": name,
            "full_name": format!("{organization}/{name}"),
            "private": false,
            "fork": false,
            "default_branch": "enterprise-main",
            "url": base,
            "html_url": format!("{}/{organization}/{name}", state.urls.root()),
            "owner": {"login": organization},
        })),
        (Some("compare"), Some(range)) => compare(state, &base, &decode(range), query),
        (Some("pulls"), Some(rest)) => pull(state, &base, rest, query),
        _ => state.not_found(),
    }
}

fn compare(state: &State, base_url: &str, range: &str, query: &Query) -> Response {
    let Some((base, head)) = range.split_once("...") else { return state.not_found() };
    let push = ids::decode_revision(state.scenario.seed(), head).map(|(index, _)| state.scenario.push(index));
    let known =
        |push: &Push| push.repository.source != Source::Hg && (push.base_revision == base || base.len() < 40);
    let Some(push) = push.filter(known) else { return state.not_found() };
    let page = Page::of(&push.commits, query);
    let answer = json!({
        "url": format!("{base_url}/compare/{range}"),
        "status": "ahead",
        "ahead_by": push.commits.len(),
        "behind_by": 0,
        "total_commits": push.commits.len(),
        "base_commit": {"sha": base},
        "merge_base_commit": {
            "sha": push.base_revision,
            "commit": {
                "message": "the commit before the push",
                "author": {"name": "Ada Brook", "email": "ada.brook@example.com", "date": "2026-01-01T00:00:00Z"},
                "committer": {"name": "Ada Brook", "email": "ada.brook@example.com", "date": "2026-01-01T00:00:00Z"},
            },
            "parents": [],
        },
        "commits": page.objects(),
        "files": [],
    });
    page.answer(&answer, &format!("{base_url}/compare/{range}"))
}

/// `<n>` or `<n>/commits`.
fn pull(state: &State, base_url: &str, rest: &str, query: &Query) -> Response {
    let (number, of_commits) = match rest.strip_suffix("/commits") {
        Some(number) => (number, true),
        None => (rest, false),
    };
    let index = number.parse::<u32>().ok().and_then(|number| number.checked_sub(1001));
    let push = index.map(|index| state.scenario.push(index));
    let Some(push) = push.filter(|push| push.repository.source == Source::GitHubPullRequest) else {
        return state.not_found();
    };
    let url = format!("{base_url}/pulls/{number}");
    if of_commits {
        let page = Page::of(&push.commits, query);
        return page.answer(&Value::Array(page.objects()), &format!("{url}/commits"));
    }
    body::json(&json!({
        "url": url,
        "number": push.id,
        "state": "open",
        "title": push.commits.last().map(|head| head.message.as_str()),
        "commits": push.commits.len(),
        "commits_url": format!("{url}/commits"),
        "head": {"sha": push.revision},
        "base": {"sha": push.base_revision, "ref": push.repository.branch},
        "user": {"login": push.author.split('@').next()},
    }))
}

/// One page of a list of commits.
struct Page<'a> {
    commits: &'a [Commit],
    number: u64,
    size: u64,
    last: u64,
}

impl<'a> Page<'a> {
    fn of(commits: &'a [Commit], query: &Query) -> Self {
        let size = query.number("per_page").unwrap_or(PAGE).clamp(1, 250);
        let number = query.number("page").unwrap_or(1).max(1);
        let start = ((number - 1).saturating_mul(size) as usize).min(commits.len());
        let end = (start + size as usize).min(commits.len());
        Self {
            commits: &commits[start..end],
            number,
            size,
            last: (commits.len() as u64).div_ceil(size).max(1),
        }
    }

    fn objects(&self) -> Vec<Value> {
        self.commits.iter().map(Commit::github_object).collect()
    }

    fn answer(&self, value: &Value, url: &str) -> Response {
        let mut response = body::json(value);
        if self.number < self.last {
            let (next, last, size) = (self.number + 1, self.last, self.size);
            let link = format!(
                "<{url}?page={next}&per_page={size}>; rel=\"next\", <{url}?page={last}&per_page={size}>; rel=\"last\""
            );
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        response
    }
}

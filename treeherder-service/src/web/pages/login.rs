//! Logging in and out: `/login` is also where the identity provider sends people back to (§8.1).

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query as Parameters, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use super::html::{Failed, PageError, render};
use super::query::Query;
use super::shell::Shell;
use crate::web::AppState;
use crate::web::accounts::{Accounts, came_back, end_session, enter_as, go_to_provider, limit_sign_in};

/// The login of development, where anybody is let in as anybody.
#[derive(Debug, Template)]
#[template(path = "login.html")]
struct Page<'p> {
    shell: &'p Shell,
    next: &'p str,
    email: &'p str,
    problem: &'p str,
}

/// Makes the routes.
pub(super) fn router(accounts: &Accounts) -> Router<AppState> {
    let login = Router::new().route("/login", get(show).post(enter));
    limit_sign_in(login, accounts).route("/logout", post(leave))
}

/// Shows the login of development; else sends people to the identity provider, or takes them back from there.
async fn show(
    shell: Shell,
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let query = Query::new(pairs);
    let next = local(query.get("next").unwrap_or_default());
    if let (Some(code), Some(state)) = (query.get("code"), query.get("state")) {
        return Ok(match came_back(&accounts, &headers, code, state).await {
            Ok(((session, proof, _), forgotten, next)) => {
                (session, proof, forgotten, Redirect::to(local(&next))).into_response()
            }
            Err(refused) => Failed::not_logged_in(shell, &refused).into_response(),
        });
    }
    if let Some(error) = query.get("error") {
        let words = query.get("error_description").unwrap_or(error).to_owned();
        return Ok(Failed::no_login(shell, words).into_response());
    }
    if accounts.development_login() {
        return Ok(render(&Page { shell: &shell, next, email: "", problem: "" }));
    }
    Ok(match go_to_provider(&accounts, &headers, next).await {
        Ok((url, attempt)) => (attempt, Redirect::to(url.as_str())).into_response(),
        Err(refused) => Failed::not_logged_in(shell, &refused).into_response(),
    })
}

/// Lets somebody in as whom they say, where that is allowed.
async fn enter(
    shell: Shell,
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Query::new(fields);
    let (email, next) =
        (fields.get("email").unwrap_or_default(), local(fields.get("next").unwrap_or_default()));
    match enter_as(&accounts, email, fields.get("sheriff").is_some(), &headers).await {
        Ok((session, proof, _)) => (session, proof, Redirect::to(next)).into_response(),
        Err(refused) => {
            let page = Page { shell: &shell, next, email, problem: refused.words() };
            (refused.status(), render(&page)).into_response()
        }
    }
}

/// Ends the session.
async fn leave(
    shell: Shell,
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let fields = Query::new(fields);
    let next = local(fields.get("next").unwrap_or_default());
    if let Err(refused) = accounts.sender_of_form(&headers, fields.get("proof").unwrap_or_default()).await {
        return Ok(Failed::refused(shell, &refused).into_response());
    }
    Ok((end_session(&accounts, &headers).await?, Redirect::to(next)).into_response())
}

/// Returns a path of this site; of what leads elsewhere, the jobs.
fn local(path: &str) -> &str {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\t'])
        && path.bytes().all(|byte| byte.is_ascii_graphic());
    if is_local { path } else { "/jobs" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_at_this_site_only() {
        for path in ["/jobs?repo=try&searchStr=a+b", "/workers", "/logviewer?job_id=1#L2"] {
            assert_eq!(local(path), path);
        }
        for path in
            ["", "jobs", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\r\nx"]
        {
            assert_eq!(local(path), "/jobs", "{path:?}");
        }
    }
}

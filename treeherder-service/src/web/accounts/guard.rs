//! The gate in front of everything that changes something.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Accounts;
use super::identify::{Identified, has_token, identify};
use crate::web::conventions::methods::{SignedIn, anonymous};
use crate::web::conventions::note_asker;
use crate::web::response::Refused;

/// Paths whose writes need nobody: browsers report violations without credentials, and whoever logs in has none yet.
const OPEN: [&str; 2] = ["/api/csp-report/", super::development::PATH];

/// Refuses requests below `/api/` that change something unless somebody is logged in, and whatever comes with a token that
/// does not count.
///
/// Strangers get 403 and not 405 for a method that a path does not take (§1.2).
pub(in crate::web) async fn guard(
    State(accounts): State<Accounts>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if request.method().is_safe() || !path.starts_with("/api/") || OPEN.contains(&path) {
        return check_token(State(accounts), request, next).await;
    }
    match find_out(&accounts, &mut request).await {
        Err(refused) => refused.into_response(),
        Ok(false) => anonymous().into_response(),
        Ok(true) => {
            request.extensions_mut().insert(SignedIn);
            next.run(request).await
        }
    }
}

/// Refuses requests that come with a token that does not count, so that a script learns of it while it only reads, too.
///
/// All others go on as they come: nobody is looked for.
pub(in crate::web) async fn check_token(
    State(accounts): State<Accounts>,
    mut request: Request,
    next: Next,
) -> Response {
    if has_token(request.headers())
        && let Err(refused) = find_out(&accounts, &mut request).await
    {
        return refused.into_response();
    }
    next.run(request).await
}

/// Finds out who asks and keeps it with the request; tells whether it is somebody.
async fn find_out(accounts: &Accounts, request: &mut Request) -> Result<bool, Refused> {
    let account = identify(accounts, request.method(), request.headers()).await?;
    if let Some(account) = &account {
        note_asker(request.extensions(), account.id);
    }
    let is_known = account.is_some();
    request.extensions_mut().insert(Identified(account));
    Ok(is_known)
}

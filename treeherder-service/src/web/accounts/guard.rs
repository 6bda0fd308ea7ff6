//! The gate in front of everything that changes something.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Accounts;
use super::identify::{Identified, identify};
use crate::web::conventions::methods::{SignedIn, anonymous};
use crate::web::conventions::note_asker;

/// Paths whose writes need nobody: browsers report violations without credentials, and whoever logs in has none yet.
const OPEN: [&str; 2] = ["/api/csp-report/", super::development::PATH];

/// Refuses requests below `/api/` that change something unless somebody is logged in.
///
/// Strangers get 403 and not 405 for a method that a path does not take (§1.2).
pub(in crate::web) async fn guard(
    State(accounts): State<Accounts>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if request.method().is_safe() || !path.starts_with("/api/") || OPEN.contains(&path) {
        return next.run(request).await;
    }
    match identify(&accounts, request.method(), request.headers()).await {
        Err(refused) => refused.into_response(),
        Ok(None) => anonymous().into_response(),
        Ok(account) => {
            if let Some(account) = &account {
                note_asker(request.extensions(), account.id);
            }
            request.extensions_mut().insert(Identified(account));
            request.extensions_mut().insert(SignedIn);
            next.run(request).await
        }
    }
}

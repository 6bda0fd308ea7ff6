//! Accounts, sessions and tokens.

use chrono::{TimeDelta, Utc};
use sea_orm::EntityTrait as _;
use treeherder_ingest::store::StoreError;
use treeherder_ingest::store::accounts::{NewToken, SignIn, TokenUser};
use treeherder_ingest::store::entity::{api_token, login_session};

use crate::support::database::{Backend, TestStore};

on_every_database!(
    a_person_keeps_one_account,
    several_processes_may_let_a_newcomer_in,
    sessions_end_by_their_time_or_by_hand,
    tokens_count_until_they_end,
);

fn person(is_staff: Option<bool>) -> SignIn {
    SignIn { username: "email/u@x".to_owned(), email: "u@x".to_owned(), is_staff }
}

async fn a_person_keeps_one_account(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let first = test.store.sign_in(&person(None)).await.unwrap();
    assert!(first.is_active && !first.is_staff && !first.is_superuser && first.last_login.is_some());
    let sheriff = test.store.sign_in(&person(Some(true))).await.unwrap();
    assert_eq!((sheriff.id, sheriff.is_staff), (first.id, true));
    assert!(test.store.sign_in(&person(None)).await.unwrap().is_staff, "no word of groups changes nothing");
    assert!(!test.store.sign_in(&person(Some(false))).await.unwrap().is_staff);
    let moved = SignIn { email: "new@x".to_owned(), ..person(None) };
    assert_eq!(test.store.sign_in(&moved).await.unwrap().email, "new@x");
    assert_eq!(test.store.users().await.unwrap().len(), 1);
    assert_eq!(test.store.user(first.id).await.unwrap().unwrap().username, "email/u@x");

    test.store.set_user_active("email/u@x", false).await.unwrap();
    let disabled = test.store.sign_in(&person(Some(true))).await.unwrap();
    assert!(!disabled.is_active && !disabled.is_staff);
    let error = test.store.set_user_active("nobody", false).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "account", .. }), "{error:?}");
    let long = SignIn { username: "x".repeat(151), ..person(None) };
    assert!(matches!(test.store.sign_in(&long).await.unwrap_err(), StoreError::Data(_)));
}

async fn several_processes_may_let_a_newcomer_in(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let mut logins = Vec::new();
    for _ in 0..6 {
        let store = test.store.clone();
        logins.push(tokio::spawn(async move { store.sign_in(&person(Some(true))).await }));
    }
    for login in logins {
        login.await.unwrap().unwrap();
    }
    assert_eq!(test.store.users().await.unwrap().len(), 1);
}

async fn sessions_end_by_their_time_or_by_hand(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let user = test.store.sign_in(&person(None)).await.unwrap();
    let (hour, past) = (Utc::now() + TimeDelta::hours(1), Utc::now() - TimeDelta::seconds(1));
    test.store.begin_session("over", user.id, past).await.unwrap();
    assert_eq!(test.store.session_user("over").await.unwrap(), None);
    test.store.begin_session("one", user.id, hour).await.unwrap();
    test.store.begin_session("two", user.id, hour).await.unwrap();
    assert_eq!(all!(test, login_session).len(), 2, "what is over is deleted");
    assert!(all!(test, login_session).iter().all(|row| row.key_hash.len() == 64));
    assert_eq!(test.store.session_user("one").await.unwrap().unwrap(), user);
    assert_eq!(test.store.session_user("three").await.unwrap(), None);
    test.store.end_session("one").await.unwrap();
    test.store.end_session("one").await.unwrap();
    assert_eq!(test.store.session_user("one").await.unwrap(), None);
    assert!(test.store.session_user("two").await.unwrap().is_some());
    test.store.set_user_active("email/u@x", false).await.unwrap();
    assert_eq!(test.store.session_user("two").await.unwrap(), None, "the account is disabled");
}

async fn tokens_count_until_they_end(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let token = |token: &str, is_sheriff, expires| NewToken {
        token: token.to_owned(),
        username: "ci".to_owned(),
        description: "for tests".to_owned(),
        is_sheriff,
        expires,
    };
    let hour = Utc::now() + TimeDelta::hours(1);
    let first = test.store.create_token(&token("th_1", false, None)).await.unwrap();
    let second = test.store.create_token(&token("th_2", true, Some(hour))).await.unwrap();
    test.store.create_token(&token("th_3", true, Some(Utc::now()))).await.unwrap();
    let user = test.store.users().await.unwrap().remove(0);
    assert_eq!((user.username.as_str(), user.email.as_str(), user.is_staff), ("ci", "ci", false));
    let valid = |is_sheriff| TokenUser::Valid { user: user.clone(), is_sheriff };
    assert_eq!(test.store.token_user("th_1").await.unwrap(), valid(false));
    assert_eq!(test.store.token_user("th_2").await.unwrap(), valid(true));
    assert_eq!(test.store.token_user("th_3").await.unwrap(), TokenUser::Expired);
    assert_eq!(test.store.token_user("th_4").await.unwrap(), TokenUser::Unknown);

    assert!(test.store.revoke_token(first).await.unwrap());
    assert!(!test.store.revoke_token(first).await.unwrap());
    assert_eq!(test.store.token_user("th_1").await.unwrap(), TokenUser::Unknown);
    let error = test.store.revoke_token(99).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "token", .. }), "{error:?}");
    let listed = test.store.tokens().await.unwrap();
    assert_eq!(listed.iter().map(|row| row.token.id).collect::<Vec<_>>(), [first, second, second + 1]);
    assert!(listed.iter().all(|row| row.username == "ci"));
    assert!(all!(test, api_token).iter().all(|row| !row.token_hash.contains("th_")));
    assert!(
        test.store.create_token(&token("th_2", false, None)).await.is_err(),
        "two tokens are never equal"
    );
    test.store.set_user_active("ci", false).await.unwrap();
    assert_eq!(test.store.token_user("th_2").await.unwrap(), TokenUser::Unknown);
}

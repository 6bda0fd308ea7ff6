//! Logging in with tokens of an identity provider.

use reqwest::Method;
use serde_json::{Value, json};

use crate::issuer::{forged, signed, signed_as};
use crate::site::{Site, login_with};

fn detail(text: &str) -> Value {
    json!({"detail": text})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_the_provider_names_gets_a_session() {
    let site = Site::start(&[]).await;
    let mut browser = site.anonymous();
    assert_eq!(browser.get("api/user/").await.told(), (200, &json!([])));

    let claims = site.issuer.claims("u@mozilla.com", Some(&["all", "sheriff"]));
    let answer = site.login(&mut browser, &claims).await;
    let account = json!({
        "username": "mozilla-ldap/u@mozilla.com", "is_superuser": false, "is_staff": true, "email": "u@mozilla.com",
    });
    assert_eq!(answer.told(), (200, &account));
    assert_eq!(answer.headers["content-type"], "application/json");
    let session = answer.set_cookie("sessionid").unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2700"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("Secure"), "plain HTTP here: {session}");
    let csrf = answer.set_cookie("csrftoken").unwrap();
    assert!(csrf.contains("Max-Age=31536000") && !csrf.contains("HttpOnly"), "{csrf}");
    assert_eq!(browser.get("api/user/").await.told(), (200, &json!([account])));

    // A renewal in silence says nothing about groups and changes nothing about them; an empty list does.
    let silent = site.issuer.claims("u@mozilla.com", None);
    assert_eq!(site.login(&mut browser, &silent).await.body["is_staff"], true);
    let none = site.issuer.claims("u@mozilla.com", Some(&[]));
    assert_eq!(site.login(&mut browser, &none).await.body["is_staff"], false);
    let newcomer = site.issuer.claims("new@mozilla.com", None);
    assert_eq!(site.login(&mut site.anonymous(), &newcomer).await.body["is_staff"], false);
    assert_eq!(site.issuer.fetches(), 1, "the provider's keys are kept");

    // The same person by another way is another account.
    let mut github = site.issuer.claims("u@mozilla.com", None);
    github["sub"] = json!("github|123");
    let answer = site.login(&mut site.anonymous(), &github).await;
    assert_eq!(answer.body["username"], "github/u@mozilla.com");

    // A session ends with the tokens that it was made from.
    let mut short = site.issuer.claims("u@mozilla.com", None);
    short["exp"] = json!(chrono::Utc::now().timestamp() + 60);
    let answer = site.login(&mut site.anonymous(), &short).await;
    let cookie = answer.set_cookie("sessionid").unwrap();
    let seconds: i64 = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!((50..=60).contains(&seconds), "{cookie}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_that_is_wrong_with_a_login_is_told() {
    let site = Site::start(&[]).await;
    let mut browser = site.anonymous();
    let claims = site.issuer.claims("u@mozilla.com", None);
    let good = signed(&claims);
    let now = chrono::Utc::now().timestamp();
    let later = (now + 3600).to_string();

    for (headers, text) in [
        (vec![], "Authorization header is expected"),
        (vec![("authorization", "token")], "Authorization header must be of form 'Bearer {token}'"),
        (vec![("authorization", "Basic abc")], "Authorization header must be of form 'Bearer {token}'"),
        (vec![("authorization", "Bearer a b")], "Authorization header must be of form 'Bearer {token}'"),
        (vec![("authorization", "bearer a")], "Id-Token header is expected"),
        (
            vec![("authorization", "bearer a"), ("id-token", good.as_str())],
            "Access-Token-Expires-At header is expected",
        ),
        (
            vec![
                ("authorization", "bearer a"),
                ("id-token", good.as_str()),
                ("access-token-expires-at", "soon"),
            ],
            "Access-Token-Expires-At header value is invalid",
        ),
    ] {
        let answer = browser.send(Method::GET, "api/auth/login/", &headers, None).await;
        assert_eq!(answer.told(), (403, &detail(text)), "{headers:?}");
    }

    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed(&claims)
    };
    let unsigned = {
        let mut parts: Vec<&str> = good.split('.').collect();
        parts[2] = "";
        parts.join(".")
    };
    let incorrect = "Incorrect claims: please check the audience and issuer";
    let unparsable = "Invalid header: Unable to parse authentication";
    for (what, token, text) in [
        ("no JWT", "abc".to_owned(), "Unable to decode the Id token header"),
        ("no key name", signed_as(&claims, None), "Id token header missing RSA key ID"),
        ("unknown key", signed_as(&claims, Some("other")), "Id token using unrecognised RSA key ID"),
        ("expired", with("exp", json!(now - 1)), "Id token is expired"),
        ("foreign issuer", with("iss", json!("https://evil.example/")), incorrect),
        ("foreign audience", with("aud", json!("another site")), incorrect),
        ("other access token", with("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), incorrect),
        ("foreign key", forged(&claims), unparsable),
        ("no signature", unsigned, unparsable),
        ("unknown way", with("sub", json!("twitter|1")), "Unrecognized identity"),
        ("no mail address", with("email", json!("")), "Unrecognized identity"),
    ] {
        let answer = login_with(&mut browser, &token, &later).await;
        assert_eq!(answer.told(), (403, &detail(text)), "{what}");
    }
    let answer = login_with(&mut browser, &good, &(now - 1).to_string()).await;
    assert_eq!(answer.told(), (403, &detail("Session expiry time has already passed!")));
    assert!(browser.cookies.is_empty(), "nobody was let in: {:?}", browser.cookies);
    assert_eq!(site.issuer.fetches(), 1, "made-up key names do not make us ask again and again");

    // The right hash of the access token passes, and so does a token for several audiences.
    let hashed = with("at_hash", json!("Pxa-1wifRlPl7yG_0oJNfw"));
    let several = with("aud", json!(["another", crate::issuer::AUDIENCE]));
    for token in [several, hashed] {
        let answer = login_with(&mut browser, &token, &later).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_stays_out() {
    let site = Site::start(&[]).await;
    let mut browser = site.member("u@mozilla.com", &[]).await;
    let url = format!("sqlite://{}?mode=rwc", site.place.file("treeherder.sqlite").display());
    let store = treeherder_ingest::store::Store::connect(&url, 1).await.unwrap();
    store.set_user_active("mozilla-ldap/u@mozilla.com", false).await.unwrap();
    assert_eq!(browser.get("api/user/").await.told(), (200, &json!([])), "its session ended");
    let claims = site.issuer.claims("u@mozilla.com", None);
    let answer = site.login(&mut browser, &claims).await;
    assert_eq!(answer.told(), (403, &detail("This user has been disabled.")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_providers_keys_nobody_is_let_in() {
    let site = Site::start(&["--oidc-keys-url", "http://127.0.0.1:1/keys"]).await;
    let answer = site.login(&mut site.anonymous(), &site.issuer.claims("u@x", None)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body["detail"].as_str().unwrap().contains("try again later"), "{answer:?}");
}

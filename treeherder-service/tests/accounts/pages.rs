//! Logging in from our own pages: by way of the identity provider and back, or by the login of development; and forms.

use std::collections::BTreeMap;

use serde_json::json;
use url::Url;

use crate::browser::{Answer, Browser};
use crate::site::Site;

/// What the provider was asked for when a browser was sent there.
fn sent_to_provider(site: &Site, answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 303, "{answer:?}");
    let url = Url::parse(answer.headers["location"].to_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}authorize?", site.issuer.url)), "{url}");
    url.query_pairs().into_owned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_back_from_the_provider_logged_in() {
    let site = Site::start(&[]).await;
    let mut browser = site.anonymous();
    let begun = browser.get("login?next=%2Fworkers%3Frepo%3Dtry").await;
    let asked = sent_to_provider(&site, &begun);
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], crate::issuer::AUDIENCE);
    assert_eq!(asked["scope"], "openid profile email");
    assert_eq!(asked["redirect_uri"], format!("{}/login", site.url.trim_end_matches('/')));
    assert_eq!(asked["code_challenge_method"], "S256");
    let kept = begun.set_cookie("login").unwrap();
    assert!(kept.contains("HttpOnly") && kept.contains("SameSite=Lax"), "{kept}");

    let mut claims = site.issuer.claims("u@mozilla.com", Some(&["sheriff"]));
    claims["nonce"] = json!(asked["nonce"]);
    site.issuer.will_give("code", &asked["code_challenge"], &claims);
    let back = format!("login?code=code&state={}", asked["state"]);
    // Whoever is given this link by somebody else is not logged in as them.
    assert_eq!(site.anonymous().get(&back).await.status, 403);
    let answer = browser.get(&back).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/workers?repo=try"));
    let session = answer.set_cookie("sessionid").unwrap();
    assert!(session.contains("HttpOnly"), "{session}");
    let user = browser.get("api/user/").await.body;
    assert_eq!(
        (&user[0]["username"], &user[0]["is_staff"]),
        (&json!("mozilla-ldap/u@mozilla.com"), &json!(true))
    );
    assert_eq!(browser.get(&back).await.status, 403, "a login is over when it is done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_way_back_is_told() {
    let site = Site::start(&[]).await;
    let mut browser = site.anonymous();
    let asked = sent_to_provider(&site, &browser.get("login?next=https%3A%2F%2Fevil.example").await);
    let claims = site.issuer.claims("u@mozilla.com", None);

    let other_state = browser.get("login?code=code&state=other").await;
    assert_eq!(other_state.status, 403);
    assert!(other_state.body.as_str().unwrap().contains("not begun here"), "{other_state:?}");
    let unknown_code = browser.get(&format!("login?code=none&state={}", asked["state"])).await;
    assert_eq!(unknown_code.status, 403);
    // An id token of another login is no answer to this one.
    site.issuer.will_give("stolen", &asked["code_challenge"], &claims);
    let stolen = browser.get(&format!("login?code=stolen&state={}", asked["state"])).await;
    assert_eq!(stolen.status, 403);
    let denied = browser.get("login?error=access_denied&error_description=Not+<you>").await;
    assert_eq!(denied.status, 403);
    assert!(denied.body.as_str().unwrap().contains("Not &#60;you&#62;"), "{denied:?}");
    assert_eq!(browser.get("api/user/").await.body, json!([]));

    // One goes on at this site, wherever the link to the login said.
    let mut answering = claims;
    answering["nonce"] = json!(asked["nonce"]);
    site.issuer.will_give("good", &asked["code_challenge"], &answering);
    let answer = browser.get(&format!("login?code=good&state={}", asked["state"])).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/jobs"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_login_of_development_is_a_form() {
    let site = Site::start(&["--development-login"]).await;
    let mut browser = site.anonymous();
    let form = browser.get("login?next=%2Fworkers").await;
    assert!(form.status == 200 && form.body.as_str().unwrap().contains("value=\"/workers\""), "{form:?}");
    let blank = browser.send_form("login", &[("email", " "), ("next", "/workers")]).await;
    assert_eq!(blank.status, 400);
    let answer = browser.send_form("login", &[("email", "me@example.org"), ("next", "/workers")]).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/workers"));
    assert_eq!(browser.get("api/user/").await.body[0]["is_staff"], json!(false));
    let page = browser.get("jobs?repo=autoland").await;
    assert!(page.body.as_str().unwrap().contains("data-user=\"me@example.org\""));

    // Logging out is a form too, which other sites' pages cannot send.
    assert_eq!(browser.send_form("logout", &[("next", "/jobs")]).await.status, 403);
    assert_eq!(browser.get("api/user/").await.body[0]["email"], "me@example.org");
    let proof = browser.cookies["csrftoken"].clone();
    let left = browser.send_form("logout", &[("next", "/jobs"), ("proof", &proof)]).await;
    assert_eq!(left.status, 303);
    assert_eq!(browser.get("api/user/").await.body, json!([]));

    let site = Site::start(&[]).await;
    let refused = site.anonymous().send_form("login", &[("email", "me@example.org")]).await;
    assert_eq!(refused.status, 403, "elsewhere nobody is let in like that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_sheriffs_deal_with_dead_letters_and_only_from_the_page() {
    let site = Site::start(&["--development-login"]).await;
    let log_in = async |sheriff: bool| {
        let mut browser = site.anonymous();
        let fields: &[(&str, &str)] = if sheriff {
            &[("email", "s@example.org"), ("sheriff", "on")]
        } else {
            &[("email", "u@example.org")]
        };
        assert_eq!(browser.send_form("login", fields).await.status, 303);
        browser
    };
    let ask = async |browser: &mut Browser, proof: Option<&str>| {
        let mut fields = vec![("do", "put-back-all"), ("queue", "log_parser")];
        fields.extend(proof.map(|proof| ("proof", proof)));
        browser.send_form("dead-letters", &fields).await
    };
    assert_eq!(ask(&mut site.anonymous(), None).await.status, 403);
    let mut member = log_in(false).await;
    let proof = member.cookies["csrftoken"].clone();
    assert_eq!(ask(&mut member, Some(&proof)).await.status, 403);
    let mut sheriff = log_in(true).await;
    assert_eq!(ask(&mut sheriff, None).await.status, 403);
    assert_eq!(ask(&mut sheriff, Some(&proof)).await.status, 403, "the proof of another session");
    let proof = sheriff.cookies["csrftoken"].clone();
    let answer = ask(&mut sheriff, Some(&proof)).await;
    let location = answer.headers["location"].to_str().unwrap();
    assert_eq!((answer.status, location), (303, "/dead-letters?done=put-back&number=0&of=log_parser"));
    sheriff.headers.push(("origin", "https://evil.example".to_owned()));
    assert_eq!(ask(&mut sheriff, Some(&proof)).await.status, 403, "a page of another site");
}

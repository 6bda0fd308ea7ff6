//! Tokens of scripts.

use serde_json::json;

use crate::browser::Browser;
use crate::site::Site;

const PROBE: &str = "api/user/";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_acts_by_its_token_until_that_is_revoked() {
    let site = Site::start(&[]).await;
    let made = site.token(&["--user", "ci@example.org", "--description", "for CI"]);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("th_") && token.len() == 46, "{token}");
    let mut script = Browser::script(&site.url, token);
    let account = json!([{
        "username": "ci@example.org", "is_superuser": false, "is_staff": false, "email": "ci@example.org",
    }]);
    assert_eq!(script.get("api/user/").await.told(), (200, &account));
    // No cookie, so nothing to forge: past the gate, where nothing takes a POST.
    assert_eq!(script.post(PROBE, &json!({})).await.status, 405);

    let sheriff = site.token(&["--user", "ci@example.org", "--sheriff"]);
    let mut sheriff = Browser::script(&site.url, sheriff["token"].as_str().unwrap());
    assert_eq!(sheriff.get("api/user/").await.body[0]["is_staff"], true);
    assert_eq!(script.get("api/user/").await.body[0]["is_staff"], false, "each token has its own rights");

    let id = made["id"].to_string();
    assert_eq!(site.place.text(&["tokens", "revoke", &id]), format!("token {id} revoked\n"));
    let invalid = json!({"detail": "Invalid token."});
    assert_eq!(script.get("api/user/").await.told(), (403, &invalid));
    assert_eq!(script.post(PROBE, &json!({})).await.told(), (403, &invalid));
    // Also for reading, what needs nobody, so that a script learns of it.
    for path in ["api/jobs/", "api/project/autoland/jobs/", "api/task/", "events?subscribe=*"] {
        assert_eq!(script.get(path).await.told(), (403, &invalid), "{path}");
    }
    let head = script.send(reqwest::Method::HEAD, "api/jobs/", &[], None).await;
    assert_eq!(head.status, 403);
    for reader in [&mut sheriff, &mut site.anonymous()] {
        for path in ["api/jobs/", "api/task/"] {
            assert_eq!(reader.get(path).await.status, 200, "{path}");
        }
    }
    assert_eq!(sheriff.get("api/user/").await.status, 200, "the other one counts on");
    assert!(site.place.text(&["tokens", "revoke", &id]).contains("was revoked already"));

    let listed = site.place.json(&["tokens", "list", "--format", "json"]);
    let statuses: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, [json!("revoked"), json!("valid")]);
    assert!(!listed.to_string().contains("th_"), "tokens are shown once: {listed}");
    let table = site.place.text(&["tokens", "list"]);
    assert!(table.contains("for CI") && table.contains("ci@example.org"), "{table}");
    let database = std::fs::read(site.place.file("treeherder.sqlite")).unwrap();
    let wal = std::fs::read(site.place.file("treeherder.sqlite-wal")).unwrap_or_default();
    for bytes in [database, wal] {
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "stored as it is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_do_not_count_are_refused() {
    let site = Site::start(&[]).await;
    let made = site.token(&["--user", "ci@example.org", "--expires", "2020-01-01"]);
    let mut script = Browser::script(&site.url, made["token"].as_str().unwrap());
    let expired = json!({"detail": "The token has expired."});
    assert_eq!(script.post(PROBE, &json!({})).await.told(), (403, &expired));
    assert_eq!(script.get("api/jobs/").await.told(), (403, &expired));
    let mut guess = Browser::script(&site.url, "th_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(guess.post(PROBE, &json!({})).await.told(), (403, &json!({"detail": "Invalid token."})));
    // Other credentials are none of ours.
    let mut other = Browser::script(&site.url, "access-token");
    assert_eq!(other.get("api/user/").await.told(), (200, &json!([])));
    assert_eq!(other.get("api/jobs/").await.status, 200);

    for (args, part) in [
        (&["tokens", "revoke", "99"][..], "no token 99"),
        (&["tokens", "create", "--user", " "], "the name is empty"),
        (&["tokens", "create", "--user", "x", "--expires", "soon"], "--expires"),
    ] {
        let output = site.place.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(part), "{args:?}: {error}");
    }
}

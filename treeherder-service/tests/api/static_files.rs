//! A front-end from a folder (§9.1).

use reqwest::Method;

use crate::database::Backend;
use crate::site::Site;

/// What is listed (§8.5), and the identity provider of this site.
const POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-eval' 'report-sample'; \
    style-src 'self' 'unsafe-inline' 'report-sample' https://fonts.googleapis.com \
    https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css; \
    font-src 'self' https://fonts.gstatic.com; img-src 'self' data:; \
    connect-src 'self' https://community-tc.services.mozilla.com https://firefox-ci-tc.services.mozilla.com \
    https://*.taskcluster-artifacts.net https://taskcluster-artifacts.net https://lando.moz.tools \
    https://bugzilla.mozilla.org https://auth.mozilla.auth0.com \
    https://stage.taskcluster.nonprod.cloudops.mozgcp.net https://insights-api.newrelic.com \
    https://prototype.treeherder.allizom.org https://treeherder.allizom.org https://id.example; \
    frame-src 'self'; report-uri /api/csp-report/";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_end_is_served_from_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    let hashed = "assets/index.0a1b2c3d.js";
    for (name, content) in [
        ("index.html", "<title>front-end</title>"),
        ("revision.txt", "abc\n"),
        (hashed, "plain"),
        ("assets/index.0a1b2c3d.js.gz", "packed by gzip"),
        ("assets/index.0a1b2c3d.js.br", "packed by brotli"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let issuer = "https://id.example/realms/ci";
    let args = ["--static-dir", folder.path().to_str().unwrap(), "--oidc-issuer", issuer];
    let site = Site::start_with(Backend::Sqlite, &args).await.unwrap();
    let (short, for_ever) = ("max-age=60, public", "max-age=315360000, public, immutable");
    for (path, encoding, body, kept) in [
        ("/", "", "<title>front-end</title>", short),
        ("/revision.txt", "", "abc\n", short),
        (&format!("/{hashed}"), "", "plain", for_ever),
        (&format!("/{hashed}"), "gzip", "packed by gzip", for_ever),
        (&format!("/{hashed}"), "gzip, br", "packed by brotli", for_ever),
    ] {
        let answer = site.ask(Method::GET, path, &[("accept-encoding", encoding)], "").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, body), "{path} {encoding}");
        assert_eq!(answer.header("cache-control"), kept, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        // What is already there is not sent again.
        let conditions = [("accept-encoding", encoding), ("if-none-match", &answer.header("etag"))];
        let again = site.ask(Method::GET, path, &conditions, "").await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path} {encoding}");
        let conditions =
            [("accept-encoding", encoding), ("if-modified-since", &answer.header("last-modified"))];
        assert_eq!(site.ask(Method::GET, path, &conditions, "").await.status, 304, "{path}");
    }
    let part = site.ask(Method::GET, &format!("/{hashed}"), &[("range", "bytes=1-2")], "").await;
    assert_eq!((part.status, part.text.as_str()), (206, "la"));
    // Its scripts decide what other paths show.
    for path in ["/jobs?repo=autoland", "/logviewer", "/perfherder/graphs", "/assets/missing.js"] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "<title>front-end</title>"), "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        for name in ["content-security-policy", "cache-control"] {
            assert_eq!(answer.header(name), "", "{path}");
        }
    }
    let moved = site.get("/index.html").await;
    assert_eq!((moved.status, moved.header("location").as_str()), (302, "./"));
    assert_eq!(site.ask(Method::POST, "/revision.txt", &[], "").await.status, 405);
    let agent = [("user-agent", "python-requests/2")];
    assert_eq!(site.ask(Method::GET, "/revision.txt", &agent, "").await.status, 200);
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/assets/..%2f..%2fCargo.toml"] {
        let answer = site.get(path).await;
        assert_eq!(answer.text, "<title>front-end</title>", "{path}");
    }
    // The API is there as before.
    site.json("/api/repository/").await;
    assert_eq!(site.get("/api/nothing/").await.status, 404);
}

//! The artifacts of a job, asked from Taskcluster when somebody wants to see them (§11.7).

use askama::Template;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use treeherder_ingest::store::Store;
use treeherder_ingest::task::{ArtifactListing, TaskQueueErrorKind, artifact_url};

use super::view::JobView;
use crate::web::Live;
use crate::web::pages::html::{Failed, PageError, render};
use crate::web::pages::query::{Query, encoded};
use crate::web::pages::shell::Shell;

/// The artifacts on a page of their own.
#[derive(Debug, Template)]
#[template(path = "job/artifacts_page.html")]
struct Page<'p> {
    shell: &'p Shell,
    job: &'p JobView,
    artifacts: Vec<ArtifactView>,
    problem: Option<&'static str>,
}

/// The list alone.
#[derive(Debug, Template)]
#[template(path = "job/artifacts.html")]
struct Part {
    artifacts: Vec<ArtifactView>,
    problem: Option<&'static str>,
}

/// An artifact.
#[derive(Debug, PartialEq, Eq)]
struct ArtifactView {
    /// Its folder, with the slash.
    folder: String,
    file: String,
    url: String,
    /// Where it is shown better than by the browser itself.
    profiler: Option<String>,
}

/// Lists the artifacts of a job; with `part=panel` without anything around them.
pub(super) async fn show(
    shell: Shell,
    State(store): State<Store>,
    State(live): State<Live>,
    Path((repository, id)): Path<(String, String)>,
    Parameters(pairs): Parameters<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let shell = shell.at("jobs", Some(&repository));
    let panel = Query::new(pairs).get("part") == Some("panel");
    let found = match (shell.repository(), id.parse()) {
        (Some(known), Ok(id)) => JobView::read(&store, known, id).await?.map(|job| (known, job)),
        _ => None,
    };
    let Some((known, job)) = found else {
        if panel {
            return Ok((StatusCode::NOT_FOUND, "There is no such job.").into_response());
        }
        let text =
            format!("{repository} has no job with the number {id}. Jobs are deleted after some months.");
        return Ok(Failed::missing(shell, text).into_response());
    };
    let (artifacts, problem) = match &job.task {
        None => (Vec::new(), Some("This job is not of Taskcluster, and its artifacts are not known.")),
        Some(task) => {
            let root = &known.tc_root_url;
            let listing = live.pipeline.artifacts(root, &task.id, task.run.unsigned_abs()).await;
            read(listing, |name| artifact_url(root, &task.id, task.run.unsigned_abs(), name))
        }
    };
    Ok(if panel {
        render(&Part { artifacts, problem })
    } else {
        render(&Page { shell: &shell, job: &job, artifacts, problem })
    })
}

fn read(listing: ArtifactListing, url: impl Fn(&str) -> String) -> (Vec<ArtifactView>, Option<&'static str>) {
    let problem = listing.error.map(|error| {
        tracing::info!(%error, "cannot list the artifacts of a job");
        match error.kind {
            TaskQueueErrorKind::NotFound => "Taskcluster does not know this run any more.",
            _ => "Taskcluster does not tell the artifacts right now.",
        }
    });
    // Directories are none.
    let files = listing.artifacts.into_iter().filter(|artifact| !artifact.name.ends_with('/'));
    let view = |name: String| {
        let url = url(&name);
        let (folder, file) = name
            .rsplit_once('/')
            .map_or(("", name.as_str()), |(_, file)| (name.strip_suffix(file).unwrap_or_default(), file));
        let profiler =
            is_profile(file).then(|| format!("https://profiler.firefox.com/from-url/{}", encoded(&url)));
        ArtifactView { folder: folder.to_owned(), file: file.to_owned(), profiler, url }
    };
    (files.map(|artifact| view(artifact.name)).collect(), problem)
}

/// Whether the profiler can show a file.
fn is_profile(file: &str) -> bool {
    file.starts_with("profile_") && [".json", ".json.gz", ".zip"].iter().any(|ending| file.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use treeherder_ingest::task::{Artifact, TaskQueueError};

    use super::*;

    #[test]
    fn files_have_folders_and_profiles_a_viewer() {
        let artifacts = ["public/logs/live.log", "public/", "target.zip", "public/profile_build.json"];
        let artifacts = artifacts.map(|name| Artifact { name: name.to_owned() }).to_vec();
        let error = TaskQueueError { kind: TaskQueueErrorKind::NotFound, reason: String::new() };
        let listing = ArtifactListing { artifacts, error: Some(error) };
        let (views, problem) = read(listing, |name| format!("http://tc/{name}"));
        let named: Vec<_> =
            views.iter().map(|view| (view.folder.as_str(), view.file.as_str(), view.url.as_str())).collect();
        assert_eq!(
            named,
            [
                ("public/logs/", "live.log", "http://tc/public/logs/live.log"),
                ("", "target.zip", "http://tc/target.zip"),
                ("public/", "profile_build.json", "http://tc/public/profile_build.json"),
            ]
        );
        let profilers: Vec<_> = views.into_iter().map(|view| view.profiler).collect();
        let address = "https://profiler.firefox.com/from-url/http%3A%2F%2Ftc%2Fpublic%2Fprofile_build.json";
        assert_eq!(profilers, [None, None, Some(address.to_owned())]);
        assert_eq!(problem, Some("Taskcluster does not know this run any more."));
    }
}

//! Which tasks are ingested (`spec/ingest.md` §4.4).

use std::collections::HashSet;

use super::queue::{TaskQueue, TaskQueueError};
use super::{TaskDefinition, TaskPayload};

/// Projects of which only tasks of the main branch of the main repository count.
const MAIN_BRANCH_ONLY: [&str; 3] = ["reference-browser", "mozilla-vpn-client", "mozilla-vpn-client-release"];

const MAIN_REFS: [&str; 4] = ["refs/heads/master", "master", "refs/heads/main", "main"];

/// Why the filter ignores a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// The project is not one of those to ingest.
    Project,
    /// The task works on a fork.
    Fork,
    /// The task works on another branch than the main one.
    Branch,
}

/// Decides which tasks are ingested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    projects: Option<HashSet<String>>,
}

impl Filter {
    /// Builds the filter from the text of `PROJECTS_TO_INGEST`: names between commas, empty for all projects.
    pub fn new(projects_to_ingest: &str) -> Self {
        let projects: HashSet<String> = projects_to_ingest
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self { projects: (!projects.is_empty()).then_some(projects) }
    }

    /// Tells whether the project is one of those to ingest.
    pub fn has_project(&self, project: &str) -> bool {
        self.projects.as_ref().is_none_or(|projects| projects.contains(project))
    }

    /// Tells why a task is ignored, `None` when it is not; asks for the decision task where that decides.
    ///
    /// # Errors
    /// What the queue said when it could not tell the definition of the decision task.
    pub async fn ignores(
        &self,
        project: &str,
        task: &TaskDefinition,
        root_url: &str,
        queue: &dyn TaskQueue,
    ) -> Result<Option<Ignored>, TaskQueueError> {
        if !self.has_project(project) {
            return Ok(Some(Ignored::Project));
        }
        if !MAIN_BRANCH_ONLY.contains(&project) {
            return Ok(None);
        }
        if let Some(base) = task.payload.mobile_base_repository.as_deref().filter(|base| !base.is_empty()) {
            return Ok(ignores_mobile(base, &task.payload));
        }
        let Some(group) = &task.task_group_id else { return Ok(Some(Ignored::Branch)) };
        let decision = queue.task(root_url, group).await?;
        let on_main = decision.routes.iter().any(|route| route.contains("master") || route.contains("main"));
        Ok((!on_main).then_some(Ignored::Branch))
    }
}

/// A missing variable ends the check: what is not known does not speak against the task.
fn ignores_mobile(base: &str, payload: &TaskPayload) -> Option<Ignored> {
    let name = base.rsplit('/').next().unwrap_or_default();
    if !MAIN_BRANCH_ONLY.contains(&name) {
        return None;
    }
    let head = payload.mobile_head_repository.as_deref()?;
    if head != base {
        return Some(Ignored::Fork);
    }
    let head_ref = payload.mobile_head_ref.as_deref()?;
    (!MAIN_REFS.contains(&head_ref)).then_some(Ignored::Branch)
}

//! What changed in the projects that measurements depend on, such as the harnesses: commits and releases at GitHub
//! (`spec/api.md` §3.22). Graphs show it beside what was measured.

mod github;
mod project;
mod update;

pub use project::{MalformedProject, Project};
pub use update::{Changelog, ChangelogError, update_changelog};

//! A project at GitHub.

use std::fmt;
use std::str::FromStr;

/// A repository at GitHub: `owner/name`.
///
/// ```
/// use treeherder_ingest::changelog::Project;
///
/// let project: Project = "mozilla/treeherder".parse()?;
/// assert_eq!((project.owner.as_str(), project.name.as_str()), ("mozilla", "treeherder"));
/// assert!("treeherder".parse::<Project>().is_err());
/// # Ok::<(), treeherder_ingest::changelog::MalformedProject>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Whose it is.
    pub owner: String,
    /// Its name.
    pub name: String,
}

/// A text that names no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not OWNER/NAME")]
pub struct MalformedProject(String);

impl FromStr for Project {
    type Err = MalformedProject;

    fn from_str(text: &str) -> Result<Self, MalformedProject> {
        let is_word = |word: &str| {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            (1..=100).contains(&word.len()) && word.chars().all(fits) && word != "." && word != ".."
        };
        match text.trim().split_once('/') {
            Some((owner, name)) if is_word(owner) && is_word(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(MalformedProject(text.to_owned())),
        }
    }
}

impl fmt::Display for Project {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

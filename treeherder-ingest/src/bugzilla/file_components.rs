//! Which component of Bugzilla each file belongs to, as the sources say themselves (§7.3).

use std::collections::{BTreeMap, HashMap};

use super::update::UpdateError;
use crate::http::Client;
use crate::store::Store;
use crate::store::bugs::{FileComponent, FileComponentUpdate};

/// Characters of a product or a component.
const LONGEST_NAME: usize = 60;
/// Characters of a path.
const LONGEST_PATH: usize = 255;

/// Copies from the newest builds of the repositories which component each file belongs to; the first repository that has a
/// file decides.
///
/// A repository that cannot be asked is passed over, and the files that it alone has count as gone. When none can be asked
/// nothing is changed.
///
/// # Errors
/// When none of the repositories can be asked or the database fails.
pub async fn update_file_components(
    client: &Client,
    store: &Store,
) -> Result<FileComponentUpdate, UpdateError> {
    let mut files = BTreeMap::new();
    let mut failed = None;
    let mut answered = 0;
    for (project, root_url) in store.repositories_with_components().await? {
        let url = format!(
            "{}/api/index/v1/task/gecko.v2.{project}.latest.source.source-bugzilla-info/artifacts/public/components.json",
            root_url.trim_end_matches('/')
        );
        match client.get(&url).json::<HashMap<String, (String, String)>>().await {
            Ok(told) => {
                answered += 1;
                take(&mut files, told);
            }
            Err(error) => {
                tracing::error!(project, %error, "cannot read which components its files belong to");
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if answered == 0 => Err(UpdateError::Components(error)),
        _ => Ok(store.replace_file_components(&files).await?),
    }
}

/// Adds the files that are not known yet and fit.
fn take(files: &mut BTreeMap<String, FileComponent>, told: HashMap<String, (String, String)>) {
    let mut left_out = 0_usize;
    for (path, (product, component)) in told {
        let fits = |text: &str, limit| text.chars().count() <= limit && !text.contains('\0');
        if !fits(&path, LONGEST_PATH) || !fits(&product, LONGEST_NAME) || !fits(&component, LONGEST_NAME) {
            left_out += 1;
            continue;
        }
        files.entry(path).or_insert(FileComponent { product, component });
    }
    if left_out > 0 {
        tracing::error!(files = left_out, "files with names that are too long left out");
    }
}

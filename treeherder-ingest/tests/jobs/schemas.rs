//! The published schemas are those of the types. `UPDATE_SCHEMAS=1` writes them anew.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use treeherder_ingest::job::JobMessage;
use treeherder_ingest::job::schema::document;
use treeherder_ingest::task::TreeherderConfig;

fn published_is_generated<T: JsonSchema>(name: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas")).join(name);
    let generated = format!("{}\n", serde_json::to_string_pretty(&document::<T>()).unwrap());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &generated).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == generated,
        "{} differs from the type; run this test with UPDATE_SCHEMAS=1 and commit the file",
        path.display()
    );
}

#[test]
fn job_messages() {
    published_is_generated::<JobMessage>("pulse-job.json");
}

#[test]
fn treeherder_block_of_task_definitions() {
    published_is_generated::<TreeherderConfig>("task-treeherder-config.json");
}

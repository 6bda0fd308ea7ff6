//! Seed data of the performance tables, loaded by primary key (`spec/api.md` §5.9 and §5.10).

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait as _};

use crate::store::StoreError;
use crate::store::entity::{issue_tracker, performance_framework, performance_tag};
use crate::writer::WriteTransaction;

/// Frameworks whose data is stored when enabled.
const FRAMEWORKS: [(i32, &str, bool); 13] = [
    (1, "talos", true),
    (2, "build_metrics", true),
    (4, "awsy", true),
    (5, "awfy", false),
    (6, "platform_microbench", true),
    (11, "js-bench", true),
    (12, "devtools", true),
    (13, "browsertime", true),
    (14, "vcs", false),
    (15, "mozperftest", true),
    (16, "fxrecord", true),
    (17, "telemetry", true),
    (18, "mozharness", true),
];

const ISSUE_TRACKERS: [(i32, &str, &str); 2] = [
    (1, "Bugzilla", "https://bugzilla.mozilla.org/show_bug.cgi?id="),
    (2, "Github - Servo", "https://github.com/servo/servo/pull/"),
];

const TAGS: [(i32, &str); 8] = [
    (1, "harness"),
    (2, "regression-backedout"),
    (3, "infra"),
    (4, "regression-fix"),
    (5, "improvement"),
    (6, "improvement-backedout"),
    (7, "early-beta-or-earlier"),
    (8, "bisection"),
];

/// Loads frameworks, issue trackers and tags; loading again changes nothing.
pub(in crate::store) async fn load(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let frameworks = FRAMEWORKS.map(|(id, name, enabled)| performance_framework::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        enabled: Set(enabled),
    });
    performance_framework::Entity::insert_many(frameworks)
        .on_conflict(OnConflict::column("id").update_columns(["name", "enabled"]).to_owned())
        .exec_without_returning(transaction)
        .await?;
    let trackers = ISSUE_TRACKERS.map(|(id, name, url)| issue_tracker::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        task_base_url: Set(url.to_owned()),
    });
    issue_tracker::Entity::insert_many(trackers)
        .on_conflict(OnConflict::column("id").update_columns(["name", "task_base_url"]).to_owned())
        .exec_without_returning(transaction)
        .await?;
    let tags =
        TAGS.map(|(id, name)| performance_tag::ActiveModel { id: Set(id), name: Set(name.to_owned()) });
    performance_tag::Entity::insert_many(tags)
        .on_conflict(OnConflict::column("id").update_column("name").to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

//! The count of failures that nobody has classified.

use chrono::{TimeDelta, Utc};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};
use treeherder_ingest::push::LoadedPush;
use treeherder_ingest::store::UnclassifiedCount;
use treeherder_ingest::store::entity::job;

use crate::jobs::loaded;
use crate::support::database::{Backend, TestStore};

on_every_database!(failures_count_until_somebody_has_classified_them);

async fn failures_count_until_somebody_has_classified_them(backend: Backend) {
    let Some(test) = TestStore::seeded(backend).await else { return };
    let store = &test.store;
    let now = Utc::now();
    let autoland = store.repository_by_name("autoland").await.unwrap().unwrap();
    for (revision, age) in [("a", 0), ("b", 8)] {
        let push = LoadedPush {
            revision: revision.repeat(40),
            push_timestamp: (now - TimeDelta::days(age)).timestamp() as f64,
            author: "ana@example.com".to_owned(),
            revisions: Vec::new(),
            branch: None,
        };
        store.store_push(autoland.id, &push).await.unwrap();
    }
    let mut messages = Vec::new();
    for (guid, revision, result, tier) in [
        ("1/0", "a", "testfailed", 1),
        ("2/0", "a", "busted", 2),
        ("3/0", "a", "exception", 3),
        ("4/0", "a", "success", 1),
        ("5/0", "b", "testfailed", 1),
    ] {
        let mut message = loaded(guid, &revision.repeat(40), result);
        message.job.tier = tier;
        messages.push(message);
    }
    let outcomes = store.store_jobs(&messages).await.unwrap();
    let count = async || {
        let counts = store.unclassified_counts(now).await.unwrap();
        assert!(counts.iter().all(|count| count.branch == "autoland" || count.count == 0));
        counts.into_iter().find(|count| count.branch == "autoland").unwrap()
    };
    let expected =
        |count, count_excluded| UnclassifiedCount { branch: "autoland".to_owned(), count, count_excluded };
    assert_eq!(count().await, expected(3, 2));
    let first = job::Entity::find_by_id(outcomes[0].job_id.unwrap()).one(store.connection()).await.unwrap();
    let mut first: job::ActiveModel = first.unwrap().into();
    // 6 is "new failure not classified", 4 is "intermittent".
    for (classification, count_now) in [(6, expected(3, 2)), (4, expected(2, 1))] {
        first.failure_classification_id = Set(classification);
        first = first.update(store.connection()).await.unwrap().into();
        assert_eq!(count().await, count_now);
    }
}

//! Seed data: loaded at every start by primary key, so that loading again changes nothing (`spec/api.md` §5.10).

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _};

use super::Store;
use super::entity::{failure_classification, repository, repository_branch, repository_group};
use super::error::StoreError;
use super::fixture::{BranchFields, Fixture, GroupFields, RepositoryFields};

use crate::writer::WriteTransaction;

/// Id of the failure classification that every new job gets.
pub const NOT_CLASSIFIED: i32 = 1;

/// Failure classifications; their ids are part of the API (`spec/api.md` §5.3).
const FAILURE_CLASSIFICATIONS: [(i32, &str); 8] = [
    (NOT_CLASSIFIED, "not classified"),
    (2, "fixed by commit"),
    (3, "expected fail"),
    (4, "intermittent"),
    (5, "infra"),
    (6, "new failure not classified"),
    (7, "autoclassified intermittent"),
    (8, "intermittent needs bugid"),
];

/// Groups of repositories; repositories refer to their ids.
const REPOSITORY_GROUPS: [(i32, &str, &str); 13] = [
    (1, "development", "Where daily work lands"),
    (2, "release-stabilization", "Branches on their way to a release"),
    (3, "try", "Trial pushes"),
    (4, "taskcluster", "Taskcluster and its tools"),
    (5, "qa automation tests", "Automated tests of quality assurance"),
    (6, "project repositories", "Branches that one project works on for a time"),
    (7, "other", "Everything that fits no other group"),
    (8, "comm-repositories", "Thunderbird and SeaMonkey"),
    (9, "ci", "Tools and configuration of the continuous integration"),
    (10, "servo", "The Servo engine"),
    (11, "mobile", "Browsers and components for phones"),
    (12, "kaios", "KaiOS"),
    (13, "enterprise-firefox", "Firefox for organisations"),
];

/// The repositories that are active upstream, and their branch rules.
const REPOSITORIES: &str = include_str!("../../fixtures/repository.json");
const REPOSITORY_BRANCHES: &str = include_str!("../../fixtures/repository_branch.json");

impl Store {
    /// Loads repository groups, failure classifications, repositories, branch rules, and the performance frameworks with
    /// their issue trackers and tags.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seed(&self) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        load_classifications(&transaction).await?;
        super::performance::seed::load(&transaction).await?;
        let groups = REPOSITORY_GROUPS.map(|(id, name, description)| {
            (id, GroupFields { name: name.to_owned(), description: Some(description.to_owned()) })
        });
        load_groups(&transaction, groups.into()).await?;
        for json in [REPOSITORIES, REPOSITORY_BRANCHES] {
            load_fixture(&transaction, Fixture::parse(json)?).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Loads repositories from a fixture in Mozilla's form: a list of `{"pk", "model", "fields"}`.
    ///
    /// Models: `model.repositorygroup`, `model.repository`, `model.repositorybranch`. Rows are replaced by their key; rows
    /// that the fixture does not name stay.
    ///
    /// # Errors
    /// When an entry is not valid (the error names it) or the database fails; nothing is loaded then.
    pub async fn load_repositories(&self, json: &str) -> Result<(), StoreError> {
        let fixture = Fixture::parse(json)?;
        let transaction = self.begin_write().await?;
        load_fixture(&transaction, fixture).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn load_classifications(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let rows = FAILURE_CLASSIFICATIONS
        .map(|(id, name)| failure_classification::ActiveModel { id: Set(id), name: Set(name.to_owned()) });
    let on_conflict = OnConflict::column("id").update_column("name").to_owned();
    failure_classification::Entity::insert_many(rows)
        .on_conflict(on_conflict)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn load_fixture(transaction: &WriteTransaction, fixture: Fixture) -> Result<(), StoreError> {
    load_groups(transaction, fixture.groups).await?;
    load_repositories(transaction, fixture.repositories).await?;
    load_branches(transaction, fixture.branches).await
}

/// Keeps the last entry of each key: one statement may not name a key twice.
fn last_of_each<Key: Ord + Copy, Fields>(entries: Vec<(Key, Fields)>) -> Vec<(Key, Fields)> {
    entries.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()
}

async fn load_groups(
    transaction: &WriteTransaction,
    groups: Vec<(i32, GroupFields)>,
) -> Result<(), StoreError> {
    if groups.is_empty() {
        return Ok(());
    }
    let rows = last_of_each(groups).into_iter().map(|(id, fields)| repository_group::ActiveModel {
        id: Set(id),
        name: Set(fields.name),
        description: Set(fields.description.unwrap_or_default()),
    });
    let on_conflict = OnConflict::column("id").update_columns(["name", "description"]).to_owned();
    repository_group::Entity::insert_many(rows)
        .on_conflict(on_conflict)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn load_repositories(
    transaction: &WriteTransaction,
    repositories: Vec<(i32, RepositoryFields)>,
) -> Result<(), StoreError> {
    let repositories = last_of_each(repositories);
    if repositories.is_empty() {
        return Ok(());
    }
    refuse_renumbered(transaction, &repositories).await?;
    let rows = repositories.into_iter().map(|(id, fields)| repository::ActiveModel {
        id: Set(id),
        repository_group_id: Set(fields.repository_group),
        name: Set(fields.name),
        dvcs_type: Set(fields.dvcs_type),
        url: Set(fields.url),
        codebase: Set(fields.codebase.unwrap_or_default()),
        description: Set(fields.description.unwrap_or_default()),
        active_status: Set(fields.active_status),
        life_cycle_order: Set(fields.life_cycle_order.and_then(|order| i32::try_from(order).ok())),
        performance_alerts_enabled: Set(fields.performance_alerts_enabled),
        expire_performance_data: Set(fields.expire_performance_data),
        is_try_repo: Set(fields.is_try_repo),
        tc_root_url: Set(fields.tc_root_url.unwrap_or_default()),
        accepts_pull_requests: Set(fields.accepts_pull_requests),
    });
    let on_conflict = OnConflict::column("id")
        .update_columns([
            "repository_group_id",
            "name",
            "dvcs_type",
            "url",
            "codebase",
            "description",
            "active_status",
            "life_cycle_order",
            "performance_alerts_enabled",
            "expire_performance_data",
            "is_try_repo",
            "tc_root_url",
            "accepts_pull_requests",
        ])
        .to_owned();
    repository::Entity::insert_many(rows)
        .on_conflict(on_conflict)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Code and API clients know repositories by id, so a name may not move to another one.
async fn refuse_renumbered(
    transaction: &WriteTransaction,
    repositories: &[(i32, RepositoryFields)],
) -> Result<(), StoreError> {
    let ids: HashMap<&str, i32> =
        repositories.iter().map(|(id, fields)| (fields.name.as_str(), *id)).collect();
    let stored = repository::Entity::find()
        .filter(repository::Column::Name.is_in(ids.keys().copied()))
        .all(transaction)
        .await?;
    for row in stored {
        if let Some(id) = ids.get(row.name.as_str())
            && *id != row.id
        {
            let (name, stored) = (row.name, row.id);
            return Err(StoreError::Value(format!(
                "repository fixture (model.repository pk {id}): {name} is stored with pk {stored}"
            )));
        }
    }
    Ok(())
}

async fn load_branches(
    transaction: &WriteTransaction,
    branches: Vec<(i64, BranchFields)>,
) -> Result<(), StoreError> {
    let mut branches = last_of_each(branches);
    // The same rule twice under two keys: the later one counts.
    let mut seen = std::collections::HashSet::new();
    branches.reverse();
    branches.retain(|(_, fields)| seen.insert((fields.repository, fields.branch.clone())));
    branches.reverse();
    if branches.is_empty() {
        return Ok(());
    }
    // Two fixtures may number the same rules differently: what is in the way, by key or by rule, goes first.
    for (id, fields) in &branches {
        let same_rule = Condition::all()
            .add(repository_branch::Column::RepositoryId.eq(fields.repository))
            .add(repository_branch::Column::Branch.eq(fields.branch.as_str()));
        repository_branch::Entity::delete_many()
            .filter(Condition::any().add(repository_branch::Column::Id.eq(*id)).add(same_rule))
            .exec(transaction)
            .await?;
    }
    let rows = branches.into_iter().map(|(id, fields)| repository_branch::ActiveModel {
        id: Set(id),
        repository_id: Set(fields.repository),
        branch: Set(fields.branch),
    });
    repository_branch::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(())
}

//! The repositories and pushes that a batch of jobs belongs to (`spec/ingest.md` §4.8, §4.9.2).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use super::outcome::JobStatus;
use crate::job::LoadedJob;
use crate::store::error::StoreError;
use crate::store::pushes::{FULL_REVISION, filter_revision};
use crate::writer::WriteTransaction;

/// Revisions per statement; SQLite allows expressions no deeper than 1000 and PostgreSQL 65,535 values.
const REVISIONS_PER_STATEMENT: usize = 500;

/// Where a job belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) repository_id: i32,
    pub(super) push_id: i32,
    pub(super) push_time: DateTime<Utc>,
}

/// Repositories and pushes of a batch.
#[derive(Debug)]
pub(super) struct Places<'batch> {
    /// Id, and whether it is active, by name.
    repositories: HashMap<String, (i32, bool)>,
    pushes: HashMap<(i32, &'batch str), FoundPush>,
}

#[derive(Clone, Copy, Debug)]
enum FoundPush {
    One { id: i32, time: DateTime<Utc> },
    Several,
}

impl FoundPush {
    /// Reads a row of id and time.
    fn one(row: &QueryResult) -> Result<Self, StoreError> {
        Ok(Self::One { id: row.try_get_by_index(0)?, time: row.try_get_by_index(1)? })
    }
}

impl<'batch> Places<'batch> {
    pub(super) async fn find(
        transaction: &WriteTransaction,
        messages: &'batch [LoadedJob],
    ) -> Result<Self, StoreError> {
        let repositories = find_repositories(transaction, messages).await?;
        let mut wanted: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
        for message in messages {
            if let Some((id, true)) = repositories.get(&message.repository)
                && !message.revision.is_empty()
                // No stored revision holds a NUL character, and PostgreSQL would refuse the question.
                && !message.revision.contains('\0')
            {
                wanted.entry(*id).or_default().insert(&message.revision);
            }
        }
        let mut places = Self { repositories, pushes: HashMap::new() };
        for (repository_id, revisions) in wanted {
            let (short, full): (Vec<&str>, Vec<&str>) =
                revisions.into_iter().partition(|revision| revision.chars().count() < FULL_REVISION);
            for chunk in full.chunks(REVISIONS_PER_STATEMENT) {
                places.find_full(transaction, repository_id, chunk).await?;
            }
            for revision in short {
                places.find_short(transaction, repository_id, revision).await?;
            }
        }
        Ok(places)
    }

    async fn find_full(
        &mut self,
        transaction: &WriteTransaction,
        repository_id: i32,
        revisions: &[&'batch str],
    ) -> Result<(), StoreError> {
        let mut select = Query::select();
        select.columns(["id", "time", "revision"]).from("push").cond_where(
            Condition::all()
                .add(Expr::col("repository_id").eq(repository_id))
                .add(Expr::col("revision").is_in(revisions.iter().copied())),
        );
        for row in transaction.query_all(&select).await? {
            let revision: String = row.try_get_by_index(2)?;
            if let Some(wanted) = revisions.iter().find(|wanted| **wanted == revision) {
                self.pushes.insert((repository_id, *wanted), FoundPush::one(&row)?);
            }
        }
        Ok(())
    }

    async fn find_short(
        &mut self,
        transaction: &WriteTransaction,
        repository_id: i32,
        revision: &'batch str,
    ) -> Result<(), StoreError> {
        let mut select = Query::select();
        select
            .columns(["id", "time"])
            .from("push")
            .and_where(Expr::col("repository_id").eq(repository_id))
            .limit(2);
        filter_revision(&mut select, transaction.get_database_backend(), revision);
        let rows = transaction.query_all(&select).await?;
        let found = match rows.as_slice() {
            [] => return Ok(()),
            [row] => FoundPush::one(row)?,
            _ => FoundPush::Several,
        };
        self.pushes.insert((repository_id, revision), found);
        Ok(())
    }

    /// Where the job belongs, or why it cannot be stored.
    pub(super) fn of(&self, message: &LoadedJob) -> Result<Place, JobStatus> {
        let (repository_id, is_active) =
            *self.repositories.get(&message.repository).ok_or(JobStatus::UnknownRepository)?;
        if !is_active {
            return Err(JobStatus::InactiveRepository);
        }
        match self.pushes.get(&(repository_id, message.revision.as_str())) {
            None => Err(JobStatus::MissingPush),
            Some(FoundPush::Several) => Err(JobStatus::AmbiguousPush),
            Some(FoundPush::One { id, time }) => Ok(Place { repository_id, push_id: *id, push_time: *time }),
        }
    }
}

async fn find_repositories(
    transaction: &WriteTransaction,
    messages: &[LoadedJob],
) -> Result<HashMap<String, (i32, bool)>, StoreError> {
    let names: BTreeSet<&str> = messages.iter().map(|message| message.repository.as_str()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.contains('\0')).collect();
    let mut repositories = HashMap::new();
    for chunk in names.chunks(REVISIONS_PER_STATEMENT) {
        let mut select = Query::select();
        select
            .columns(["name", "id", "active_status"])
            .from("repository")
            .and_where(Expr::col("name").is_in(chunk.iter().copied()));
        for row in transaction.query_all(&select).await? {
            let status: String = row.try_get_by_index(2)?;
            repositories.insert(row.try_get_by_index(0)?, (row.try_get_by_index(1)?, status == "active"));
        }
    }
    Ok(repositories)
}

//! Get-or-create of reference data (`spec/ingest.md` §4.9.3), with the ids kept in memory.
//!
//! Ids enter the memory only after the transaction that saw or made them is committed. Another process may delete unused rows
//! meanwhile; the foreign key then fails, and the batch is stored again with an empty memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{ConnectionTrait as _, DbErr, Value};

use super::prepared::PreparedJob;
use crate::store::error::StoreError;
use crate::writer::WriteTransaction;

/// The unique columns of a row of reference data, in the order of [`Table::key`].
pub(super) type Key = Vec<String>;

/// Ids remembered per table; a table that outgrows this starts again empty.
const REMEMBERED: usize = 20_000;

/// Keys per statement. SQLite allows expressions no deeper than 1000.
const KEYS_PER_STATEMENT: usize = 200;

/// A table of reference data.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    /// The columns beside the key.
    rest: &'static [&'static str],
}

const OPTION: Table = Table { name: "option", key: &["name"], rest: &[] };

const TABLES: [Table; 7] = [
    Table { name: "build_platform", key: &["os_name", "platform", "architecture"], rest: &[] },
    Table { name: "machine_platform", key: &["os_name", "platform", "architecture"], rest: &[] },
    Table { name: "machine", key: &["name"], rest: &[] },
    Table { name: "job_group", key: &["name", "symbol"], rest: &["description"] },
    Table { name: "job_type", key: &["name", "symbol"], rest: &["description"] },
    Table { name: "product", key: &["name"], rest: &[] },
    Table {
        name: "reference_data_signatures",
        key: &["name", "signature", "build_system_type", "repository"],
        rest: &[
            "build_os_name",
            "build_platform",
            "build_architecture",
            "machine_os_name",
            "machine_platform",
            "machine_architecture",
            "job_group_name",
            "job_group_symbol",
            "job_type_name",
            "job_type_symbol",
            "option_collection_hash",
            "first_submission_timestamp",
        ],
    },
];

/// The keys of a job in the order of [`TABLES`].
fn keys<'job>(job: &'job PreparedJob<'_>) -> [&'job Key; TABLES.len()] {
    [
        &job.build_platform,
        &job.machine_platform,
        &job.machine,
        &job.job_group,
        &job.job_type,
        &job.product,
        &job.signature,
    ]
}

/// The columns beside the key of a row that a job needs in [`TABLES`]`[table]`.
fn rest(job: &PreparedJob<'_>, table: usize) -> Vec<Value> {
    match TABLES[table].name {
        "job_group" | "job_type" => vec![String::new().into()],
        "reference_data_signatures" => {
            let texts = job
                .build_platform
                .iter()
                .chain(&job.machine_platform)
                .chain(&job.job_group)
                .chain(&job.job_type)
                .chain([&job.option_collection_hash]);
            // The column has 32 bits; it ends with them in 2038.
            let now = i32::try_from(Utc::now().timestamp()).unwrap_or(i32::MAX);
            texts.map(|text| text.clone().into()).chain([now.into()]).collect()
        }
        _ => Vec::new(),
    }
}

/// Ids of the rows a job refers to.
#[derive(Clone, Copy, Debug)]
pub(super) struct JobReferences {
    pub(super) build_platform: i32,
    pub(super) machine_platform: i32,
    pub(super) machine: i32,
    pub(super) job_group: i32,
    pub(super) job_type: i32,
    pub(super) product: i32,
    pub(super) signature: i32,
}

/// Ids known to this process; shared by all clones of a store.
#[derive(Debug, Default)]
pub(in crate::store) struct ReferenceIds {
    tables: [Mutex<HashMap<Key, i32>>; TABLES.len()],
    option_hashes: Mutex<HashSet<String>>,
}

/// Ids that one transaction has seen or made.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    tables: [HashMap<Key, i32>; TABLES.len()],
    option_hashes: HashSet<String>,
}

/// A panic while the lock was held cannot leave a wrong id behind: entries are whole or absent.
fn lock<Content>(mutex: &Mutex<Content>) -> MutexGuard<'_, Content> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReferenceIds {
    /// Takes over the ids of a committed transaction.
    pub(super) fn remember(&self, resolved: Resolved) {
        for (known, new) in self.tables.iter().zip(resolved.tables) {
            let mut known = lock(known);
            if known.len() + new.len() > REMEMBERED {
                known.clear();
            }
            known.extend(new);
        }
        let mut hashes = lock(&self.option_hashes);
        if hashes.len() + resolved.option_hashes.len() > REMEMBERED {
            hashes.clear();
        }
        hashes.extend(resolved.option_hashes);
    }

    /// Forgets everything, after a row that was remembered turned out to be gone.
    pub(super) fn forget(&self) {
        for table in &self.tables {
            lock(table).clear();
        }
        lock(&self.option_hashes).clear();
    }
}

impl Resolved {
    /// Finds or creates everything that the jobs refer to.
    ///
    /// Tables and keys are gone through in one fixed order, so that transactions wait for each other but never in a circle.
    pub(super) async fn resolve(
        transaction: &WriteTransaction,
        known: &ReferenceIds,
        jobs: &[&PreparedJob<'_>],
    ) -> Result<Self, StoreError> {
        let mut resolved = Self::default();
        resolved.options(transaction, known, jobs).await?;
        for (position, table) in TABLES.iter().enumerate() {
            let mut ids = HashMap::new();
            let mut wanted: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
            {
                let known = lock(&known.tables[position]);
                for job in jobs {
                    let key = keys(job)[position];
                    if ids.contains_key(key) || wanted.contains_key(key) {
                        continue;
                    }
                    match known.get(key) {
                        Some(id) => drop(ids.insert(key.clone(), *id)),
                        None => drop(wanted.insert(key.clone(), rest(job, position))),
                    }
                }
            }
            get_or_create(transaction, table, wanted, &mut ids).await?;
            resolved.tables[position] = ids;
        }
        Ok(resolved)
    }

    /// Ids of the rows that a job refers to; it must have been among the resolved ones.
    pub(super) fn of(&self, job: &PreparedJob<'_>) -> Result<JobReferences, StoreError> {
        let mut ids = [0; TABLES.len()];
        for (position, key) in keys(job).into_iter().enumerate() {
            ids[position] = *self.tables[position].get(key).ok_or_else(|| gone(&TABLES[position], key))?;
        }
        let [build_platform, machine_platform, machine, job_group, job_type, product, signature] = ids;
        Ok(JobReferences {
            build_platform,
            machine_platform,
            machine,
            job_group,
            job_type,
            product,
            signature,
        })
    }

    async fn options(
        &mut self,
        transaction: &WriteTransaction,
        known: &ReferenceIds,
        jobs: &[&PreparedJob<'_>],
    ) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<&str, &[&str]> = {
            let known = lock(&known.option_hashes);
            jobs.iter()
                .filter(|job| !known.contains(&job.option_collection_hash))
                .map(|job| (job.option_collection_hash.as_str(), job.options.as_slice()))
                .collect()
        };
        if wanted.is_empty() {
            return Ok(());
        }
        self.option_hashes.extend(wanted.keys().map(|hash| (*hash).to_owned()));
        let mut select = Query::select();
        select
            .distinct()
            .column("option_collection_hash")
            .from("option_collection")
            .and_where(Expr::col("option_collection_hash").is_in(wanted.keys().copied()));
        for row in transaction.query_all(&select).await? {
            let stored: String = row.try_get_by_index(0)?;
            wanted.remove(stored.as_str());
        }
        let names: BTreeSet<&str> = wanted.values().flat_map(|names| names.iter().copied()).collect();
        let names = names.into_iter().map(|name| (vec![name.to_owned()], Vec::new())).collect();
        let mut ids = HashMap::new();
        get_or_create(transaction, &OPTION, names, &mut ids).await?;
        let members: Vec<[Expr; 2]> = wanted
            .iter()
            .flat_map(|(hash, names)| names.iter().map(move |name| (hash, name)))
            .filter_map(|(hash, name)| {
                let id = ids.get(std::slice::from_ref(&(*name).to_owned()))?;
                Some([Expr::val(*hash), Expr::val(*id)])
            })
            .collect();
        for chunk in members.chunks(KEYS_PER_STATEMENT) {
            let columns = ["option_collection_hash", "option_id"];
            let mut insert = Query::insert();
            insert
                .into_table("option_collection")
                .columns(columns)
                .on_conflict(OnConflict::columns(columns).do_nothing().to_owned());
            for row in chunk {
                insert.values(row.clone()).map_err(|error| statement_error(&error))?;
            }
            transaction.execute(&insert).await?;
        }
        Ok(())
    }
}

/// Adds the ids of the wanted keys to `ids`; makes the rows that are not there.
async fn get_or_create(
    transaction: &WriteTransaction,
    table: &Table,
    mut wanted: BTreeMap<Key, Vec<Value>>,
    ids: &mut HashMap<Key, i32>,
) -> Result<(), StoreError> {
    find(transaction, table, &mut wanted, ids).await?;
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<(&Key, &Vec<Value>)> = wanted.iter().collect();
    for chunk in rows.chunks(KEYS_PER_STATEMENT) {
        let mut insert = Query::insert();
        insert
            .into_table(table.name)
            .columns(table.key.iter().chain(table.rest).copied())
            // Another process may make the same row at this moment: wait for it, and use its row.
            .on_conflict(OnConflict::columns(table.key.iter().copied()).do_nothing().to_owned());
        for (key, rest) in chunk {
            let values = key.iter().map(|part| Expr::val(part.as_str()));
            let values = values.chain(rest.iter().map(|value| Expr::val(value.clone())));
            insert.values(values).map_err(|error| statement_error(&error))?;
        }
        transaction.execute(&insert).await?;
    }
    find(transaction, table, &mut wanted, ids).await?;
    match wanted.keys().next() {
        Some(key) => Err(gone(table, key)),
        None => Ok(()),
    }
}

/// Moves the keys that have rows from `wanted` to `ids`.
async fn find(
    transaction: &WriteTransaction,
    table: &Table,
    wanted: &mut BTreeMap<Key, Vec<Value>>,
    ids: &mut HashMap<Key, i32>,
) -> Result<(), StoreError> {
    let keys: Vec<Key> = wanted.keys().cloned().collect();
    for chunk in keys.chunks(KEYS_PER_STATEMENT) {
        let mut any = Condition::any();
        for key in chunk {
            let mut all = Condition::all();
            for (column, part) in table.key.iter().zip(key) {
                all = all.add(Expr::col(*column).eq(part.as_str()));
            }
            any = any.add(all);
        }
        let mut select = Query::select();
        select.column("id").columns(table.key.iter().copied()).from(table.name).cond_where(any);
        for row in transaction.query_all(&select).await? {
            let id = row.try_get_by_index(0)?;
            let key = (1..=table.key.len())
                .map(|column| row.try_get_by_index(column))
                .collect::<Result<Key, DbErr>>()?;
            wanted.remove(&key);
            ids.insert(key, id);
        }
    }
    Ok(())
}

fn gone(table: &Table, key: &Key) -> StoreError {
    StoreError::NotFound { what: table.name, key: key.join(", ") }
}

/// A row with another number of values than columns.
fn statement_error(error: &sea_orm::sea_query::error::Error) -> StoreError {
    StoreError::Programming(DbErr::Custom(error.to_string()))
}

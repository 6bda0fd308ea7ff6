//! What jobs refer to, kept in memory by id.
//!
//! Rows of reference data are made once and never change, and their ids are not given out again. A list of jobs therefore asks the
//! database only for the names that no list before it needed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::store::Store;
use crate::store::bound_ids::BoundIds;
use crate::store::error::StoreError;

/// Rows remembered per table; a table that outgrows this starts again empty.
const REMEMBERED: usize = 50_000;

/// For so long the id of a repository is not asked for again: an operator may load other repositories.
const REPOSITORY_KNOWN: Duration = Duration::from_secs(5);

/// Ids per statement.
const IDS_PER_STATEMENT: usize = 1000;

/// A job type or a job group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// Description, mostly empty.
    pub description: String,
}

/// A build or machine platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformName {
    /// Operating system.
    pub os_name: String,
    /// Platform.
    pub platform: String,
    /// Architecture.
    pub architecture: String,
}

/// What a job's signature was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureName {
    /// Name of the reference data, mostly the hash again.
    pub name: String,
    /// Hash.
    pub signature: String,
    /// `taskcluster`.
    pub build_system_type: String,
}

/// A row of reference data that can be remembered.
pub(super) trait Remembered: Sized + Send + Sync {
    /// Table that the rows are in.
    const TABLE: &'static str;
    /// Its columns, in the order that [`Remembered::read`] expects them, after the id.
    const COLUMNS: &'static [&'static str];

    /// Reads the columns from place 1 on.
    fn read(row: &QueryResult) -> Result<Self, sea_orm::DbErr>;

    /// The memory for this table.
    fn memory(names: &Names) -> &Memory<Self>;
}

macro_rules! remembered {
    ($type:ty, $table:literal, $memory:ident, [$($column:literal),*], |$row:ident| $read:expr) => {
        impl Remembered for $type {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$($column),*];

            fn read($row: &QueryResult) -> Result<Self, sea_orm::DbErr> {
                $read
            }

            fn memory(names: &Names) -> &Memory<Self> {
                &names.$memory
            }
        }
    };
}

/// The type of a job.
#[derive(Debug)]
pub(super) struct JobType(pub(super) Arc<Kind>);
/// The group of a job.
#[derive(Debug)]
pub(super) struct JobGroup(pub(super) Arc<Kind>);
/// The platform that was built for.
#[derive(Debug)]
pub(super) struct BuildPlatform(pub(super) Arc<PlatformName>);
/// The platform that a job ran on.
#[derive(Debug)]
pub(super) struct MachinePlatform(pub(super) Arc<PlatformName>);
/// The machine that a job ran on.
#[derive(Debug)]
pub(super) struct MachineName(pub(super) Arc<str>);
/// The signature of a job.
#[derive(Debug)]
pub(super) struct JobSignature(pub(super) Arc<SignatureName>);
/// The head commit of a push.
#[derive(Debug)]
pub(super) struct PushRevision(pub(super) Arc<str>);

fn kind(row: &QueryResult) -> Result<Arc<Kind>, sea_orm::DbErr> {
    let (name, symbol, description) =
        (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
    Ok(Arc::new(Kind { name, symbol, description }))
}

fn platform(row: &QueryResult) -> Result<Arc<PlatformName>, sea_orm::DbErr> {
    let (os_name, platform, architecture) =
        (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
    Ok(Arc::new(PlatformName { os_name, platform, architecture }))
}

fn signature(row: &QueryResult) -> Result<Arc<SignatureName>, sea_orm::DbErr> {
    let (name, signature, build_system_type) =
        (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
    Ok(Arc::new(SignatureName { name, signature, build_system_type }))
}

fn text(row: &QueryResult) -> Result<Arc<str>, sea_orm::DbErr> {
    Ok(row.try_get_by_index::<String>(1)?.into())
}

remembered!(JobType, "job_type", job_types, ["name", "symbol", "description"], |row| Ok(Self(kind(row)?)));
remembered!(JobGroup, "job_group", job_groups, ["name", "symbol", "description"], |row| Ok(Self(kind(row)?)));
remembered!(
    BuildPlatform,
    "build_platform",
    build_platforms,
    ["os_name", "platform", "architecture"],
    |row| Ok(Self(platform(row)?))
);
remembered!(
    MachinePlatform,
    "machine_platform",
    machine_platforms,
    ["os_name", "platform", "architecture"],
    |row| Ok(Self(platform(row)?))
);
remembered!(MachineName, "machine", machines, ["name"], |row| Ok(Self(text(row)?)));
remembered!(
    JobSignature,
    "reference_data_signatures",
    signatures,
    ["name", "signature", "build_system_type"],
    |row| Ok(Self(signature(row)?))
);
remembered!(PushRevision, "push", pushes, ["revision"], |row| Ok(Self(text(row)?)));

/// Something by id. Ids are numbers in a row that nobody from outside chooses: they need no hashing that takes its time.
type ById<T> = HashMap<i32, T, BuildHasherDefault<Spread>>;

/// Spreads ids and places over a map.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_i32(i32::from(*byte)));
    }

    #[inline]
    fn write_i32(&mut self, id: i32) {
        self.0 = (self.0 ^ u64::from(id.cast_unsigned())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    #[inline]
    fn write_usize(&mut self, id: usize) {
        // The lowest bits of an address are those of all of them.
        self.0 = (self.0 ^ (id as u64).rotate_right(4)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Rows of one table by id.
#[derive(Debug)]
pub(super) struct Memory<Row>(RwLock<ById<Arc<Row>>>);

impl<Row> Default for Memory<Row> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

/// Names known to this process; shared by all clones of a store.
#[derive(Debug, Default)]
pub(in crate::store) struct Names {
    job_types: Memory<JobType>,
    job_groups: Memory<JobGroup>,
    build_platforms: Memory<BuildPlatform>,
    machine_platforms: Memory<MachinePlatform>,
    machines: Memory<MachineName>,
    signatures: Memory<JobSignature>,
    pushes: Memory<PushRevision>,
    options: RwLock<HashMap<String, Arc<str>>>,
    repositories: RwLock<HashMap<String, (Instant, i32)>>,
}

/// The rows that one list refers to.
#[derive(Debug)]
pub(super) struct Resolved<Row>(ById<Arc<Row>>);

impl<Row: Remembered> Resolved<Row> {
    /// Returns something of each row, by id.
    pub(super) fn map<T>(&self, of: impl Fn(&Row) -> T) -> HashMap<i32, T> {
        self.0.iter().map(|(id, row)| (*id, of(row))).collect()
    }

    /// Returns the row of this id; the database's foreign keys see to it that it is there.
    pub(super) fn get(&self, id: i32) -> Result<&Row, StoreError> {
        let row = self.0.get(&id).map(Arc::as_ref);
        row.ok_or_else(|| StoreError::NotFound { what: Row::TABLE, key: id.to_string() })
    }
}

impl Store {
    /// Finds the rows of these ids, in memory or in the database.
    pub(super) async fn resolve<Row: Remembered>(
        &self,
        ids: impl Iterator<Item = i32>,
    ) -> Result<Resolved<Row>, StoreError> {
        let memory = &Row::memory(&self.names).0;
        let mut resolved: ById<Arc<Row>> = ById::default();
        let mut missing = Vec::new();
        let mut last = None;
        {
            // A panic while the lock was held cannot leave a wrong name behind: entries are whole or absent.
            let known = memory.read().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                if last.replace(id) == Some(id) || resolved.contains_key(&id) {
                    continue;
                }
                match known.get(&id) {
                    Some(row) => drop(resolved.insert(id, Arc::clone(row))),
                    None => missing.push(id),
                }
            }
        }
        let mut ids = missing;
        ids.sort_unstable();
        ids.dedup();
        for part in ids.chunks(IDS_PER_STATEMENT) {
            let mut select = Query::select();
            select.column("id").columns(Row::COLUMNS.iter().copied()).from(Row::TABLE);
            select.and_where(BoundIds::of(part).condition("id", self.backend()));
            for row in self.connection().query_all(&select).await? {
                resolved.insert(row.try_get_by_index(0)?, Arc::new(Row::read(&row)?));
            }
        }
        if !ids.is_empty() {
            let mut known = memory.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() + ids.len() > REMEMBERED {
                known.clear();
            }
            let new = ids.iter().filter_map(|id| resolved.get(id).map(|row| (*id, Arc::clone(row))));
            known.extend(new);
        }
        Ok(Resolved(resolved))
    }

    /// Returns the id of the repository of this name. What was found lately is not asked for again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn repository_id(&self, name: &str) -> Result<Option<i32>, StoreError> {
        {
            let known = self.names.repositories.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, id)) = known.get(name)
                && since.elapsed() < REPOSITORY_KNOWN
            {
                return Ok(Some(*id));
            }
        }
        let found = self.repository_by_name(name).await?.map(|repository| repository.id);
        if let Some(id) = found {
            let mut known = self.names.repositories.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(name.to_owned(), (Instant::now(), id));
        }
        Ok(found)
    }

    /// Returns the names of the options of each collection, sorted, with blanks between; a hash that is unknown is missing.
    pub(super) async fn platform_options<'a>(
        &self,
        hashes: impl Iterator<Item = &'a str>,
    ) -> Result<HashMap<String, Arc<str>>, StoreError> {
        let mut resolved: HashMap<String, Arc<str>> = HashMap::new();
        let mut missing: Vec<&str> = Vec::new();
        {
            let known = self.names.options.read().unwrap_or_else(PoisonError::into_inner);
            for hash in hashes {
                if resolved.contains_key(hash) || missing.contains(&hash) {
                    continue;
                }
                match known.get(hash) {
                    Some(names) => drop(resolved.insert(hash.to_owned(), Arc::clone(names))),
                    None => missing.push(hash),
                }
            }
        }
        if missing.is_empty() {
            return Ok(resolved);
        }
        let mut found: HashMap<String, String> = HashMap::new();
        for part in missing.chunks(IDS_PER_STATEMENT) {
            let mut select = Query::select();
            select
                .column(("option_collection", "option_collection_hash"))
                .column(("option", "name"))
                .from("option_collection")
                .inner_join("option", Expr::col(("option", "id")).equals(("option_collection", "option_id")))
                .and_where(
                    Expr::col(("option_collection", "option_collection_hash")).is_in(part.iter().copied()),
                )
                .order_by(("option", "name"), Order::Asc);
            for row in self.connection().query_all(&select).await? {
                let (hash, name): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                let names = found.entry(hash).or_default();
                if !names.is_empty() {
                    names.push(' ');
                }
                names.push_str(&name);
            }
        }
        let mut known = self.names.options.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() + found.len() > REMEMBERED {
            known.clear();
        }
        for (hash, names) in found {
            let names: Arc<str> = names.into();
            known.insert(hash.clone(), Arc::clone(&names));
            resolved.insert(hash, names);
        }
        Ok(resolved)
    }
}

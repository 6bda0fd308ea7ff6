//! The state rules (`spec/ingest.md` §4.9.1, §4.9.4, §4.9.6), message by message, without touching the database.
//!
//! Several messages of one batch may be about the same job. The plan is what storing them one after the other would lead to,
//! with one row to write per job.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::prepared::PreparedJob;
use crate::job::{JobState, state};

/// State of a job that has ended.
pub(super) const COMPLETED: &str = "completed";
const SUPERSEDED: &str = "superseded";

/// A job as the database has it.
#[derive(Clone, Debug)]
pub(super) struct StoredJob {
    pub(super) id: i64,
    pub(super) guid: String,
    pub(super) state: String,
    pub(super) result: String,
    pub(super) submit_time: DateTime<Utc>,
}

/// What is to be written, and what became of each message.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Rows to write.
    pub(super) rows: Vec<PlannedRow>,
    /// Jobs that are only to be marked as superseded.
    pub(super) superseded: BTreeSet<i64>,
    /// One per message.
    pub(super) decisions: Vec<Decision>,
    /// The jobs the database had, as they are when the plan is done.
    pub(super) stored: BTreeMap<i64, StoredJob>,
}

/// One row to write. Messages are named by their position.
#[derive(Debug)]
pub(super) struct PlannedRow {
    pub(super) origin: Origin,
    /// Guid the row has in the end.
    pub(super) guid: String,
    /// Message whose owner and reason a new row gets.
    pub(super) first: usize,
    /// Message whose values the row has in the end.
    pub(super) last: usize,
    /// When the job was scheduled.
    pub(super) submit_time: DateTime<Utc>,
    /// First message that gives a task and run.
    pub(super) taskcluster: Option<usize>,
    /// Whether a later message has superseded the job.
    pub(super) is_superseded: bool,
}

/// Where a planned row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// There is none with its guid, or it has the same guid.
    SameGuid,
    /// The row of another guid, which the job takes over (old retries, §4.9.4).
    TakeOver(i64),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Makes a planned row.
    Create(usize),
    /// Changes a planned row, which may come from the database.
    Update(usize),
    /// The planned row has come further already.
    IgnoreForRow(usize),
    /// The stored job has come further already.
    IgnoreForStored(i64),
}

/// What a guid stands for at one moment of the plan.
#[derive(Clone, Copy, Debug)]
enum Current {
    Stored(i64),
    Planned(usize),
}

impl Plan {
    /// Plans the messages in their order over what is stored under their guids.
    pub(super) fn new(stored: Vec<StoredJob>, messages: &[&PreparedJob<'_>]) -> Self {
        let mut current: HashMap<String, Current> =
            stored.iter().map(|job| (job.guid.clone(), Current::Stored(job.id))).collect();
        let mut plan = Self {
            stored: stored.into_iter().map(|job| (job.id, job)).collect(),
            decisions: Vec::with_capacity(messages.len()),
            ..Self::default()
        };
        for (position, message) in messages.iter().enumerate() {
            let decision = plan.decide(&mut current, messages, position);
            plan.decisions.push(decision);
            if let Decision::Create(row) | Decision::Update(row) = decision {
                let row = &mut plan.rows[row];
                if row.taskcluster.is_none() && message.taskcluster.is_some() {
                    row.taskcluster = Some(position);
                }
                for guid in &message.message.superseded {
                    plan.supersede(current.get(guid.as_str()).copied());
                }
            }
        }
        plan
    }

    fn decide(
        &mut self,
        current: &mut HashMap<String, Current>,
        messages: &[&PreparedJob<'_>],
        position: usize,
    ) -> Decision {
        let message = messages[position];
        let found = current.get(message.guid).copied();
        match found {
            Some(Current::Planned(row)) => {
                if !accepts(self.planned_state(row, messages), message.state) {
                    return Decision::IgnoreForRow(row);
                }
                let planned = &mut self.rows[row];
                planned.last = position;
                planned.submit_time = submit_time(Some(planned.submit_time), message);
                return Decision::Update(row);
            }
            Some(Current::Stored(id)) => {
                let job = self.stored.get(&id);
                if !accepts(job.map_or("", |job| job.state.as_str()), message.state) {
                    return Decision::IgnoreForStored(id);
                }
                let submit_time = submit_time(job.map(|job| job.submit_time), message);
                let row = self.add_row(Origin::SameGuid, message.guid, position, submit_time);
                current.insert(message.guid.to_owned(), Current::Planned(row));
                return Decision::Update(row);
            }
            None => {}
        }
        // An old retry takes over the row of the job it retries.
        match current.remove(message.root_guid()) {
            None => {
                let row = self.add_row(Origin::SameGuid, message.guid, position, message.submit_time);
                current.insert(message.guid.to_owned(), Current::Planned(row));
                Decision::Create(row)
            }
            Some(Current::Stored(id)) => {
                self.take_over(id, message.guid);
                let row = self.add_row(Origin::TakeOver(id), message.guid, position, message.submit_time);
                current.insert(message.guid.to_owned(), Current::Planned(row));
                Decision::Update(row)
            }
            Some(Current::Planned(row)) => {
                let stored_id =
                    self.stored.values().find(|job| job.guid == self.rows[row].guid).map(|job| job.id);
                if let Some(id) = stored_id {
                    self.take_over(id, message.guid);
                    self.rows[row].origin = Origin::TakeOver(id);
                }
                let planned = &mut self.rows[row];
                message.guid.clone_into(&mut planned.guid);
                planned.last = position;
                planned.submit_time = message.submit_time;
                planned.is_superseded = false;
                current.insert(message.guid.to_owned(), Current::Planned(row));
                Decision::Update(row)
            }
        }
    }

    /// Gives a stored row another guid.
    fn take_over(&mut self, id: i64, guid: &str) {
        self.superseded.remove(&id);
        if let Some(job) = self.stored.get_mut(&id) {
            guid.clone_into(&mut job.guid);
        }
    }

    fn add_row(&mut self, origin: Origin, guid: &str, position: usize, submit_time: DateTime<Utc>) -> usize {
        self.rows.push(PlannedRow {
            origin,
            guid: guid.to_owned(),
            first: position,
            last: position,
            submit_time,
            taskcluster: None,
            is_superseded: false,
        });
        self.rows.len() - 1
    }

    fn supersede(&mut self, current: Option<Current>) {
        match current {
            Some(Current::Planned(row)) => self.rows[row].is_superseded = true,
            Some(Current::Stored(id)) => {
                self.superseded.insert(id);
                if let Some(job) = self.stored.get_mut(&id) {
                    COMPLETED.clone_into(&mut job.state);
                    SUPERSEDED.clone_into(&mut job.result);
                }
            }
            None => {}
        }
    }

    /// State of a planned row.
    pub(super) fn planned_state<'message>(
        &self,
        row: usize,
        messages: &[&PreparedJob<'message>],
    ) -> &'message str {
        let row = &self.rows[row];
        if row.is_superseded { COMPLETED } else { messages[row.last].state }
    }

    /// Result of a planned row.
    pub(super) fn planned_result<'message>(
        &self,
        row: usize,
        messages: &[&PreparedJob<'message>],
    ) -> &'message str {
        let row = &self.rows[row];
        if row.is_superseded { SUPERSEDED } else { messages[row.last].result }
    }
}

/// When a job was scheduled, after a message. A guess never takes the place of an earlier time: the same message sent again
/// would move the job.
fn submit_time(known: Option<DateTime<Utc>>, message: &PreparedJob<'_>) -> DateTime<Utc> {
    match known {
        Some(known) if message.is_submit_time_guessed && known != DateTime::UNIX_EPOCH => {
            known.min(message.submit_time)
        }
        _ => message.submit_time,
    }
}

/// The rule of §4.9.1 on texts. A state of another name only yields to `completed`.
fn accepts(stored: &str, incoming: &str) -> bool {
    match (stored.parse::<JobState>(), incoming.parse::<JobState>()) {
        (Ok(stored), Ok(incoming)) => state::accepts(Some(stored), incoming),
        (Ok(JobState::Completed), Err(_)) => false,
        _ => true,
    }
}

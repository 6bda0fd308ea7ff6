//! Periodic tasks: what is put on the queues when its time has come (`spec/ingest.md` §2.6).
//!
//! [`Periodic`] is the table of the tasks. A [`Scheduler`] waits for the next due time and publishes; it does no work
//! itself. Any number of them may run: for each due time a row in the database is leased to one of them, which
//! publishes and then notes that it did. When it dies in between, another one publishes (again, maybe) once the lease has
//! run out, so that a due time is never lost. Due times that passed while no scheduler ran are counted as missed and
//! told; the latest of them is made up for.

mod periodic;
mod scheduler;

pub use periodic::{Periodic, Reach};
pub use scheduler::{Fired, ScheduleError, Scheduler};

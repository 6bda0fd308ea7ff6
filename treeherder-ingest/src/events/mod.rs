//! Live events: what has just been stored, for people who look at it (`spec/bridge-l10n-platform.md` §4.2–4.3).
//!
//! An [`Event`] says that something changed: jobs, a push, the failure lines of a log, a classification, a count. It is a row
//! of the table `event`, written in the transaction that makes the change, so that neither is ever without the other; its
//! sequence id is its place in the order of all commits. Readers take events from a [`Subscription`] of the [`EventBus`].
//!
//! Each process with readers has one [`Feed`] that reads the table in the order of the ids and hands the rows to all readers
//! through a bounded channel; what the buses do is to tell the feed at once that there is something to read:
//!
//! * [`LocalBus`]: the feed of the same process is woken. Rows of other processes are found by looking every second.
//! * [`RabbitBus`]: events are also published on the topic exchange `events`; each process has a queue of its own there. The
//!   database knows up to which event the exchange was told. When a process dies between a commit and the publication,
//!   another one publishes, or the next one that starts: each event is on the exchange at least once, and the first time in
//!   order.
//!
//! So a reader can go on after any id, in any process and after a restart, as long as the row is kept. A reader that is too
//! slow for the channel reads the table as well: it delays nobody and takes no memory meanwhile.
//!
//! Events are hints, not data: readers ask the API for the state, and once more after a [`Told::Gap`].

mod bus;
mod event;
mod feed;
mod interest;
mod published;
mod rabbit;
mod subscription;

pub use bus::{EventBus, EventError, LocalBus};
pub use event::{Event, EventLine};
pub use feed::{Feed, FeedOptions};
pub use interest::{Interest, Interests, MalformedSubscription};
pub use published::Published;
pub use rabbit::{EventExchange, RabbitBus};
pub use subscription::{Start, Subscription, Told};

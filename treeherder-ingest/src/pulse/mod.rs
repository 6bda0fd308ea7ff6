//! Pulse: sources of deliveries and the listener that puts them on the queues (`spec/ingest.md` §1).
//!
//! A [`Source`] hands out what arrives: [`AmqpSource`] from Pulse, [`ReplaySource`] from recorded files, [`ChannelSource`] from inside the
//! process. A [`Listener`] does nothing but put each [`Delivery`] on the queue it belongs to, as a work item, and
//! acknowledge it afterwards. What cannot become a work item is kept as a dead letter.
//!
//! [`Settings`] reads the environment variables of §0.2: which sources there are ([`SourceConfig`]), what they
//! listen to ([`Binding`]) and how the queues on Pulse's side are called.

mod amqp;
mod binding;
mod channel;
mod config;
mod delivery;
mod kept;
mod listener;
mod recording;
mod replay;
mod routing;
mod settings;

pub use amqp::{AmqpSource, AmqpSourceOptions, PulseGuardian};
pub(crate) use amqp::{connect, end};
pub use binding::{Binding, BindingError, MozciEnvironment, RoutingKeyTransform};
pub use channel::{ChannelSender, ChannelSource};
pub use config::{AmqpUrl, SourceConfig, SourceConfigError, is_local_host};
pub use delivery::{Acknowledge, Broken, Delivery, Incoming, Received, Source, SourceError};
pub use listener::{Listened, Listener, ListenerOptions};
pub use recording::{RecordedAt, Recording};
pub use replay::{Pace, ReplaySource};
pub use routing::Kind;
pub use settings::{MAIN_BRIDGE, Settings, SettingsError, environment_flag};

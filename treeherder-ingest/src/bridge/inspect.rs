//! Shows what an exchange hands out, as recordings that can be replayed (`spec/bridge-l10n-platform.md` §7, S1-19).

use chrono::Utc;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use uuid::Uuid;

use crate::pulse::{
    AmqpSource, AmqpSourceOptions, Binding, Incoming, RecordedAt, Recording, Source, SourceConfig,
    SourceError,
};

/// Deliveries an inspected exchange hands out before the first is shown.
const PREFETCH: u16 = 50;

/// Makes a source for [`inspect`]: a queue of its own, which vanishes with it.
#[must_use]
pub fn inspection_source(broker: SourceConfig, binding: Binding) -> AmqpSource {
    let queue = broker.queue_name(&format!("inspect-{}", Uuid::new_v4().simple()));
    let options = AmqpSourceOptions { prefetch: PREFETCH, auto_delete: true, ..AmqpSourceOptions::default() };
    AmqpSource::new(broker, queue, vec![binding], options)
}

/// Hands every message that the binding matches to `show`, as a [`Recording`], until the source ends, `show` returns
/// false or `stop` is cancelled.
///
/// The source should be bound to nothing else, but need not be. A body that is no JSON is shown as text. Everything is
/// acknowledged: use a queue of your own.
///
/// # Errors
/// When the source fails.
pub async fn inspect(
    source: &mut dyn Source,
    binding: &Binding,
    mut show: impl FnMut(&Recording) -> bool + Send,
    stop: &CancellationToken,
) -> Result<(), SourceError> {
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            next = source.next() => next?,
        };
        let Some(received) = next else { return Ok(()) };
        let mut goes_on = true;
        match &received.incoming {
            Incoming::Delivery(delivery) => {
                let keys = std::iter::once(&delivery.routing_key).chain(&delivery.cc);
                if binding.matches(&delivery.exchange, keys.map(String::as_str)) {
                    goes_on = show(&Recording {
                        exchange: delivery.exchange.clone(),
                        routing_key: delivery.routing_key.clone(),
                        cc: delivery.cc.clone(),
                        root_url: delivery.root_url.clone(),
                        at: Some(RecordedAt::Moment(Utc::now())),
                        body: serde_json::from_slice(&delivery.body)
                            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&delivery.body))),
                    });
                }
            }
            Incoming::Broken(broken) => {
                tracing::warn!(place = broken.place, error = broken.error, "what arrived is no message");
            }
        }
        received.ack().await?;
        if !goes_on {
            return Ok(());
        }
    }
}

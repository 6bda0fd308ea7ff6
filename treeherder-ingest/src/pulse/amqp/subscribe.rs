//! The queue on Pulse's side and what is bound to it (§1.5).

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ExchangeKind};

use crate::pulse::Binding;

/// Declares the queue and binds it; the exchanges have to be there.
pub(super) async fn subscribe(
    connection: &Connection,
    queue: &str,
    auto_delete: bool,
    bindings: &[Binding],
) -> Result<Channel, String> {
    if bindings.is_empty() {
        return Err("the source listens to nothing: set hgmo, github, tasks or mozci-classification".into());
    }
    let channel = connection.create_channel().await.map_err(|error| format!("no channel: {error}"))?;
    for binding in bindings {
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(
                binding.exchange.as_str().into(),
                ExchangeKind::Topic,
                options,
                FieldTable::default(),
            )
            .await
            .map_err(|error| format!("exchange \"{}\" cannot be listened to: {error}", binding.exchange))?;
    }
    let options = QueueDeclareOptions { durable: true, auto_delete, ..QueueDeclareOptions::default() };
    channel
        .queue_declare(queue.into(), options, FieldTable::default())
        .await
        .map_err(|error| format!("queue \"{queue}\" cannot be declared: {error}"))?;
    for binding in bindings {
        for key in &binding.routing_keys {
            channel
                .queue_bind(
                    queue.into(),
                    binding.exchange.as_str().into(),
                    key.as_str().into(),
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await
                .map_err(|error| format!("queue \"{queue}\" cannot be bound to \"{binding}\": {error}"))?;
        }
    }
    Ok(channel)
}

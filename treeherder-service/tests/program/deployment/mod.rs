//! Many processes on a real RabbitMQ and a real PostgreSQL, with other people's clients on the other side.

mod bridge;
mod listeners;
mod release;
mod schedulers;
mod servers;
mod whole;

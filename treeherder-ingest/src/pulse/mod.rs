//! Pulse: sources of deliveries and the listener that puts them on the queues (§1).

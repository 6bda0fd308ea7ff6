//! Internal queues: lease, acknowledge, retry, dead letters (§2).

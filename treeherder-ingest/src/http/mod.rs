//! Outgoing HTTP: one client with time, size, redirect and address limits (`spec/ingest.md` §0.1).

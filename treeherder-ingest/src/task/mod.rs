//! Tasks: Taskcluster task events to job messages (§4.1–4.6).

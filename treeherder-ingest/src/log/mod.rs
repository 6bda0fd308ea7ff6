//! Logs: streaming fetch, inflate and scan, statuses, error summaries (§5).

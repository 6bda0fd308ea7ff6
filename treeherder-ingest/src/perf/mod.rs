//! Performance data: signatures, data points (§6.3; `spec/api.md` §6.1–6.3).

//! Work items and their handlers: which queue leads to which effect (§2.5).

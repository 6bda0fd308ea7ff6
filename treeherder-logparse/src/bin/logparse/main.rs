//! logparse
fn main() {}

//! Writes test data.
fn main() {}

//! treeherder
fn main() {}

//! treeherder-logparse

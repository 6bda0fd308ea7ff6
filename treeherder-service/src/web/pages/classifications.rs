//! The names of classifications, for all pages; scripts read them from the list that the jobs page has of them.

/// Ids with the names that the API has as well.
pub(super) const CLASSIFICATIONS: [(i32, &str); 8] = [
    (1, NOT_CLASSIFIED),
    (2, "fixed by commit"),
    (3, "expected fail"),
    (4, "intermittent"),
    (5, "infra"),
    (6, "new failure not classified"),
    (7, "autoclassified intermittent"),
    (8, "intermittent needs bugid"),
];

const NOT_CLASSIFIED: &str = "not classified";

/// Names a classification.
pub(super) fn name(id: i32) -> &'static str {
    CLASSIFICATIONS.iter().find(|(known, _)| *known == id).map_or(NOT_CLASSIFIED, |(_, name)| name)
}

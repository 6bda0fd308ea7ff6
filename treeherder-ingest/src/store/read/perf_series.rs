//! What lists of series and graphs select in common (`spec/api.md` §4.1, §4.8).

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Order, Query, SelectStatement};

/// Table of the series.
const SERIES: &str = "performance_signature";

/// Columns that both show.
const COLUMNS: [&str; 12] = [
    "id",
    "signature_hash",
    "framework_id",
    "suite",
    "test",
    "application",
    "should_alert",
    "lower_is_better",
    "has_subtests",
    "tags",
    "extra_options",
    "measurement_unit",
];

/// Selects series by ascending id, beside the options and the platform that they are about, and the series that they count
/// into (`parent`), if there is one.
pub(super) fn select_series() -> SelectStatement {
    let mut select = Query::select();
    for column in COLUMNS {
        select.column((SERIES, column));
    }
    select
        .from(SERIES)
        .inner_join(
            "option_collection",
            Expr::col(("option_collection", "id")).equals((SERIES, "option_collection_id")),
        )
        .inner_join("machine_platform", Expr::col(("machine_platform", "id")).equals((SERIES, "platform_id")))
        .join_as(
            sea_orm::JoinType::LeftJoin,
            Alias::new(SERIES),
            Alias::new("parent"),
            Expr::col(("parent", "id")).equals((SERIES, "parent_signature_id")),
        )
        .order_by((SERIES, "id"), Order::Asc);
    select
}

//! Migrations, in order.

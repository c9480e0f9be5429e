//! The heart of a member's database, over SQL.

use super::Aws;

postgres::heart_over_sql!(Aws<K>, K);

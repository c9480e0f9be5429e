//! What a whole workload is called in drills that bring one home, as far as the deployment has to know it.

use crate::profile::ACCOUNT;

/// Its plan. The first plan's name is part of it, so that a history that was read whole is told by that.
pub const PLAN: &str = "orders-shop";
/// What the names of its databases begin with, in every Region.
pub const DATABASES: &str = "shop-";

/// Patterns of its databases' ARNs.
pub(crate) fn database_arns() -> String {
    let each = ["db", "cluster"].map(|kind| format!("arn:aws:rds:*:{ACCOUNT}:{kind}:{DATABASES}*"));
    each.join(",")
}

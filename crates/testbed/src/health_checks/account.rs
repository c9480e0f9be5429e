//! The health checks of the account, as Route 53's API lists them.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_route53::{Client, error::DisplayErrorContext};
use tokio::time::timeout;

use super::{Unreadable, check::Check};

const READ_TIMEOUT: Duration = Duration::from_secs(5);
const PAGE_CHECKS: i32 = 100;
const PAGES_MAX: usize = 20;

/// All of them by their identifiers.
pub(super) async fn read(route53: &Client) -> Result<BTreeMap<String, Check>, Unreadable> {
    timeout(READ_TIMEOUT, pages(route53))
        .await
        .unwrap_or_else(|_| Err(Unreadable("no answer in time".to_owned())))
}

async fn pages(route53: &Client) -> Result<BTreeMap<String, Check>, Unreadable> {
    let mut checks = BTreeMap::new();
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let page = route53
            .list_health_checks()
            .max_items(PAGE_CHECKS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| Unreadable(DisplayErrorContext(error).to_string()))?;
        checks.extend(page.health_checks.iter().filter_map(Check::read));
        if !page.is_truncated {
            return Ok(checks);
        }
        marker = page.next_marker;
    }
    Err(Unreadable(format!("there are more than {PAGES_MAX} pages")))
}

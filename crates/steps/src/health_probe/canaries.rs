//! Whether Route 53's checkers see the objects of a plan's switches: each has a name that follows a health check of its own. An object
//! that no checker sees moves no traffic, and an inverted check calls that healthy.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use futures::future::join_all;

use failover::{
    Error,
    beat::Write,
    domain::Region,
    plan::{Plan, Route, Switch},
    ports::Heart,
};

/// Where a canary leads while the object is seen.
const SEEN: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Where it leads while it is not.
const BLIND: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// The switches that are blind, or that nobody knows of whether they are.
pub(super) async fn blind(world: &impl Heart, plan: &Plan, limit: Duration) -> Vec<String> {
    let switches = plan.routes.iter().filter_map(|route| match route {
        Route::HealthSwitch { name, switches, .. } => Some((name, switches)),
        Route::Cname { .. } | Route::Ssm { .. } => None,
    });
    let each = switches.flat_map(|(name, switches)| {
        let all = switches.iter();
        all.map(move |(region, switch)| (name.as_str(), region, switch))
    });
    let looks = each.map(async |(name, region, switch)| {
        let canary = switch.canary.as_ref()?;
        let asked = tokio::time::timeout(limit, world.addresses(canary)).await;
        let late = |_| Err(Error::Unavailable("no resolver answers".into()));
        let why = judged(asked.unwrap_or_else(late))?;
        Some(said(name, (region, switch), canary, &why))
    });
    join_all(looks).await.into_iter().flatten().collect()
}

/// Why nobody can say that the object is seen.
fn judged(found: Result<Result<BTreeSet<IpAddr>, Write>, Error>) -> Option<String> {
    match found {
        Ok(Ok(found)) if found == [SEEN].into() => None,
        Ok(Ok(found)) if found == [BLIND].into() => Some(
            "their checks of it fail; let the bucket's policy show it to them, or put it back"
                .into(),
        ),
        Ok(Ok(found)) => {
            let listed: Vec<_> = found.iter().map(ToString::to_string).collect();
            Some(format!(
                "that leads to {}, and to {SEEN} only while they do; write its records anew",
                listed.join(", ")
            ))
        }
        Ok(Err(write)) => Some(write.to_string()),
        Err(why) => Some(why.to_string()),
    }
}

fn said(name: &str, (region, switch): (&Region, &Switch), canary: &str, why: &str) -> String {
    format!(
        "the switch of {name} in {region} is blind: by {canary}, Route 53's checkers do not see object {} of bucket {}: {why}",
        switch.key, switch.bucket
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_that_leads_anywhere_else_than_where_the_object_is_seen_makes_the_switch_blind() {
        let to = |addresses: &[IpAddr]| judged(Ok(Ok(addresses.iter().copied().collect())));
        assert_eq!(to(&[SEEN]), None);
        for (addresses, part) in [
            (&[BLIND][..], "let the bucket's policy show it"),
            (&[SEEN, BLIND], "192.0.2.1, 192.0.2.2"),
            (&[], "write its records anew"),
        ] {
            let why = to(addresses).unwrap_or_default();
            assert!(why.contains(part), "{why}");
        }
        let nowhere = Write::Failed {
            why: "NXDOMAIN".into(),
        };
        assert!(judged(Ok(Err(nowhere))).unwrap().contains("NXDOMAIN"));
        assert!(judged(Err(Error::Unavailable("late".into()))).is_some());
    }
}

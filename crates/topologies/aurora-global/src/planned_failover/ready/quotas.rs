//! Whether the account's quotas leave room for a rebuild of this plan's member alone: it makes a new one while the old one is still
//! there, unless that is deleted before. A move is possible all the same, and so a lack is told and stands in no way.

use futures::future::{join, join_all};

use crate::members::{Members, Quota};
use failover::{
    Error,
    domain::Region,
    ledger::Run,
    ports::{Ledger, Runtime},
    topology::Healthy,
};

/// How many snapshots a rebuild makes: the copy of the one that RDS kept, and the old cluster's last one.
const SNAPSHOTS: u64 = 2;

pub(super) async fn warnings(world: &(impl Ledger + Runtime + Members), run: &Run) -> Vec<String> {
    let asked = [&run.from, &run.to].map(async |region| {
        let (kept, quotas) = join(world.healthy(run.name(), region), world.account_quotas(region)).await;
        match quotas {
            Ok(quotas) => lacks(region, instances(kept), &quotas),
            Err(why) => vec![format!(
                "whether the account's quotas in {region} leave room for a rebuild is unknown: {why}"
            )],
        }
    });
    join_all(asked).await.concat()
}

/// How many instances the member had when it was last kept; one where nobody knows.
fn instances(kept: Result<Option<Healthy>, Error>) -> u64 {
    let kept = kept.ok().flatten();
    let instances = kept.map_or(1, |kept| kept.newest.shape.instances.len().max(1));
    u64::try_from(instances).unwrap_or(1)
}

/// Which quotas a rebuild would run into.
fn lacks(region: &Region, instances: u64, quotas: &[Quota]) -> Vec<String> {
    let needs = [
        ("DBClusters", 1),
        ("DBInstances", instances),
        ("ManualClusterSnapshots", SNAPSHOTS),
    ];
    let quotas = quotas.iter();
    let lacks = quotas.filter_map(|Quota { name, used, max }| {
        let (_, more) = needs.iter().find(|(wanted, _)| wanted == name)?;
        (used + more > *max).then(|| {
            format!(
                "a rebuild in {region} that keeps the old cluster would need {more} more of the quota {name}, of which {used} of {max} are taken; ask AWS for a higher one"
            )
        })
    });
    lacks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_without_room_for_a_rebuild_is_named_with_its_figures_and_others_are_not() {
        let quota = |name: &str, used, max| Quota {
            name: name.into(),
            used,
            max,
        };
        let of = |quotas: &[Quota]| lacks(&"us-west-2".into(), 2, quotas).join("; ");
        let roomy = [
            quota("DBClusters", 39, 40),
            quota("DBInstances", 38, 40),
            quota("ManualClusterSnapshots", 98, 100),
            quota("ReservedDBInstances", 40, 40),
        ];
        assert_eq!(of(&roomy), "");
        let full = of(&[quota("DBClusters", 40, 40), quota("DBInstances", 39, 40)]);
        for part in [
            "in us-west-2 that keeps the old cluster would need 1 more of the quota DBClusters, of which 40 of 40",
            "2 more of the quota DBInstances, of which 39 of 40",
        ] {
            assert!(full.contains(part), "{full}");
        }
    }
}

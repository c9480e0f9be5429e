//! What a run needs beside the two sides themselves: the tag by which the rights to take away know what they hold for, and room for its
//! snapshots.

use failover::domain::Region;

use super::names::RIGHTS_TAG;
use crate::{
    databases::{Found, Kind, Room},
    plan::Resource,
    verbs::On,
};

/// The snapshots of a database that are there at once in a Region: those of two rounds, or the last one and home's first recovery point.
const SNAPSHOTS_AT_ONCE: u32 = 2;

/// What lacks the tag without which the rights to take away do not hold for it. Of home's clusters the instances are renamed, too.
pub(super) fn untagged(
    kind: Kind,
    on: &On<'_>,
    (region, found): (&Region, &Found),
    with_instances: bool,
) -> Vec<String> {
    let shape = &found.shape;
    let itself = (&shape.identifier, shape.arn.clone(), &shape.tags);
    let is_renamed = with_instances && kind == Kind::Cluster;
    let instances = shape.instances.iter().filter(|_| is_renamed);
    let instances = instances.map(|one| {
        let arn = of_instance(&shape.arn, &one.identifier);
        (&one.identifier, arn, &one.tags)
    });
    let plan = on.plan.plan.as_str();
    let lacks = |tag: Option<&String>| tag.is_none_or(|tag| tag != plan);
    let all = std::iter::once(itself).chain(instances);
    let lacking = all.filter(|(_, _, tags)| lacks(tags.get(RIGHTS_TAG)));
    lacking
        .map(|(name, arn, tags)| {
            let has = tags.get(RIGHTS_TAG).map_or_else(
                || format!("does not carry the tag {RIGHTS_TAG}={plan}"),
                |other| format!("carries the tag {RIGHTS_TAG}={other} and not {RIGHTS_TAG}={plan}"),
            );
            format!(
                "{name} in {region} {has}, without which the run may not rename, stop or change it; put it there: aws rds add-tags-to-resource --region {region} --resource-name {arn} --tags Key={RIGHTS_TAG},Value={plan}"
            )
        })
        .collect()
}

/// An instance's ARN, by that of its cluster.
fn of_instance(cluster: &str, instance: &str) -> String {
    let parts: Vec<&str> = cluster.splitn(7, ':').collect();
    match parts.as_slice() {
        [arn, partition, service, region, account, _, _] => {
            format!("{arn}:{partition}:{service}:{region}:{account}:db:{instance}")
        }
        _ => instance.to_owned(),
    }
}

/// That the account has no room for the snapshots of all databases of this kind; `None` where it has, and where nobody tells.
pub(super) fn crowded(
    kind: Kind,
    on: &On<'_>,
    region: &Region,
    room: Option<&Room>,
) -> Option<String> {
    let room = room?;
    let all = on.plan.resources.iter().filter(|one| is_of(one, kind));
    let count = u32::try_from(all.count()).unwrap_or(u32::MAX);
    let needed = count.saturating_mul(SNAPSHOTS_AT_ONCE);
    let left = room.most.saturating_sub(room.used);
    (needed > left).then(|| {
        format!(
            "the account may keep {} manual snapshots of {}s in {region} and has {}: the {count} of the plan need {needed}; delete some, or ask for a higher quota",
            room.most,
            kind.word(),
            room.used
        )
    })
}

fn is_of(resource: &Resource, kind: Kind) -> bool {
    match resource {
        Resource::RdsInstance(_) => kind == Kind::Instance,
        Resource::AuroraCluster(_) => kind == Kind::Cluster,
        Resource::DynamodbTable(_) | Resource::Ec2Instance(_) => false,
    }
}

//! The record of what members are made of: kept from adoption on, and refreshed on schedule while a member is healthy and in
//! its right role. A failover finds it as it was before the outage.

use super::unfinished::still_to_come;
use crate::members::{Members, in_region};
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::Current,
    ports::{Ledger, Runtime},
    topology::{Blueprint, GlobalCluster, Healthy, Shape},
};

/// Keeps what a Region's member is made of in that Region's ledger, where it is healthy and in its right role, and lacks nothing of
/// what was noted to be made again.
///
/// # Errors
/// `Unavailable`, `Denied`.
pub async fn keep_member(
    world: &(impl Ledger + Runtime + Members),
    plan: &PlanName,
    region: &Region,
    (cluster, noted): (&str, Option<Blueprint>),
    current: &Current,
) -> Result<(&'static str, String), Error> {
    let shape = world.shape(region, cluster).await?;
    let global = match &current.global_cluster {
        Some(named) => in_region(world, region, named).await?,
        None => None,
    };
    let shape = match judge(region, current, global.as_ref(), shape) {
        Ok(shape) => shape,
        Err(why) => return Ok(("none", why)),
    };
    let reason = format!("{} is healthy and in its role", shape.identifier);
    let known = world.healthy(plan, region).await?;
    // The record of before the outage is the better one.
    if let Some(why) = still_to_come(noted.as_ref(), &shape, known.as_ref()) {
        return Ok(("none", why));
    }
    let seen = Blueprint::of(shape, global.as_ref(), current.epoch, world.now());
    let healthy = Healthy::after(known, seen);
    world.put_healthy(plan, region, &healthy).await?;
    Ok(("keep", reason))
}

/// The member, where it is worth keeping.
///
/// # Errors
/// Why it is not.
fn judge(
    region: &Region,
    current: &Current,
    global: Option<&GlobalCluster>,
    shape: Option<Shape>,
) -> Result<Shape, String> {
    let shape = shape.ok_or_else(|| format!("there is no cluster in {region}"))?;
    if !shape.is_whole() {
        return Err(format!(
            "{} or one of its instances is not available, or it has none",
            shape.identifier
        ));
    }
    let leads = global
        .and_then(|global| global.member(&shape.arn))
        .map(|member| member.is_writer);
    let writes = current.writer == *region;
    match (writes, leads) {
        (true, Some(true)) | (false, Some(false)) => Ok(shape),
        // After a detach the writer leads nothing until a global cluster is made around it.
        (true, None) if current.global_cluster.is_none() => Ok(shape),
        (true, Some(false) | None) | (false, Some(true) | None) => Err(format!(
            "{} is not in the role that the ledger of epoch {} gives it",
            shape.identifier, current.epoch
        )),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use failover::{
        domain::Epoch,
        topology::{GlobalMember, GlobalSettings, InstanceShape},
    };

    const WEST: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

    fn current(writer: &str) -> Current {
        Current {
            epoch: Epoch(7),
            writer: writer.into(),
            global_cluster: Some("orders-global-1".into()),
            run_id: "adopt".into(),
            proven_at: Timestamp::UNIX_EPOCH,
            unplanned: false,
            acknowledged_at: None,
        }
    }

    fn global(is_writer: bool) -> GlobalCluster {
        GlobalCluster {
            identifier: "orders-global-1".into(),
            resource_id: None,
            status: "available".into(),
            engine_version: "16.6".into(),
            members: vec![GlobalMember {
                arn: WEST.into(),
                is_writer,
                synchronization: None,
            }],
            failover: None,
            settings: GlobalSettings::default(),
        }
    }

    fn shape(status: &str, class: &str) -> Shape {
        Shape {
            identifier: "orders-west".into(),
            arn: WEST.into(),
            status: status.into(),
            instances: vec![InstanceShape {
                identifier: "orders-west-1".into(),
                status: "available".into(),
                class: class.into(),
                ..InstanceShape::default()
            }],
            ..Shape::default()
        }
    }

    #[test]
    fn a_member_is_kept_while_it_is_healthy_and_in_its_right_role_only() {
        let west = "us-west-2".into();
        let kept = |writer: &str, leads: Option<bool>, status: &str| {
            let global = leads.map(global);
            let shape = Some(shape(status, "db.r6g.large"));
            judge(&west, &current(writer), global.as_ref(), shape).is_ok()
        };
        assert!(kept("us-west-2", Some(true), "available"), "the writer");
        assert!(kept("us-east-1", Some(false), "available"), "a standby");
        assert!(!kept("us-east-1", Some(true), "available"), "deposed");
        assert!(!kept("us-east-1", None, "available"), "alone");
        assert!(!kept("us-west-2", Some(true), "modifying"), "changing");
        assert!(!kept("us-west-2", Some(true), "stopped"), "stopped");
    }

    #[test]
    fn the_record_before_the_last_change_is_kept_too() {
        let seen = |class: &str, status: &str| {
            let at = Timestamp::UNIX_EPOCH;
            Blueprint::of(shape(status, class), None, Epoch(7), at)
        };
        let first = Healthy::after(None, seen("db.r6g.large", "available"));
        let same = Healthy::after(Some(first), seen("db.r6g.large", "backing-up"));
        assert_eq!(same.before, None, "a status is no change");
        let changed = Healthy::after(Some(same), seen("db.r6g.xlarge", "available"));
        let again = Healthy::after(Some(changed), seen("db.r6g.xlarge", "available"));
        let before = again.before.unwrap().shape.instances[0].class.clone();
        assert_eq!(before, "db.r6g.large");
    }
}

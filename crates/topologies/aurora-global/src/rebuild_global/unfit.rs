//! Why a member could not be made again: what RDS would refuse, and what this function's role does not reach.

use std::collections::BTreeSet;

use super::{Observed, SeenMember};
use crate::members::Members;
use failover::{
    Error,
    domain::Region,
    topology::{ParameterGroup, Reach, Shape, is_default_group, names::Names},
};

/// Why a member could not be made again. Asked where it has to be made anew.
pub(super) async fn unfit(
    world: &impl Members,
    observed: &Observed,
    names: &Names,
    member: &SeenMember,
) -> Result<Vec<String>, Error> {
    if member
        .cluster
        .as_ref()
        .is_some_and(|shape| follows(observed, shape))
    {
        return Ok(Vec::new());
    }
    let Some(shape) = member.wanted() else {
        return Ok(Vec::new());
    };
    let reach = world.reach();
    let mut unfit = reach.map_or_else(Vec::new, |reach| reach.outside(shape));
    let Some(wanted) = family_of(&observed.writer.engine_version) else {
        return Ok(unfit);
    };
    for group in groups(shape, names) {
        let found = world.family(&member.region, &group).await?;
        unfit.extend(misfit(&member.region, &group, found.as_deref(), &wanted));
    }
    Ok(unfit)
}

fn follows(observed: &Observed, shape: &Shape) -> bool {
    let leads = observed.leads.as_ref();
    leads.is_some_and(|global| global.member(&shape.arn).is_some())
}

/// What of the members of today, the writer's among them, could not be made again one day.
pub(super) fn out_of_reach(
    reach: &Reach,
    observed: &Observed,
    writer: Option<&Shape>,
) -> Vec<String> {
    let members = observed.members.iter();
    let members = members.filter_map(|member| member.cluster.as_ref());
    let standing = members.filter(|shape| follows(observed, shape));
    let reached = standing.chain(writer).map(|shape| reach.outside(shape));
    reached.flatten().collect()
}

/// Why a member cannot be made with a group; `None` where it can.
fn misfit(
    region: &Region,
    group: &ParameterGroup,
    found: Option<&str>,
    wanted: &str,
) -> Option<String> {
    let (ParameterGroup::Cluster(name) | ParameterGroup::Instance(name)) = group;
    match found {
        Some(family) if family == wanted => None,
        Some(family) => Some(format!(
            "parameter group {name} in {region} is for {family} and the writer is of {wanted}; create one for {wanted} and write names.parameter_groups {{\"{name}\": \"<that one>\"}}"
        )),
        None => Some(format!(
            "parameter group {name} is gone from {region}; create it for {wanted}"
        )),
    }
}

/// The parameter groups that somebody made, each once. The default ones come with the version.
fn groups(shape: &Shape, names: &Names) -> Vec<ParameterGroup> {
    let stands_in = |group: &String| names.group(group).to_owned();
    let own = |name: &String| !is_default_group(name);
    let cluster = shape.parameter_group.iter().map(stands_in).filter(own);
    let instances = shape.instances.iter();
    let instances = instances.filter_map(|instance| instance.parameter_group.as_ref());
    let instances: BTreeSet<_> = instances.map(stands_in).filter(own).collect();
    let cluster = cluster.map(ParameterGroup::Cluster);
    cluster
        .chain(instances.into_iter().map(ParameterGroup::Instance))
        .collect()
}

/// `16.6` → `aurora-postgresql16`.
fn family_of(engine_version: &str) -> Option<String> {
    let major = engine_version.split('.').next()?;
    (!major.is_empty()).then(|| format!("aurora-postgresql{major}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild_global::{
        Retire, next_action,
        tests::{EAST, WEST, deposed, global, home},
    };
    use failover::{testing, topology::InstanceShape};

    /// A role that reaches one instance.
    fn narrow() -> Reach {
        let list = |arn: &str| vec![arn.to_owned()];
        Reach {
            clusters: list("arn:aws:rds:*:123456789012:cluster:orders-*"),
            instances: list("arn:aws:rds:*:123456789012:db:orders-west-1"),
            endpoints: list("*"),
            roles: list("*"),
        }
    }

    fn added() -> InstanceShape {
        InstanceShape {
            identifier: "orders-analytics".into(),
            status: "available".into(),
            ..InstanceShape::default()
        }
    }

    #[tokio::test]
    async fn what_this_functions_role_does_not_reach_is_refused_before_anything_is_taken_away() {
        let mut observed = deposed();
        let names = Names::default();
        let world = testing::Books::with(&testing::row("us-east-1", 8)).reaching(narrow());
        let all = unfit(&world, &observed, &names, home(&mut observed.clone())).await;
        assert_eq!(all, Ok(Vec::new()));
        home(&mut observed)
            .cluster
            .as_mut()
            .unwrap()
            .instances
            .push(added());
        let found = unfit(&world, &observed, &names, home(&mut observed.clone())).await;
        home(&mut observed).unfit = found.unwrap();
        let refused = next_action(&observed, Retire::Rename).unwrap_err();
        let said = refused.to_string();
        for part in [
            "nothing was taken away yet",
            "MemberInstanceArns",
            "db:orders-analytics",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(refused.name(), "NotReady");
    }

    #[test]
    fn what_could_not_be_made_again_of_the_members_of_today_is_told_while_all_is_well() {
        let mut observed = deposed();
        observed.past = None;
        observed.leads = Some(global("orders-global-1", &[(EAST, true), (WEST, false)]));
        let reach = narrow();
        let writer = |identifier: &str| Shape {
            identifier: identifier.into(),
            arn: EAST.into(),
            ..Shape::default()
        };
        let well = out_of_reach(&reach, &observed, Some(&writer("orders-east")));
        assert_eq!(well, Vec::<String>::new());
        home(&mut observed)
            .cluster
            .as_mut()
            .unwrap()
            .instances
            .push(added());
        let found = out_of_reach(&reach, &observed, Some(&writer("reports-east")));
        let [standby, writer] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(
            standby.contains("us-west-2:123456789012:db:orders-analytics"),
            "{standby}"
        );
        assert!(
            writer.contains("us-east-1:123456789012:cluster:reports-east"),
            "{writer}"
        );
        observed.leads = None;
        assert_eq!(
            out_of_reach(&reach, &observed, None),
            Vec::<String>::new(),
            "deposed"
        );
    }

    #[test]
    fn a_group_of_another_version_is_named_and_one_that_stands_in_is_not() {
        let shape = Shape {
            parameter_group: Some("orders-15".into()),
            instances: vec![InstanceShape {
                parameter_group: Some("default.aurora-postgresql15".into()),
                ..InstanceShape::default()
            }],
            ..Shape::default()
        };
        let own = ParameterGroup::Cluster("orders-15".into());
        assert_eq!(groups(&shape, &Names::default()).first(), Some(&own));
        assert_eq!(groups(&shape, &Names::default()).len(), 1);
        let wanted = family_of("16.6").unwrap();
        assert_eq!(wanted, "aurora-postgresql16");
        let west = "us-west-2".into();
        let why = misfit(&west, &own, Some("aurora-postgresql15"), &wanted).unwrap();
        assert!(
            why.contains("orders-15") && why.contains("names.parameter_groups"),
            "{why}"
        );
        assert!(misfit(&west, &own, None, &wanted).unwrap().contains("gone"));
        assert_eq!(
            misfit(&west, &own, Some("aurora-postgresql16"), &wanted),
            None
        );
        let names = Names {
            parameter_groups: [("orders-15".into(), "orders-16".into())].into(),
            ..Names::default()
        };
        let stands_in = ParameterGroup::Cluster("orders-16".into());
        assert_eq!(groups(&shape, &names), [stands_in]);
    }
}

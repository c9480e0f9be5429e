//! Whether a rebuilt member can be relied on: what this Region's probe reads there, and how far it is behind.

use super::{Observed, SeenMember};
use failover::{
    beat::Write,
    domain::seconds_between,
    pass::Pass,
    plan::{Auth, ProbeLogin},
    ports::Functions,
    topology::{GlobalCluster, Shape},
};

/// A rebuilt member that is further behind than this is no standby yet, in seconds.
const LAG_SECONDS_MAX: f64 = 10.0;

/// Why complete members are not to be relied on yet: what this Region's probe reads is too old. Asked only once every member
/// is there, since it costs a fresh look.
pub(super) async fn lag(
    world: &impl Functions,
    pass: &Pass,
    observed: &Observed,
) -> Option<String> {
    let global = observed.leads.as_ref()?;
    if !are_complete(&observed.members, global) || observed.acting == observed.writer_region {
        return None;
    }
    let seen = match world.ask_probe(pass.run.name(), pass.dry_run).await {
        Ok(seen) => seen,
        Err(why) => {
            return Some(format!(
                "the probe in {} does not answer: {why}",
                observed.acting
            ));
        }
    };
    let Write::Committed { beat } = &seen.vantage.write else {
        return Some(format!(
            "the probe in {} commits no beat on the writer: {}",
            observed.acting, seen.vantage.write
        ));
    };
    let reading = seen.vantage.reading.as_ref().filter(|_| seen.readable);
    let held = reading.and_then(|reading| reading.beats.values().map(|beat| beat.at).max());
    match held.map(|held| seconds_between(held, beat.at)) {
        Some(lag) if lag <= LAG_SECONDS_MAX => None,
        Some(lag) => Some(format!(
            "the member in {} is {lag:.0} s behind",
            observed.acting
        )),
        None => Some(format!(
            "the member in {} cannot be read yet{}",
            observed.acting,
            sign_in(pass, observed)
        )),
    }
}

fn are_complete(members: &[SeenMember], global: &GlobalCluster) -> bool {
    let is_complete = |shape: &Shape| {
        shape.is_available()
            && shape.busy_instance().is_none()
            && global.member(&shape.arn).is_some()
    };
    members
        .iter()
        .all(|member| member.cluster.as_ref().is_some_and(is_complete))
}

/// A rebuilt cluster has another resource id, and a policy that names the one before locks the probe out.
fn sign_in(pass: &Pass, observed: &Observed) -> String {
    let here = observed.members.iter();
    let here = here.filter(|member| member.region == observed.acting);
    let shape = here.filter_map(|member| member.cluster.as_ref()).next();
    shape
        .map(|shape| reach(&pass.run.plan.database.probe, shape))
        .unwrap_or_default()
}

fn reach(probe: &ProbeLogin, shape: &Shape) -> String {
    match probe.auth {
        Auth::Iam => format!(
            "; the probe signs in by IAM: rds-db:connect must reach dbuser:{}/{}, by a pattern best",
            shape.resource_id, probe.user
        ),
        Auth::Secret { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_signs_in_by_iam_is_told_the_resource_id_that_its_policy_must_reach() {
        let shape = Shape {
            resource_id: "cluster-NEW".into(),
            ..Shape::default()
        };
        let mut probe = failover::testing::run().plan.database.probe;
        assert_eq!(reach(&probe, &shape), "");
        probe.auth = Auth::Iam;
        let said = reach(&probe, &shape);
        assert!(said.contains("dbuser:cluster-NEW/failover_probe"), "{said}");
    }
}

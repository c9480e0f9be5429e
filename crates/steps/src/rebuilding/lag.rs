//! Whether a rebuilt member can be relied on: what this Region's probe reads there, and how far it is behind.

use failover::{
    beat::Write,
    domain::{Region, seconds_between},
    pass::Pass,
    plan::{Auth, ProbeLogin},
    ports::Functions,
};

/// A rebuilt member that is further behind than this is no standby yet, in seconds.
const LAG_SECONDS_MAX: f64 = 10.0;

/// Why the complete member of this Region is not to be relied on yet: what its probe reads is too old. It costs a fresh look. Where the
/// probe signs in by IAM, the member's resource id is said to whoever is locked out.
pub async fn lag(
    world: &impl Functions,
    pass: &Pass,
    here: &Region,
    resource_id: Option<&str>,
) -> Option<String> {
    let seen = match world.ask_probe(pass.run.name(), pass.dry_run).await {
        Ok(seen) => seen,
        Err(why) => return Some(format!("the probe in {here} does not answer: {why}")),
    };
    let Write::Committed { beat } = &seen.vantage.write else {
        return Some(format!(
            "the probe in {here} commits no beat on the writer: {}",
            seen.vantage.write
        ));
    };
    let reading = seen.vantage.reading.as_ref().filter(|_| seen.readable);
    let held = reading.and_then(|reading| reading.beats.values().map(|beat| beat.at).max());
    match held.map(|held| seconds_between(held, beat.at)) {
        Some(lag) if lag <= LAG_SECONDS_MAX => None,
        Some(lag) => Some(format!("the member in {here} is {lag:.0} s behind")),
        None => Some(format!(
            "the member in {here} cannot be read yet{}",
            pass.run
                .plan
                .database
                .probe
                .as_ref()
                .map_or_else(String::new, |probe| sign_in(probe, resource_id))
        )),
    }
}

/// What was made anew has another resource id, and a policy that names the one before locks the probe out.
fn sign_in(probe: &ProbeLogin, resource_id: Option<&str>) -> String {
    match (&probe.auth, resource_id) {
        (Auth::Iam, Some(resource_id)) => format!(
            "; the probe signs in by IAM: rds-db:connect must reach dbuser:{resource_id}/{}, by a pattern best",
            probe.user
        ),
        (Auth::Iam | Auth::Secret { .. }, _) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_signs_in_by_iam_is_told_the_resource_id_that_its_policy_must_reach() {
        let mut probe = failover::testing::run().plan.database.probe.unwrap();
        let new = Some("cluster-NEW");
        assert_eq!(sign_in(&probe, new), "");
        probe.auth = Auth::Iam;
        let said = sign_in(&probe, new);
        assert!(said.contains("dbuser:cluster-NEW/failover_probe"), "{said}");
    }
}

//! The probe trusts another authority.

use failover::evidence::Verdict;

use crate::{
    profile::STANDBY,
    scenario::{Drill, Ends, Played, SUSPECTED, Scenario, Told},
    scenarios::{actions::misconfigured::MISCONFIGURED, checks::messages::names_what_is_wrong},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "misconfigured-probe-certificate",
    summary: "The probes trust another authority than the one that signed the database's certificate: that is said, and nothing changes.",
    comes_out: "`probe_misconfigured`, naming it, nothing changes",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::harmless(Verdict::ProbeMisconfigured),
    told: Told::Once(&[SUSPECTED, "stood down (probe_misconfigured)"]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let world = drill.world;
    drill.fault(
        STANDBY,
        "its probe trusts another authority from now on",
        "misconfigured",
    );
    let mut played = Played::now();
    world.trust_another_authority(STANDBY).await?;
    world.watch_now(STANDBY).await?;
    drill.ended(1).await;
    names_what_is_wrong(drill, &mut played, MISCONFIGURED, "certificate").await;
    Ok(played)
}

//! What each scenario does to the world.

mod again;
mod by_invoke;
mod calls;
mod disturb;
mod dry_run;
mod failback;
mod humans;
mod interrupted;
mod last_words;
mod many;
mod misconfigured;
mod planned;
mod route53;
mod several;

use std::time::Duration;

use super::{
    stage::{Acted, SOON, Stage},
    table::Scenario,
};
use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, STANDBY},
    timeline::Kind,
    world::Trouble,
};

/// How far replication falls behind before the Region dies, where it does.
const LAG: Duration = Duration::from_secs(3);

/// Plays a scenario's part until its runs have ended.
#[expect(
    clippy::too_many_lines,
    reason = "a table: each scenario has its row, and nothing else is here"
)]
pub(super) async fn act(scenario: Scenario, stage: &Stage<'_>) -> Result<Acted, Trouble> {
    match scenario {
        Scenario::RegionLoss | Scenario::RegionLossManaged => region_loss(scenario, stage).await,
        Scenario::PathImpaired => disturb::path_impaired(stage).await,
        Scenario::WriterRestart => {
            disturb::writer_away(stage, "rebooting", Duration::from_secs(9)).await
        }
        Scenario::WriterMaintenance => {
            disturb::writer_away(stage, "upgrading", Duration::from_secs(30)).await
        }
        Scenario::WriterDown => disturb::writer_down(stage).await,
        Scenario::RegionsParted => disturb::regions_parted(stage).await,
        Scenario::ObserverIsolated => disturb::observer_isolated(stage).await,
        Scenario::RoadAndReplicationDown => disturb::road_and_replication_down(stage).await,
        Scenario::Blip => disturb::blip(stage).await,
        Scenario::MisconfiguredPassword => {
            let statement = "ALTER ROLE failover_probe PASSWORD 'another'";
            misconfigured::misconfigured(stage, statement, "28P01").await
        }
        Scenario::MisconfiguredTable => {
            let statement = "ALTER TABLE aurora_failover.beat RENAME TO beats";
            misconfigured::misconfigured(stage, statement, "42P01").await
        }
        Scenario::MisconfiguredRights => {
            misconfigured::misconfigured(stage, misconfigured::RIGHTS_GONE, "42501").await
        }
        Scenario::MisconfiguredCertificate => misconfigured::wrong_certificate(stage).await,
        Scenario::Observe => lost_and_back(stage).await,
        Scenario::ApprovalGiven => humans::approval_given(stage).await,
        Scenario::ApprovalRefused => humans::approval_refused(stage).await,
        Scenario::ApprovalLate => humans::approval_late(stage).await,
        Scenario::ApprovalOver => humans::approval_over(stage).await,
        Scenario::LateRedrive => interrupted::late_redrive(stage).await,
        Scenario::RunDies => interrupted::run_dies(stage).await,
        Scenario::TwiceLost => again::twice_lost(stage).await,
        Scenario::LaggingStandby => lagging_standby(stage).await,
        Scenario::Throttled => throttled(stage).await,
        Scenario::RunTwice => interrupted::run_twice(stage).await,
        Scenario::PlannedMeetsUnplanned => interrupted::planned_meets_unplanned(stage).await,
        Scenario::Flapping => again::flapping(stage).await,
        Scenario::Switchover => planned::switchover(stage).await,
        Scenario::SwitchoverNotReady => planned::not_ready(stage).await,
        Scenario::FailbackAfterManaged => failback::after_managed(stage).await,
        Scenario::FailbackAfterDetach => failback::after_detach(stage).await,
        Scenario::ServerlessMember => failback::properties::serverless_member(stage).await,
        Scenario::EveryProperty => failback::properties::every_property(stage).await,
        Scenario::Rehearsal => failback::rehearsal(stage).await,
        Scenario::RegionReturns => failback::region_returns(stage).await,
        Scenario::SecretRotated => failback::rotated::secret_rotated(stage).await,
        Scenario::SubnetsDenied => failback::subnets_denied(stage).await,
        Scenario::FailbackInterrupted => failback::interrupted(stage).await,
        Scenario::FailbackRefused => failback::refused::refused(stage).await,
        Scenario::RoundTrip => failback::round_trip(stage).await,
        Scenario::MillionRows => failback::losses::million_rows(stage).await,
        Scenario::Subscriber => failback::subscriber::subscriber(stage).await,
        Scenario::CronElsewhere => failback::cron::elsewhere(stage).await,
        Scenario::LockedTable => failback::locked::locked_table(stage).await,
        Scenario::SwitchoverCancelled => planned::cancelled(stage).await,
        Scenario::AnswerLost => calls::answer_lost(stage).await,
        Scenario::ManagedRefused => calls::managed_refused(stage).await,
        Scenario::LostMidSwitchover => calls::lost_mid_switchover(stage).await,
        Scenario::IdleFunctions => calls::idle_functions(stage).await,
        Scenario::ThreeRegions => several::three_regions(stage).await,
        Scenario::TwoPlans => several::two_plans(stage).await,
        Scenario::KillSwitch => humans::kill_switch(stage).await,
        Scenario::Route53Ssm => route53::ssm(stage).await,
        Scenario::Route53Cname => route53::cname(stage).await,
        Scenario::ByHand => humans::by_hand_only(stage).await,
        Scenario::LastBytes | Scenario::LastBytesOfTwelveSeconds | Scenario::LastBytesOfAMinute => {
            last_words::last_bytes(scenario, stage).await
        }
        Scenario::ReaderRestarts => last_words::reader_restarts(stage).await,
        Scenario::SlotsExhausted => misconfigured::slots_exhausted(stage).await,
        Scenario::DryRunMachine => dry_run::of_every_machine(stage).await,
        Scenario::SwitchoverByInvoke => by_invoke::there_and_back(stage).await,
        Scenario::TenPlans => many::ten_plans(stage).await,
        Scenario::BrokenPlan => misconfigured::broken_plan(stage).await,
    }
}

async fn region_loss(scenario: Scenario, stage: &Stage<'_>) -> Result<Acted, Trouble> {
    if scenario.replication_lags() {
        fall_behind(stage).await;
    }
    let acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    Ok(acted)
}

/// Replication to the standby stops a while before what happens next.
async fn fall_behind(stage: &Stage<'_>) {
    let text = "falls behind: replication to it stops";
    stage.world.timeline.say(Kind::Setup, STANDBY, text);
    stage.world.simulator.cut_replication(STANDBY).await;
    tokio::time::sleep(LAG).await;
}

async fn lost_and_back(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

async fn lagging_standby(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    const BEHIND: Duration = Duration::from_secs(60);
    stage.world.timeline.say(
        Kind::Setup,
        STANDBY,
        "falls behind: replication to it stops",
    );
    stage.world.simulator.cut_replication(STANDBY).await;
    tokio::time::sleep(BEHIND).await;
    let mut acted = stage.lose(HOME).await?;
    stage.ended(1).await;
    let told = stage
        .told("stopped before anything was promoted")
        .await
        .unwrap_or_default();
    let says =
        told.contains("DataLossTooLarge") && told.contains("unplanned.max_lost_seconds (30)");
    acted.check(
        "it says by how much the loss is too large",
        told.replace('\n', " "),
        says,
    );
    stage.world.return_region(HOME).await?;
    Ok(acted)
}

/// RDS of the standby's Region throttles, then fails, for a moment each, while the run looks and promotes.
async fn throttled(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = stage.lose(HOME).await?;
    stage
        .until(SOON, "a run", async || !stage.runs.seen().is_empty())
        .await;
    let scope = || Scope {
        caller_region: Some(STANDBY.into()),
        region: Some(STANDBY.into()),
        service: Some("rds".into()),
        ..Scope::default()
    };
    stage
        .until(SOON, "the pass that promotes", async || {
            let mut runs = stage.runs.seen().into_iter();
            runs.any(|run| {
                run.states
                    .iter()
                    .any(|state| state.name == "DetachAndPromote")
            })
        })
        .await;
    for fault in [Fault::Throttle, Fault::ServerError] {
        stage.fault(
            STANDBY,
            &format!("its RDS answers with {fault:?} for 2 s"),
            "RDS fails",
        );
        let id = stage.world.front_door.set(scope(), fault);
        tokio::time::sleep(Duration::from_secs(2)).await;
        stage.world.front_door.remove(id);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    stage.ended(1).await;
    let calls = stage.world.front_door.calls();
    for (fault, statuses) in [("throttled", 400..500), ("answered with 5xx", 500..600_u16)] {
        let met = calls.iter().filter(|call| {
            call.service == "rds" && call.status.is_some_and(|status| statuses.contains(&status))
        });
        let met = met.count();
        acted.check(
            format!("calls to RDS are {fault}"),
            format!("{met} times"),
            met > 0,
        );
    }
    Ok(acted)
}

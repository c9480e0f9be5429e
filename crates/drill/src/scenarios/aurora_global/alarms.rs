//! What the system stands on is broken, one thing after the other, while nothing is wrong with any database.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use aws_sdk_ssm::types::ParameterType;
use failover::installation::{named, parameter};
use serde_json::json;

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, PLAN, STANDBY, WITNESS, topic},
    scenario::{Drill, Ends, Played, Scenario, Told},
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "alarms",
    summary: "A topic, a plan, the witness, a fence and a probe are broken, one after the other: each raises its alarm in CloudWatch within three minutes, where it is felt, and nothing else does.",
    comes_out: "each raises its alarm within three minutes, nothing else does",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["the plan's parameter in us-east-1 is wrong"]),
    by_name_only: true,
    ..Scenario::USUAL
};

/// How soon an alarm is raised.
const SOON: Duration = Duration::from_secs(180);
/// How long alarms may take until they are quiet: what was never called is held for missing until its schedule calls it.
const QUIET: Duration = Duration::from_secs(240);
/// How far apart CloudWatch is asked.
const LOOK: Duration = Duration::from_secs(4);

const MEMBERS: [&str; 2] = [HOME, STANDBY];

/// An alarm of a Region.
type Alarm = (&'static str, String);

/// Every alarm that was seen raised, and when first.
#[derive(Default)]
struct Raised(BTreeMap<Alarm, Instant>);

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    // Their schedules do so once an hour, and every 15 minutes.
    for region in MEMBERS {
        let warm = json!({"operation": "warm"});
        drill.said(region, "recovery-ledger", &warm).await;
        let readiness = json!({"operation": "readiness"});
        drill.said(region, "planned-failover", &readiness).await;
    }
    let quiet = quiet(drill, |_| true).await?;
    played.check(
        "no alarm is raised before anything is broken",
        &*quiet,
        quiet.is_empty(),
    );
    let mut raised = Raised::default();

    let began = Instant::now();
    wrong_topic(drill).await?;
    wrong_plan(drill).await?;
    let wanted = [(HOME, "topic-unreachable"), (STANDBY, "plan-wrong")];
    raised
        .all(
            drill,
            &mut played,
            "a wrong topic and a wrong plan",
            (began, &wanted[..]),
        )
        .await?;
    mend_plans(drill).await?;

    let began = Instant::now();
    drill.fault(WITNESS, "cannot start confirm-outage", "witness dead");
    let emulator = &drill.world.emulator;
    emulator
        .take_away(WITNESS, &named("confirm-outage"))
        .await?;
    let fence = failing_fence(drill);
    let wanted = [
        (HOME, "witness-unreachable"),
        (STANDBY, "witness-unreachable"),
        (STANDBY, "fence-failed"),
    ];
    raised
        .all(
            drill,
            &mut played,
            "a dead witness and a failing fence",
            (began, &wanted[..]),
        )
        .await?;
    drill.world.front_door.remove(fence);
    emulator.return_region(WITNESS).await?;

    let began = Instant::now();
    kill_the_probe(drill).await?;
    let wanted = [(HOME, "beat-missing"), (STANDBY, "beat-missing")];
    raised
        .all(drill, &mut played, "a dead probe", (began, &wanted[..]))
        .await?;
    events(drill)
        .enable_rule()
        .name(named("watch"))
        .send()
        .await?;
    drill.world.watch_now(HOME).await?;
    let still = quiet_of_beats(drill).await?;
    played.check(
        "the alarm on beats is quiet again once the probe is",
        &*still,
        still.is_empty(),
    );
    Ok(played)
}

/// The plan of the home Region names a topic that is not there.
async fn wrong_topic(drill: &Drill<'_>) -> Result<(), Trouble> {
    drill.fault(
        HOME,
        "somebody writes a topic into its plan that is not there",
        "topic wrong",
    );
    let mut plan = drill.world.profile.plan(PLAN, &drill.world.zone_id);
    plan["revision"] = json!(2);
    plan["notify"][HOME] = json!(format!("{}-of-old", topic(HOME)));
    drill.world.put_plan(HOME, &plan).await
}

/// The standby's plan has a comma too many.
async fn wrong_plan(drill: &Drill<'_>) -> Result<(), Trouble> {
    drill.fault(
        STANDBY,
        "somebody writes a comma too many into its plan",
        "plan wrong",
    );
    let plan = drill.world.profile.plan(PLAN, &drill.world.zone_id);
    aws_sdk_ssm::Client::new(&drill.world.emulator.sdk_config(STANDBY))
        .put_parameter()
        .name(parameter(&format!("plans/{PLAN}")))
        .value(plan.to_string().replacen(',', ",,", 1))
        .r#type(ParameterType::String)
        .overwrite(true)
        .send()
        .await?;
    Ok(())
}

async fn mend_plans(drill: &Drill<'_>) -> Result<(), Trouble> {
    let plan = drill.world.profile.plan(PLAN, &drill.world.zone_id);
    for region in MEMBERS {
        drill.world.put_plan(region, &plan).await?;
    }
    Ok(())
}

/// RDS answers the standby's fence with an error.
fn failing_fence(drill: &Drill<'_>) -> crate::front_door::FaultId {
    drill.fault(
        STANDBY,
        "RDS answers its fence with an error",
        "fence fails",
    );
    let scope = Scope {
        caller_region: Some(STANDBY.into()),
        function: Some(named("fence-writer")),
        service: Some("rds".into()),
        ..Scope::default()
    };
    drill.world.front_door.set(scope, Fault::ServerError)
}

/// Nobody calls the probe of the home Region any more, and the one that runs dies.
async fn kill_the_probe(drill: &Drill<'_>) -> Result<(), Trouble> {
    drill.fault(
        HOME,
        "its probe dies, and is not called any more",
        "probe dead",
    );
    events(drill)
        .disable_rule()
        .name(named("watch"))
        .send()
        .await?;
    drill
        .world
        .emulator
        .kill(HOME, &named("health-probe"))
        .await?;
    Ok(())
}

fn events(drill: &Drill<'_>) -> aws_sdk_eventbridge::Client {
    aws_sdk_eventbridge::Client::new(&drill.world.emulator.sdk_config(HOME))
}

/// The alarms that are raised now.
async fn now(drill: &Drill<'_>) -> Result<BTreeSet<Alarm>, Trouble> {
    let mut all = BTreeSet::new();
    for region in MEMBERS {
        let names = drill.world.emulator.alarms(region).await?.into_iter();
        let short = names.map(|name| name.trim_start_matches(&named("")).to_owned());
        all.extend(short.map(|name| (region, name)));
    }
    Ok(all)
}

/// Waits until none of these alarms is raised, and answers those that are still.
async fn quiet(drill: &Drill<'_>, is_meant: impl Fn(&Alarm) -> bool) -> Result<String, Trouble> {
    let deadline = Instant::now() + QUIET;
    loop {
        let mut raised = now(drill).await?;
        raised.retain(&is_meant);
        if raised.is_empty() || Instant::now() > deadline {
            return Ok(listed(raised.iter()));
        }
        drill.world.lead_roads();
        tokio::time::sleep(LOOK).await;
    }
}

async fn quiet_of_beats(drill: &Drill<'_>) -> Result<String, Trouble> {
    quiet(drill, |(_, name)| name == "beat-missing").await
}

fn listed<'a>(alarms: impl Iterator<Item = &'a Alarm>) -> String {
    let words = alarms.map(|(region, name)| format!("{name} in {region}"));
    words.collect::<Vec<_>>().join(", ")
}

impl Raised {
    /// Waits until all of these alarms are raised, and judges that they were in time and that no other one was.
    async fn all(
        &mut self,
        drill: &Drill<'_>,
        played: &mut Played,
        what: &str,
        (began, wanted): (Instant, &[(&'static str, &str)]),
    ) -> Result<(), Trouble> {
        let before: BTreeSet<_> = self.0.keys().cloned().collect();
        let wanted = wanted
            .iter()
            .map(|(region, name)| (*region, (*name).to_owned()));
        let wanted: BTreeSet<_> = wanted.collect();
        while !wanted.iter().all(|alarm| self.0.contains_key(alarm)) && began.elapsed() < 2 * SOON {
            for alarm in now(drill).await? {
                if !self.0.contains_key(&alarm) {
                    let text = format!(
                        "{} is raised, {:.0} s after it was broken",
                        alarm.1,
                        began.elapsed().as_secs_f64()
                    );
                    drill.world.timeline.say(Kind::Noticing, alarm.0, text);
                }
                self.0.entry(alarm).or_insert_with(Instant::now);
            }
            drill.world.lead_roads();
            tokio::time::sleep(LOOK).await;
        }
        let new: BTreeMap<_, _> = self
            .0
            .iter()
            .filter(|(alarm, _)| !before.contains(*alarm))
            .map(|(alarm, at)| (alarm, at.duration_since(began)))
            .collect();
        let is_right = new.keys().copied().eq(wanted.iter());
        let in_time = new.values().all(|after| *after <= SOON);
        let found = new.iter().map(|((region, name), after)| {
            format!("{name} in {region} after {:.0} s", after.as_secs_f64())
        });
        played.check(
            format!(
                "{what} raises {} within three minutes, and nothing else",
                listed(wanted.iter())
            ),
            found.collect::<Vec<_>>().join(", "),
            is_right && in_time,
        );
        Ok(())
    }
}

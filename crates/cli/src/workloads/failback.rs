//! `failback` of a workload: it comes home from its recovery Region, or that is rehearsed.

use failover::domain::PlanName;
use jiff::Timestamp;
use serde_json::{Value, json};
use workload::{plan::WorkloadPlan, run::Kind};

use super::{
    found::the,
    started::{Start, start},
    would::{self, asked},
};
use crate::{
    consent::{Consent, Watching},
    desk::Desk,
    ending::{Answer, Ending},
    failback::Wanted,
    words::time,
};

/// The machine that brings a workload home.
const MACHINE: &str = "restore-home";

/// Brings a workload home.
pub(crate) async fn run(
    desk: &Desk<'_>,
    wanted: Wanted<'_>,
    (consent, watching): (Consent, Watching),
) -> Answer {
    if wanted.approved {
        let why = format!(
            "--approved is no word for workload {}, whose run asks what only people can see; leave it out",
            wanted.plan
        );
        return Answer::none(Ending::Misused, why);
    }
    let found = match the(desk, wanted.plan).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let plan = match found.sound() {
        Ok(plan) => plan,
        Err(why) => return why,
    };
    let of = would::Wanted {
        plan,
        kind: if wanted.rehearse {
            Kind::Rehearse
        } else {
            Kind::RestoreHome
        },
        input: input(wanted.plan, (wanted.rehearse, wanted.not_before)),
    };
    let would = asked(desk, &found, &of).await;
    let what = what(plan, (wanted.rehearse, wanted.not_before));
    if let Err(why) = would.agreed(desk, (&what, consent)).await {
        return why;
    }
    let run = Start {
        plan,
        machine: MACHINE,
        kind: of.kind,
        input: of.input,
    };
    start(desk, run, watching).await
}

/// What the machine is started with.
fn input(plan: &PlanName, (rehearse, not_before): (bool, Option<Timestamp>)) -> Value {
    let mut input = json!({"plan": plan});
    if rehearse {
        input["rehearse"] = true.into();
    }
    if let Some(at) = not_before {
        input["not_before"] = at.to_string().into();
    }
    input
}

fn what(plan: &WorkloadPlan, (rehearse, not_before): (bool, Option<Timestamp>)) -> String {
    let (name, count) = (&plan.plan, plan.resources.len());
    let (home, recovery) = (&plan.home_region, &plan.recovery_region);
    if rehearse {
        return format!(
            "a rehearsal of workload {name} is about to build {count} resource(s) beside in {home}, and nothing that is named home changes"
        );
    }
    let when = not_before.map_or_else(String::new, |at| format!(" not before {}", time(at)));
    format!(
        "workload {name} with {count} resource(s) is about to be brought home from {recovery} to {home}, and the business stopped{when} \
         once a human has agreed"
    )
}

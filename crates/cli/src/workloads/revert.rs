//! `revert`: a cut-over of a workload is undone. What came home is kept, the old one gets its name again, and the recovery Region serves.

use failover::domain::PlanName;
use serde_json::json;
use workload::run::Kind;

use super::{
    found::the,
    is_one,
    started::{Start, start},
    would::{Wanted, asked},
};
use crate::{
    consent::{Consent, Watching},
    desk::Desk,
    ending::{Answer, Ending},
};

/// The machine that undoes a cut-over.
const MACHINE: &str = "revert-home";

/// Takes a workload's cut-over back.
pub(crate) async fn run(
    desk: &Desk<'_>,
    (plan, accept_data_loss): (&PlanName, bool),
    (consent, watching): (Consent, Watching),
) -> Answer {
    if !is_one(desk, plan).await {
        return no_workload(desk, plan).await;
    }
    let found = match the(desk, plan).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let document = match found.sound() {
        Ok(document) => document,
        Err(why) => return why,
    };
    let mut input = json!({"plan": plan});
    if accept_data_loss {
        input["accept_data_loss"] = true.into();
    }
    let wanted = Wanted {
        plan: document,
        kind: Kind::Revert,
        input,
    };
    let would = asked(desk, &found, &wanted).await;
    let lost = if accept_data_loss {
        ", and what home has taken since it serves is lost"
    } else {
        ""
    };
    let what = format!(
        "the cut-over of workload {plan} is about to be undone, so that {} serves again{lost}",
        document.recovery_region
    );
    if let Err(why) = would.agreed(desk, (&what, consent)).await {
        return why;
    }
    let run = Start {
        plan: document,
        machine: MACHINE,
        kind: wanted.kind,
        input: wanted.input,
    };
    start(desk, run, watching).await
}

/// A database is not reverted; where nobody knows the plan, that is said.
async fn no_workload(desk: &Desk<'_>, plan: &PlanName) -> Answer {
    match desk.survey(plan).await {
        Err(why) => why,
        Ok(_) => {
            let why = format!(
                "plan {plan} is that of a database, which has nothing to revert; move its writer with aurora-failover switchover {plan}"
            );
            Answer::none(Ending::Misused, why)
        }
    }
}

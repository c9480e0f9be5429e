//! `adopt` of a workload: which Region serves is written into both ledgers, as a human says it and as it is seen to run.

use failover::domain::{PlanName, Region};
use serde_json::json;
use workload::jobs::FUNCTION;

use super::{found::the, function, judged};
use crate::{
    by_hand::{Job, carry_out},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::Call,
};

/// Adopts the Region that serves.
pub(crate) async fn run(
    desk: &Desk<'_>,
    (plan, serves, from_epoch): (&PlanName, Option<&Region>, Option<u64>),
    consent: Consent,
) -> Answer {
    let found = match the(desk, plan).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let document = match found.sound() {
        Ok(document) => document,
        Err(why) => return why,
    };
    let [home, recovery] = document.regions();
    let Some(serves) = serves else {
        let why = format!(
            "nobody measures which Region serves workload {plan}; say so with --serves {home} or --serves {recovery}"
        );
        return Answer::none(Ending::Misused, why);
    };
    let mut payload = json!({"operation": "adopt", "plan": plan, "serves": serves});
    if let Some(epoch) = from_epoch {
        payload["from_epoch"] = epoch.into();
    }
    let mut dry = payload.clone();
    dry["dry_run"] = true.into();
    let asked = judged("adopt", desk.account.ask(home, &function(), &dry).await);
    if asked.ready == Some(false) {
        let why = format!("{}; nothing was changed", asked.says);
        return Answer::none(Ending::NotWell, why);
    }
    let job = Job {
        plan,
        kind: "adopt",
        what: format!("{serves} is about to be adopted as the Region that serves workload {plan}"),
        calls: vec![Call {
            region: home.clone(),
            function: FUNCTION.to_owned(),
            payload,
        }],
        can_rehearse: true,
        can_repeat: true,
        silent: Vec::new(),
    };
    carry_out(desk, &job, consent).await
}

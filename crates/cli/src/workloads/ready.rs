//! `ready` of a workload: whether it could come home now, as opening a run and its first phase say in a dry run, with every reason
//! against it.

use failover::domain::{PlanName, Region};
use serde_json::json;
use workload::run::Kind;

use super::{
    found::the,
    would::{Wanted, asked},
};
use crate::{
    desk::Desk,
    ending::{Answer, Ending},
};

/// Says whether a workload could come home.
pub(crate) async fn run(desk: &Desk<'_>, (plan, to): (&PlanName, Option<&Region>)) -> Answer {
    let found = match the(desk, plan).await {
        Ok(found) => found,
        Err(why) => return why,
    };
    let document = match found.sound() {
        Ok(document) => document,
        Err(why) => return why,
    };
    let home = &document.home_region;
    if let Some(to) = to.filter(|to| *to != home) {
        let why = format!(
            "--to is {to}, and workload {plan} comes home to {home}; leave it out, and go back with aurora-failover revert {plan}"
        );
        return Answer::none(Ending::Misused, why);
    }
    let wanted = Wanted {
        plan: document,
        kind: Kind::RestoreHome,
        input: json!({"plan": plan}),
    };
    asked(desk, &found, &wanted).await.answer(desk)
}

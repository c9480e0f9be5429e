//! Workloads: what the commands do for a plan of the topology `workload`. A plan is one where its parameter lies below `workloads/`.

pub(crate) mod adopt;
pub(crate) mod failback;
mod figures;
mod follow;
pub(crate) mod found;
pub(crate) mod questions;
pub(crate) mod ready;
pub(crate) mod revert;
pub(crate) mod show;
mod started;
pub(crate) mod status;
mod would;

use failover::{Error, domain::PlanName, plan::parameters as databases};
use futures::stream::{FuturesUnordered, StreamExt as _};
use workload::{jobs::FUNCTION, plan::parameter, run::Kind};

use crate::{
    account::Said,
    desk::Desk,
    ready::{Way, way},
    survey::{PATIENCE, patiently},
};

/// Whether a plan is a workload's, as the first Region says that answers and knows it. No Region is waited for behind that one.
pub(crate) async fn is_one(desk: &Desk<'_>, plan: &PlanName) -> bool {
    let asked = desk.first.iter().map(|region| {
        let parameters = desk.account.parameters(region);
        patiently(region, PATIENCE, parameters)
    });
    let mut answers: FuturesUnordered<_> = asked.collect();
    while let Some(answer) = answers.next().await {
        let Ok(there) = answer else {
            continue;
        };
        if there.contains_key(&format!("{}{plan}", databases())) {
            return false;
        }
        if there.contains_key(&parameter(plan)) {
            return true;
        }
    }
    false
}

/// What a run does, for people.
pub(crate) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::RestoreHome => "run home",
        Kind::Rehearse => "rehearsal",
        Kind::Revert => "way back",
    }
}

/// What a dry run of the function of workloads says. What it fails with of its own is a reason against it.
pub(crate) fn judged(kind: &'static str, said: Result<Said, Error>) -> Way {
    match said {
        Ok(Said::Failure { name, why }) if Said::is_final(&name) => {
            let mut refused = Way::ready(kind, why.clone());
            refused.refuse(why);
            refused
        }
        said => way(kind, said),
    }
}

/// The function of workloads, in full.
pub(crate) fn function() -> String {
    failover::installation::named(FUNCTION)
}

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

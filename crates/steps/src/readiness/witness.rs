//! Whether the witness stands by. A move by plan does without it, so its silence is told and stands in no way: it is the next outage
//! that nobody would confirm.

use futures::future::join_all;

use failover::{
    Error,
    domain::Region,
    ledger::Run,
    ports::{Functions, ReachInput, ReachOutput},
};

pub(super) async fn warnings(world: &impl Functions, run: &Run) -> Vec<String> {
    let Some(witness) = &run.plan.witness_region else {
        return Vec::new();
    };
    let asked = [&run.from, &run.to].map(async |region| {
        let member = run.plan.members().get(region);
        let input = ReachInput {
            plan: run.name().clone(),
            region: region.clone(),
            cluster: member.map_or_else(String::new, |member| member.identifier.clone()),
            kind: run.plan.kind(),
        };
        warning(witness, region, world.hears(witness, &input).await)
    });
    let mut found: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    found.dedup();
    found
}

fn warning(witness: &Region, region: &Region, said: Result<ReachOutput, Error>) -> Option<String> {
    let what = match said {
        Ok(said) if said.reaches && !said.others_only => return None,
        Ok(said) if said.reaches => format!(
            "hears neither RDS nor the ledger of {region}: {}",
            said.reason
        ),
        Ok(said) => format!("hears nothing of {region}: {}", said.reason),
        Err(why) => format!("does not answer: {why}"),
    };
    Some(format!(
        "while it is so, the loss of a Region waits for a human: the witness in {witness} {what}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        ledger::PlanState,
        testing::{self, Books},
    };

    fn hears(reaches: bool, others_only: bool) -> Result<ReachOutput, Error> {
        Ok(ReachOutput {
            reaches,
            others_only,
            reason: "RDS: timed out".into(),
        })
    }

    #[tokio::test]
    async fn a_witness_that_does_not_stand_by_is_named_once_with_what_it_does_not_hear() {
        let run = testing::run();
        let witness = |hears: fn(&str) -> Result<ReachOutput, Error>| {
            Books::with(&PlanState::new("orders".into())).hearing(hears)
        };
        let found = async |hears: fn(&str) -> Result<ReachOutput, Error>| {
            warnings(&witness(hears), &run).await
        };
        assert_eq!(found(|_| hears(true, false)).await, Vec::<String>::new());
        let silent = found(|_| Err(Error::Unavailable("no answer".into()))).await;
        assert_eq!(silent.len(), 1, "{silent:?}");
        assert!(
            silent[0].contains("the witness in us-east-2 does not answer: no answer"),
            "{silent:?}"
        );
        let deaf = found(|region| hears(region == "us-east-1", false)).await;
        assert_eq!(deaf.len(), 1, "{deaf:?}");
        assert!(deaf[0].contains("hears nothing of us-west-2"), "{deaf:?}");
        let half = found(|region| hears(true, region == "us-east-1")).await;
        assert!(
            half[0].contains("neither RDS nor the ledger of us-east-1"),
            "{half:?}"
        );
        let mut without = testing::run();
        without.plan.witness_region = None;
        let nobody = witness(|_| Err(Error::Unavailable("there is none".into())));
        assert_eq!(warnings(&nobody, &without).await, Vec::<String>::new());
    }
}

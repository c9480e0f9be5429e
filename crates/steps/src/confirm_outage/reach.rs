//! What the witness Region can reach.

use std::time::Duration;

use super::{TIMEOUT, gather::answers};
use failover::{
    Error,
    evidence::Rds,
    ports::{Functions, Ledger, ReachInput, ReachOutput, Runtime, within},
    topologies::{Topologies, Topology},
};

/// What the data planes answered.
struct Answered {
    rds: Rds,
    ledger: Result<String, Error>,
    /// Any other data plane of that Region.
    others: Result<String, Error>,
    /// One of this Region.
    own: Result<String, Error>,
}

/// Answers whether a Region can be reached from here: by its RDS, by its ledger, or by any other data plane. A Region whose
/// RDS and DynamoDB are both away has a living writer all the same.
///
/// # Errors
/// `Unavailable` where nothing answers, this Region's own data planes neither: whoever hears nothing at all is no witness.
pub async fn reach(
    world: &(impl Ledger + Runtime + Topologies + Functions),
    input: &ReachInput,
) -> Result<ReachOutput, Error> {
    let heard = hear(world, input).await;
    let reaches = heard.reaches();
    let reason = heard.sentence();
    tracing::info!(region = %input.region, reaches, reason, "reach");
    let others_only = reaches && !heard.rds.answers() && !answers(&heard.ledger);
    if let Some(deaf) = heard.own.err().filter(|why| !reaches && !why.is_answer()) {
        return Err(Error::Unavailable(format!(
            "the witness hears nothing, of its own Region {} neither ({deaf}); {reason}",
            world.region()
        )));
    }
    Ok(ReachOutput {
        reaches,
        others_only,
        reason,
    })
}

async fn hear(
    world: &(impl Ledger + Runtime + Topologies + Functions),
    input: &ReachInput,
) -> Answered {
    // The asker waits for `TIMEOUT` in all, for the way and a cold start too: a later answer helps nobody.
    let limit = TIMEOUT.saturating_sub(Duration::from_secs(1));
    let rds = within(world, limit, async {
        Ok(world
            .topology(input.kind)
            .look(world, &input.region, &input.cluster)
            .await)
    });
    let ledger = within(world, limit, world.ask_ledger(&input.region, &input.plan));
    let others = within(world, limit, world.ask_data_planes(&input.region));
    let own = within(world, limit, world.ask_data_planes(world.region()));
    let (rds, ledger, others, own) = futures::future::join4(rds, ledger, others, own).await;
    let silent = |why: Error| Rds::Silent {
        why: why.to_string(),
    };
    Answered {
        rds: rds.unwrap_or_else(silent),
        ledger,
        others,
        own,
    }
}

impl Answered {
    /// Any answer of anything in a Region shows that it can be reached; a refusal is one.
    fn reaches(&self) -> bool {
        self.rds.answers() || answers(&self.ledger) || answers(&self.others)
    }

    fn sentence(&self) -> String {
        let said = |answer: &Result<String, Error>| match answer {
            Ok(said) => said.clone(),
            Err(why) => why.to_string(),
        };
        format!(
            "RDS: {}; ledger: {}; other data planes: {}",
            self.rds,
            said(&self.ledger),
            said(&self.others)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{ledger::PlanState, testing};

    #[tokio::test]
    async fn a_witness_that_hears_nothing_of_its_own_region_either_is_no_witness() {
        let input = ReachInput {
            plan: "orders".into(),
            region: "us-west-2".into(),
            cluster: "orders-west".into(),
            kind: Default::default(),
        };
        let books = || testing::Books::with(&PlanState::new("orders".into())).silence("us-west-2");
        let seen = reach(&books(), &input).await.unwrap();
        assert!(!seen.reaches, "{seen:?}");
        let deaf = reach(&books().silence("us-east-1"), &input).await;
        let why = deaf.unwrap_err();
        assert_eq!(why.name(), "Unavailable");
        assert!(why.to_string().contains("us-east-1"), "{why}");
    }

    #[test]
    fn a_region_whose_rds_and_ledger_are_away_is_reached_by_any_other_data_plane() {
        let away = || Err(Error::Unavailable("timed out".into()));
        let reached = |others| {
            let heard = Answered {
                rds: Rds::Silent { why: String::new() },
                ledger: away(),
                others,
                own: away(),
            };
            heard.reaches()
        };
        assert!(reached(Ok("STS answers".to_owned())));
        assert!(!reached(away()));
        let denied = Err(Error::Denied("AccessDenied".into()));
        assert!(reached(denied), "a refusal is an answer");
    }
}

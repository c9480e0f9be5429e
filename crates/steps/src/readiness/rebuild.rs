//! What making members again would be refused: after a move it may be needed any day, or is part of the move.

use serde_json::json;

use failover::{
    pass::{Input, Pass, by_hand},
    plan::function_of,
    ports::{Functions, Runtime},
};

/// What a dry run of the step that makes members again would be refused here, one sentence each.
pub async fn reasons(world: &(impl Runtime + Functions), pass: &Pass) -> Vec<String> {
    let here = world.region();
    let Some(rebuilding) = pass.run.plan.kind().runs().rebuilding else {
        return Vec::new();
    };
    let function = function_of(rebuilding);
    match world.ask_rebuild(&function, &json!(of_rebuild(pass))).await {
        Ok(refused) => refused
            .into_iter()
            .map(|why| format!("a rebuild in {here} would be refused: {why}"))
            .collect(),
        Err(why) => vec![format!("the rebuild in {here} cannot be tried: {why}")],
    }
}

/// The dry run that stands on what this pass does: what a rehearsed pass only would lease nobody has leased.
fn of_rebuild(pass: &Pass) -> Input {
    let run = &pass.run;
    let input = Input {
        dry_run: true,
        ..Input::of(run.name().clone())
    };
    if pass.dry_run && by_hand::is_by_hand(&run.run_id) {
        return input;
    }
    Input {
        run_id: Some(run.run_id.clone()),
        from_region: Some(run.from.clone()),
        target_region: Some(run.to.clone()),
        epoch: Some(run.epoch),
        ..input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{
        Error,
        domain::{Epoch, PlanName, RunId},
        ledger::{PlanState, Rows},
        testing,
    };
    use jiff::Timestamp;

    fn pass(run: failover::ledger::Run) -> Pass {
        Pass {
            run,
            rows: Rows([].into()),
            now: Timestamp::UNIX_EPOCH,
            dry_run: false,
        }
    }

    #[tokio::test]
    async fn what_a_rebuild_would_be_refused_stands_in_the_way_of_a_move() {
        let of = async |answer| {
            let books =
                testing::Books::with(&PlanState::new("orders".into())).rebuild_is_refused(answer);
            reasons(&books, &pass(testing::run())).await.join("; ")
        };
        assert_eq!(of(Ok(Vec::new())).await, "");
        let refused = of(Ok(vec![
            "group old is of version 15".into(),
            "no key".into(),
        ]))
        .await;
        for part in [
            "a rebuild in us-east-1 would be refused: group old",
            "refused: no key",
        ] {
            assert!(refused.contains(part), "{refused}");
        }
        let silent = of(Err(Error::Unavailable("timed out".into()))).await;
        assert!(silent.contains("cannot be tried: timed out"), "{silent}");
    }

    #[test]
    fn the_rebuild_is_asked_as_the_run_that_holds_the_plan_and_without_one_in_a_rehearsal() {
        let of_run = of_rebuild(&pass(testing::run()));
        assert_eq!(of_run.run_id, Some(RunId::from("a")));
        assert_eq!(of_run.epoch, Some(Epoch(7)));
        let mut rehearsed = pass(testing::run());
        rehearsed.dry_run = true;
        rehearsed.run.run_id = RunId(by_hand::run_id(
            "planned_failover",
            &"us-east-1".into(),
            Epoch(7),
        ));
        let alone = Input {
            dry_run: true,
            ..Input::of(PlanName::from("orders"))
        };
        assert_eq!(of_rebuild(&rehearsed), alone);
        rehearsed.dry_run = false;
        assert!(
            of_rebuild(&rehearsed).run_id.is_some(),
            "a forced pass has a record"
        );
    }
}

//! The answer to a switchover is lost, and describes lag.

use std::time::Duration;

use rds_sim::Loss;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, RUN, Scenario, Told},
    scenarios::checks::ledgers::writer_is,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "answer-lost",
    summary: "RDS takes a switchover there and one back and answers both with 500, while its describes lag in the target's Region, then in the source's: each is followed to its end, and RDS is asked once.",
    comes_out: "each is followed to its end, RDS is asked once",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "us-west-2 took over from us-east-1",
    ]),
    moves_are_short: false,
    ..Scenario::USUAL
};

/// How long describes lag behind a call.
const LAG: Duration = Duration::from_secs(8);

/// RDS takes both switchovers and answers 500; its describes lag in the target's Region, then in the source's.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    for (epoch, from, to, lags) in [(2, HOME, STANDBY, STANDBY), (3, STANDBY, HOME, STANDBY)] {
        let text = format!("takes a switchover and answers 500; describes lag in {lags}");
        drill.fault(from, &text, "answer lost");
        let simulator = &drill.world.simulator;
        simulator.lose_answers(from, "SwitchoverGlobalCluster", 1, Loss::InternalFailure);
        simulator.lag_describes(lags, LAG);
        let run = drill.start_planned(to).await?;
        let ended = drill.end_of(&run, RUN).await;
        simulator.lag_describes(lags, Duration::ZERO);
        let outcome = ended.and_then(|run| run.outcome).unwrap_or_default();
        played.check(
            format!("the move to {to} succeeds all the same"),
            &*outcome,
            outcome == "succeeded",
        );
        let asked = drill.world.front_door.calls().into_iter();
        let asked = asked
            .filter(|call| call.operation == "SwitchoverGlobalCluster" && call.caller_region == to);
        let asked = asked.count();
        played.check(
            format!("RDS is asked once to switch over to {to}"),
            format!("{asked} times"),
            asked == 1,
        );
        drill.writes_in(to).await;
        played.checks.extend(writer_is(drill, to, epoch).await);
    }
    Ok(played)
}

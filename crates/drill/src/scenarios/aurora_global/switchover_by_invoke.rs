//! A planned move by `aws lambda invoke` alone, with the calls that the documents print.

use failover::installation::named;
use serde_json::Value;

use crate::{
    profile::{HOME, STANDBY},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::by_hand::done,
        checks::{
            ledgers::is_free,
            planned::{leads, succeeded},
            rows::keeps_every_row,
        },
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "switchover-by-invoke",
    summary: "The writer is moved by calls of functions alone, as the README prints them: there step after step, back by one call, while the application writes. No row is lost.",
    comes_out: "no row is lost, the names follow, epoch 3",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&["us-west-2 took over from us-east-1"]),
    ..Scenario::USUAL
};

const PAGE: &str = include_str!("../../../../../docs/how-to/planned-failover.md");
/// The heading over the calls.
const HEADING: &str = "## The same by invokes alone";

/// One call that the document prints.
#[derive(Debug, Clone, PartialEq)]
struct Printed {
    function: &'static str,
    payload: Value,
}

/// There, step after step with `force`; back, by one call that starts the machine.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let (starts, steps): (Vec<_>, Vec<_>) = printed()
        .into_iter()
        .partition(|command| command.payload["start"] == true);
    for step in &steps {
        let text = format!("invokes {} with {}", step.function, step.payload);
        drill.world.timeline.say(Kind::Run, "a human", text);
        let place = (STANDBY, step.function);
        done(drill, &mut played, place, &step.payload).await;
    }
    leads(drill, &mut played, STANDBY, 2).await;
    let of_runs = drill.runs.seen().len();
    played.check(
        "no run was needed, and none was started by a suspicion",
        format!("{of_runs} runs"),
        of_runs == 0,
    );
    for start in &starts {
        back(drill, &mut played, start).await?;
    }
    leads(drill, &mut played, HOME, 3).await;
    keeps_every_row(drill, &mut played).await?;
    is_free(drill, &mut played).await?;
    Ok(played)
}

/// The call that the document prints for the other way, made at home; made again, it finds the same run.
async fn back(drill: &Drill<'_>, played: &mut Played, start: &Printed) -> Result<(), Trouble> {
    let function = named(start.function);
    let text = format!("invokes {} with {}", start.function, start.payload);
    drill.world.timeline.say(Kind::Run, "a human", text);
    let mut executions = Vec::new();
    for _ in 0..2 {
        let answer = drill.world.invoke(HOME, &function, &start.payload).await?;
        executions.push(answer["execution"].as_str().unwrap_or_default().to_owned());
    }
    played.check(
        "one call starts the machine's run, and the same call again finds it",
        executions.join(", "),
        executions
            .iter()
            .all(|found| !found.is_empty() && *found == executions[0]),
    );
    let run = executions
        .first()
        .and_then(|found| found.rsplit(':').next());
    succeeded(drill, played, run.unwrap_or_default(), HOME).await;
    Ok(())
}

/// The calls under the heading, in their order.
fn printed() -> Vec<Printed> {
    let (_, rest) = PAGE.split_once(HEADING).unwrap_or_default();
    let section = rest.split("\n#").next().unwrap_or_default();
    let commands = section.lines().filter_map(|line| {
        let (_, call) = line.split_once(" `aurora-failover-")?;
        let (function, payload) = call.split_once("` with `")?;
        Some(Printed {
            function,
            payload: serde_json::from_str(payload.strip_suffix('`')?).ok()?,
        })
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::PLAN;

    #[test]
    fn the_document_prints_one_call_that_starts_the_move_and_each_step_in_its_order() {
        let step = |function, payload| Printed { function, payload };
        let forced = |epoch: u64| json!({"plan": PLAN, "force": format!("{PLAN}@{epoch}")});
        let operation = |operation: &str, epoch| {
            let mut payload = forced(epoch);
            payload["operation"] = operation.into();
            payload
        };
        assert_eq!(
            printed(),
            [
                step("planned-failover", json!({"plan": PLAN, "start": true})),
                step("planned-failover", forced(1)),
                step("health-probe", operation("prove", 1)),
                step("dns-flip", forced(2)),
                step("ecs-restart", forced(2)),
                step("health-probe", operation("verify", 2)),
            ]
        );
    }
}

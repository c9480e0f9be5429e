//! Makes what was decided. Each write goes to the row of the Region that is left first: it decides.

use failover::{
    Error,
    domain::Region,
    ledger::{PlanState, Stage, Stop},
    notify::tell,
    pass::{Pass, frame::Came},
    ports::{Ledger, People, Runtime, update, update_if},
};

use super::{Action, Observed, look, words, written};
use crate::members::{Stops, stops::Asked};

pub(super) async fn act(
    world: &(impl Ledger + Runtime + Stops + People),
    pass: &mut Pass,
    observed: &Observed,
    action: &Action,
) -> Result<Came, Error> {
    // A pass that waits leaves no other record.
    if pass.run.stopped_at != observed.position {
        pass.run.stopped_at = observed.position;
        world.put_run(world.region(), &pass.run).await?;
    }
    match action {
        Action::Done(_) | Action::Wait(_) => Ok(Came::AsDecided),
        Action::Write => {
            let is_news = observed.written == super::Written::Nothing;
            write(world, pass).await?;
            if is_news {
                tell(world, &pass.run.plan, &words::stops(pass, observed)).await;
            }
            Ok(Came::AsDecided)
        }
        Action::Stop => asked(world, pass, &Asked::Stop(look::of(pass))).await,
        Action::Open => asked(world, pass, &Asked::Open(look::of(pass))).await,
        Action::GiveBack(_) => {
            give_back(world, pass).await?;
            Ok(Came::AsDecided)
        }
    }
}

/// Asks the writer's Region. An answer that is not seen, or a refusal, is not counted on: the next pass looks.
async fn asked(world: &impl Stops, pass: &Pass, asked: &Asked) -> Result<Came, Error> {
    Ok(match world.ask(&pass.run.from, asked).await {
        Ok(stands) => Came::So(stands.said),
        Err(why) => Came::Unknown(format!(
            "{} did not do it, or did not say so: {why}",
            pass.run.from
        )),
    })
}

/// Writes the stop down in the row of the Region that is left, and then in the target's.
async fn write(world: &(impl Ledger + Runtime), pass: &Pass) -> Result<(), Error> {
    let run = &pass.run;
    let open = pass.rows.0.get(&run.from).and_then(|row| row.stop.as_ref());
    let open = open.filter(|open| open.to == run.to);
    let stop = Stop {
        token: written::token(run),
        epoch: open.map_or_else(|| pass.rows.next_epoch(), |open| open.epoch),
        from: run.from.clone(),
        to: run.to.clone(),
        run_id: run.run_id.clone(),
        written_at: pass.now,
        stage: Stage::Stopping,
    };
    for region in [&run.from, &run.to] {
        let is_own = |row: &PlanState| written::own(run, row).is_some();
        if !pass.rows.0.get(region).is_some_and(is_own) {
            update(world, region, run.name(), |row| row.stop(stop.clone())).await?;
        }
    }
    Ok(())
}

/// Withdraws the run's stop where it has not become a promotion, and asks for the writer to be opened. Where its Region is silent, its
/// own schedule does both.
///
/// # Errors
/// `Unavailable` where the row of the Region that is left cannot be written: nothing is opened then.
async fn give_back(world: &(impl Ledger + Runtime + Stops), pass: &Pass) -> Result<(), Error> {
    let (run, token) = (&pass.run, written::token(&pass.run));
    let withdraw = async |region: &Region| {
        let change = |row: &PlanState| row.withdraw_stop(&token);
        update_if(world, region, run.name(), change).await
    };
    // What was not withdrawn there has become a promotion, or was withdrawn before: the target's copy says nothing then.
    if withdraw(&run.from).await?.is_none() {
        return Ok(());
    }
    if let Err(why) = world.ask(&run.from, &Asked::Open(look::of(pass))).await {
        tracing::warn!(run_id = %run.run_id, %why, "the writer was not seen to open; the next pass looks");
    }
    if let Err(why) = withdraw(&run.to).await {
        tracing::warn!(run_id = %run.run_id, %why, "a copy of the withdrawn stop stays in the target's row, and says nothing");
    }
    Ok(())
}

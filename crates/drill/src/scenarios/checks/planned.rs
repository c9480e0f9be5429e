//! Whether a planned move came about, or did not.

use crate::{
    profile::{HOME, WRITER_NAME, cluster},
    scenario::{Drill, FAILBACK, Played},
    scenarios::checks::ledgers::{is_free, writer_is},
    world::Trouble,
};

/// A run that moves the writer to a Region succeeds.
pub(crate) async fn succeeded(drill: &Drill<'_>, played: &mut Played, run: &str, to: &str) {
    // What protects the plan again is part of the run.
    succeeds(drill, played, run, format!("the move to {to} succeeds")).await;
}

/// A run succeeds; where it does not, what it left says why.
pub(crate) async fn succeeds(
    drill: &Drill<'_>,
    played: &mut Played,
    run: &str,
    expected: impl Into<String>,
) {
    let ended = drill.end_of(run, FAILBACK).await;
    let (outcome, left) = ended.map(|run| (run.outcome, run.left)).unwrap_or_default();
    let outcome = outcome.unwrap_or_default();
    let succeeded = outcome == "succeeded";
    let found = [outcome].into_iter().chain(left).collect::<Vec<_>>();
    played.check(expected, found.join("; "), succeeded);
}

/// The application writes in a Region, and ledgers and DNS name its writer, of this epoch.
pub(crate) async fn leads(drill: &Drill<'_>, played: &mut Played, to: &str, epoch: u64) {
    drill.writes_in(to).await;
    played.checks.extend(writer_is(drill, to, epoch).await);
    let leads_to = drill.world.leads_to(WRITER_NAME).await;
    let leads_to = leads_to.unwrap_or_else(|| "nowhere".into());
    played.check(
        format!("{WRITER_NAME} leads to {}", cluster(to)),
        &*leads_to,
        leads_to == drill.world.endpoints[to].writer,
    );
}

/// The run is aborted, the old writer stays, and the plan is free.
pub(crate) async fn stays(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    let outcomes: Vec<_> = drill
        .runs
        .seen()
        .into_iter()
        .filter_map(|run| run.outcome)
        .collect();
    played.check(
        "the run is aborted",
        outcomes.join(", "),
        outcomes == ["aborted"],
    );
    played.checks.extend(writer_is(drill, HOME, 1).await);
    is_free(drill, played).await
}

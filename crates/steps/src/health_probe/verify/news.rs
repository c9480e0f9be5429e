//! What people are told while a name does not lead to the writer.

use failover::{
    Error,
    domain::seconds_between,
    notify::{Message, Severity, tell},
    pass::Pass,
    ports::{Ledger, People, Runtime},
};

/// A name that was changed is seen by then. The run goes on trying for many minutes, and tells its end behind that.
const SOON_SECONDS: f64 = 60.0;
/// What the run's timeline says of that it was told.
const TOLD: &str = "tell";

/// Tells people that applications cannot write yet: once in a run, a minute after it has come here.
///
/// # Errors
/// `Unavailable` when the ledger does not take that it was told.
pub(super) async fn waits(
    world: &(impl Ledger + Runtime + People),
    pass: &mut Pass,
    why: &str,
) -> Result<(), Error> {
    let run = &pass.run;
    let is_told = |step: &str, action: &str| step == super::STEP && action == TOLD;
    let mut timeline = run.timeline.iter();
    let is_soon = seconds_between(pass.entered(super::STEP), pass.now) < SOON_SECONDS;
    if is_soon || timeline.any(|entry| is_told(&entry.step, &entry.action)) {
        return Ok(());
    }
    let message = Message {
        severity: Severity::Critical,
        what: format!("applications cannot write in {} yet", run.to),
        evidence: format!("{} is the writer and is proven, but {why}.", run.to),
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: "The run goes on trying for some twenty minutes, and tells you its end. Lead what is named here to the new writer by hand where nothing does."
            .into(),
        ..Message::default()
    };
    if tell(world, &run.plan, &message).await {
        pass.record(world, super::STEP, TOLD, why).await?;
    }
    Ok(())
}

//! What people are told while a name does not lead to the writer.

use failover::{
    Error,
    domain::seconds_between,
    notify::{Message, Severity, tell, tool},
    pass::Pass,
    ports::{Ledger, People, Runtime},
};

/// A name that was changed is seen by then. The run goes on trying for many minutes, and tells its end behind that.
const SOON_SECONDS: f64 = 60.0;
/// The same of a name that health checks lead: thirty seconds between looks, three of them, and a minute of a resolver, twice over.
const FOLLOWS_SECONDS: f64 = 300.0;
/// What the run's timeline says of that it was told.
const TOLD: &str = "tell";

/// What is waited for, and what was seen of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Waits<'a> {
    /// A name under which applications write.
    Database(&'a str),
    /// Names of applications alone.
    Application(&'a str),
}

/// Tells people that a name does not lead there yet: once in a run, some time after it has come here.
///
/// # Errors
/// `Unavailable` when the ledger does not take that it was told.
pub(super) async fn waits(
    world: &(impl Ledger + Runtime + People),
    pass: &mut Pass,
    waits: Waits<'_>,
) -> Result<(), Error> {
    let run = &pass.run;
    let (soon, why) = match waits {
        Waits::Database(why) => (SOON_SECONDS, why),
        Waits::Application(why) => (FOLLOWS_SECONDS, why),
    };
    let is_told = |step: &str, action: &str| step == super::STEP && action == TOLD;
    let mut timeline = run.timeline.iter();
    let is_soon = seconds_between(pass.entered(super::STEP), pass.now) < soon;
    if is_soon || timeline.any(|entry| is_told(&entry.step, &entry.action)) {
        return Ok(());
    }
    let (what, next) = match waits {
        Waits::Database(_) => (
            format!("applications cannot write in {} yet", run.to),
            "The run goes on trying for some twenty minutes, and tells you its end. Lead what is named here to the new writer by hand where nothing does. The command shows how far it is.",
        ),
        Waits::Application(_) => (
            format!("an application's name does not lead to {} yet", run.to),
            "The run goes on looking for some twenty minutes, and tells you its end. Look whether the objects of its switch say so, and whether the health checks of its records find them. The command shows how far it is.",
        ),
    };
    let message = Message {
        severity: Severity::Critical,
        what,
        evidence: format!("{} is the writer and is proven, but {why}.", run.to),
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: next.into(),
        commands: vec![tool::run(run)],
        ..Message::default()
    };
    if tell(world, &run.plan, &message).await {
        pass.record(world, super::STEP, TOLD, why).await?;
    }
    Ok(())
}

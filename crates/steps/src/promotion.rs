//! What every topology's promotion after an outage shares: when it may begin, what is written down before its call, and what people
//! are told beside that. The call itself is the topology's own.

use jiff::Timestamp;

use failover::{
    Error, guard,
    ledger::Run,
    notify::{Message, Severity, commands, parts, tell, tool},
    pass::Pass,
    ports::{self, Ledger, People, Runtime},
    switches::Switches,
    topology::Named,
};

use crate::confirm_outage;

pub mod life;
mod written;

pub use written::IntentState;

/// Why the first promoting call may not be made now: a switch, or the guards' word on the evidence and the loss.
#[must_use]
pub fn refusal(
    run: &Run,
    switches: &Switches,
    lived_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Error> {
    let judge = || {
        switches.admit(run.name())?;
        if run.forced {
            guard::abandoned(run, lived_at, now)?;
            return guard::forced(run.accept_data_loss);
        }
        let confirmed = run.confirmed.as_ref();
        guard::freshness(&run.plan, confirmed, now)?;
        guard::still_down(confirmed, lived_at)?;
        confirmed.map_or(Ok(()), |confirmed| {
            guard::loss(&run.plan, confirmed.loss.as_ref())
        })
    };
    judge().err()
}

/// Writes the intent to leave a group into every table the run leased.
///
/// # Errors
/// `EvidenceStale` where the Region that is left has fallen silent since the evidence; those of the ledger.
pub async fn write_intent(
    world: &impl Ledger,
    pass: &Pass,
    group: Option<Named>,
) -> Result<(), Error> {
    let run = &pass.run;
    let intent = pass.intent(group);
    for region in &run.leased {
        let written =
            ports::update(world, region, run.name(), |row| row.intend(intent.clone())).await;
        match written {
            Err(Error::Unavailable(why)) if *region == run.from => {
                return Err(Error::EvidenceStale(format!(
                    "the ledger of {region}, which answered when the outage was confirmed, is silent now: {why}"
                )));
            }
            other => drop(other?),
        }
    }
    Ok(())
}

/// The message beside the first promoting call. That one is noted before it is made, so that no pass tells of it once more.
pub async fn point_of_no_return(
    world: &(impl Runtime + People),
    pass: &Pass,
    target: &str,
    way: &str,
) {
    let run = &pass.run;
    let calls = run.attempts.iter().map(|attempt| attempt.times);
    if calls.sum::<u32>() > 1 {
        return;
    }
    let confirmed = run.timeline.iter().rev();
    let evidence = confirmed
        .filter(|entry| entry.step == confirm_outage::STEP)
        .map(|entry| entry.reason.clone())
        .next();
    let end = if run.forced && !run.plan.has_heart() {
        "Once it serves, commit a row there, and only then say so by the command."
    } else if run.forced {
        "Then prove the writer by the command, unless aurora-failover is doing so."
    } else {
        "This run tells you its end. The command shows how far it is."
    };
    let command = match run.forced {
        true => commands::prove(&run.plan, &run.to, pass.rows.epoch()),
        false => tool::run(run),
    };
    let message = Message {
        severity: Severity::Critical,
        what: format!("{}: {target} is promoted by {way}", parts::RETURN),
        evidence: evidence.unwrap_or_else(|| "It is promoted by hand.".into()),
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: format!("Keep applications from writing in {}. {end}", run.from),
        commands: vec![command],
        ..Message::default()
    };
    tell(world, &run.plan, &message).await;
}

#[cfg(test)]
mod tests;

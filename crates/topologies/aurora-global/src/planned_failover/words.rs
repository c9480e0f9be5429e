//! What a planned move says of itself: in its record, and to people before its call.

use super::{Action, Observed};
use failover::{
    notify::{Message, commands},
    pass::Pass,
};

/// Why the pass does what it does.
pub(super) fn reason(pass: &Pass, observed: &Observed, action: Action) -> String {
    let (target, from) = (&observed.target.identifier, &pass.run.from);
    match action {
        Action::Done => format!("{target} is the writer and available"),
        Action::Wait(why) => {
            let status = &observed.target.status;
            format!("{target}: {why} (status {status}{})", untold(observed))
        }
        Action::WriteIntent => {
            let takes = pass.says("is about to take", "would take");
            let but = observed.warnings.iter();
            let but: String = but.map(|warning| format!("; {warning}")).collect();
            format!("everything is ready; {target} {takes} over from {from}{but}")
        }
        Action::SwitchOver => format!(
            "{target} follows {from}; {} over",
            pass.says("switching", "would switch")
        ),
        Action::Withdraw => {
            let why = match observed.called {
                Some(_) => format!(
                    "nothing of the switchover was seen for a minute, here or in {from}; its writer commits and stays"
                ),
                None => format!("not ready any more: {}", observed.not_ready.join("; ")),
            };
            let withdrawn = pass.says("", ", and the intent would be withdrawn");
            format!("{why}{withdrawn}")
        }
    }
}

fn untold(observed: &Observed) -> String {
    let called = observed.called.as_ref();
    let untold = called.and_then(|called| called.untold.as_deref());
    untold.map_or_else(String::new, |untold| format!(", {untold}"))
}

/// The message before the call.
pub(super) fn takes_over(pass: &Pass, observed: &Observed) -> Message {
    let run = &pass.run;
    let end = if run.forced {
        "Then prove the writer by hand."
    } else {
        "This run tells you its end."
    };
    let prove = || commands::prove(&run.plan, &run.to, pass.rows.epoch());
    Message {
        what: format!(
            "{} takes over from {} as planned",
            observed.target.identifier, run.from
        ),
        evidence: [
            "Every check of readiness held. No acknowledged row is lost.".to_owned(),
            observed.warnings.join(". "),
        ]
        .join(" ")
        .trim_end()
        .to_owned(),
        execution: run.execution.clone(),
        next: format!("Nothing. Writes stop for some seconds. {end}"),
        commands: run.forced.then(prove).into_iter().collect(),
        ..Message::default()
    }
}

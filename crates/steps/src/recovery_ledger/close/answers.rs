//! Whose word a trouble is: a human's no, nobody's, or a function's.

use crate::recovery_ledger::Trouble;
use failover::ledger::Run;

/// The state that asks a human.
pub(super) const ASKS: &str = "AwaitApproval";

/// What an answer goes by that is neither a yes nor a no.
const UNREADABLE: &str = "Unreadable";

/// What a failure goes by that was given no name.
pub(super) const UNNAMED: &str = "States.TaskFailed";

/// Whether nobody answered in time.
pub(super) fn is_silence(trouble: &Trouble) -> bool {
    trouble.state == ASKS && trouble.error == "States.Timeout"
}

/// Whether a human said no, under whatever name, or under none. Nobody can who was sent no question, and what a function, Lambda or
/// the state machine fails with is nobody's word, and a word that nobody can read is none.
pub(super) fn is_a_no(run: &Run, trouble: &Trouble) -> bool {
    let is_sent = run.asked.as_ref().is_some_and(|asked| asked.is_sent);
    let error = trouble.error.as_str();
    let of_the_machine = error.starts_with("States.") && error != UNNAMED;
    let failed = is_of_a_function(trouble) || of_the_machine || error.starts_with("Lambda.");
    trouble.state == ASKS && is_sent && !failed && error != UNREADABLE
}

/// Whether it is a function's own error, which is JSON in the cause: people may type the same name.
fn is_of_a_function(trouble: &Trouble) -> bool {
    let cause = trouble.cause.trim_start();
    cause.starts_with('{') && cause.contains("\"errorType\"")
}

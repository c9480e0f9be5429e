//! When the writer that a promotion leaves was last known alive.

use jiff::{SignedDuration, Timestamp};

use failover::{
    beat::{Vantage, Write},
    evidence::Said,
    ledger::{Confirmed, Run},
    pass::SILENCE,
    ports::Ledger,
};

/// Whether every member Region's probe is asked for a last sign of life: where this very pass may promote, because the road may be
/// cut from here alone, and where somebody forces it, who is the evidence and may not know. A dead Region costs that pass a second,
/// so it is spared where the evidence, in which all of them were asked, is as new as another look.
#[must_use]
pub fn asks_everywhere(run: &Run, may_promote: bool, now: Timestamp) -> bool {
    const AS_NEW: SignedDuration = SignedDuration::from_secs(5);
    let confirmed = run.confirmed.as_ref();
    let is_new = confirmed
        .is_some_and(|confirmed| now.duration_since(confirmed.evidence.gathered_at) < AS_NEW);
    run.forced || (may_promote && !is_new)
}

/// When a probe last knew the old writer alive: this Region's, or any. What does not answer knows nothing.
pub async fn last(world: &impl Ledger, run: &Run, everywhere: bool) -> Option<Timestamp> {
    let was_silent = |confirmed: &Confirmed| confirmed.evidence.said == Said::Nothing;
    let answers_are_new = !run.forced && run.confirmed.as_ref().is_some_and(was_silent);
    let members = run.plan.members().keys();
    let members = members.filter(|region| everywhere || **region == run.to);
    let asked = members.map(async |region| {
        let vantage = world.vantage(region, run.name());
        let vantage = tokio::time::timeout(SILENCE, vantage).await.ok()?.ok()??;
        let lived = lived_at(&vantage, answers_are_new);
        lived.filter(|_| vantage.writer_region == run.from)
    });
    let seen = futures::future::join_all(asked).await;
    seen.into_iter().flatten().max()
}

/// When a vantage last knew the writer alive, by its own clock. One attempt that failed since is no death. An answer without a
/// commit counts where it is new: what was answered before the evidence is in it already, and may have been approved.
fn lived_at(vantage: &Vantage, answers_are_new: bool) -> Option<Timestamp> {
    const AT_ONCE: SignedDuration = SignedDuration::from_mins(3);
    let commits = matches!(vantage.write, Write::Committed { .. });
    let answers = answers_are_new && Said::of(&vantage.write) != Said::Nothing;
    let last = (commits || answers).then_some(vantage.at);
    // Where nobody looked between the last beat and the first failure, the failure tells nothing of the writer's end.
    let beat = vantage.last_beat.map(|beat| beat.at);
    let ended = vantage.signs.uncommitted_since;
    let ended = ended.filter(|ended| beat.is_some_and(|at| ended.duration_since(at) < AT_ONCE));
    let answered = vantage.signs.answered_at.max(vantage.signs.spoke_at);
    let answered = answered.filter(|_| answers_are_new);
    let saturated = vantage.signs.saturated_at;
    last.max(ended).max(saturated).max(answered)
}

#[cfg(test)]
mod tests;

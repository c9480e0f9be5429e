//! Which step of a run may follow what it has done: pure, and asked by every pass.

use failover::{Error, ledger::Entry};
use jiff::Timestamp;

use super::Asks;
use crate::{
    phase::Phase,
    run::{Kind, WorkloadRun},
};

/// A step of a run: the passes of a phase, or of the half of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Pairs and checks.
    Prepare,
    /// Copies in rounds.
    Sync,
    /// Builds beside.
    Rehearse,
    /// Takes that away.
    TakeAway,
    /// Stops the business.
    Suspend,
    /// The last copies.
    LastSync,
    /// The cut-over.
    CutOver,
    /// Looks.
    Verify,
    /// Stops what served.
    Retire,
    /// Protects home.
    Conclude,
    /// Gives back what was suspended.
    GiveBack,
    /// Undoes a cut-over.
    Revert,
}

impl Step {
    /// Its phase.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::Prepare => Phase::Prepare,
            Self::Sync => Phase::Sync,
            Self::Rehearse | Self::TakeAway => Phase::Rehearse,
            Self::Suspend => Phase::Suspend,
            Self::LastSync => Phase::LastSync,
            Self::CutOver => Phase::CutOver,
            Self::Verify => Phase::Verify,
            Self::Retire => Phase::Retire,
            Self::Conclude => Phase::Conclude,
            Self::GiveBack | Self::Revert => Phase::Revert,
        }
    }

    /// Its name, as payloads and timelines have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TakeAway => "take_away",
            Self::GiveBack => "give_back",
            Self::Prepare
            | Self::Sync
            | Self::Rehearse
            | Self::Suspend
            | Self::LastSync
            | Self::CutOver
            | Self::Verify
            | Self::Retire
            | Self::Conclude
            | Self::Revert => self.phase().name(),
        }
    }

    /// The phase that must be over, and the question that must have its yes.
    const fn after(self) -> (Option<Phase>, Option<Asks>) {
        match self {
            Self::Prepare => (None, None),
            // Nothing of home changes before the yes.
            Self::Sync => (Some(Phase::Prepare), Some(Asks::Prepared)),
            Self::Rehearse => (Some(Phase::Sync), Some(Asks::Prepared)),
            // What a rehearsal that fails has built is taken away, too.
            Self::TakeAway => (None, None),
            Self::Suspend => (Some(Phase::Sync), Some(Asks::Suspend)),
            Self::LastSync => (Some(Phase::Suspend), Some(Asks::Suspend)),
            Self::CutOver => (Some(Phase::LastSync), Some(Asks::Suspend)),
            Self::Verify => (Some(Phase::CutOver), None),
            Self::Retire => (Some(Phase::Verify), Some(Asks::Verified)),
            // Home is protected by the proof that it serves, whatever is still to be stopped elsewhere.
            Self::Conclude => (Some(Phase::Verify), Some(Asks::Verified)),
            Self::GiveBack | Self::Revert => (None, None),
        }
    }

    /// Whether runs of a kind have this step.
    const fn is_of(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Prepare | Self::Sync, Kind::RestoreHome | Kind::Rehearse)
            | (Self::Rehearse | Self::TakeAway, Kind::Rehearse)
            | (
                Self::Suspend
                | Self::LastSync
                | Self::CutOver
                | Self::Verify
                | Self::Retire
                | Self::Conclude
                | Self::GiveBack,
                Kind::RestoreHome,
            )
            | (Self::Revert, Kind::Revert) => true,
            (
                Self::Prepare
                | Self::Sync
                | Self::Rehearse
                | Self::TakeAway
                | Self::Suspend
                | Self::LastSync
                | Self::CutOver
                | Self::Verify
                | Self::Retire
                | Self::Conclude
                | Self::GiveBack
                | Self::Revert,
                Kind::RestoreHome | Kind::Rehearse | Kind::Revert,
            ) => false,
        }
    }
}

/// Whether a question of the run has its yes.
#[must_use]
pub(super) fn has_yes(run: &WorkloadRun, asks: Asks) -> bool {
    run.answered(asks.phase()).is_some_and(|answer| answer.yes)
}

/// Whether a run may take a step after all that it has done.
///
/// # Errors
/// `NotReady` that names the phase or the yes which is missing, `RunRefused` for a step that its kind does not have or that lies behind it.
pub fn may_enter(run: &WorkloadRun, step: Step, now: Timestamp) -> Result<(), Error> {
    let (name, of) = (step.name(), &run.run_id);
    if !step.is_of(run.kind) {
        return Err(Error::RunRefused(format!(
            "the operation is {name}, and run {of} is of the kind {}, which does not have it; start a run of the kind that does",
            run.kind.name()
        )));
    }
    if step == Step::GiveBack && run.entered.contains_key(&Phase::CutOver) {
        return Err(Error::RunRefused(format!(
            "the operation is {name}, and run {of} has begun to cut over: what was suspended stays so; start revert-home to undo that"
        )));
    }
    if step != Step::GiveBack
        && run.kind != Kind::Revert
        && run.entered.contains_key(&Phase::Revert)
    {
        return Err(Error::RunRefused(format!(
            "the operation is {name}, and run {of} has given back what it had suspended; start another run"
        )));
    }
    if step == Step::TakeAway && !run.entered.contains_key(&Phase::Rehearse) {
        return Err(Error::NotReady(format!(
            "{name} follows {}, which run {of} has not begun; there is nothing to take away",
            Phase::Rehearse
        )));
    }
    let (over, yes) = step.after();
    if let Some(over) = over.filter(|over| !run.left.contains_key(over)) {
        return Err(Error::NotReady(format!(
            "{name} follows {over}, which run {of} has not done; call that first"
        )));
    }
    if let Some(asks) = yes.filter(|asks| !has_yes(run, *asks)) {
        return Err(Error::NotReady(format!(
            "{name} follows a yes to the question {}, and run {of} has none; answer it with the operation approve",
            asks.name()
        )));
    }
    match run
        .not_before
        .filter(|at| step == Step::Suspend && *at > now)
    {
        Some(at) => Err(Error::NotReady(format!(
            "not_before is {at}: run {of} does not stop the business before; wait for it"
        ))),
        None => Ok(()),
    }
}

/// What a timeline says of a step that begins, and of one that is over.
pub(super) const ENTER: &str = "enter";
pub(super) const LEAVE: &str = "leave";
/// What it says of what a step did not come to, where another one went on.
pub(super) const LEFT_OVER: &str = "left over";

/// Whether the half of a phase has begun that has no entry of its own among the phases.
pub(super) fn has_entered(run: &WorkloadRun, step: Step) -> bool {
    noted(run, step, ENTER).is_some()
}

/// When what was built beside was taken away.
pub(super) fn taken_away(run: &WorkloadRun) -> Option<Timestamp> {
    noted(run, Step::TakeAway, LEAVE)
}

/// What a run has not retired and gone on, as it was said then.
pub(super) fn not_retired(run: &WorkloadRun) -> Option<&str> {
    let said = entry(run, Step::Retire, LEFT_OVER)?;
    Some(&said.reason)
}

fn noted(run: &WorkloadRun, step: Step, action: &str) -> Option<Timestamp> {
    entry(run, step, action).map(|entry| entry.at)
}

fn entry<'a>(run: &'a WorkloadRun, step: Step, action: &str) -> Option<&'a Entry> {
    let mut entries = run.timeline.iter();
    entries.find(|entry| entry.step == step.name() && entry.action == action)
}

#[cfg(test)]
mod tests {
    use failover::domain::Epoch;

    use super::*;
    use crate::{run::Opening, testing};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(kind: Kind) -> WorkloadRun {
        WorkloadRun::opened(Opening {
            run_id: "0123456789abcdef".into(),
            kind,
            plan: testing::plan(),
            epoch: Epoch(3),
            opened_at: at(0),
        })
    }

    fn answered(run: &mut WorkloadRun, asks: Asks, yes: bool) {
        run.answers.push(crate::run::Answered {
            phase: asks.phase(),
            yes,
            by: "ada".into(),
            at: at(1),
        });
    }

    const HOME: [Step; 8] = [
        Step::Prepare,
        Step::Sync,
        Step::Suspend,
        Step::LastSync,
        Step::CutOver,
        Step::Verify,
        Step::Retire,
        Step::Conclude,
    ];

    #[test]
    fn each_step_waits_for_the_one_before_it_and_for_its_yes() {
        let mut run = run(Kind::RestoreHome);
        for step in HOME {
            // The protection of home waits for no Retire.
            let waits = |later: &Step| {
                later.phase() > step.phase() && (step, *later) != (Step::Retire, Step::Conclude)
            };
            for later in HOME.into_iter().filter(waits) {
                let why = may_enter(&run, later, at(2)).unwrap_err();
                assert_eq!(why.name(), "NotReady", "{later:?} before {step:?}");
            }
            if let (_, Some(asks)) = step.after() {
                answered(&mut run, asks, false);
                assert!(may_enter(&run, step, at(2)).is_err(), "a no: {step:?}");
                answered(&mut run, asks, true);
            }
            assert_eq!(may_enter(&run, step, at(2)), Ok(()), "{step:?}");
            run.leave(step.phase(), at(2));
        }
    }

    #[test]
    fn what_was_built_beside_is_taken_away_however_its_rehearsal_ended() {
        let mut run = run(Kind::Rehearse);
        let why = may_enter(&run, Step::TakeAway, at(0)).unwrap_err();
        assert_eq!(why.name(), "NotReady", "nothing was built");
        run.enter(Phase::Rehearse, at(1));
        assert_eq!(may_enter(&run, Step::TakeAway, at(2)), Ok(()));
    }

    #[test]
    fn the_business_is_not_stopped_before_the_window() {
        let mut run = run(Kind::RestoreHome);
        run.not_before = Some(at(100));
        run.leave(Phase::Sync, at(1));
        answered(&mut run, Asks::Suspend, true);
        let why = may_enter(&run, Step::Suspend, at(99)).unwrap_err();
        assert!(why.to_string().contains("not_before"), "{why}");
        assert_eq!(may_enter(&run, Step::Suspend, at(100)), Ok(()));
    }

    #[test]
    fn a_rehearsal_never_stops_the_business_and_a_run_home_never_reverts() {
        for (kind, step) in [
            (Kind::Rehearse, Step::Suspend),
            (Kind::Rehearse, Step::CutOver),
            (Kind::RestoreHome, Step::Revert),
            (Kind::Revert, Step::Prepare),
        ] {
            let why = may_enter(&run(kind), step, at(0)).unwrap_err();
            assert_eq!(why.name(), "RunRefused", "{kind:?} {step:?}");
        }
    }

    #[test]
    fn nothing_is_given_back_once_the_cut_over_has_begun_and_nothing_follows_what_was_given_back() {
        let mut run = run(Kind::RestoreHome);
        assert_eq!(may_enter(&run, Step::GiveBack, at(0)), Ok(()));
        run.enter(Phase::Revert, at(0));
        let why = may_enter(&run, Step::Prepare, at(0)).unwrap_err();
        assert_eq!(why.name(), "RunRefused");
        run.enter(Phase::CutOver, at(0));
        assert!(may_enter(&run, Step::GiveBack, at(0)).is_err());
    }
}

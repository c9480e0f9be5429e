//! What people are told of a run.

use failover::{
    Error,
    domain::Region,
    metric::{self, Counted},
    notify::{Message, Severity},
    pass::briefly,
    ports::{People, Runtime},
};
use jiff::Timestamp;

use super::{Asks, commands, evidence::Evidence};
use crate::{
    plan::WorkloadPlan,
    run::{Kind, WorkloadRun},
};

/// The topic that people are asked on.
///
/// # Errors
/// `NotReady` where the plan names none in this Region.
pub(super) fn topic<'a>(plan: &'a WorkloadPlan, here: &Region) -> Result<&'a str, Error> {
    let topic = plan.notify.get(here).map(String::as_str);
    topic.ok_or_else(|| {
        Error::NotReady(format!(
            "notify of plan {} names no topic in {here}, and nobody can be asked; add one",
            plan.plan
        ))
    })
}

/// What a question says.
pub(super) fn text(run: &WorkloadRun, evidence: &Evidence, asks: Asks) -> String {
    format!("{} {}", asked(run, asks), means(run, evidence, asks))
}

/// What is asked, as short as a subject has it.
fn asked(run: &WorkloadRun, asks: Asks) -> String {
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    match asks {
        Asks::Prepared => format!("Is {home} clean and ready?"),
        Asks::Rehearsed => format!("Is what was built in {home} right?"),
        Asks::Suspend => format!("May the business in {recovery} stop?"),
        Asks::Verified => format!("Does the business work in {home}?"),
    }
}

/// What follows from either answer.
fn means(run: &WorkloadRun, evidence: &Evidence, asks: Asks) -> String {
    let observed = evidence.about(asks).into_iter();
    let all = std::iter::once(follows(run, asks)).chain(observed);
    all.collect::<Vec<_>>().join(" ")
}

fn follows(run: &WorkloadRun, asks: Asks) -> String {
    let (home, recovery) = (&run.plan.home_region, &run.plan.recovery_region);
    match asks {
        Asks::Prepared => format!(
            "{} resource(s) were paired and checked. Nothing of {home} changes before the yes.",
            run.plan.resources.len()
        ),
        Asks::Rehearsed => {
            "It stands beside the old, and whatever the answer is, it is taken away afterwards."
                .to_owned()
        }
        Asks::Suspend => match stops(&run.plan) {
            true => format!(
                "After the yes the services of the plan in {recovery} are brought to zero until {home} serves; writers outside the plan are not looked at. A no leaves {recovery} serving."
            ),
            false => format!(
                "The plan names no service in {recovery}: stop who writes there before the yes, for nobody looks at that. A no leaves {recovery} serving."
            ),
        },
        Asks::Verified => format!(
            "After the yes {home} serves, and {recovery} is stopped. After a no nothing more changes, and one command goes back to {recovery}."
        ),
    }
}

/// Whether the plan names services that are brought to zero.
fn stops(plan: &WorkloadPlan) -> bool {
    let mut services = plan.services.iter();
    services.any(|service| *service.region() == plan.recovery_region)
}

/// The question, with a command for either answer.
pub(super) fn question(
    run: &WorkloadRun,
    evidence: &Evidence,
    (asks, until): (Asks, Timestamp),
) -> Message {
    let last = run.timeline.last().map(|entry| entry.reason.clone());
    let evidence: Vec<_> = std::iter::once(means(run, evidence, asks))
        .chain(last)
        .collect();
    let severity = match asks {
        Asks::Prepared | Asks::Rehearsed | Asks::Suspend => Severity::Action,
        // The business is stopped while it is asked.
        Asks::Verified => Severity::Critical,
    };
    Message {
        severity,
        what: asked(run, asks),
        evidence: evidence.join("\n"),
        until: Some(until),
        execution: run.execution.clone(),
        next: "Approve with the first command, or decline with the second. The third shows how far each resource is.".into(),
        commands: commands::answers(run)
            .into_iter()
            .chain([commands::status(&run.plan)])
            .collect(),
        out_since: None,
    }
}

/// What a run has come to, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Two Regions, neither of which is sure to serve: somebody undoes the cut-over.
    Between,
    /// Home serves, or nothing was left to do.
    Serves,
    /// Home serves, and people have something to do themselves.
    LeftOver,
    /// Where it stood before.
    AsBefore,
}

/// What became of a run.
pub(super) fn ended(run: &WorkloadRun, outcome: &str, reason: &str, stands: Stands) -> Message {
    let what = match run.kind {
        Kind::RestoreHome => format!("the run home to {} has ended: {outcome}", run.to),
        Kind::Rehearse => format!("the rehearsal in {} has ended: {outcome}", run.to),
        Kind::Revert => format!("the way back to {} has ended: {outcome}", run.to),
    };
    let (severity, next) = match stands {
        Stands::Between => (
            Severity::Critical,
            "Look at what stands with the first command. The second undoes the cut-over.",
        ),
        Stands::Serves => (Severity::Notice, "Nothing. The command shows the run."),
        Stands::LeftOver => (
            Severity::Action,
            "Do by hand what is said above; nothing is to be undone for it. The command shows the run.",
        ),
        Stands::AsBefore => (
            Severity::Action,
            "Look at what stands in the way with the command, mend it, and start another run.",
        ),
    };
    let revert = (stands == Stands::Between).then(|| commands::revert(&run.plan));
    Message {
        severity,
        what,
        evidence: reason.to_owned(),
        until: None,
        execution: run.execution.clone(),
        next: next.into(),
        commands: [commands::status(&run.plan)]
            .into_iter()
            .chain(revert)
            .collect(),
        out_since: None,
    }
}

/// Tells people on the acting Region's topic. What cannot be sent is logged and counted: no run waits for it.
pub(super) async fn tell(world: &(impl Runtime + People), plan: &WorkloadPlan, message: &Message) {
    let here = world.region();
    let Some(topic) = plan.notify.get(here) else {
        tracing::info!(plan = %plan.plan, what = message.what, "nobody is told: notify names no topic here");
        return;
    };
    let (subject, text) = (message.subject(&plan.plan), message.text(world.now()));
    match briefly(here, world.publish(topic, &subject, &text)).await {
        Ok(()) => tracing::info!(plan = %plan.plan, what = message.what, "told"),
        Err(why) => {
            tracing::error!(plan = %plan.plan, what = message.what, %why, "nobody could be told");
            metric::failed(Counted::Topic, &plan.plan, world.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use failover::testing::example;

    use super::*;
    use crate::{phase::Phase, testing};

    /// A run home that has come to its questions.
    fn run() -> WorkloadRun {
        let mut run = WorkloadRun {
            run_id: "1f0c9d34a7b2e658".into(),
            execution: example::execution("us-east-1", "restore-home"),
            opened_at: example::before(5_400),
            ..testing::run()
        };
        run.note(
            example::before(60),
            "sync",
            "done",
            "2 round(s) of copies have come home, and the last one moved 0.4 GiB",
        );
        run
    }

    #[test]
    fn a_question_says_what_either_answer_does() {
        let until = example::before(-14_400);
        example::is(
            "workload-question",
            &question(&run(), &Evidence::default(), (Asks::Suspend, until)),
        );
    }

    #[test]
    fn the_end_says_what_stands_and_how_to_go_back() {
        let mut run = run();
        run.enter(Phase::CutOver, example::before(600));
        let reason = "Verified: Refused: the answer says approved = false. The business is stopped in us-west-2, and us-east-1 does not serve yet; \
            what stood there before is kept under other names";
        example::is(
            "workload-ended",
            &ended(&run, "failed", reason, Stands::Between),
        );
    }

    #[test]
    fn every_subject_is_whole() {
        let (run, plan) = (run(), "orders".into());
        let until = example::sent();
        let all = [
            Asks::Prepared,
            Asks::Rehearsed,
            Asks::Suspend,
            Asks::Verified,
        ];
        for asks in all {
            let evidence = Evidence::default();
            let told = question(&run, &evidence, (asks, until));
            assert!(told.subject(&plan).ends_with(&told.what), "{}", told.what);
            let text = text(&run, &evidence, asks);
            let (what, means) = text.split_once("? ").unwrap();
            assert_eq!(format!("{what}?"), told.what);
            assert!(told.evidence.starts_with(means), "{}", told.evidence);
        }
    }
}

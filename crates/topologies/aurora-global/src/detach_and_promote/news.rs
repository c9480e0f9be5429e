//! What people are told while the standby is promoted.

use super::{Action, Observed, tried};
use failover::{
    ledger::{Answer, Attempt},
    notify::{Message, Severity, parts, tell, tool},
    pass::{Pass, calls},
    plan::Strategy,
    ports::{People, Runtime},
};

/// The first refusal of a managed failover where the plan leaves no other way.
pub(super) async fn refused(
    world: &(impl Runtime + People),
    pass: &Pass,
    observed: &Observed,
    action: Action,
    words: &str,
) {
    let run = &pass.run;
    let before = run.attempts.iter().rev().skip(1);
    let is_first = !before.into_iter().any(is_refused_failover);
    let managed = run.plan.topology.strategy() == Some(Strategy::Managed);
    if action != Action::FailOver || !managed || !is_first {
        return;
    }
    let message = Message {
        severity: Severity::Critical,
        what: format!(
            "RDS refuses the managed failover to {}",
            observed.target.identifier
        ),
        evidence: format!("RDS says: {words}"),
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: "It is asked for again until the run ends. The plan's strategy is managed, so that nothing is detached. Where a detach is right, set its strategy to detach and start a run. The command shows how far this one is."
            .into(),
        commands: vec![tool::run(run)],
        ..Message::default()
    };
    tell(world, &run.plan, &message).await;
}

/// Whether it is a managed failover that RDS refused.
fn is_refused_failover(attempt: &Attempt) -> bool {
    let refused = matches!(attempt.answer, Some(Answer::Refused(_)));
    refused && attempt.step == super::STEP && attempt.action == "fail_over"
}

fn is_detach(attempt: &&Attempt) -> bool {
    attempt.step == super::STEP && attempt.action == tried::DETACH
}

/// A detach in place of what RDS did not carry out, when it is asked for the first time.
pub(super) async fn detached_instead(
    world: &(impl Runtime + People),
    pass: &Pass,
    observed: &Observed,
) {
    let run = &pass.run;
    let detaches = run.attempts.iter().filter(is_detach);
    if detaches.map(|attempt| attempt.times).sum::<u32>() > 1 {
        return;
    }
    let refused = run.attempts.iter().any(is_refused_failover);
    let operation = observed
        .global
        .as_ref()
        .and_then(|global| global.failover.as_ref());
    let why = match (operation, &run.strategy) {
        (Some(operation), _) => format!(
            "RDS has been {} to {} for {:.0} s without a change, and {} is gone",
            operation.status,
            member(&operation.to),
            observed.tried.unchanged_seconds.unwrap_or_default(),
            run.from
        ),
        (None, Some(resolved)) if refused => resolved.reason.clone(),
        (None, _) => return,
    };
    let message = Message {
        severity: Severity::Critical,
        what: format!("{} {}", observed.target.identifier, parts::DETACHED),
        evidence: why,
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: format!(
            "Nothing now. The global database has to be rebuilt when {} is back. The command shows how far the run is.",
            run.from
        ),
        commands: vec![tool::run(run)],
        ..Message::default()
    };
    tell(world, &run.plan, &message).await;
}

/// The name of a member, whose ARN fills a subject.
fn member(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// Somebody's failover that may lose data, seen for the first time while this run was about to promote.
pub(super) async fn under_way(world: &(impl Runtime + People), pass: &Pass, observed: &Observed) {
    let run = &pass.run;
    let operation = observed
        .global
        .as_ref()
        .and_then(|global| global.failover.as_ref());
    let losing = operation.filter(|operation| operation.loses != Some(false));
    let Some(operation) = losing.filter(|_| calls::open(run).is_none()) else {
        return;
    };
    let message = Message {
        severity: Severity::Critical,
        what: format!(
            "RDS is {} to {} already",
            operation.status,
            member(&operation.to)
        ),
        evidence: "This run did not ask for it. It is waited for while it changes, ten minutes at most where nothing of it does.".into(),
        out_since: run.out_since(),
        execution: run.execution.clone(),
        next: "Look who began it. Nobody needs to begin another one. The command shows how far this run is.".into(),
        commands: vec![tool::run(run)],
        ..Message::default()
    };
    tell(world, &run.plan, &message).await;
}

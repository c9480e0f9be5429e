//! `acknowledge`: somebody has understood an unplanned failover, so that another one may follow by itself.

use failover::{
    domain::{PlanName, RunId},
    ledger::Current,
};
use serde_json::json;

use crate::{
    by_hand::{Job, carry_out, silent},
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    passes::Call,
    survey::{Survey, surveys},
};

/// Ends the cool-down of a plan, by its name or by the run that made its writer.
pub async fn run(desk: &Desk<'_>, what: &str, consent: Consent) -> Answer {
    let surveys = match surveys(desk.account, desk.first, None).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let (survey, current) = match meant(&surveys, what) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let (plan, run_id) = (&survey.name, &current.run_id);
    let unheard = silent(survey);
    // One function tells every ledger that answers. That of the writer's Region is asked first.
    let mut answering = survey
        .regions
        .keys()
        .filter(|region| !unheard.contains(region));
    let writer = answering.clone().find(|region| **region == current.writer);
    let Some(region) = writer.or_else(|| answering.next()) else {
        let why = format!("no member Region of plan {plan} answers; ask again when one does");
        return Answer::none(Ending::Unknown, why);
    };
    let job = Job {
        plan,
        kind: "acknowledge",
        what: format!(
            "the cool-down after run {run_id} of plan {plan} is about to end, so that another failover may follow by itself"
        ),
        calls: vec![Call {
            region: region.clone(),
            function: "recovery-ledger".to_owned(),
            payload: json!({"operation": "acknowledge", "plan": plan, "run_id": run_id}),
        }],
        can_rehearse: false,
        can_repeat: true,
        silent: Vec::new(),
    };
    let mut answer = carry_out(desk, &job, consent).await;
    if answer.ending == Ending::Well && !unheard.is_empty() {
        let names: Vec<_> = unheard.iter().map(|region| region.as_str()).collect();
        answer.complaints.push(format!(
            "{} did not answer, and may refuse a failover until the cool-down is over there; acknowledge it again when it answers",
            names.join(", ")
        ));
        answer.ending = Ending::Unknown;
    }
    answer
}

/// The plan that is meant, and its writer, which an unplanned failover made.
fn meant<'a>(surveys: &'a [Survey], what: &str) -> Result<(&'a Survey, Current), Answer> {
    let current = |survey: &Survey| survey.rows().current().cloned();
    if let Some(survey) = surveys.iter().find(|survey| survey.name.as_str() == what) {
        let made = current(survey).ok_or_else(|| {
            let why = format!("no ledger that answers names a writer of plan {what}");
            Answer::none(Ending::Unknown, why)
        })?;
        return if made.unplanned {
            Ok((survey, made))
        } else {
            Err(nothing(&survey.name, &made.run_id))
        };
    }
    let made = surveys
        .iter()
        .filter_map(|survey| Some((survey, current(survey)?)));
    let of_run: Vec<_> = made
        .filter(|(_, made)| made.unplanned && made.run_id.as_str().starts_with(what))
        .collect();
    match <[_; 1]>::try_from(of_run) {
        Ok([found]) => Ok(found),
        Err(several) if several.is_empty() => {
            let plans: Vec<_> = surveys.iter().map(|survey| survey.name.as_str()).collect();
            let why = format!(
                "{what} is neither a plan nor a run that made a writer by an unplanned failover; the plans there are {}",
                plans.join(", ")
            );
            Err(Answer::none(Ending::Misused, why))
        }
        Err(several) => {
            let runs: Vec<_> = several
                .iter()
                .map(|(_, made)| made.run_id.as_str())
                .collect();
            let why = format!(
                "run {what} may be any of {}; write more of its name",
                runs.join(", ")
            );
            Err(Answer::none(Ending::Misused, why))
        }
    }
}

fn nothing(plan: &PlanName, run_id: &RunId) -> Answer {
    let why = format!(
        "the writer of plan {plan} was made by {run_id}, which is no unplanned failover, so that no cool-down is to be ended"
    );
    Answer::none(Ending::NotWell, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::Said,
        arguments::Output,
        fake::{Fake, HOME, OTHER, row, well},
        terminal::Terminal,
    };

    /// The other Region took over.
    fn failed_over() -> Fake {
        let mut account = well();
        for region in [HOME, OTHER] {
            let mut row = row(OTHER, 2);
            let current = row.current.as_mut().unwrap();
            (current.unplanned, current.run_id) = (true, "b093".into());
            let said = json!({"progress": "done", "action": "acknowledge", "reason": "run b093 is acknowledged"});
            let place = account.place(region);
            place.row = Some(row);
            let function = "aurora-failover-recovery-ledger".to_owned();
            place.says.insert(function, Said::Answer(said));
        }
        account
    }

    async fn acknowledged(account: &Fake, what: &str, consent: Consent) -> Answer {
        let act = async |desk: &Desk<'_>| run(desk, what, consent).await;
        let terminal = Terminal::typed(&["orders"]);
        account.at_desk(&terminal, Output::Table, act).await
    }

    #[tokio::test]
    async fn a_plan_or_its_run_is_acknowledged_by_one_call_where_the_writer_is() {
        for what in ["orders", "b0"] {
            let account = failed_over();
            let answer = acknowledged(&account, what, Consent::default()).await;
            assert_eq!(answer.ending, Ending::Well, "{answer:?}");
            assert_eq!(
                answer.text,
                "orders:\n  us-east-1: done: run b093 is acknowledged\n"
            );
            assert_eq!(
                account.called(),
                [
                    r#"us-east-1 aurora-failover-recovery-ledger {"operation":"acknowledge","plan":"orders","run_id":"b093"}"#
                ]
            );
        }
    }

    #[tokio::test]
    async fn a_dry_run_calls_nobody_and_so_does_who_is_refused() {
        let dry = Consent {
            dry_run: true,
            yes: false,
        };
        let account = failed_over();
        assert_eq!(
            acknowledged(&account, "orders", dry).await.ending,
            Ending::Well
        );
        let why = acknowledged(&account, "c1", Consent::default()).await;
        assert_eq!(why.ending, Ending::Misused);
        assert!(
            why.complaints[0].starts_with("c1 is neither a plan nor a run"),
            "{why:?}"
        );
        assert_eq!(account.called(), Vec::<String>::new());
        let calm = well();
        let why = acknowledged(&calm, "orders", Consent::default()).await;
        assert_eq!(why.ending, Ending::NotWell);
        assert!(
            why.complaints[0].contains("no unplanned failover"),
            "{why:?}"
        );
        assert_eq!(calm.called(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_region_that_is_silent_is_told() {
        let mut account = failed_over();
        account.dead.insert(HOME.into());
        let answer = acknowledged(&account, "orders", Consent::default()).await;
        assert_eq!(answer.ending, Ending::Unknown);
        assert!(answer.text.contains("us-east-1: done"), "{answer:?}");
        assert!(
            answer.complaints[0].starts_with("us-west-2 did not answer"),
            "{answer:?}"
        );
    }
}

//! `false-alarm`: somebody says that nothing had been wrong when a run was started, so that `history` counts it.

use failover::domain::PlanName;
use serde_json::json;

use crate::{
    by_hand::{Job, carry_out},
    consent::Consent,
    desk::Desk,
    ending::Answer,
    passes::Call,
    run::named,
    survey::surveys,
};

/// What is to be marked.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The run, or how its name begins.
    pub run: &'a str,
    /// The plan, where others need not be searched.
    pub plan: Option<&'a PlanName>,
    /// Who says so, and why.
    pub why: &'a str,
}

/// Marks a run that changed nothing, where its record lies.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>, consent: Consent) -> Answer {
    let surveys = match surveys(desk.account, desk.first, wanted.plan).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let (region, plan, run_id) = match named(&surveys, wanted.run) {
        Ok(found) => found,
        Err(why) => return why,
    };
    let why = wanted.why;
    let payload = json!({"operation": "false_alarm", "plan": plan, "run_id": run_id, "why": why});
    let job = Job {
        plan: &plan,
        kind: "false_alarm",
        what: format!("run {run_id} of plan {plan} is about to be marked as a false alarm ({why})"),
        calls: vec![Call {
            region,
            function: "recovery-ledger".to_owned(),
            payload,
        }],
        can_rehearse: true,
        can_repeat: true,
        silent: Vec::new(),
    };
    carry_out(desk, &job, consent).await
}

#[cfg(test)]
mod tests {
    use failover::ledger::Outcome;

    use super::*;
    use crate::{
        account::Said,
        arguments::Output,
        ending::Ending,
        fake::{Fake, HOME, OTHER, run as ended, well},
        terminal::Terminal,
    };

    const LEDGER: &str = "aurora-failover-recovery-ledger";

    /// An account with runs of which the function says this.
    fn says(said: Said) -> Fake {
        let mut account = well();
        account.place(HOME).runs = vec![ended("a1", 60, Outcome::StoodDown)];
        let place = account.place(OTHER);
        place.runs = vec![ended("b093", 80, Outcome::StoodDown)];
        place.says.insert(LEDGER.to_owned(), said);
        account
    }

    fn takes() -> Fake {
        let reason = "run b093 of plan orders is marked as a false alarm";
        says(Said::Answer(
            json!({"progress": "done", "action": "false_alarm", "reason": reason}),
        ))
    }

    async fn marked(account: &Fake, run_id: &str, consent: Consent) -> Answer {
        let wanted = Wanted {
            run: run_id,
            plan: None,
            why: "Ada: a router",
        };
        let act = async |desk: &Desk<'_>| run(desk, wanted, consent).await;
        let terminal = Terminal::typed(&["orders"]);
        account.at_desk(&terminal, Output::Table, act).await
    }

    /// What the function is called with, beside whether it only answers.
    fn call(ends: &str) -> String {
        format!(
            r#"us-east-1 {LEDGER} {{{ends}"operation":"false_alarm","plan":"orders","run_id":"b093","why":"Ada: a router"}}"#
        )
    }

    #[tokio::test]
    async fn a_run_is_marked_where_its_record_lies_once_that_was_agreed_to() {
        let account = takes();
        let answer = marked(&account, "b0", Consent::default()).await;
        assert_eq!(answer.ending, Ending::Well, "{answer:?}");
        assert_eq!(
            answer.text,
            "orders:\n  us-east-1: done: run b093 of plan orders is marked as a false alarm\n"
        );
        let calls = [call("\"dry_run\":true,"), call("")];
        assert_eq!(account.called(), calls);
    }

    #[tokio::test]
    async fn a_dry_run_only_asks_what_would_be_marked() {
        let account = takes();
        let dry = Consent {
            dry_run: true,
            yes: false,
        };
        let answer = marked(&account, "b093", dry).await;
        assert_eq!(answer.ending, Ending::Well, "{answer:?}");
        assert_eq!(account.called(), [call("\"dry_run\":true,")]);
    }

    #[tokio::test]
    async fn what_the_function_refuses_and_a_run_that_nobody_knows_change_nothing() {
        let why = "run_id is b093, which did more than look and is no false alarm (succeeded)";
        let account = says(Said::Failure {
            name: "InvalidRequest".to_owned(),
            why: why.to_owned(),
        });
        let answer = marked(&account, "b093", Consent::default()).await;
        assert_eq!(answer.ending, Ending::NotWell, "{answer:?}");
        assert!(answer.text.contains(why), "{answer:?}");
        assert_eq!(answer.complaints, ["nothing was changed"]);
        assert_eq!(account.called().len(), 1);
        let account = takes();
        let answer = marked(&account, "c1", Consent::default()).await;
        assert_eq!(answer.ending, Ending::Misused);
        assert!(answer.complaints[0].starts_with("run c1 is in no ledger"));
        assert_eq!(account.called(), Vec::<String>::new());
    }
}

//! The commands of a workload: what each calls, starts and prints, and what is refused.

use failover::domain::PlanName;
use serde_json::json;
use workload::run::Kind as Does;

use super::{
    fixtures::{AT_HOME, AWAY, FUNCTION, ago, away, refuses, run, says, waiting, would},
    *,
};
use crate::{
    approvals, approve,
    arguments::Output,
    consent::{Consent, Watching},
    ending::{Answer, Ending},
    failback::Wanted,
    fake::{Fake, well},
    plan_check,
    terminal::Terminal,
};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:aurora-failover";
const AGREED: Consent = Consent {
    dry_run: false,
    yes: true,
};
const NO_WAIT: Watching = Watching {
    no_wait: true,
    wait: 1,
};

fn orders() -> PlanName {
    "orders".into()
}

async fn home(account: &Fake, change: impl Fn(&mut Wanted<'_>)) -> Answer {
    let plan = orders();
    let mut wanted = Wanted {
        plan: &plan,
        rehearse: false,
        not_before: None,
        approved: false,
    };
    change(&mut wanted);
    let act = async |desk: &Desk<'_>| failback::run(desk, wanted, (AGREED, NO_WAIT)).await;
    let terminal = Terminal::typed(&[]);
    account.at_desk(&terminal, Output::Table, act).await
}

async fn back(account: &Fake, accepts: bool) -> Answer {
    let plan = orders();
    let act = async |desk: &Desk<'_>| {
        let wanted = (&plan, accepts);
        revert::run(desk, wanted, (AGREED, NO_WAIT)).await
    };
    let terminal = Terminal::typed(&[]);
    account.at_desk(&terminal, Output::Table, act).await
}

/// What was started, without the plan's name.
fn starts(account: &Fake) -> Vec<String> {
    let written = account.written().into_iter();
    let starts = written.filter(|line| line.contains(" start "));
    starts.collect()
}

#[tokio::test]
async fn a_plan_is_a_workload_where_its_parameter_lies_below_workloads() {
    for (account, is_workload) in [(away(), true), (well(), false), (Fake::default(), false)] {
        let act = async |desk: &Desk<'_>| is_one(desk, &orders()).await;
        let found = account
            .at_desk(&Terminal::typed(&[]), Output::Table, act)
            .await;
        assert_eq!(found, is_workload);
    }
}

#[tokio::test]
async fn the_machine_at_home_is_started_with_what_was_asked_for() {
    let mut account = away();
    says(&mut account, would());
    let answer = home(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(
        answer.text,
        "look at it with aurora-failover status orders\n"
    );
    home(&account, |wanted| wanted.rehearse = true).await;
    home(&account, |wanted| {
        wanted.not_before = Some("2026-12-01T02:00:00Z".parse().unwrap());
    })
    .await;
    let start = |input: &str| format!("{AT_HOME} start {MACHINE}-restore-home {input}");
    assert_eq!(
        starts(&account),
        [
            start(r#"{"plan":"orders"}"#),
            start(r#"{"plan":"orders","rehearse":true}"#),
            start(r#"{"not_before":"2026-12-01T02:00:00Z","plan":"orders"}"#),
        ]
    );
    let opened = format!(
        r#"{AT_HOME} {FUNCTION} {{"dry_run":true,"kind":"rehearse","operation":"open","plan":"orders"}}"#
    );
    assert!(
        account.called().contains(&opened),
        "{:#?}",
        account.called()
    );
}

#[tokio::test]
async fn what_stands_against_a_run_home_is_listed_and_nothing_is_started() {
    let mut account = away();
    let why = "us-east-1 serves plan orders at epoch 7; there is nothing to bring home";
    says(&mut account, refuses("RunRefused", why));
    let answer = home(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer.text.contains(&format!("    - {why}\n")),
        "{}",
        answer.text
    );
    let answer = home(&account, |wanted| wanted.approved = true).await;
    assert_eq!(answer.ending, Ending::Misused);
    account.dead.insert(AT_HOME.into());
    let plan = orders();
    let act = async |desk: &Desk<'_>| {
        let away = [AWAY.into()];
        let desk = Desk {
            first: &away,
            ..*desk
        };
        ready::run(&desk, (&plan, None)).await
    };
    let answer = account
        .at_desk(&Terminal::typed(&[]), Output::Table, act)
        .await;
    assert_eq!(answer.ending, Ending::Unknown, "{answer:?}");
    assert!(answer.text.contains("us-east-1 does not answer"));
    assert_eq!(starts(&account), Vec::<String>::new());
}

#[tokio::test]
async fn what_opening_and_the_first_phase_say_is_whether_it_is_ready() {
    let mut account = away();
    says(&mut account, would());
    let plan = orders();
    let act = async |desk: &Desk<'_>| ready::run(desk, (&plan, None)).await;
    let terminal = Terminal::typed(&[]);
    let answer = account.at_desk(&terminal, Output::Table, act).await;
    assert_eq!(
        answer.text,
        "orders: restore home from us-west-2 to us-east-1\n  open: ready\n    it would be done\n  prepare: ready\n    it would be done\n"
    );
    assert_eq!((answer.ending, account.written().len()), (Ending::Well, 0));
}

#[tokio::test]
async fn a_cut_over_is_undone_by_its_own_machine_and_a_database_is_not() {
    let mut account = away();
    says(&mut account, would());
    let answer = back(&account, false).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    back(&account, true).await;
    let start = |input: &str| format!("{AT_HOME} start {MACHINE}-revert-home {input}");
    assert_eq!(
        starts(&account),
        [
            start(r#"{"plan":"orders"}"#),
            start(r#"{"accept_data_loss":true,"plan":"orders"}"#),
        ]
    );
    let why = "what was written there since is lost; say \"accept_data_loss\": true to go back all the same";
    says(&mut account, refuses("DataLossTooLarge", why));
    let answer = back(&account, false).await;
    assert!(
        answer.text.contains("- add --accept-data-loss"),
        "{}",
        answer.text
    );
    assert_eq!(
        (answer.ending, starts(&account).len()),
        (Ending::NotWell, 2)
    );
    let answer = back(&well(), false).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert!(
        answer.complaints[0].contains("nothing to revert"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn without_a_topic_nobody_could_be_asked_and_nothing_is_started() {
    let mut account = away();
    says(&mut account, would());
    let mut document = fixtures::document();
    document["notify"] = json!({});
    for region in [AT_HOME, AWAY] {
        let parameters = &mut account.place(region).parameters;
        let name = "/aurora-failover/workloads/orders".to_owned();
        parameters.insert(name, document.to_string());
    }
    let answer = home(&account, |_| {}).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer.complaints[0].contains("notify of workload orders"),
        "{answer:?}"
    );
    assert_eq!(starts(&account), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_is_shown_until_it_is_closed() {
    for (outcome, ending) in [("succeeded", Ending::Well), ("failed", Ending::NotWell)] {
        let mut account = away();
        let execution = "arn:it";
        let mut record = run(Does::RestoreHome, execution);
        record.close(ago(5), outcome, "us-east-1 serves");
        account.place(AT_HOME).workload_runs = vec![record];
        account.place(AT_HOME).workload_rows = vec![fixtures::copying()];
        let plan = fixtures::plan();
        let watched = follow::Watched {
            plan: &plan,
            kind: Does::RestoreHome,
            execution,
        };
        let terminal = Terminal::typed(&[]);
        let limit = std::time::Duration::from_secs(5);
        let act = async |desk: &Desk<'_>| follow::follow(desk, &watched, limit).await;
        let came = account.at_desk(&terminal, Output::Table, act).await;
        let said = terminal.said();
        assert!(said[0].ends_with("open: the plan is held in both Regions"));
        assert!(said[1].ends_with("sync: sync begins"), "{said:?}");
        let (told, _) = started::told(&came, ("run home", "status"));
        assert_eq!(told, ending, "{came:?}");
    }
}

#[tokio::test]
async fn a_question_is_listed_and_answered_by_the_function_with_a_name() {
    let mut account = waiting();
    says(&mut account, would());
    let terminal = Terminal::typed(&[]);
    let act = async |desk: &Desk<'_>| approvals::run(desk).await;
    let listed = account.at_desk(&terminal, Output::Table, act).await;
    assert_eq!(listed.ending, Ending::NotWell, "{listed:?}");
    for part in [
        "orders: May the business in us-west-2 stop?\n",
        "  yes: aurora-failover approve 1f0c9d34a7b2e658\n",
    ] {
        assert!(listed.text.contains(part), "{part}: {}", listed.text);
    }
    assert!(!listed.text.contains("secret"));
    for (no, operation) in [(None, "approve"), (Some("not now"), "decline")] {
        let answer = answered(&account, (no, Some("ada"))).await;
        assert_eq!(answer.ending, Ending::Well, "{answer:?}");
        let call = format!(
            r#"{AT_HOME} {FUNCTION} {{"by":"ada","operation":"{operation}","phase":"suspend","plan":"orders","run_id":"1f0c9d34a7b2e658"}}"#
        );
        assert_eq!(account.called().last(), Some(&call));
    }
    let calls = account.called().len();
    let answer = answered(&account, (None, Some(" "))).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert_eq!(account.called().len(), calls);
    let answer = answered(&away(), (None, Some("ada"))).await;
    assert_ne!(answer.ending, Ending::Well, "nobody asks");
}

async fn answered(account: &Fake, (no, by): (Option<&str>, Option<&str>)) -> Answer {
    let wanted = approve::Wanted {
        run: "1f0c",
        token: None,
        no,
        by,
    };
    let act = async |desk: &Desk<'_>| approve::run(desk, wanted, Consent::default()).await;
    let terminal = Terminal::typed(&["orders"]);
    account.at_desk(&terminal, Output::Table, act).await
}

#[tokio::test]
async fn somebody_says_who_serves_and_it_is_looked_whether_that_is_so() {
    let mut account = away();
    says(&mut account, would());
    let (plan, serves) = (orders(), AWAY.into());
    let adopted = async |account: &Fake, serves: Option<&failover::domain::Region>| {
        let act = async |desk: &Desk<'_>| {
            let said = (&plan, serves, Some(7));
            adopt::run(desk, said, AGREED).await
        };
        let terminal = Terminal::typed(&[]);
        account.at_desk(&terminal, Output::Table, act).await
    };
    let answer = adopted(&account, Some(&serves)).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let call = format!(
        r#"{AT_HOME} {FUNCTION} {{"from_epoch":7,"operation":"adopt","plan":"orders","serves":"us-west-2"}}"#
    );
    assert_eq!(account.called().last(), Some(&call));
    let answer = adopted(&account, None).await;
    assert_eq!(answer.ending, Ending::Misused);
    says(
        &mut account,
        refuses("NotReady", "billing: it does not run"),
    );
    let answer = adopted(&account, Some(&serves)).await;
    assert_eq!(
        answer.complaints,
        ["billing: it does not run; nothing was changed"]
    );
}

#[tokio::test]
async fn the_document_is_shown_as_it_lies_there() {
    let mut account = away();
    let plan = orders();
    let shown = async |account: &Fake| {
        let act = async |desk: &Desk<'_>| show::run(desk, &plan).await;
        let terminal = Terminal::typed(&[]);
        account.at_desk(&terminal, Output::Table, act).await
    };
    let answer = shown(&account).await;
    assert_eq!(answer.text, format!("{}\n", fixtures::document()));
    assert_eq!(answer.ending, Ending::Well);
    account.place(AWAY).parameters.clear();
    let answer = shown(&account).await;
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(answer.complaints[0].starts_with("us-west-2 has no document"));
}

#[test]
fn a_file_is_judged_by_what_it_says_that_it_is() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let judged = |document: &serde_json::Value| {
        std::fs::write(file.path(), document.to_string()).unwrap();
        plan_check::run(std::slice::from_ref(&path), Output::Table)
    };
    let answer = judged(&fixtures::document());
    assert_eq!(
        answer.text,
        format!("{path}: no fault in plan orders, revision 3\n")
    );
    let mut faulty = fixtures::document();
    faulty["recovery_region"] = AT_HOME.into();
    let answer = judged(&faulty);
    assert_eq!(answer.ending, Ending::NotWell);
    assert!(
        answer
            .text
            .starts_with(&format!("{path}: recovery_region is us-east-1")),
        "{}",
        answer.text
    );
}

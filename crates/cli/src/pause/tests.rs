//! A switch is written whatever it said, and a Region that is silent is named.

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, well},
    terminal::Terminal,
};

async fn paused(
    account: &Fake,
    plan: Option<&str>,
    says: Option<&str>,
    consent: Consent,
) -> Answer {
    let terminal = Terminal::typed(&["orders"]);
    let plan = plan.map(PlanName::from);
    let wanted = Wanted {
        plan: plan.as_ref(),
        says,
    };
    let act = async |desk: &Desk<'_>| run(desk, wanted, consent).await;
    account.at_desk(&terminal, Output::Table, act).await
}

const AGREED: Consent = Consent {
    dry_run: false,
    yes: true,
};

#[tokio::test]
async fn every_member_region_is_written_to_once_the_plans_name_was_typed() {
    let account = well();
    let answer = paused(&account, Some("orders"), Some("storm"), Consent::default()).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let switch = "/aurora-failover/maintenance/orders";
    assert_eq!(
        account.written(),
        [(OTHER, "storm"), (HOME, "storm")]
            .map(|(region, says)| format!("{region} {switch}={says}"))
    );
    assert!(
        answer
            .text
            .starts_with("/aurora-failover/maintenance/orders says storm\n")
    );
    assert!(
        answer.text.contains("us-west-2  off     storm\n"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn what_is_so_already_is_written_again_and_all_plans_have_a_switch_of_their_own() {
    let mut account = well();
    let kill = ("/aurora-failover/kill".to_owned(), "storm".to_owned());
    account.place(HOME).parameters.extend([kill]);
    let answer = paused(&account, None, None, AGREED).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_eq!(
        account.written(),
        [OTHER, HOME].map(|region| format!("{region} /aurora-failover/kill=off"))
    );
    assert!(
        answer
            .text
            .contains("! it is for the plans that are known here: orders;"),
        "{}",
        answer.text
    );
    let asked = paused(&account, None, Some("on"), Consent::default()).await;
    assert_eq!(asked.ending, Ending::Misused, "orders is not all");
    assert_eq!(account.written().len(), 2);
}

#[tokio::test]
async fn a_region_that_is_silent_is_said_and_makes_the_exit_code_3() {
    let mut account = well();
    account.dead.insert(HOME.into());
    let answer = paused(&account, Some("orders"), Some("on"), AGREED).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert_eq!(
        answer.complaints,
        ["us-west-2: it is silent; write on into /aurora-failover/maintenance/orders there"]
    );
    assert_eq!(
        account.written(),
        ["us-east-1 /aurora-failover/maintenance/orders=on"]
    );
    assert!(
        answer.text.contains("us-west-2  ?       ?\n"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let account = well();
    let dry = Consent {
        dry_run: true,
        yes: false,
    };
    let answer = paused(&account, Some("orders"), Some("on"), dry).await;
    assert_eq!(account.written(), Vec::<String>::new());
    assert!(
        answer
            .text
            .starts_with("/aurora-failover/maintenance/orders would say on\n")
    );
    assert!(
        answer.text.contains("us-west-2  off     off\n"),
        "{}",
        answer.text
    );
}

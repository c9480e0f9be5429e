//! What `status` prints, as a whole.

use failover::{
    domain::Epoch,
    ledger::{Intent, Outcome, RunKind},
};
use serde_json::{Value, json};

use super::*;
use crate::fake::{Fake, HOME, OTHER, before, now, row, run as ended, vantage, well};

async fn said(account: &Fake, output: Output) -> Answer {
    let at = (output, now());
    run(
        &account.account(),
        &[OTHER.into()],
        Some(&"orders".into()),
        at,
    )
    .await
}

async fn table(account: &Fake) -> (String, Ending) {
    let answer = said(account, Output::Table).await;
    (answer.text, answer.ending)
}

async fn json(account: &Fake) -> Value {
    let text = said(account, Output::Json).await.text;
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn where_all_is_well_a_few_lines_say_so() {
    let (text, ending) = table(&well()).await;
    assert_eq!(
        text,
        "\
orders: the writer is in us-west-2, epoch 1, proven 3 h ago by adopt
  protected: yes (region_down is automatic, writer_down automatic)
  run:       none
  last run:  none
  REGION     MEMBER       ROLE     STATUS        LAG    LAST BEAT  EPOCH
  us-east-1  orders-east  standby  follows       0.8 s  2 s ago    1
  us-west-2  orders-west  writer   takes writes  -      2 s ago    1
  REGION     SWITCHES  PLAN  VERSION           ENDPOINT
  us-east-1  off       3     4f2a8c01b2d3e4f5  orders-east.cluster-ro-a1.example:5432
  us-west-2  off       3     4f2a8c01b2d3e4f5  orders-west.cluster-a1.example:5432
"
    );
    assert_eq!(ending, Ending::Well);
}

/// The home Region is dead, and a run that answers it has begun to promote.
fn outage() -> Fake {
    let mut account = well();
    account.dead.insert(HOME.into());
    let place = account.place(OTHER);
    let mut row = row(HOME, 1);
    row.lease = Some(Lease {
        run_id: "b093".into(),
        token: 1,
        kind: RunKind::UnplannedFailover,
        from: HOME.into(),
        to: OTHER.into(),
        expires_at: before(-840),
        waits_for_human: false,
    });
    row.intent = Some(Intent {
        epoch: Epoch(2),
        from: HOME.into(),
        to: OTHER.into(),
        global_cluster: None,
        run_id: "b093".into(),
        written_at: before(6),
    });
    place.row = Some(row);
    let mut open = ended("b093", 0, Outcome::Succeeded);
    open.closed = None;
    open.timeline[0].step = "detach_and_promote".into();
    open.timeline[0].action = "detach".into();
    place.runs = vec![open, ended("a711", 7_200, Outcome::StoodDown)];
    place.vantage = Some(vantage(OTHER, HOME));
    account
}

#[tokio::test]
async fn while_a_region_is_dead_the_other_tells_what_is_done_about_it() {
    let (text, ending) = table(&outage()).await;
    assert_eq!(
        text,
        "\
orders: the writer is in us-west-2, epoch 1, proven 3 h ago by adopt
  protected: no, for what is marked with ! (region_down is automatic, writer_down automatic)
  change:    from us-west-2 to us-east-1, epoch 2, begun 6 s ago
  run:       unplanned failover from us-west-2 to us-east-1, detach_and_promote: detach, 5 s ago, its lease holds until 2026-01-31 02:14:00 UTC (run b093, started by a person)
  last run:  unplanned failover from us-west-2 to us-east-1, stood down 2 h ago, RTO 14.8 s (run a711)
  REGION     MEMBER       ROLE     STATUS        LAG    LAST BEAT  EPOCH
  us-east-1  orders-east  standby  follows       0.8 s  2 s ago    1
  us-west-2  orders-west  writer   takes writes  -      ?          ?
  REGION     SWITCHES  PLAN  VERSION           ENDPOINT
  us-east-1  off       3     4f2a8c01b2d3e4f5  orders-east.cluster-ro-a1.example:5432
  us-west-2  ?         ?     ?                 orders-west.cluster-a1.example:5432
  ! us-west-2 does not answer: reading the known plans from the ledger in us-west-2 got no answer: dispatch failure: timeout: timed out
"
    );
    assert_eq!(ending, Ending::NotWell);
}

#[tokio::test]
async fn programs_are_told_the_same_in_json() {
    let status = json(&outage()).await;
    let plan = &status["plans"][0];
    assert_eq!(plan["plan"], "orders");
    assert_eq!(plan["writer"]["region"], HOME);
    assert_eq!(plan["intent"]["epoch"], 2);
    assert_eq!(plan["run"]["step"], "detach_and_promote");
    assert_eq!(plan["last_run"]["outcome"], "stood_down");
    let silent = &plan["regions"][1];
    assert_eq!(
        [&silent["answers"], &silent["epoch"], &silent["switches"]],
        [&json!(false), &Value::Null, &Value::Null]
    );
    assert_eq!(plan["attention"].as_array().unwrap().len(), 1);
    assert_eq!(plan["protected"], false);
    assert_eq!(plan["modes"]["writer_down"], "automatic");
    assert_eq!(plan["run"]["leased_in"], json!([OTHER]));
    let standby = &plan["regions"][0];
    assert_eq!(
        [&standby["state"], &standby["lag_seconds"]],
        [&json!("follows"), &json!(0.8)]
    );
    assert_eq!(standby["endpoints"]["port"], 5432);
}

#[tokio::test]
async fn how_a_member_does_is_unknown_where_nobody_saw_it_lately() {
    let states = async |account: &Fake| {
        let status = json(account).await;
        let regions = status["plans"][0]["regions"].as_array().unwrap().clone();
        regions
            .iter()
            .map(|region| region["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut account = well();
    for region in [HOME, OTHER] {
        let vantage = account.place(region).vantage.as_mut().unwrap();
        vantage.moved_at = Some(before(600));
        vantage.write = failover::beat::Write::Failed { why: "no".into() };
    }
    assert_eq!(states(&account).await, ["stands_still", "takes_no_writes"]);
    let seen = account.place(OTHER).vantage.as_mut().unwrap();
    seen.signs.read_at = None;
    assert_eq!(states(&account).await, ["unknown", "takes_no_writes"]);
    for region in [HOME, OTHER] {
        account.place(region).vantage.as_mut().unwrap().at = before(600);
    }
    let status = json(&account).await;
    assert_eq!(states(&account).await, ["unknown", "unknown"]);
    let lag = &status["plans"][0]["regions"][0]["lag_seconds"];
    assert_eq!(*lag, Value::Null);
}

#[tokio::test]
async fn a_plan_that_only_observes_is_protected_by_people_alone() {
    let mut account = well();
    for region in [HOME, OTHER] {
        for text in account.place(region).parameters.values_mut() {
            let mut plan: Value = serde_json::from_str(text).unwrap();
            for verdict in ["region_down", "writer_down"] {
                plan["unplanned"][verdict] = "observe".into();
            }
            *text = plan.to_string();
        }
    }
    let (text, ending) = table(&account).await;
    assert!(
        text.contains(
            "\n  protected: by people alone (region_down is observe, writer_down observe)\n"
        ),
        "{text}"
    );
    assert_eq!(ending, Ending::Well);
}

/// Of the other table an endpoint stands in a line of its own there.
#[tokio::test]
async fn the_members_fit_into_eighty_columns() {
    let (text, _) = table(&well()).await;
    let members = text.lines().take_while(|line| !line.contains("ENDPOINT"));
    for line in members {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[tokio::test]
async fn what_a_schedule_found_of_readiness_stands_in_json() {
    let mut account = well();
    let row = account.place(OTHER).row.as_mut().unwrap();
    *row = row.note_readiness(&["no key".into()], &["a warning".into()], before(60));
    let status = json(&account).await;
    let regions = &status["plans"][0]["regions"];
    assert_eq!(
        regions[0]["readiness"],
        json!({"looked_at": before(60), "ready": false, "reasons": ["no key"], "warnings": ["a warning"]})
    );
    assert_eq!(regions[1]["readiness"], Value::Null);
}

#[tokio::test]
async fn a_deposed_member_and_a_switch_stand_in_their_columns() {
    let mut account = well();
    for region in [HOME, OTHER] {
        let place = account.place(region);
        place.row = Some(row(OTHER, 2));
        place.vantage = Some(vantage(region, OTHER));
        place
            .parameters
            .insert("/aurora-failover/kill".into(), "on".into());
    }
    let row = account.place(HOME).row.as_mut().unwrap();
    (row.fenced, row.fenced_at) = (Some(Epoch(2)), Some(before(60)));
    let (text, ending) = table(&account).await;
    for line in [
        "  us-east-1  orders-east  writer   takes writes  -    2 s ago    2\n",
        "  us-west-2  orders-west  deposed  fenced        -    2 s ago    2\n",
        "  us-east-1  kill      3     4f2a8c01b2d3e4f5  orders-east.cluster-a1.example:5432\n",
        "  protected: no, for what is marked with ! (",
    ] {
        assert!(text.contains(line), "{line} is missing from:\n{text}");
    }
    assert_eq!(ending, Ending::NotWell);
}

#[tokio::test]
async fn where_no_ledger_answers_nobody_can_tell() {
    let mut account = well();
    account.dead.insert(HOME.into());
    // Its parameters and its plans can be read, and then it dies.
    let known = account.place(OTHER).known.clone();
    account.dead.insert(OTHER.into());
    account.place("eu-west-1").known = known;
    let first = ["eu-west-1".into()];
    let at = (Output::Table, now());
    let answer = run(&account.account(), &first, None, at).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer
            .text
            .starts_with("orders: no ledger that answers names a writer\n")
    );
}

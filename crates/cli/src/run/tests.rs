//! A run is found by how its name begins, and all that its record holds is shown.

use failover::{
    beat::{Loss, Write},
    evidence::{Evidence, HomeVantage, Progress, Rds, Said, Verdict, Witness},
    ledger::{Confirmed, Entry, FalseAlarm},
};

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, before, record, well},
    terminal::Terminal,
};

async fn told(account: &Fake, id: &str, output: Output) -> Answer {
    let act = async |desk: &Desk<'_>| run(desk, (id, None), None).await;
    account.at_desk(&Terminal::typed(&[]), output, act).await
}

fn confirmed() -> Confirmed {
    let silent = |why: &str| Rds::Silent { why: why.into() };
    Confirmed {
        verdict: Verdict::RegionDown,
        evidence: Evidence {
            write: Some(Write::Failed {
                why: "connection refused".into(),
            }),
            progress: Progress::Still,
            local_rds: Rds::Other { why: "no".into() },
            writer_rds: silent("timed out"),
            writer_ledger_answers: false,
            home_vantage: HomeVantage::Unknown,
            witness: Witness::DoesNotReach,
            failing_since: Some(before(80)),
            grace_since: None,
            said: Said::Nothing,
            stillness_tells: true,
            gathered_at: before(70),
        },
        loss: Some(Loss {
            beats: 2,
            seconds: 3.0,
        }),
        acknowledged: Default::default(),
        alive_at: None,
        maybe_alive_at: None,
        outage_since: None,
        writes_until: None,
        approved: false,
        by_hand: false,
    }
}

fn with_runs() -> Fake {
    let mut account = well();
    for (id, region) in [("b093", OTHER), ("b11", OTHER), ("a1", HOME)] {
        let mut run = record(id, 60, Outcome::Succeeded);
        run.confirmed = Some(confirmed());
        run.timeline.push(Entry {
            at: before(62),
            step: "restart_ecs".into(),
            action: "restart".into(),
            reason: "restarts api".into(),
        });
        let place = account.place(region);
        place.runs.push(run.clone().into());
        place.records.push(run);
    }
    account
}

#[tokio::test]
async fn a_run_is_shown_with_its_phases_its_evidence_and_its_timeline() {
    let answer = told(&with_runs(), "b0", Output::Table).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    for part in [
        "b093: unplanned failover of plan orders from us-west-2 to us-east-1, started by a person\n",
        "  succeeded 2026-01-31 01:59:00 UTC, RTO 14.8 s, RPO unknown\n",
        "  flip_dns  2.0 s\n",
        "    the verdict was region down, by what was seen at 2026-01-31 01:58:50 UTC\n",
        "    the probe in us-east-1: connection refused\n",
        "    RDS in us-west-2: it does not answer (timed out)\n",
        "    the witness did not reach the writer's Region\n",
        "    a promotion would lose 2 beats, 3.0 s\n",
        "        15.0 s  flip_dns: points writer.orders.internal to us-east-1\n",
        "        18.0 s  restart_ecs: restarts api\n",
    ] {
        assert!(
            answer.text.contains(part),
            "{part} is missing from\n{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_false_alarm_is_shown_with_who_said_so_and_when() {
    let mut account = well();
    let mut run = record("a1", 60, Outcome::StoodDown);
    run.false_alarm = Some(FalseAlarm {
        at: before(10),
        why: "Ada: a router".into(),
    });
    let place = account.place(OTHER);
    place.runs.push(run.clone().into());
    place.records.push(run);
    let answer = told(&account, "a1", Output::Table).await;
    let mark = "  marked as a false alarm 2026-01-31 01:59:50 UTC: Ada: a router\n";
    assert!(answer.text.contains(mark), "{}", answer.text);
}

#[tokio::test]
async fn for_programs_the_record_is_whole() {
    let answer = told(&with_runs(), "a1", Output::Json).await;
    let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(value["region"], HOME);
    assert_eq!(value["run"]["confirmed"]["verdict"], "region_down");
    assert_eq!(value["run"]["plan"]["revision"], 3);
    // What the document of the tool promises, for auditors.
    let documented = include_str!("../../../../docs/reference/tool.md");
    let documented = documented.split("A record has ").nth(1).unwrap();
    let documented = documented.split(".\n").next().unwrap();
    let fields: Vec<_> = documented.split('`').skip(1).step_by(2).collect();
    assert!(fields.len() > 20, "{fields:?}");
    for field in fields {
        assert!(value["run"].get(field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn the_page_of_a_run_is_written_into_a_file() {
    let account = with_runs();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b093.html");
    let page = async |file: &Path, output| {
        let act = async |desk: &Desk<'_>| run(desk, ("b0", None), Some(file)).await;
        account.at_desk(&Terminal::typed(&[]), output, act).await
    };
    let answer = page(&file, Output::Table).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let says = format!("the page of run b093 was written to {}\n", file.display());
    assert_eq!(answer.text, says);
    let html = std::fs::read_to_string(&file).unwrap();
    for part in [
        "a real run, by its record in the ledger in us-east-1",
        "it does not reach us-west-2 either",
        "FlipDns: points writer.orders.internal to us-east-1",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let json = page(&file, Output::Json).await;
    assert!(json.text.contains("\"started_by\": \"a person\""));
    let refused = page(&file.join("in-the-way"), Output::Table).await;
    assert_eq!(
        (refused.ending, refused.text.as_str()),
        (Ending::Unknown, "")
    );
    let why = &refused.complaints[0];
    assert!(
        why.starts_with("--html ") && why.contains("in-the-way cannot be written ("),
        "{why}"
    );
}

#[tokio::test]
async fn a_name_that_begins_several_or_none_is_refused_with_what_to_do() {
    let several = told(&with_runs(), "b", Output::Table).await;
    assert_eq!(several.ending, Ending::Misused);
    assert_eq!(
        several.complaints,
        ["run b may be any of b093, b11; write more of its name"]
    );
    let none = told(&with_runs(), "c", Output::Table).await;
    assert_eq!(none.ending, Ending::Misused);
    assert!(none.complaints[0].starts_with("run c is in no ledger; aurora-failover history"));
    let mut account = with_runs();
    account.dead.insert(HOME.into());
    let silent = told(&account, "a1", Output::Table).await;
    assert_eq!(silent.ending, Ending::Unknown);
    assert!(silent.complaints[0].contains("the ledger in us-west-2 could not be read"));
}

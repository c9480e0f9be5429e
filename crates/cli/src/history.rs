//! `history`: the runs that the ledgers of all member Regions hold, the newest first.

use failover::{
    domain::{PlanName, Region, RunId},
    ledger::{FalseAlarm, RunKind},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    RunSummary,
    clock::now,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{Survey, surveys},
    table::columns,
    words::{kind, time},
};

/// The runs, the newest first.
#[derive(Debug, Serialize)]
struct History {
    runs: Vec<Past>,
    /// How many more there are.
    left_out: usize,
    /// The plans that would have failed over, had they done more than observe.
    observed: Vec<Observed>,
    /// What could not be read.
    unread: Vec<String>,
}

/// How often a plan would have failed over, had it done more than observe.
#[derive(Debug, Serialize)]
struct Observed {
    plan: PlanName,
    times: usize,
    /// How many of them a human marked as a false alarm.
    false_alarms: usize,
    last_at: Timestamp,
}

/// A run of the past, or one that is under way.
#[derive(Debug, Serialize)]
struct Past {
    plan: PlanName,
    run_id: RunId,
    kind: RunKind,
    from: Region,
    to: Region,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    /// What came of it; nothing while it is open.
    outcome: Option<&'static str>,
    /// Whether it holds the plan now.
    is_under_way: bool,
    /// Whether it would have failed over, had its plan done more than observe.
    would_have_failed_over: bool,
    /// That it was a false alarm, where a human said so.
    false_alarm: Option<FalseAlarm>,
    rto_seconds: Option<f64>,
    rpo_seconds: Option<f64>,
    rpo_beats: Option<u64>,
    started_by: String,
    left: Vec<String>,
}

/// Lists the runs of a plan, or of all.
pub async fn run(desk: &Desk<'_>, plan: Option<&PlanName>, most: usize) -> Answer {
    let surveys = match surveys(desk.account, desk.first, plan).await {
        Ok(surveys) => surveys,
        Err(why) => return why,
    };
    let mut runs: Vec<_> = surveys.iter().flat_map(of_plan).collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.opened_at));
    let observed = surveys.iter().filter_map(observed).collect();
    let left_out = runs.len().saturating_sub(most);
    runs.truncate(most);
    let history = History {
        runs,
        left_out,
        observed,
        unread: surveys.iter().flat_map(unread).collect(),
    };
    let ending = if history.unread.is_empty() {
        Ending::Well
    } else {
        Ending::Unknown
    };
    let table = || table(&history, surveys.len() > 1);
    let mut answer = Answer::new(desk.output, &history, table, ending);
    answer.complaints.clone_from(&history.unread);
    answer
}

fn of_plan(survey: &Survey) -> Vec<Past> {
    let lease = survey.lease(now());
    let past = |run: &RunSummary| {
        let closed = run.closed.as_ref();
        let holds = lease
            .as_ref()
            .is_some_and(|lease| lease.run_id == run.run_id);
        Past {
            plan: survey.name.clone(),
            run_id: run.run_id.clone(),
            kind: run.kind,
            from: run.from.clone(),
            to: run.to.clone(),
            opened_at: run.opened_at,
            closed_at: closed.map(|closed| closed.at),
            outcome: run.outcome(),
            is_under_way: closed.is_none() && holds,
            would_have_failed_over: run.would_have_failed_over(),
            false_alarm: run.false_alarm.clone(),
            rto_seconds: closed.and_then(|closed| closed.rto_seconds),
            rpo_seconds: closed.and_then(|closed| Some(closed.rpo.as_ref()?.seconds)),
            rpo_beats: closed.and_then(|closed| Some(closed.rpo.as_ref()?.beats)),
            started_by: run.started_by(),
            left: closed.map_or_else(Vec::new, |closed| closed.left.clone()),
        }
    };
    survey.runs().map(past).collect()
}

impl Past {
    /// What came of it, for people.
    fn told(&self) -> String {
        let outcome = match self.outcome {
            Some(_) if self.would_have_failed_over => "observed".to_owned(),
            Some(outcome) => outcome.replace('_', " "),
            None if self.is_under_way => "under way".to_owned(),
            None => "left open".to_owned(),
        };
        match self.false_alarm {
            Some(_) => format!("{outcome}, false alarm"),
            None => outcome,
        }
    }
}

fn observed(survey: &Survey) -> Option<Observed> {
    let would = survey.runs().filter(|run| run.would_have_failed_over());
    let would: Vec<_> = would.collect();
    Some(Observed {
        plan: survey.name.clone(),
        times: would.len(),
        false_alarms: would.iter().filter(|run| run.false_alarm.is_some()).count(),
        last_at: would.iter().map(|run| run.opened_at).max()?,
    })
}

/// The Regions whose runs are in no list.
fn unread(survey: &Survey) -> Vec<String> {
    survey
        .unlisted()
        .map(|(region, why)| {
            format!(
                "the runs of plan {} that acted in {region} are not all listed ({why}); ask again when it answers",
                survey.name
            )
        })
        .collect()
}

fn table(history: &History, of_several: bool) -> String {
    if history.runs.is_empty() {
        return "no run is recorded\n".to_owned();
    }
    let seconds = |seconds: Option<f64>| seconds.map_or("?".to_owned(), |s| format!("{s:.1} s"));
    let rows = history.runs.iter().map(|run| {
        let plan = of_several.then(|| run.plan.to_string());
        let cells = [
            kind(run.kind).to_owned(),
            format!("{} → {}", run.from, run.to),
            run.told(),
            seconds(run.rto_seconds),
            seconds(run.rpo_seconds),
            run.started_by.clone(),
            run.run_id.to_string(),
        ];
        let when = time(run.opened_at);
        std::iter::once(when)
            .chain(plan)
            .chain(cells)
            .collect::<Vec<String>>()
    });
    let plan = of_several.then_some("PLAN");
    let rest = [
        "KIND",
        "FROM → TO",
        "OUTCOME",
        "RTO",
        "RPO",
        "STARTED BY",
        "RUN",
    ];
    let headings: Vec<_> = std::iter::once("OPENED").chain(plan).chain(rest).collect();
    let mut text = columns(&headings, &rows.collect::<Vec<_>>());
    if history.left_out > 0 {
        text += &format!("  {} more, with --limit\n", history.left_out);
    }
    for observed in &history.observed {
        text += &format!(
            "  plan {} only observed and would have failed over {}, the last time {}; {} as a false alarm\n",
            observed.plan,
            times(observed.times),
            time(observed.last_at),
            marked(observed.false_alarms)
        );
    }
    text
}

fn times(times: usize) -> String {
    match times {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    }
}

/// How many of them a human marked.
fn marked(times: usize) -> String {
    match times {
        0 => "none of them is marked".to_owned(),
        1 => "1 of them is marked".to_owned(),
        times => format!("{times} of them are marked"),
    }
}

#[cfg(test)]
mod tests {
    use failover::ledger::Outcome;

    use super::*;
    use crate::{
        arguments::Output,
        fake::{Fake, HOME, OTHER, before, run as ended, well},
        terminal::Terminal,
    };

    async fn told(account: &Fake, most: usize) -> Answer {
        let act = async |desk: &Desk<'_>| run(desk, Some(&"orders".into()), most).await;
        let terminal = Terminal::typed(&[]);
        account.at_desk(&terminal, Output::Table, act).await
    }

    #[tokio::test]
    async fn runs_of_all_regions_stand_in_one_list_the_newest_first() {
        let mut account = well();
        account.place(OTHER).runs = vec![ended("old", 900, Outcome::Succeeded)];
        account.place(HOME).runs = vec![ended("new", 60, Outcome::StoodDown)];
        let answer = told(&account, 20).await;
        assert_eq!(answer.ending, Ending::Well);
        let lines: Vec<_> = answer.text.lines().collect();
        assert_eq!(lines.len(), 3, "{}", answer.text);
        assert!(
            lines[1].contains("stood down") && lines[1].ends_with("a person    new"),
            "{}",
            lines[1]
        );
        assert!(
            lines[2].contains("succeeded") && lines[2].contains("14.8 s  ?"),
            "{}",
            lines[2]
        );
        let one = told(&account, 1).await;
        assert!(
            one.text.ends_with("  1 more, with --limit\n"),
            "{}",
            one.text
        );
    }

    #[tokio::test]
    async fn a_region_that_is_silent_is_said_beside_the_runs_of_the_others() {
        let mut account = well();
        account.place(OTHER).runs = vec![ended("old", 900, Outcome::Succeeded)];
        account.dead.insert(HOME.into());
        let answer = told(&account, 20).await;
        assert_eq!(answer.ending, Ending::Unknown);
        assert!(answer.text.contains("succeeded"), "{}", answer.text);
        let why = &answer.complaints[0];
        assert!(
            why.starts_with("the runs of plan orders that acted in us-west-2 are not all listed"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn where_nothing_ran_that_is_said() {
        assert_eq!(told(&well(), 20).await.text, "no run is recorded\n");
    }

    #[tokio::test]
    async fn how_often_a_plan_that_observes_would_have_failed_over_is_counted_over_all_its_runs() {
        let mut account = well();
        let observed = |id: &str, seconds: i64| {
            let mut run = ended(id, seconds, Outcome::StoodDown);
            let verdict = failover::evidence::Verdict::RegionDown;
            run.confirmed = Some(crate::run_summary::Found { verdict });
            let modes = &mut run.plan.as_mut().unwrap().unplanned;
            modes.region_down = failover::plan::Mode::Observe;
            run
        };
        let mut runs = vec![
            observed("a", 980),
            observed("b", 80),
            ended("c", 60, Outcome::StoodDown),
        ];
        account.place(OTHER).runs.clone_from(&runs);
        let text = told(&account, 1).await.text;
        assert!(
            text.ends_with(
                "  2 more, with --limit\n  plan orders only observed and would have failed over 2 times, the last time \
                 2026-01-31 01:58:20 UTC; none of them is marked as a false alarm\n"
            ),
            "{text}"
        );
        let text = told(&account, 20).await.text;
        assert_eq!(text.matches("  observed  ").count(), 2, "{text}");
        assert_eq!(text.matches("  stood down  ").count(), 1, "{text}");

        // The third one would not have failed over, so that its mark is shown and not counted.
        for run in &mut runs[1..] {
            run.false_alarm = Some(FalseAlarm {
                at: before(10),
                why: "Ada: a router".into(),
            });
        }
        account.place(OTHER).runs = runs;
        let text = told(&account, 20).await.text;
        assert!(
            text.ends_with("; 1 of them is marked as a false alarm\n"),
            "{text}"
        );
        for outcome in [
            "observed",
            "observed, false alarm",
            "stood down, false alarm",
        ] {
            assert_eq!(text.matches(&format!("  {outcome}  ")).count(), 1, "{text}");
        }
    }

    #[tokio::test]
    async fn programs_read_who_said_that_an_alarm_was_false_and_how_many_there_were() {
        let mut account = well();
        let mut run = ended("a", 60, Outcome::StoodDown);
        let verdict = failover::evidence::Verdict::WriterDownUnconfirmed;
        run.confirmed = Some(crate::run_summary::Found { verdict });
        run.plan.as_mut().unwrap().unplanned.writer_down = failover::plan::Mode::Observe;
        run.false_alarm = Some(FalseAlarm {
            at: before(10),
            why: "Ada: a router".into(),
        });
        account.place(OTHER).runs = vec![run];
        let act = async |desk: &Desk<'_>| super::run(desk, None, 20).await;
        let answer = account
            .at_desk(&Terminal::typed(&[]), Output::Json, act)
            .await;
        let said: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        let mark = serde_json::json!({"at": "2026-01-31T01:59:50Z", "why": "Ada: a router"});
        assert_eq!(said["runs"][0]["false_alarm"], mark);
        assert_eq!(said["observed"][0]["times"], 1);
        assert_eq!(said["observed"][0]["false_alarms"], 1);
    }
}

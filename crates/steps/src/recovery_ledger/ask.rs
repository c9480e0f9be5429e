//! Asks a human whether the run may go on. The lease is kept meanwhile; a run that needs no answer may take it over.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{AskInput, KeepInput, link, proof};
use failover::{
    Error,
    domain::{Epoch, PlanName, Region, RunId},
    evidence::Said,
    ledger::{Asked, Run, RunKind},
    notify::{Message, Severity, parts, tool, utc},
    pass::{Input, Output, Pass},
    ports::{self, Ledger, People, Runtime},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Observed {
    /// Until when an answer is waited for.
    until: Timestamp,
}

pub(super) async fn run(
    world: &(impl Ledger + Runtime + People),
    input: &AskInput,
) -> Result<Output<Observed>, Error> {
    let run = (&input.plan, &input.run_id);
    let regions = (&input.from_region, &input.target_region);
    let mut pass = Pass::open(world, &pass_input(run, regions, input.epoch)).await?;
    let until = until(&pass);
    let topic = topic(&pass.run, world.region())?;
    let earlier = pass.run.asked.take();
    let message = question(&pass.run, &input.token, until, earlier.as_ref());
    // All that may fail comes first: whoever is asked holds the token of an attempt that stands.
    wait(world, &pass.run, until).await?;
    let asked = asked(&pass, &input.token, earlier.as_ref());
    let is_sent = asked.is_sent;
    pass.run.asked = Some(asked);
    // Who is asked anew has not agreed to this.
    pass.run.approved_at = None;
    let reason = format!("a human is asked until {until}");
    pass.record(world, super::STEP, "ask", &reason).await?;
    if !is_sent {
        let message = link::added(world, &pass.run, &input.token, message).await;
        let (subject, text) = (message.subject(&input.plan), message.text(pass.now));
        // Whoever cannot be reached cannot answer: unlike other news this one must be sent.
        world.publish(&topic, &subject, &text).await?;
        sent(world, &mut pass.run).await;
    }
    tracing::info!(plan = %input.plan, run_id = %input.run_id, %until, "asked");
    Ok(Output::done("ask", reason, Observed { until }))
}

/// Until when an answer is waited for.
fn until(pass: &Pass) -> Timestamp {
    let minutes = i64::try_from(pass.run.plan.unplanned.approval_minutes).unwrap_or(i64::MAX);
    pass.now + SignedDuration::from_mins(minutes)
}

fn topic(run: &Run, here: &Region) -> Result<String, Error> {
    let topic = run.plan.notify.get(here).cloned();
    topic.ok_or_else(|| {
        Error::NotReady(format!(
            "notify names no topic in {here}: nobody can be asked"
        ))
    })
}

/// The question as the run's record keeps it. The same one, by its token, may have been sent already.
fn asked(pass: &Pass, token: &str, earlier: Option<&Asked>) -> Asked {
    let question = fingerprint(token);
    let is_sent = earlier.is_some_and(|asked| asked.is_sent && asked.question == question);
    let confirmed = pass.run.confirmed.as_ref();
    Asked {
        question,
        at: pass.now,
        is_sent,
        verdict: confirmed.map(|confirmed| confirmed.verdict),
        said: confirmed.map_or(Said::Nothing, |confirmed| confirmed.evidence.said),
    }
}

/// Marks the question as sent, so that the same one is not sent twice.
async fn sent(world: &(impl Ledger + Runtime), run: &mut Run) {
    if let Some(asked) = &mut run.asked {
        asked.is_sent = true;
    }
    if let Err(why) = world.put_run(world.region(), run).await {
        tracing::warn!(run_id = %run.run_id, %why, "the question was not marked as sent; it may be sent again");
    }
}

/// Tells one token from another without being one.
fn fingerprint(token: &str) -> String {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a pass of the run takes that asks, or waits for its window.
fn pass_input(
    (plan, run_id): (&PlanName, &RunId),
    (from, to): (&Region, &Region),
    epoch: Epoch,
) -> Input {
    Input {
        run_id: Some(run_id.clone()),
        from_region: Some(from.clone()),
        target_region: Some(to.clone()),
        epoch: Some(epoch),
        ..Input::of(plan.clone())
    }
}

/// The longest that a window is waited for.
const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Whether a window opens soon enough to be waited for.
pub(super) fn is_near(until: Timestamp, now: Timestamp) -> Result<(), Error> {
    if until.duration_since(now) > WINDOW_MAX {
        return Err(Error::InvalidRequest(format!(
            "not_before is {until}, more than 14 days away; start the run nearer to it"
        )));
    }
    Ok(())
}

/// Keeps the leases until a maintenance window opens, as while a human is asked.
pub(super) async fn keep(
    world: &(impl Ledger + Runtime),
    input: &KeepInput,
) -> Result<Output<Observed>, Error> {
    let until = input.until;
    let run = (&input.plan, &input.run_id);
    let regions = (&input.from_region, &input.target_region);
    let mut pass = Pass::open(world, &pass_input(run, regions, input.epoch)).await?;
    is_near(until, pass.now)?;
    wait(world, &pass.run, until).await?;
    let reason = format!("the writer is not moved before {until}");
    pass.record(world, super::STEP, "keep", &reason).await?;
    Ok(Output::done("keep", reason, Observed { until }))
}

/// Keeps the leases while the answer is waited for.
async fn wait(world: &impl Ledger, run: &Run, until: Timestamp) -> Result<(), Error> {
    for region in &run.leased {
        let kept =
            ports::update(world, region, run.name(), |row| row.ask(&run.run_id, until)).await;
        match kept {
            // The Region that is left may have fallen silent: its lease lapses, which the run notices.
            Err(Error::Unavailable(_)) if *region == run.from => {}
            other => drop(other?),
        }
    }
    Ok(())
}

/// The question, with a command for either answer.
fn question(run: &Run, token: &str, until: Timestamp, earlier: Option<&Asked>) -> Message {
    if proof::is_asked_for(run) {
        let earlier = earlier.filter(|earlier| proof::was_asked_for(run, earlier.at));
        let replaces = earlier.map(replaces).unwrap_or_default();
        let answers = tool::answers(&run.run_id, token, &run.to);
        return proof::question(run, answers.into(), (until, &replaces));
    }
    let (severity, again) = match run.kind {
        RunKind::UnplannedFailover => (Severity::Critical, "The outage is confirmed"),
        RunKind::PlannedFailover | RunKind::Failback => (Severity::Action, "Readiness is checked"),
    };
    let last = run.timeline.last().map(|entry| entry.reason.as_str());
    let unknown = run.plan.cannot_be_known();
    let considerations: String = link::considered(run)
        .map(|consider| format!("{consider} "))
        .collect();
    let mut commands = Vec::from(tool::answers(&run.run_id, token, &run.to));
    commands.extend(unknown.and_then(|_| proof::lag(run, until)));
    let replaces = earlier.map(replaces).unwrap_or_default();
    Message {
        severity,
        what: format!("{} from {}?", parts::may_take_over(&run.to), run.from),
        evidence: format!("{}{replaces}", last.unwrap_or_default()),
        out_since: run.out_since(),
        until: Some(until),
        execution: run.execution.clone(),
        next: format!(
            "{considerations}Approve with the first command, or decline with the second. {again} again before the writer is changed.{} {}",
            unknown.map_or("", |_| " The third shows the replica's lag."),
            proof::BY_TOKEN
        ),
        commands,
    }
}

/// Which question this one replaces.
fn replaces(earlier: &Asked) -> String {
    format!(
        "\nThis replaces the question of {}. The commands of that one serve no more.",
        utc(earlier.at)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::notify;

    fn input(token: &str) -> AskInput {
        AskInput {
            plan: "orders".into(),
            run_id: "a".into(),
            from_region: "us-west-2".into(),
            target_region: "us-east-1".into(),
            epoch: Epoch(0),
            token: token.into(),
        }
    }

    /// A run that holds the plan in its own Region and in a third one, and asks people on a topic.
    async fn asking() -> failover::testing::Books {
        use failover::testing;
        let mut run = testing::run();
        run.plan.notify.insert("us-east-1".into(), "topic".into());
        run.leased = ["us-east-1".into(), "us-west-1".into()].into();
        testing::Books::leased(&run, &testing::row("us-west-2", 0)).await
    }

    #[test]
    fn a_window_more_than_fourteen_days_away_is_refused() {
        let now = Timestamp::UNIX_EPOCH;
        let in_hours = |hours| now + SignedDuration::from_hours(hours);
        assert_eq!(is_near(in_hours(14 * 24), now), Ok(()));
        let why = is_near(in_hours(14 * 24 + 1), now).unwrap_err();
        assert_eq!(why.name(), "InvalidRequest");
        assert!(why.to_string().contains("start the run nearer to it"));
    }

    #[tokio::test]
    async fn nobody_is_asked_before_everything_that_may_fail_is_done() {
        let mut books = asking().await.silence_writes("us-west-1");
        assert!(run(&books, &input("one")).await.is_err());
        assert_eq!(books.told().len(), 0, "a question whose token is dead");
        books.wake("us-west-1");
        run(&books, &input("two")).await.unwrap();
        assert_eq!(books.told().len(), 1);
    }

    #[tokio::test]
    async fn the_same_question_is_sent_once() {
        let books = asking().await;
        for _ in 0..2 {
            run(&books, &input("one")).await.unwrap();
        }
        assert_eq!(books.told().len(), 1);
    }

    #[tokio::test]
    async fn a_question_keeps_what_it_is_about_and_ends_an_earlier_yes() {
        use failover::{evidence::Verdict, ports::Ledger, testing};
        let books = asking().await;
        let mut asks = books.runs()[&"a".into()].clone();
        asks.confirmed = Some(testing::confirmed(Verdict::WriterDown));
        asks.approve(books.now(), "test");
        books.put_run(&asks.to, &asks).await.unwrap();
        run(&books, &input("one")).await.unwrap();
        let kept = books.runs()[&"a".into()].clone();
        assert_eq!(kept.approved_at, None);
        assert_eq!(kept.asked.unwrap().verdict, Some(Verdict::WriterDown));
    }

    #[test]
    fn the_question_about_an_instance_says_what_people_consider_before() {
        let mut document = failover::testing::plan_document();
        document["topology"] = serde_json::json!({"kind": "rds_replica", "members": {
            "us-west-2": {"instance": "orders-west"}, "us-east-1": {"instance": "orders-east"}}});
        let instance = Run {
            plan: failover::plan::read(&document.to_string()).unwrap(),
            ..failover::testing::run()
        };
        let asked = |run: &Run| question(run, "AAAA", Timestamp::UNIX_EPOCH, None).next;
        let said = asked(&instance);
        assert!(
            said.contains("is the lag of the replica acceptable?"),
            "{said}"
        );
        let other = asked(&failover::testing::run());
        assert!(
            other.starts_with("Approve with the first command"),
            "{other}"
        );
    }

    #[test]
    fn the_question_about_a_writer_without_a_heart_says_what_cannot_be_known() {
        let mut run = failover::testing::run();
        let document = failover::testing::sqlserver_document();
        run.plan = failover::plan::read(&document.to_string()).unwrap();
        run.note(
            Timestamp::UNIX_EPOCH,
            "confirm_outage",
            "undetermined",
            "unseen",
        );
        let hour = Timestamp::from_second(3_600).unwrap();
        let text = question(&run, "AAAA", hour, None).text(Timestamp::UNIX_EPOCH);
        assert_eq!(notify::unreadable(&text), Vec::<&str>::new());
        for part in [
            "is the service there really not responding",
            "is the application in the other Region ready",
            "is switching the traffic the only way left",
            "is the lag of the replica acceptable?",
            "whether the old writer still commits",
            "missing or -1 is unknown, and not zero",
            "logins, jobs and linked servers",
            "--metric-name ReplicaLag --dimensions Name=DBInstanceIdentifier,Value=orders-east",
        ] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
    }

    #[test]
    fn the_question_says_why_and_holds_both_answers() {
        let mut run = failover::testing::run();
        run.note(
            Timestamp::UNIX_EPOCH,
            "confirm_outage",
            "region_down",
            "us-west-2 is silent",
        );
        let hour = Timestamp::from_second(3_600).unwrap();
        let text = question(&run, "AAAA", hour, None).text(Timestamp::UNIX_EPOCH);
        assert_eq!(notify::unreadable(&text), Vec::<&str>::new());
        for part in [
            "shall us-east-1 take over from us-west-2?",
            "us-west-2 is silent",
            "Answer until: 1970-01-01 01:00:00 UTC (in 60 min)",
            "aurora-failover approve a --token 'AAAA' --regions us-east-1",
            "aurora-failover decline a --token 'AAAA' --regions us-east-1",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_question_is_asked_as_its_examples_show() {
        use failover::testing::example;
        let (token, until) = (
            "AQCEAAAAKgAAAAMAAAAAAAAAAb0c7d1e",
            example::sent() + SignedDuration::from_mins(60),
        );
        let outage = example::run();
        example::is("question", &question(&outage, token, until, None));
        let address = format!(
            "https://abcdefgh0123456789.lambda-url.us-east-1.on.aws/us-east-1/{}",
            "5eed".repeat(16)
        );
        let linked = link::with(question(&outage, token, until, None), &address);
        example::is("question-link", &linked);
        let mut home = Run {
            kind: RunKind::Failback,
            from: "us-east-1".into(),
            to: "us-west-2".into(),
            execution: example::execution("us-west-2", "failback"),
            confirmed: None,
            timeline: Vec::new(),
            ..outage
        };
        let at = example::before(2);
        home.note(
            at,
            "rebuild_global",
            "none",
            "every member follows orders-east",
        );
        example::is("question-home", &question(&home, token, until, None));
        let document = failover::testing::sqlserver_document().to_string();
        let mut promoted = Run {
            plan: failover::plan::read(&document).unwrap(),
            execution: example::execution("us-east-1", "replica-failover"),
            ..example::run()
        };
        let step = crate::health_probe::prove::STEP;
        promoted.note(at, step, "ask", "nobody knows");
        example::is("question-proof", &question(&promoted, token, until, None));
    }
}

//! The drill under way, which a scenario is given: the world, the client, the runs, and ways to wait for what should come.

use std::time::Duration;

use failover::{
    installation::named,
    notify::{parts, tool},
};
use serde_json::{Value, json};

use super::suspicions;
use crate::{
    client::{self, Client, Progress},
    profile::{ACCOUNT, HOME, PLAN, STANDBY},
    report::{Check, Run},
    runs::Runs,
    timeline::{Kind, now_ms},
    world::{Trouble, World},
};

/// The longest a run may take from the disturbance on.
pub(crate) const RUN: Duration = Duration::from_secs(100);
/// The longest that a failback may take.
pub(crate) const FAILBACK: Duration = Duration::from_secs(240);
/// The longest anything else is waited for.
pub(crate) const SOON: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// The drill under way.
pub(crate) struct Drill<'a> {
    pub(crate) world: &'a World,
    pub(crate) client: &'a Client,
    pub(crate) runs: &'a Runs,
}

/// What was played: when it began, and what was found on the way.
#[derive(Debug, Default)]
pub(crate) struct Played {
    /// When the disturbance began, in milliseconds of Unix time.
    pub(crate) at_ms: i64,
    /// Acknowledged rows that had not reached the standby when the Region died.
    pub(crate) unreplicated: Option<u64>,
    /// What was found on the way.
    pub(crate) checks: Vec<Check>,
}

impl Played {
    pub(crate) fn now() -> Self {
        Self {
            at_ms: now_ms(),
            ..Self::default()
        }
    }

    pub(crate) fn check(
        &mut self,
        expected: impl Into<String>,
        found: impl Into<String>,
        held: bool,
    ) {
        self.checks.push(Check::new(expected, found, held));
    }
}

impl Drill<'_> {
    /// Tells of a disturbance.
    pub(crate) fn fault(&self, who: &str, text: &str, label: &str) {
        self.world.timeline.mark(Kind::Fault, who, text, label);
    }

    pub(crate) async fn lose(&self, region: &str) -> Result<Played, Trouble> {
        let mut played = Played::now();
        self.world.lose_region(region).await?;
        played.unreplicated = self.unreplicated().await;
        Ok(played)
    }

    /// Counts the acknowledged rows that the standby lacks right after the writer died: nothing more can arrive there.
    pub(crate) async fn unreplicated(&self) -> Option<u64> {
        let record = self.client.record();
        let standby = self.world.database(STANDBY).await.ok()?;
        let comparison = client::compare(&record, &standby).await.ok()?;
        let lost = u64::try_from(comparison.lost.len()).ok()?;
        let text = format!(
            "lacks {lost} of {} acknowledged rows as the writer dies",
            comparison.acknowledged
        );
        self.world.timeline.say(Kind::Fault, STANDBY, text);
        Some(lost)
    }

    /// Waits until `seen` says yes; says so in the timeline where that does not come.
    pub(crate) async fn until(
        &self,
        limit: Duration,
        what: &str,
        seen: impl AsyncFn() -> bool,
    ) -> bool {
        let deadline = tokio::time::Instant::now() + limit;
        while tokio::time::Instant::now() < deadline {
            self.world.lead_roads();
            if seen().await {
                return true;
            }
            tokio::time::sleep(POLL).await;
        }
        let text = format!("gives up waiting after {limit:?}: {what}");
        self.world.timeline.say(Kind::Run, "the drill", text);
        false
    }

    /// Waits until the probe of a Region publishes its suspicion, whatever becomes of that.
    pub(crate) async fn suspects(&self, region: &str) -> bool {
        self.until(SOON, "a suspicion", async || {
            let calls = self.world.front_door.calls();
            calls
                .iter()
                .any(|call| call.caller_region == region && suspicions::is_suspicion(call))
        })
        .await
    }

    /// Waits until `count` runs or more have ended and none is under way.
    pub(crate) async fn ended(&self, count: usize) -> bool {
        self.until(RUN, "the runs' end", async || {
            let runs = self.runs.seen();
            runs.len() >= count && runs.iter().all(|run| run.status != "RUNNING")
        })
        .await
    }

    /// Waits until people are told something; answers the message.
    pub(crate) async fn told(&self, part: &str) -> Option<String> {
        self.told_within(SOON, part).await
    }

    async fn told_within(&self, limit: Duration, part: &str) -> Option<String> {
        let find = || {
            let mut messages = self.world.messages().into_iter();
            messages.rfind(|text| text.contains(part))
        };
        self.until(limit, part, async || find().is_some()).await;
        find()
    }

    /// Waits until a human is asked in these words; answers the message. A failback asks once it has rebuilt.
    pub(crate) async fn asked(&self, question: &str) -> Option<String> {
        self.told_within(FAILBACK, question).await
    }

    /// Answers the question of a run as a human would: with the token in its message.
    pub(crate) async fn answer(&self, region: &str, approve: bool) -> Result<(), Trouble> {
        let question = parts::may_take_over(&region.into());
        self.answer_to((region, &question), approve).await
    }

    /// The same, of the question whose words are these.
    pub(crate) async fn answer_to(
        &self,
        (region, question): (&str, &str),
        approve: bool,
    ) -> Result<(), Trouble> {
        let message = self.asked(question).await.unwrap_or_default();
        let token = tool::token(&message).ok_or("no message holds a task token")?;
        let sfn = aws_sdk_sfn::Client::new(&self.world.emulator.sdk_config(region));
        if approve {
            self.world.timeline.say(Kind::Run, "a human", "approves");
            sfn.send_task_success()
                .task_token(token)
                .output(json!({"approved": true}).to_string())
                .send()
                .await?;
        } else {
            self.world.timeline.say(Kind::Run, "a human", "refuses");
            sfn.send_task_failure()
                .task_token(token)
                .error("Refused")
                .cause("not today")
                .send()
                .await?;
        }
        Ok(())
    }

    /// Waits for the end of the run of this name; answers it as it was last seen.
    pub(crate) async fn end_of(&self, name: &str, limit: Duration) -> Option<Run> {
        let find = || self.runs.seen().into_iter().find(|run| run.name == name);
        self.until(limit, "the run's end", async || {
            find().is_some_and(|run| run.status != "RUNNING")
        })
        .await;
        find()
    }

    /// Starts a run by hand, as `docs/how-to/forced-failover.md` says; answers its name.
    pub(crate) async fn start_run(&self, from: &str, to: &str) -> Result<String, Trouble> {
        let input = json!({"plan": PLAN, "writer_region": from, "observer_region": to});
        let text = format!("starts a run from {from} to {to}");
        self.start("unplanned-failover", to, &input, text).await
    }

    /// Starts the planned move of the writer to a Region, as `docs/how-to/planned-failover.md` says; answers the run's name.
    pub(crate) async fn start_planned(&self, to: &str) -> Result<String, Trouble> {
        let text = format!("starts the planned failover to {to}");
        let planned = self.world.profile.topology.runs().planned;
        let machine = planned.unwrap_or_default();
        self.start(machine, to, &json!({"plan": PLAN}), text).await
    }

    pub(crate) async fn start(
        &self,
        machine: &str,
        to: &str,
        input: &Value,
        text: String,
    ) -> Result<String, Trouble> {
        self.world.timeline.say(Kind::Run, "a human", text);
        let started = aws_sdk_sfn::Client::new(&self.world.emulator.sdk_config(to))
            .start_execution()
            .state_machine_arn(format!(
                "arn:aws:states:{to}:{ACCOUNT}:stateMachine:{}",
                named(machine)
            ))
            .input(input.to_string())
            .send()
            .await?;
        let name = started.execution_arn.rsplit(':').next();
        Ok(name.unwrap_or_default().to_owned())
    }

    /// Puts an event, of a source and a detail type, so many times on a Region's bus.
    pub(crate) async fn publish(
        &self,
        region: &str,
        (source, detail_type): (&str, &str),
        detail: &Value,
        times: usize,
    ) -> Result<(), Trouble> {
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .source(source)
            .detail_type(detail_type)
            .detail(detail.to_string())
            .build();
        aws_sdk_eventbridge::Client::new(&self.world.emulator.sdk_config(region))
            .put_events()
            .set_entries(Some(vec![entry; times]))
            .send()
            .await?;
        Ok(())
    }

    /// Calls a function by hand; `action: reason`, or its error's name and sentence.
    pub(crate) async fn said(&self, region: &str, function: &str, payload: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = named(function);
        match self.world.call(region, &name, payload).await {
            Ok(Ok(answer)) => format!("{}: {}", text(&answer["action"]), text(&answer["reason"])),
            Ok(Err(error)) => format!(
                "{}: {}",
                text(&error["errorType"]),
                text(&error["errorMessage"])
            ),
            Err(why) => format!("no answer: {why}"),
        }
    }

    /// Whether a function of a Region has made a call that was answered well.
    pub(crate) fn called(&self, function: &str, operation: &str) -> bool {
        let calls = self.world.front_door.calls();
        calls.iter().any(|call| {
            call.function == named(function)
                && call.operation == operation
                && call.status == Some(200)
        })
    }

    /// Waits until the application writes in a Region.
    pub(crate) async fn writes_in(&self, region: &str) -> bool {
        let endpoint = &self.world.endpoints[region].writer;
        let there = |ack: &client::Ack| ack.endpoint == *endpoint;
        let again = |progress: &Progress| progress.last.as_ref().is_some_and(there);
        match self.client.wait_for(SOON, again).await {
            Ok(_) => true,
            Err(why) => {
                let text = format!("does not write in {region}: {why}");
                self.world
                    .timeline
                    .say(Kind::Client, "the application", text);
                false
            }
        }
    }

    /// A failover by the loss of the home Region, to its end; then the home Region comes back and its probe looks.
    pub(crate) async fn failed_over_and_home_is_back(&self) -> Result<Played, Trouble> {
        let played = self.lose(HOME).await?;
        self.ended(1).await;
        self.writes_in(STANDBY).await;
        self.world.return_region(HOME).await?;
        self.world.watch_now(HOME).await?;
        Ok(played)
    }
}

//! The other functions, machines and Regions.

use std::time::Duration;

use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ports::{
        Confirmation, Execution, Functions, Hooked, ReachInput, ReachOutput, Rights, Suspicion,
        within,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Invocation, Made};
use crate::{
    api::Api,
    deployed::{arn, machine_of},
    state::{Started, State},
};

/// How long another function is waited for.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the witness is, ahead of time.
const WITNESS: Duration = Duration::from_secs(5);

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer)
        .map_err(|why| Error::NotReady(format!("the answer is not understood: {why}")))
}

impl Functions for Invocation {
    async fn ask_probe(&self, plan: &PlanName, dry_run: bool) -> Result<Confirmation, Error> {
        let payload = match dry_run {
            true => json!({"operation": "confirm", "plan": plan, "dry_run": true}),
            false => json!({"operation": "confirm", "plan": plan}),
        };
        read(
            self.invoke(&self.region, "health-probe", payload, ANSWER)
                .await?,
        )
    }

    async fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> Result<ReachOutput, Error> {
        let payload = json!({"operation": "reach", "plan": input.plan, "region": input.region,
            "cluster": input.cluster});
        read(
            self.invoke(witness, "confirm-outage", payload, ANSWER)
                .await?,
        )
    }

    async fn hears(&self, witness: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        within(self, WITNESS, self.ask_witness(witness, input)).await
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        let what = "STS GetCallerIdentity";
        let asked = self.call((Api::DataPlanes, region), what, |_| Ok(()));
        match asked.await {
            // Any response counts.
            Err(why) if why.to_string().ends_with("timed out") => Err(why),
            _ => Ok("STS answers".into()),
        }
    }

    async fn ask_rights(&self, region: &Region, plan: &PlanName) -> Result<Rights, Error> {
        let payload = json!({"operation": "rights", "plan": plan});
        read(self.invoke(region, "fence-writer", payload, ANSWER).await?)
    }

    async fn ask_rebuild(&self, _: &str, input: &Value) -> Result<Vec<String>, Error> {
        let asked = self.invoke(&self.region, "rebuild-global", input.clone(), ANSWER);
        let answer = asked.await?;
        let reasons = answer["refusal"].get("reasons").cloned();
        let mut refused: Vec<String> = reasons.map_or_else(|| Ok(Vec::new()), read)?;
        refused.extend(answer["observed"]["outlook"].as_str().map(str::to_owned));
        Ok(refused)
    }

    /// One whose name begins with `failing` fails.
    async fn call_hook(
        &self,
        function: &str,
        payload: &Value,
        _: Duration,
    ) -> Result<Hooked, Error> {
        let (here, key) = (
            self.region.clone(),
            payload["key"].as_str().unwrap_or_default().to_owned(),
        );
        let called = self.change(
            (Api::Lambda, &self.region),
            "Invoke",
            move |made: Made<'_>| {
                made.state
                    .note(made.now, || format!("the hook {key} is called in {here}"));
                Ok(())
            },
        );
        called.await?;
        match function.starts_with("failing") {
            true => Ok(Hooked::Failed(format!("invoking {function}: Unhandled"))),
            false => Ok(Hooked::Answered),
        }
    }

    async fn look_at_hook(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn warm(&self, region: &Region, function: &str) -> Result<(), Error> {
        let function = function.trim_start_matches("aurora-failover-");
        let function = crate::deployed::name(function)
            .ok_or_else(|| Error::NotReady(format!("there is no function {function}")))?;
        let payload = steps::warm::request();
        self.invoke(region, function, payload, ANSWER)
            .await
            .map(drop)
    }

    async fn suspect(&self, suspicion: &Suspicion) -> Result<(), Error> {
        let detail = serde_json::to_value(suspicion)
            .map_err(|why| Error::InvalidRequest(why.to_string()))?;
        self.suspect_in(&self.region, &detail).await
    }

    async fn suspect_in(&self, region: &Region, detail: &Value) -> Result<(), Error> {
        let what = "EventBridge PutEvents";
        let (at, to, detail) = (self.region.clone(), region.clone(), detail.clone());
        let arn = self.change((Api::Events, region), what, move |made: Made<'_>| {
            made.state
                .note(made.now, || format!("{at} suspects, in {to}"));
            let name = format!("event-{}", made.state.executions.len());
            Ok(made
                .state
                .begin(made.now, "unplanned-failover", &to, &name, &detail))
        });
        let asked = arn.await.map(drop);
        self.shared.start_what_began();
        asked
    }

    async fn run_ended(&self, _: &Value) -> Result<(), Error> {
        let what = "EventBridge PutEvents";
        let put = self.change((Api::Events, &self.region), what, |_: Made<'_>| Ok(()));
        put.await
    }

    async fn start(&self, name: Option<&RunId>, input: &Value) -> Result<Option<String>, Error> {
        let machine = self.machine()?;
        let what = "Step Functions StartExecution";
        let (at, name, input) = (self.region.clone(), name.cloned(), input.clone());
        let started = self.change((Api::States, &self.region), what, move |made: Made<'_>| {
            let free = || format!("unnamed-{}", made.state.executions.len());
            let name = name.as_ref().map_or_else(free, |name| name.0.clone());
            let known = made.state.executions.get(&arn(machine, &at, &name));
            match known {
                Some(known) if known.ended.is_none() && known.input == input => {
                    Ok(Some(arn(machine, &at, &name)))
                }
                Some(_) => Ok(None),
                None => Ok(Some(
                    made.state.begin(made.now, machine, &at, &name, &input),
                )),
            }
        });
        let answer = started.await;
        self.shared.start_what_began();
        answer
    }

    fn execution(&self, name: &RunId) -> Result<String, Error> {
        Ok(arn(self.machine()?, &self.region, &name.0))
    }

    async fn look_at_execution(&self, name: &RunId) -> Result<Execution, Error> {
        let arn = self.execution(name)?;
        let what = "Step Functions DescribeExecution";
        self.call((Api::States, &self.region), what, |made: Made<'_>| {
            let found = made.state.executions.get(&arn);
            let found = found.ok_or_else(|| Error::NotReady("ExecutionDoesNotExist".into()))?;
            Ok(Execution {
                arn: arn.clone(),
                ended: found.ended.is_some(),
                input: Some(found.input.clone()),
            })
        })
        .await
    }
}

impl Invocation {
    fn machine(&self) -> Result<&'static str, Error> {
        machine_of(self.function)
            .ok_or_else(|| Error::InvalidRequest("STATE_MACHINE_ARN is not set".into()))
    }
}

impl State {
    /// An execution of that name begins, if there is none.
    pub(crate) fn begin(
        &mut self,
        now: jiff::Timestamp,
        machine: &'static str,
        region: &Region,
        name: &str,
        input: &Value,
    ) -> String {
        let arn = arn(machine, region, name);
        self.note(now, || format!("{machine} {name} begins in {region}"));
        self.begun.push(arn.clone());
        self.executions
            .entry(arn.clone())
            .or_insert_with(|| Started {
                machine,
                region: region.clone(),
                name: name.to_owned(),
                input: input.clone(),
                at: now,
                ended: None,
                is_stopped: false,
            });
        arn
    }
}

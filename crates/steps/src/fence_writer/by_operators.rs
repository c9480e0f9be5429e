//! What operators ask of the fence: to give logins back, and to try it while all is well.

use super::words::some;
use failover::{
    Error,
    domain::{PlanName, Region},
    guard::not_adopted,
    ledger::{Current, PlanState, Rows},
    notify::{Message, Severity, tell},
    pass::{Input, Output, Progress, by_hand},
    ports::{Fence, Ledger, Parameters, People, Rights, Runtime, Unfenced, update_if},
    switches::maintenance,
};

/// Only by hand, forced, and while a switch keeps the schedule from fencing again. A dry run answers what the forced call would.
pub(super) async fn unfence(
    world: &(impl Ledger + Runtime + Parameters + People + Fence),
    input: &Input,
) -> Result<Output<Unfenced>, Error> {
    by_hand::is_consistent(input)?;
    let is_dry = input.dry_run || input.force.is_none();
    match give_back(world, input, is_dry).await {
        Err(why) if is_dry => Output::refused(why, None, Vec::new()),
        given => given,
    }
}

async fn give_back(
    world: &(impl Ledger + Runtime + Parameters + People + Fence),
    input: &Input,
    is_dry: bool,
) -> Result<Output<Unfenced>, Error> {
    let (here, name) = (world.region(), &input.plan);
    let known = by_hand::known(world, input).await?;
    let rows = Rows(by_hand::reachable(world, &known).await?);
    let current = rows.current().ok_or_else(|| not_adopted(name))?;
    let stands = format!("{name}@{}", current.epoch);
    is_meant(input, current, &stands)?;
    let is_deposed = current.writer != *here;
    if is_deposed && !world.switches(name).await?.is_on() {
        return Err(fenced_again(name));
    }
    if rows.0.get(here).is_some_and(|row| row.stop.is_some()) {
        return Err(Error::NotReady(format!(
            "a planned move has stopped the writer of plan {name} in {here}, and a replica may be promoted behind it; stop-writes gives its \
             logins back"
        )));
    }
    if is_dry {
        return Ok(would_give_back(here, &stands));
    }
    // Noted before, so that no answer that is lost leaves a member open that passes for fenced, and behind it too: a fence beside
    // this may have noted itself in between.
    update_if(world, here, name, PlanState::unfence).await?;
    let given = world.unfence(&known).await?;
    update_if(world, here, name, PlanState::unfence).await?;
    let message = unfenced(here, current, &given);
    tell(world, &known.plan, &message).await;
    Ok(Output::done("unfence", message.evidence, given))
}

fn fenced_again(name: &PlanName) -> Error {
    let switch = maintenance(name);
    Error::NotReady(format!(
        "the schedule would fence it again within a minute; switch {switch} on first"
    ))
}

/// That whoever forces it means the epoch that the plan stands at.
fn is_meant(input: &Input, current: &Current, stands: &str) -> Result<(), Error> {
    match &input.force {
        Some(force) if force != stands => Err(Error::InvalidRequest(format!(
            "force is {force:?}, and the plan stands at epoch {}; write {stands:?} if you mean that",
            current.epoch
        ))),
        Some(_) | None => Ok(()),
    }
}

fn would_give_back(here: &Region, stands: &str) -> Output<Unfenced> {
    let reason = format!(
        "would give applications their logins at the member in {here} again; say \"force\": {stands:?} to do so"
    );
    Output {
        progress: Progress::Pending,
        dry_run: true,
        ..Output::done("unfence", reason, Unfenced::default())
    }
}

fn unfenced(here: &Region, current: &Current, given: &Unfenced) -> Message {
    Message {
        severity: Severity::Action,
        what: format!("the member in {here} was unfenced by hand"),
        evidence: format!(
            "{} is the writer of epoch {}. {} role(s) may log in here again. Dropped meanwhile: {}. Not given back: {}.",
            current.writer,
            current.epoch,
            given.roles.len(),
            listed(&given.missing),
            listed(&given.refused)
        ),
        next: "Nothing, if you know who did it.".into(),
        ..Message::default()
    }
}

/// The first few of them, or that there is none.
fn listed(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => some(names.iter()),
    }
}

/// Tries on the writer here whether it could be fenced one day.
pub(super) async fn rights(
    world: &(impl Ledger + Runtime + Fence),
    plan: &PlanName,
) -> Result<Rights, Error> {
    let known = by_hand::known(world, &Input::of(plan.clone())).await?;
    world.rights(&known).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fence_writer::handle;
    use failover::{
        domain::Epoch,
        ledger::{Current, PlanState},
        testing::Books,
    };

    async fn unfenced(writer: &str, more: serde_json::Value) -> Result<serde_json::Value, Error> {
        let current = Current {
            epoch: Epoch(7),
            writer: writer.into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: jiff::Timestamp::UNIX_EPOCH,
            unplanned: false,
            acknowledged_at: None,
        };
        let books = Books::with(&PlanState {
            current: Some(current),
            ..PlanState::new("orders".into())
        });
        let mut payload = more;
        payload["operation"] = "unfence".into();
        payload["plan"] = "orders".into();
        let answer = Box::pin(handle(&books, payload)).await;
        assert!(books.told().is_empty());
        answer
    }

    #[tokio::test]
    async fn an_unfence_that_is_only_tried_says_so_and_gives_nothing_back() {
        use serde_json::json;
        for asked in [
            json!({}),
            json!({"dry_run": true}),
            json!({"dry_run": true, "force": "orders@7"}),
        ] {
            let here = unfenced("us-east-1", asked.clone()).await.unwrap();
            assert_eq!(here["dry_run"], true, "{asked}: {here}");
            assert!(here["reason"].as_str().unwrap().starts_with("would give"));
            let deposed = unfenced("us-west-2", asked).await.unwrap();
            assert_eq!(deposed["dry_run"], true, "{deposed}");
            assert_eq!(deposed["refusal"]["error"], "NotReady", "{deposed}");
        }
        let forced = unfenced("us-east-1", json!({"force": "orders@7"})).await;
        assert_eq!(forced, Err(Error::Denied("given back".into())));
        let wrong = unfenced("us-east-1", json!({"force": "orders@6", "dry_run": true})).await;
        assert_eq!(wrong.unwrap_err().name(), "InvalidRequest");
    }

    #[test]
    fn an_unfence_is_told_as_its_example_shows() {
        let current = failover::testing::row("us-east-1", 2).current.unwrap();
        let given = Unfenced {
            roles: vec!["orders_app".into(), "orders_report".into()],
            ..Unfenced::default()
        };
        let message = super::unfenced(&"us-west-2".into(), &current, &given);
        failover::testing::example::is("unfenced", &message);
    }
}

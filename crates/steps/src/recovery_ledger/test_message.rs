//! Sends a message that says that it is a test; what the topic answers is the answer. A dry run only looks whether it is there.

use super::{AdoptInput, plan};
use failover::{
    Error,
    domain::Region,
    notify::Message,
    pass::{Output, Progress},
    plan::Plan,
    ports::{Ledger, Parameters, People, Runtime},
};

pub(super) async fn run(
    world: &(impl Ledger + Runtime + Parameters + People),
    input: &AdoptInput,
) -> Result<Output<()>, Error> {
    let (here, name) = (world.region(), &input.plan);
    let plan = plan(world, name).await?;
    let topic = topic(&plan, here)?;
    if input.dry_run {
        return match world.topic(here, topic).await {
            Ok(_) => Ok(would_send(topic)),
            Err(why) => Output::refused(why, None, Vec::new()),
        };
    }
    let (subject, text) = (message(here).subject(name), message(here).text(world.now()));
    world.publish(topic, &subject, &text).await?;
    let reason = format!("{topic} took a test message; look whether it arrives");
    Ok(Output::done("test_message", reason, ()))
}

fn topic<'a>(plan: &'a Plan, here: &Region) -> Result<&'a String, Error> {
    plan.notify.get(here).ok_or_else(|| {
        Error::InvalidRequest(format!(
            "notify of plan {} has no {here}; name an SNS topic of that Region",
            plan.plan
        ))
    })
}

fn would_send(topic: &str) -> Output<()> {
    let reason = format!("{topic} is there and would be sent a test message");
    Output {
        progress: Progress::Pending,
        dry_run: true,
        ..Output::done("test_message", reason, ())
    }
}

fn message(here: &Region) -> Message {
    Message {
        what: "a test of this plan's messages".into(),
        evidence: format!("Somebody asked for it in {here}. Nothing happened to the database."),
        next: "Nothing.".into(),
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_message_is_sent_as_its_example_shows() {
        failover::testing::example::is("test", &message(&"us-east-1".into()));
    }
}

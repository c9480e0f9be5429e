//! The operator's tool `aurora-failover`.

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;
use cli::{
    account::Account,
    arguments::{Arguments, Command, Output, Place, PlanCommand},
    ending::{Answer, Ending},
    plan_check, ready, status,
};
use failover::{domain::Region, installation};
use jiff::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command, output } = Arguments::parse();
    let answer = Box::pin(carry_out(command, output)).await;
    // Whoever closes the pipe early has read enough.
    let _ = std::io::stdout().write_all(answer.text.as_bytes());
    for complaint in &answer.complaints {
        eprintln!("aurora-failover: {complaint}");
    }
    answer.ending.into()
}

async fn carry_out(command: Command, output: Output) -> Answer {
    match command {
        Command::Plan {
            command: PlanCommand::Check { files },
        } => plan_check::run(&files, output),
        Command::Status { plan, place } => match reach(&place).await {
            Ok((account, first)) => {
                let at = (output, now());
                status::run(&account, &first, plan.as_ref(), at).await
            }
            Err(why) => why,
        },
        Command::Ready { plan, to, place } => match reach(&place).await {
            Ok((account, first)) => {
                ready::run(&account, &first, (&plan, to.as_ref()), output).await
            }
            Err(why) => why,
        },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the clock is read"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The account, and the Regions to begin with.
async fn reach(place: &Place) -> Result<(Account, Vec<Region>), Answer> {
    installation::begins_with(&place.prefix);
    let table = place.ledger_table.clone();
    let table = table.unwrap_or_else(|| installation::named("ledger"));
    let account = Account::from_env(place.regions.first(), &table).await;
    let mut first = place.regions.clone();
    if first.is_empty() {
        first.extend(account.region());
    }
    if first.is_empty() {
        let why =
            "no Region is known to begin with; name a member Region, as in --regions us-east-1";
        return Err(Answer::none(Ending::Misused, why.to_owned()));
    }
    let credentials = account.has_credentials().await;
    credentials.map_err(|why| Answer::none(Ending::Unknown, why))?;
    Ok((account, first))
}

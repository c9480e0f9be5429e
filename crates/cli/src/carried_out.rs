//! Which command is carried out, where.

use std::{path::Path, time::Duration};

use failover::{
    domain::{PlanName, Region},
    installation,
    plan::SCHEMA,
};
use workload::plan::SCHEMA as OF_WORKLOADS;

use crate::{
    account::Account,
    acknowledge, adopt, approvals, approve,
    arguments::{
        Arguments, ByHandCommand, Command, MessagesCommand, MoveCommand, Output, Place,
        PlanCommand, PlanOrAll,
    },
    clock::now,
    consent::Consent,
    desk::{Desk, PACE},
    doctor, download,
    ending::{Answer, Ending},
    failback, failover as unplanned, false_alarm, fence, forced, history, losses, messages, pause,
    plan_check, plan_init, plan_put, plan_show, printed, ready, run, set_up, status, switchover,
    terminal::Terminal,
    watch, workloads,
};

/// Carries out a command.
pub async fn carry_out(arguments: Arguments, terminal: &Terminal) -> Answer {
    let Arguments {
        command,
        output,
        place,
        ..
    } = arguments;
    let output = if matches!(command, Command::Run { json: true, .. }) {
        Output::Json
    } else {
        output
    };
    let office = Office {
        place,
        output,
        terminal,
    };
    match command {
        Command::Plan { command } => document(&office, command).await,
        Command::Completions { shell } => printed::completions(shell),
        Command::Manual => printed::manual(),
        Command::Status { plan, watch } => {
            let act = async |desk: &Desk<'_>| looked(desk, plan.as_ref(), watch).await;
            terminal.fitted(office.at(act).await)
        }
        Command::Doctor { plan } => {
            let act = async |desk: &Desk<'_>| doctor::run(desk, plan.as_ref(), now()).await;
            office.at(act).await
        }
        Command::Ready { plan, to } => {
            let act = async |desk: &Desk<'_>| {
                let of = (&plan, to.as_ref());
                if workloads::is_one(desk, &plan).await {
                    return workloads::ready::run(desk, of).await;
                }
                ready::run(desk.account, desk.first, of, output).await
            };
            terminal.fitted(office.at(act).await)
        }
        Command::History { plan, limit } => {
            let act = async |desk: &Desk<'_>| history::run(desk, plan.as_ref(), limit).await;
            terminal.fitted(office.at(act).await)
        }
        Command::Run {
            run: id,
            plan,
            html,
            json: _,
        } => {
            let of = (id.as_str(), plan.as_ref());
            let act = async |desk: &Desk<'_>| run::run(desk, of, html.as_deref()).await;
            terminal.fitted(office.at(act).await)
        }
        Command::Pause {
            what,
            reason,
            consent,
        } => office.switches((&what, Some(&reason)), consent).await,
        Command::Resume { what, consent } => office.switches((&what, None), consent).await,
        Command::Move(command) => {
            let act = async |desk: &Desk<'_>| moved(desk, command).await;
            office.at(act).await
        }
        Command::ByHand(command) => {
            let act = async |desk: &Desk<'_>| by_hand(desk, command).await;
            office.at(act).await
        }
    }
}

async fn looked(desk: &Desk<'_>, plan: Option<&PlanName>, watch: Option<u64>) -> Answer {
    if let Some(seconds) = watch {
        return watch::run(desk, plan, Duration::from_secs(seconds)).await;
    }
    let at = (desk.output, now());
    status::run(desk.account, desk.first, plan, at).await
}

async fn document(office: &Office<'_>, command: PlanCommand) -> Answer {
    match command {
        PlanCommand::Check { files } => plan_check::run(&files, office.output),
        PlanCommand::Schema { workload } => Answer {
            text: if workload { OF_WORKLOADS } else { SCHEMA }.to_owned(),
            complaints: Vec::new(),
            ending: Ending::Well,
        },
        PlanCommand::Init(init) => {
            let act = async |desk: &Desk<'_>| plan_init::made(desk, &init).await;
            office.at(act).await
        }
        PlanCommand::Show { plan } => {
            let act = async |desk: &Desk<'_>| match workloads::is_one(desk, &plan).await {
                true => workloads::show::run(desk, &plan).await,
                false => plan_show::run(desk, &plan).await,
            };
            office.at(act).await
        }
        PlanCommand::Put {
            file,
            partial,
            consent,
        } => {
            let act = async |desk: &Desk<'_>| plan_put::run(desk, (&file, partial), consent).await;
            office.at(act).await
        }
    }
}

/// Where commands that ask an account find their desk.
struct Office<'a> {
    place: Place,
    output: Output,
    terminal: &'a Terminal,
}

impl Office<'_> {
    /// Does something at a desk.
    async fn at(&self, act: impl AsyncFnOnce(&Desk<'_>) -> Answer) -> Answer {
        let (account, first) = match reach(&self.place).await {
            Ok(found) => found,
            Err(why) => return why,
        };
        let desk = Desk {
            account: &account,
            first: &first,
            terminal: self.terminal,
            output: self.output,
            pace: PACE,
        };
        Box::pin(act(&desk)).await
    }

    async fn switches(&self, (what, says): (&PlanOrAll, Option<&str>), consent: Consent) -> Answer {
        let wanted = pause::Wanted {
            plan: what.plan.as_ref(),
            says,
        };
        self.at(async |desk: &Desk<'_>| pause::run(desk, wanted, consent).await)
            .await
    }
}

async fn by_hand(desk: &Desk<'_>, command: ByHandCommand) -> Answer {
    match command {
        ByHandCommand::Approvals => approvals::run(desk).await,
        ByHandCommand::Approve {
            run,
            token,
            by,
            consent,
        } => answered(desk, (&run, token, None), (by, consent)).await,
        ByHandCommand::Decline {
            run,
            token,
            why,
            by,
            consent,
        } => answered(desk, (&run, token, Some(&why)), (by, consent)).await,
        ByHandCommand::Fence {
            plan,
            region,
            consent,
        } => fence::fence(desk, (&plan, region.as_ref()), consent).await,
        ByHandCommand::Unfence {
            plan,
            region,
            consent,
        } => fence::unfence(desk, (&plan, region.as_ref()), consent).await,
        ByHandCommand::Losses {
            plan,
            region,
            download: Some(folder),
            cluster,
            ..
        } => downloaded(desk, (&plan, region, cluster), &folder).await,
        ByHandCommand::Losses {
            plan,
            region,
            list,
            consent,
            ..
        } => losses::run(desk, (&plan, region.as_ref(), list), consent).await,
        ByHandCommand::Acknowledge { what, consent } => {
            acknowledge::run(desk, &what, consent).await
        }
        ByHandCommand::FalseAlarm {
            run,
            plan,
            why,
            consent,
        } => {
            let wanted = false_alarm::Wanted {
                run: &run,
                plan: plan.as_ref(),
                why: &why,
            };
            false_alarm::run(desk, wanted, consent).await
        }
        ByHandCommand::Adopt {
            plan,
            serves,
            from_epoch,
            consent,
        } => adopted(desk, (&plan, serves.as_ref(), from_epoch), consent).await,
        ByHandCommand::Setup { plan, consent } => set_up::run(desk, &plan, consent).await,
        ByHandCommand::Messages {
            command: MessagesCommand::Test { plan, consent },
        } => messages::test(desk, &plan, consent).await,
    }
}

async fn answered(
    desk: &Desk<'_>,
    (run, token, no): (&str, Option<String>, Option<&str>),
    (by, consent): (Option<String>, Consent),
) -> Answer {
    let wanted = approve::Wanted {
        run,
        token: token.as_deref(),
        no,
        by: by.as_deref(),
    };
    approve::run(desk, wanted, consent).await
}

async fn downloaded(
    desk: &Desk<'_>,
    (plan, region, cluster): (&PlanName, Option<Region>, Option<String>),
    folder: &Path,
) -> Answer {
    let wanted = download::Wanted {
        plan,
        region: region.as_ref(),
        cluster: cluster.as_deref(),
        folder,
    };
    download::run(desk, wanted).await
}

/// A database is adopted by what RDS shows, a workload by what a human says.
async fn adopted(
    desk: &Desk<'_>,
    (plan, serves, from_epoch): (&PlanName, Option<&Region>, Option<u64>),
    consent: Consent,
) -> Answer {
    if workloads::is_one(desk, plan).await {
        let said = (plan, serves, from_epoch);
        return workloads::adopt::run(desk, said, consent).await;
    }
    if let Some(serves) = serves {
        let why = format!(
            "--serves is {serves}, and plan {plan} is no workload's here: RDS shows the writer of a database, so leave it out"
        );
        return Answer::none(Ending::Misused, why);
    }
    adopt::run(desk, plan, consent).await
}

async fn moved(desk: &Desk<'_>, command: MoveCommand) -> Answer {
    match command {
        MoveCommand::Switchover {
            plan,
            to,
            consent,
            watching,
        } => switchover::run(desk, (&plan, to.as_ref()), (consent, watching)).await,
        MoveCommand::Failover {
            plan,
            to,
            force: false,
            consent,
            watching,
            ..
        } => unplanned::run(desk, (&plan, &to), (consent, watching)).await,
        MoveCommand::Failover {
            plan,
            to,
            epoch,
            abandon_living_writer,
            writer_takes_writes,
            consent,
            ..
        } => {
            let wanted = forced::Wanted {
                plan: &plan,
                to: &to,
                epoch,
                abandon_living_writer,
                writer_takes_writes,
            };
            forced::run(desk, wanted, consent).await
        }
        MoveCommand::Failback {
            plan,
            rehearse,
            not_before,
            approved,
            consent,
            watching,
        } => {
            let wanted = failback::Wanted {
                plan: &plan,
                rehearse,
                not_before,
                approved,
            };
            if workloads::is_one(desk, &plan).await {
                return workloads::failback::run(desk, wanted, (consent, watching)).await;
            }
            failback::run(desk, wanted, (consent, watching)).await
        }
        MoveCommand::Revert {
            plan,
            accept_data_loss,
            consent,
            watching,
        } => workloads::revert::run(desk, (&plan, accept_data_loss), (consent, watching)).await,
    }
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

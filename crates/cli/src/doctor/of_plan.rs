//! What one plan needs around it: its documents, ledgers, probes, roads, witness, topics and secrets, and that the writer could move.

use std::collections::BTreeSet;

use failover::{
    Error,
    domain::Region,
    installation::named,
    ledger::Rows,
    plan::Plan,
    ports::{ReachInput, ReachOutput},
};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use super::{LOOK, check::Check};
use crate::{
    account::Said,
    attention,
    desk::Desk,
    ready::{Way, planned_to, way},
    survey::{Books, Document, Entry, Survey, patiently},
    words::ago,
};

/// What answers whether a Region hears another one.
const HEARS: &str = "confirm-outage";
/// How a reason against a move begins that is about a secret.
const SECRET: &str = "secret ";

/// Checks what is around a plan. Functions are called in those Regions alone where they may be.
pub(super) async fn checked(
    desk: &Desk<'_>,
    survey: &Survey,
    callable: &BTreeSet<Region>,
    now: Timestamp,
) -> Vec<Check> {
    let rows = survey.rows();
    let mut checks = Vec::new();
    for (region, entry) in &survey.regions {
        if survey.is_silent(region) {
            continue;
        }
        checks.extend(document(survey, region, entry));
        checks.push(ledger(&rows, region, entry));
        let switches = attention::switches(survey, region, entry);
        if entry.switches.is_some() {
            checks.push(Check::of("switches", region, switches, || "off".to_owned()));
        }
        if let Ok(books) = &entry.books {
            checks.extend(probe(survey, &rows, (region, books), now));
        }
    }
    if let Some(plan) = &survey.plan {
        checks.extend(called(desk, survey, plan, callable).await);
    }
    checks
}

fn document(survey: &Survey, region: &Region, entry: &Entry) -> Option<Check> {
    let name = "document";
    match &entry.document {
        // Who may not read it is named once, for all plans.
        Document::Unread(Error::Denied(_)) => None,
        Document::Unread(why) => Some(Check::unknown(name, region, format!("{why}; ask again"))),
        Document::Plan(plan) => {
            let fault = attention::document(survey, region, entry);
            let well = || format!("revision {}, as everywhere", plan.revision);
            Some(Check::of(name, region, fault, well))
        }
        Document::Missing | Document::Broken(_) => {
            let fault = attention::document(survey, region, entry);
            Some(Check::of(name, region, fault, String::new))
        }
    }
}

fn ledger(rows: &Rows, region: &Region, entry: &Entry) -> Check {
    let name = "ledger";
    match &entry.books {
        Ok(books) => {
            let behind = attention::behind(rows, region, &books.row);
            let behind =
                behind.map(|says| format!("{says}; the next run or adopt brings it there"));
            let unnamed = rows.current().is_none();
            let unnamed = unnamed
                .then(|| "no ledger names a writer; adopt it by aurora-failover adopt".to_owned());
            let epoch = books.row.proven_epoch();
            Check::of(name, region, behind.or(unnamed), || {
                format!("it stands at epoch {epoch}")
            })
        }
        Err(why) => {
            let says = attention::unanswered((region, entry));
            let says = says.unwrap_or_else(|| why.to_string());
            if matches!(why, Error::Unavailable(_)) {
                return Check::unknown(name, region, format!("{says}; ask again"));
            }
            Check::fault(name, region, says)
        }
    }
}

fn probe(
    survey: &Survey,
    rows: &Rows,
    (region, books): (&Region, &Books),
    now: Timestamp,
) -> Option<Check> {
    // Nobody looks at a writer in which no heart beats, nor before one is adopted.
    let has_heart = survey.plan.as_ref().is_none_or(Plan::has_heart);
    let current = rows.current().filter(|_| has_heart)?;
    let fault = attention::probe(rows, region, books, now);
    let looked = books.vantage.as_ref().map(|vantage| ago(vantage.at, now));
    Some(Check::of("probe", region, fault, || {
        format!(
            "it wrote on the writer in {}, {}: road, login and secret serve",
            current.writer,
            looked.unwrap_or_default()
        )
    }))
}

/// What only the functions can tell.
async fn called(
    desk: &Desk<'_>,
    survey: &Survey,
    plan: &Plan,
    callable: &BTreeSet<Region>,
) -> Vec<Check> {
    let here = survey.regions.keys();
    let here: Vec<_> = here.filter(|region| callable.contains(*region)).collect();
    let roads = here.iter().map(|from| roads(desk, plan, from));
    let witness = plan.witness_region.iter();
    let witness = witness.map(|witness| witnessed(desk, plan, witness));
    let topics = here.iter().map(|region| topic(desk, plan, region));
    let (roads, witness, topics, moves) = futures::join!(
        join_all(roads),
        join_all(witness),
        join_all(topics),
        moves(desk, survey, plan, &here)
    );
    let heard = roads.into_iter().chain(witness).flatten();
    heard.chain(topics).chain(moves).collect()
}

/// Whether the functions of a Region hear every other member's Region.
async fn roads(desk: &Desk<'_>, plan: &Plan, from: &Region) -> Vec<Check> {
    let others = plan.members().keys().filter(|region| *region != from);
    let asked = others.map(async |to| {
        let fix = "look at the road and the role of the functions there";
        match heard(desk, plan, (from, to)).await {
            Ok(says) => Check::ok("road", from, says),
            Err((name, why)) => Check::of_error("road", from, (&name, why), fix),
        }
    });
    join_all(asked).await
}

/// Whether the witness answers, and hears every member's Region.
async fn witnessed(desk: &Desk<'_>, plan: &Plan, witness: &Region) -> Vec<Check> {
    let asked = plan.members().keys().map(async |to| {
        let fix = "while it is so, the loss of a Region waits for a human";
        match heard(desk, plan, (witness, to)).await {
            Ok(says) => Check::ok("witness", witness, says),
            Err((name, why)) => Check::of_error("witness", witness, (&name, why), fix),
        }
    });
    join_all(asked).await
}

/// What a Region hears of another one; else the error's name and its sentence.
async fn heard(
    desk: &Desk<'_>,
    plan: &Plan,
    (from, to): (&Region, &Region),
) -> Result<String, (String, String)> {
    let member = plan.members().get(to);
    let input = ReachInput {
        plan: plan.plan.clone(),
        region: to.clone(),
        cluster: member.map_or_else(String::new, |member| member.identifier.clone()),
        kind: plan.kind(),
    };
    let mut payload = json!(input);
    payload["operation"] = "reach".into();
    let function = named(HEARS);
    let asked = desk.account.ask(from, &function, &payload);
    let answer = match patiently(from, LOOK, asked).await {
        Ok(Said::Answer(answer)) => answer,
        Ok(Said::Failure { name, why }) => return Err((name, why)),
        Err(why) => return Err((why.name().to_owned(), why.to_string())),
    };
    let unread = |why: serde_json::Error| {
        let why = format!("{from} answers about {to} what cannot be read: {why}");
        ("UnexpectedTopology".to_owned(), why)
    };
    let said: ReachOutput = serde_json::from_value(answer).map_err(unread)?;
    if said.reaches && !said.others_only {
        return Ok(format!("it hears {to}"));
    }
    let what = if said.reaches {
        "neither RDS nor the ledger"
    } else {
        "nothing"
    };
    let why = format!("it hears {what} of {to} ({})", said.reason);
    Err(("NotReady".to_owned(), why))
}

/// Whether people would be told. Whether anybody reads the topic only a message shows.
async fn topic(desk: &Desk<'_>, plan: &Plan, region: &Region) -> Check {
    let payload = json!({"operation": "test_message", "plan": plan.plan, "dry_run": true});
    let function = named("recovery-ledger");
    let asked = desk.account.ask(region, &function, &payload);
    let fix = "put the topic right, and try it by aurora-failover messages test";
    match patiently(region, LOOK, asked).await {
        Ok(Said::Failure { name, why }) => Check::of_error("topic", region, (&name, why), fix),
        said => of_way(("topic", region), &way("test_message", said), fix),
    }
}

/// Whether the writer could be moved to each other Region, and what of it is about secrets.
async fn moves(desk: &Desk<'_>, survey: &Survey, plan: &Plan, here: &[&Region]) -> Vec<Check> {
    let rows = survey.rows();
    let Some(current) = rows.current() else {
        return Vec::new();
    };
    let silent = survey.regions.keys();
    let silent: Vec<_> = silent
        .filter(|region| survey.is_silent(region))
        .map(Region::as_str)
        .collect();
    let others = here.iter().filter(|region| ***region != current.writer);
    let asked = others.map(async |to| {
        if !silent.is_empty() {
            let says = format!(
                "a planned move there is not asked about while {} is silent; ask again when every Region answers",
                silent.join(", ")
            );
            return vec![Check::unknown("move", to, says)];
        }
        let asked = async { Ok(planned_to(desk.account, (&plan.plan, plan.kind()), to).await) };
        match patiently(to, LOOK, asked).await {
            Ok(found) => of_move(to, found),
            Err(why) => vec![Check::unknown("move", to, format!("{why}; ask again"))],
        }
    });
    join_all(asked).await.concat()
}

fn of_move(to: &Region, mut found: Way) -> Vec<Check> {
    let reasons = std::mem::take(&mut found.reasons);
    let (secrets, others): (Vec<_>, Vec<_>) = reasons
        .into_iter()
        .partition(|reason| reason.starts_with(SECRET));
    let was_told = found.ready.is_some();
    if found.ready == Some(false) && others.is_empty() && !secrets.is_empty() {
        found.ready = Some(true);
        found.says = "nothing but a secret stands against a planned move".to_owned();
    }
    found.reasons = others;
    let fix = "put right what is named, and ask aurora-failover ready";
    let mut checks = vec![of_way(("move", to), &found, fix)];
    if was_told {
        let fault = (!secrets.is_empty()).then(|| {
            let secrets = secrets.join("; ");
            format!("{secrets}; make it there, or wait for its rotation")
        });
        checks.push(Check::of("secrets", to, fault, || {
            "the plan's secrets are there, and none is about to be rotated".to_owned()
        }));
    }
    let warnings = found.warnings.into_iter();
    checks.extend(warnings.map(|warning| Check::fault("warning", to, warning)));
    checks
}

/// A dry run's answer as a check.
fn of_way((check, region): (&'static str, &Region), found: &Way, fix: &str) -> Check {
    match found.ready {
        Some(true) => Check::ok(check, region, found.says.clone()),
        Some(false) => {
            let says = format!("{}; {fix}", found.reasons.join("; "));
            Check::fault(check, region, says)
        }
        None => Check::unknown(check, region, format!("{}; {fix}", found.says)),
    }
}

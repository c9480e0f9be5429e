//! What all plans of an installation share: that its Regions answer, that they may be asked, their functions and versions.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    Error,
    domain::{PlanName, Region},
    installation::named,
};
use futures::future::join_all;
use serde_json::json;

use super::{
    LOOK,
    check::{Check, is_denied},
    release::release,
};
use crate::{
    account::Said,
    attention,
    desk::Desk,
    survey::{Document, PATIENCE, Survey, patiently},
};

/// The policy of those who may look, and of those who may call functions, without what the installation's names begin with.
const VIEWER: &str = "viewer";
const OPERATOR: &str = "operator";

/// What a Region came to when it was asked.
#[derive(Debug)]
pub(super) struct Asked {
    region: Region,
    /// What it refused, or why it gave no answer.
    errors: Vec<Error>,
    /// Whether it gave none at all.
    pub(super) is_silent: bool,
    /// A run that acted from there, by which its execution can be asked for.
    run: Option<(PlanName, failover::domain::RunId)>,
}

/// What was found, and in which Regions functions may be called.
pub(super) struct Found {
    pub(super) checks: Vec<Check>,
    pub(super) callable: BTreeSet<Region>,
}

/// How each Region answered in the surveys.
pub(super) fn asked(surveys: &[Survey]) -> Vec<Asked> {
    let mut regions: BTreeMap<Region, Asked> = BTreeMap::new();
    for survey in surveys {
        for (region, entry) in &survey.regions {
            let asked = regions.entry(region.clone()).or_insert_with(|| Asked {
                region: region.clone(),
                errors: Vec::new(),
                is_silent: false,
                run: None,
            });
            if let Document::Unread(why) = &entry.document {
                asked.errors.push(why.clone());
            }
            asked.is_silent |= survey.is_silent(region);
            match &entry.books {
                Err(why) => asked.errors.push(why.clone()),
                Ok(books) => {
                    let last = books.runs.iter().max_by_key(|run| run.opened_at);
                    let last = last.map(|run| (survey.name.clone(), run.run_id.clone()));
                    asked.run = asked.run.take().or(last);
                }
            }
        }
    }
    regions.into_values().collect()
}

/// How each of the first Regions answers, where no plan was found.
pub(super) async fn asked_first(desk: &Desk<'_>) -> Vec<Asked> {
    let asked = desk.first.iter().map(async |region| {
        let parameters = patiently(region, PATIENCE, desk.account.parameters(region));
        let known = patiently(region, PATIENCE, desk.account.known(region));
        let (parameters, known) = futures::join!(parameters, known);
        let errors: Vec<_> = parameters.err().into_iter().chain(known.err()).collect();
        let is_silent = |why: &Error| matches!(why, Error::Unavailable(_));
        Asked {
            region: region.clone(),
            is_silent: errors.len() == 2 && errors.iter().all(is_silent),
            errors,
            run: None,
        }
    });
    join_all(asked).await
}

/// Checks the Regions.
pub(super) async fn checked(desk: &Desk<'_>, asked: &[Asked], surveys: &[Survey]) -> Found {
    let each = asked.iter().map(async |one| {
        if one.is_silent {
            return (vec![silent(one)], None);
        }
        let executions = executions(desk, one);
        let functions = functions(desk, &one.region);
        let (executions, (functions, may_call)) = futures::join!(executions, functions);
        let mut checks = vec![Check::ok("region", &one.region, "it answers".to_owned())];
        checks.push(reading(one));
        checks.extend(executions);
        checks.extend(functions);
        (checks, may_call.then(|| one.region.clone()))
    });
    let (checks, callable): (Vec<_>, Vec<_>) = join_all(each).await.into_iter().unzip();
    let mut checks = checks.concat();
    checks.extend(versions(surveys));
    Found {
        checks,
        callable: callable.into_iter().flatten().collect(),
    }
}

fn silent(asked: &Asked) -> Check {
    let why = asked.errors.first().map(ToString::to_string);
    let says = format!(
        "silent: {}; try the road there from here, and look again when it is back",
        why.unwrap_or_default()
    );
    Check::unknown("region", &asked.region, says)
}

/// Whether what the tool reads may be read.
fn reading(asked: &Asked) -> Check {
    let denied = asked.errors.iter().find(|why| is_denied(why));
    let fault = denied.map(|why| without(why, VIEWER));
    Check::of("rights to look", &asked.region, fault, || {
        "plans, switches and ledgers may be read".to_owned()
    })
}

fn without(why: &Error, policy: &str) -> String {
    format!("{why}; attach the policy {} to whoever asks", named(policy))
}

/// Whether executions may be asked about, where a run has left one.
async fn executions(desk: &Desk<'_>, asked: &Asked) -> Option<Check> {
    let (plan, run) = asked.run.as_ref()?;
    let region = &asked.region;
    let arn = async {
        let record = desk.account.run(region, plan, run).await?;
        let Some(arn) = record.and_then(|run| run.execution) else {
            return Ok(None);
        };
        let (execution, history) = futures::join!(
            desk.account.execution(region, &arn),
            desk.account.token(region, &arn)
        );
        // One that is too old to be shown was answered for.
        let errors = execution.err().into_iter().chain(history.err());
        let mut grave = errors.filter(|why| is_denied(why) || matches!(why, Error::Unavailable(_)));
        grave.next().map_or(Ok(Some(())), Err)
    };
    let name = "rights to executions";
    match patiently(region, PATIENCE, arn).await {
        Ok(found) => found.map(|()| {
            let says = "executions and their histories may be read";
            Check::ok(name, region, says.to_owned())
        }),
        Err(why) if is_denied(&why) => Some(Check::fault(name, region, without(&why, VIEWER))),
        Err(why) => Some(Check::unknown(name, region, format!("{why}; ask again"))),
    }
}

/// Whether every function that a run needs can be called there, by the Region's own ledger function; and whether it may be called.
async fn functions(desk: &Desk<'_>, region: &Region) -> (Vec<Check>, bool) {
    let payload = json!({"operation": "warm"});
    let function = named("recovery-ledger");
    let ask = || patiently(region, LOOK, desk.account.ask(region, &function, &payload));
    let mut said = ask().await;
    // A function that slept has started meanwhile.
    if matches!(said, Ok(Said::Failure { .. })) {
        said = ask().await;
    }
    let rights = "rights to call";
    let called = || Check::ok(rights, region, "functions may be called".to_owned());
    match said {
        Ok(Said::Answer(answer)) => {
            let warm = answer["warm"].as_array().map_or(0, Vec::len);
            let says = format!("{warm} functions of a run answer, those of witnesses among them");
            let functions = Check::ok("functions", region, says);
            let release = release(region, answer["release"].as_str());
            (vec![called(), functions, release], true)
        }
        Ok(Said::Failure { name, why }) => {
            let fix = "deploy the stacks again, or look at the logs of what is named";
            let found = Check::of_error("functions", region, (&name, why), fix);
            (vec![called(), found], true)
        }
        Err(why) if is_denied(&why) => {
            let fault = Check::fault(rights, region, without(&why, OPERATOR));
            (vec![fault], false)
        }
        Err(why) => {
            let fix = "make deploy brings the functions";
            let said = (why.name(), why.to_string());
            (vec![Check::of_error("functions", region, said, fix)], false)
        }
    }
}

/// Whether the functions of all Regions are of one version, as their probes say it.
fn versions(surveys: &[Survey]) -> Vec<Check> {
    let differ = surveys.iter().find_map(attention::versions);
    let mut regions: BTreeMap<&Region, Option<&str>> = BTreeMap::new();
    for survey in surveys {
        for (region, entry) in &survey.regions {
            let vantage = entry.books.as_ref().ok();
            let vantage = vantage.and_then(|books| books.vantage.as_ref());
            if let Some(vantage) = vantage {
                let version = regions.entry(region).or_default();
                *version = version.or(vantage.version.as_deref());
            }
        }
    }
    let checks = regions.into_iter().map(|(region, version)| {
        Check::of("version", region, differ.clone(), || match version {
            Some(version) => format!("the functions are of version {version}"),
            None => {
                "the functions name no version, as where make deploy did not deploy them".to_owned()
            }
        })
    });
    checks.collect()
}

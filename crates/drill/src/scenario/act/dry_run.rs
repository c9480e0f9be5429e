//! Whole machines with `dry_run`: each says what it would do, and nothing is changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};

use super::{again::writer_is, planned::is_free};
use crate::{
    front_door::{Call, Fault, Scope},
    profile::{HOME, PLAN, STANDBY},
    scenario::stage::{Acted, RUN, Stage},
    world::Trouble,
};

/// Functions that work on a schedule of their own, meanwhile too: what they keep of their looks goes on.
const SCHEDULED: [&str; 2] = [
    "aurora-failover-health-probe",
    "aurora-failover-fence-writer",
];
/// What an operation begins with that changes nothing. What an invoked function does stands in the journal by itself.
const READS: [&str; 7] = ["Describe", "Get", "List", "Query", "Scan", "Invoke", "GET "];
/// What the items begin with that the probes refresh by themselves: what they last saw, and what a healthy member is made of.
const REFRESHED: [&str; 2] = ["vantage", "healthy/"];

/// How long a mark of what people were told may take.
const MARKED: Duration = Duration::from_secs(1);

/// One dry run: the machine, its Region, its input without `dry_run`, and part of what it must say.
type Asked = (&'static str, &'static str, Value, &'static str);

/// Every machine while all is well; then the unplanned one once more while the home Region is lost.
pub(super) async fn of_every_machine(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    let mut acted = Acted::now();
    let plan = json!({"plan": PLAN});
    let unplanned = json!({"plan": PLAN, "writer_region": HOME, "observer_region": STANDBY});
    let healthy: [Asked; 3] = [
        ("unplanned-failover", STANDBY, unplanned.clone(), "healthy"),
        (
            "planned-failover",
            STANDBY,
            plan.clone(),
            "everything is ready",
        ),
        ("failback", HOME, plan, "is the writer"),
    ];
    for asked in healthy {
        says_and_changes_nothing(stage, &mut acted, asked).await?;
    }
    // Otherwise a suspicion would start a run beside it, and that one may do what the dry run may not.
    let suspicions = Scope {
        caller_region: Some(STANDBY.into()),
        service: Some("events".into()),
        ..Scope::default()
    };
    stage.fault(STANDBY, "its event bus refuses every event", "no events");
    stage.world.front_door.set(suspicions, Fault::Refuse);
    acted.unreplicated = stage.lose(HOME).await?.unreplicated;
    let suspects = stage.suspects(STANDBY).await;
    let found = if suspects { "it does" } else { "it does not" };
    acted.check("the probe suspects the writer", found, suspects);
    // People hear that no run can be started, and the ledger keeps that they did: by the probe, before the dry run begins.
    stage.told("no run can be started").await;
    tokio::time::sleep(MARKED).await;
    let lost = ("unplanned-failover", STANDBY, unplanned, "region_down");
    says_and_changes_nothing(stage, &mut acted, lost).await?;
    stage.world.return_region(HOME).await?;
    let writes = stage.writes_in(HOME).await;
    let found = if writes { "it does" } else { "it does not" };
    acted.check("the application writes on at home", found, writes);
    acted.checks.extend(writer_is(stage, HOME, 1).await);
    is_free(stage, &mut acted).await?;
    Ok(acted)
}

/// One dry run of a machine, with everything looked at before and behind it.
async fn says_and_changes_nothing(
    stage: &Stage<'_>,
    acted: &mut Acted,
    (machine, region, mut input, part): Asked,
) -> Result<(), Trouble> {
    let before = Looked::at(stage).await?;
    input["dry_run"] = true.into();
    let text = format!("starts {machine} in {region} with {input}");
    let run = stage.start(machine, region, &input, text).await?;
    let ended = stage.end_of(&run, RUN).await;
    let last = ended.as_ref().and_then(|run| run.states.last());
    let how = format!(
        "{} in {}",
        ended.as_ref().map_or("RUNNING", |run| &run.status),
        last.map_or("no state", |state| &state.name)
    );
    acted.check(
        format!("the dry run of {machine} ends in DryRun"),
        &*how,
        how == "SUCCEEDED in DryRun",
    );
    let history = stage.runs.histories().remove(&run).unwrap_or_default();
    // The last line is what the execution gave.
    let said = history.lines().last().unwrap_or_default();
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let words = format!(
        "{}: {}; {}",
        said["action"], said["reason"], said["reasons"]
    );
    acted.check(
        format!("it says what it would do: {part}"),
        &*words,
        words.contains(part),
    );
    let after = Looked::at(stage).await?;
    acted.check(
        format!("the dry run of {machine} changes nothing"),
        before.differs_from(&after),
        before.changed_in(&after).is_empty(),
    );
    Ok(())
}

/// What a dry run may not change.
struct Looked {
    /// Calls so far.
    calls: Vec<Call>,
    /// The ledgers' items, by Region, plan and item.
    ledgers: BTreeMap<String, String>,
    /// The names of the zone and where they lead.
    records: Vec<(String, String)>,
    /// What has happened at RDS.
    happened: usize,
    /// Messages to people.
    messages: usize,
}

impl Looked {
    async fn at(stage: &Stage<'_>) -> Result<Self, Trouble> {
        let world = stage.world;
        let mut ledgers = BTreeMap::new();
        // The drill looks past the front door, so that a lost Region's ledger can be read too.
        for region in [HOME, STANDBY] {
            let items = world.ledger_items(region).await?.into_iter();
            let kept = items.filter(|((_, item), _)| {
                !REFRESHED
                    .iter()
                    .any(|refreshed| item.starts_with(refreshed))
            });
            ledgers
                .extend(kept.map(|((plan, item), body)| (format!("{region} {plan} {item}"), body)));
        }
        let mut records = world.records().await;
        records.sort_unstable();
        Ok(Self {
            calls: world.front_door.calls(),
            ledgers,
            records,
            happened: world.simulator.history().len(),
            messages: world.messages().len(),
        })
    }

    /// What is different later, each thing in a few words.
    fn changed_in(&self, later: &Self) -> Vec<String> {
        let new = later.calls.iter().skip(self.calls.len());
        let mut changed: Vec<_> = new
            .filter(|call| is_change(call))
            .map(|call| format!("{} {} by {}", call.service, call.operation, call.function))
            .collect();
        let keys: BTreeSet<_> = self.ledgers.keys().chain(later.ledgers.keys()).collect();
        let other = keys
            .into_iter()
            .filter(|key| self.ledgers.get(*key) != later.ledgers.get(*key));
        changed.extend(other.map(|key| {
            let (was, is) = (self.ledgers.get(key), later.ledgers.get(key));
            format!("ledger item {key}{}", first_difference(was, is))
        }));
        for (what, is_other) in [
            ("Route 53's records", self.records != later.records),
            ("something happened at RDS", self.happened != later.happened),
            ("people were told", self.messages != later.messages),
        ] {
            if is_other {
                changed.push(what.to_owned());
            }
        }
        changed
    }

    /// What is different later, or how much was compared.
    fn differs_from(&self, later: &Self) -> String {
        let changed = self.changed_in(later);
        if changed.is_empty() {
            format!(
                "{} calls, {} ledger items and {} records: the same before and after",
                later.calls.len() - self.calls.len(),
                later.ledgers.len(),
                later.records.len()
            )
        } else {
            changed.join(", ")
        }
    }
}

/// Where two texts of an item part, with what stands there in each.
fn first_difference(was: Option<&String>, is: Option<&String>) -> String {
    let (Some(was), Some(is)) = (was, is) else {
        return String::new();
    };
    let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b);
    let from = same.count().saturating_sub(40);
    let there = |text: &str| text.chars().skip(from).take(100).collect::<String>();
    format!(" (was …{}…, is …{}…)", there(was), there(is))
}

/// Whether a call changes something that a dry run may not: anything by a step, and whatever is no ledger's by the rest.
fn is_change(call: &Call) -> bool {
    let is_read = READS.iter().any(|read| call.operation.starts_with(read));
    let is_refreshed = SCHEDULED.contains(&call.function.as_str())
        && ["dynamodb", "events"].contains(&&*call.service);
    !is_read && !is_refreshed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(calls: &[(&str, &str, &str)], items: &[(&str, &str)]) -> Looked {
        let call = |(function, service, operation): &(&str, &str, &str)| Call {
            at_ms: 0,
            function: format!("aurora-failover-{function}"),
            caller_region: STANDBY.into(),
            service: (*service).into(),
            region: STANDBY.into(),
            operation: (*operation).into(),
            status: Some(200),
            error_code: None,
            duration_ms: Some(1),
            message: None,
        };
        Looked {
            calls: calls.iter().map(call).collect(),
            ledgers: items
                .iter()
                .map(|(key, body)| ((*key).to_owned(), (*body).to_owned()))
                .collect(),
            records: Vec::new(),
            happened: 0,
            messages: 0,
        }
    }

    #[test]
    fn a_changing_call_a_new_item_and_a_changed_one_are_named_and_reads_are_not() {
        let before = looked(&[], &[("a", "1"), ("b", "1")]);
        let same = looked(
            &[
                ("planned-failover", "rds", "DescribeDBClusters"),
                ("confirm-outage", "lambda", "Invoke"),
                ("confirm-outage", "s3", "GET /"),
                ("health-probe", "dynamodb", "PutItem"),
            ],
            &[("a", "1"), ("b", "1")],
        );
        assert!(before.changed_in(&same).is_empty());
        let other = looked(
            &[
                ("recovery-ledger", "dynamodb", "PutItem"),
                ("health-probe", "sns", "Publish"),
                ("dns-flip", "route53", "ChangeResourceRecordSets"),
            ],
            &[("a", "1"), ("b", "2"), ("c", "1")],
        );
        let changed = before.changed_in(&other);
        assert_eq!(
            changed,
            [
                "dynamodb PutItem by aurora-failover-recovery-ledger",
                "sns Publish by aurora-failover-health-probe",
                "route53 ChangeResourceRecordSets by aurora-failover-dns-flip",
                "ledger item b (was …1…, is …2…)",
                "ledger item c",
            ]
        );
    }
}

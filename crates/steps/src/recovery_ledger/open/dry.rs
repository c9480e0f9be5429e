//! A machine's dry run: what would be said against opening the run. It takes no lease, keeps no record and tells nobody.

use std::collections::BTreeMap;

use super::{
    Held, Opened, Opening,
    lease::{behind, claim, counts, counts_on_all},
    opened,
    resume::resumes,
};
use failover::{
    Error,
    domain::Epoch,
    guard,
    ledger::{PlanState, Rows},
    pass::Refusal,
    plan::Plan,
    ports::{Ledger, People, Runtime},
    topologies::Topologies,
};

/// What stands against a run, each thing once.
#[derive(Debug, Default)]
struct Against {
    error: Option<&'static str>,
    reasons: Vec<String>,
}

impl Against {
    /// Notes a refusal; what nobody could find out fails the dry run as it fails a run.
    fn note<T>(&mut self, found: Result<T, Error>) -> Result<Option<T>, Error> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(why @ (Error::Unavailable(_) | Error::InvalidRequest(_) | Error::Denied(_))) => {
                Err(why)
            }
            Err(why) => {
                self.error = self.error.or(Some(why.name()));
                let reason = why.to_string();
                if !self.reasons.contains(&reason) {
                    self.reasons.push(reason);
                }
                Ok(None)
            }
        }
    }

    fn reason(&self, input: &Opening, epoch: Epoch) -> String {
        if self.reasons.is_empty() {
            return format!(
                "a run from {} to {} would open at epoch {epoch}",
                input.from_region, input.target_region
            );
        }
        format!("would be refused: {}", self.reasons.join("; "))
    }

    fn refusal(self) -> Option<Refusal> {
        self.error.map(|error| Refusal {
            error,
            reasons: self.reasons,
        })
    }
}

/// What opening would answer.
///
/// # Errors
/// What nobody could find out.
pub(super) async fn run(
    world: &(impl Ledger + Runtime + Topologies + People),
    plan: &Plan,
    input: &Opening,
    admitted: Result<(), Error>,
) -> Result<Opened, Error> {
    let mut against = Against::default();
    against.note(admitted)?;
    let (rows, held) = look(world, plan, input).await?;
    for claimed in claims(world, input, &rows, &held) {
        against.note(claimed)?;
    }
    against.note(guard::writer(
        &rows,
        &input.from_region,
        &input.target_region,
    ))?;
    let resume = against.note(resumes(world, plan, input, &rows, &held).await)?;
    let epoch = rows.proven_epoch();
    let reason = against.reason(input, epoch);
    let mut answer = opened(plan, input, (epoch, &held), reason);
    answer.resume = resume.unwrap_or(false);
    answer.output.dry_run = true;
    answer.output.refusal = against.refusal();
    tracing::info!(plan = %plan.plan, run_id = %input.run_id, reason = answer.output.reason, "dry run");
    Ok(answer)
}

/// The rows that the run would count on, and what it would hold of the plan.
async fn look(
    world: &(impl Ledger + Runtime + Topologies),
    plan: &Plan,
    input: &Opening,
) -> Result<(Rows, Held), Error> {
    let mut rows = Rows(BTreeMap::new());
    let mut held = Held::default();
    for region in input.counted_on(plan) {
        let row = world.row(region, &plan.plan).await;
        let counts = counts(world, plan, input, region, &row, &mut held.carried_out);
        if counts.await? {
            let row = row.map_err(|why| counts_on_all(input.kind, why))?;
            rows.0.insert(region.clone(), row);
        }
    }
    held.behind = behind(&rows, input, world.now());
    Ok((rows, held))
}

/// What each lease would be given or refused with; none is asked for behind another run.
fn claims(
    world: &impl Runtime,
    input: &Opening,
    rows: &Rows,
    held: &Held,
) -> Vec<Result<PlanState, Error>> {
    let claim = claim(input);
    let asked = rows.0.values().filter(|_| held.behind.is_none());
    asked.map(|row| row.claim(&claim, world.now())).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use crate::recovery_ledger::handle;
    use failover::{
        domain::Epoch,
        ledger::{Claim, Current, PlanState, RunKind},
        testing::Books,
    };

    fn row(writer: &str) -> PlanState {
        PlanState {
            current: Some(Current {
                epoch: Epoch(7),
                writer: writer.into(),
                global_cluster: None,
                run_id: "adopt".into(),
                proven_at: Timestamp::UNIX_EPOCH,
                unplanned: false,
                acknowledged_at: None,
            }),
            ..PlanState::new("orders".into())
        }
    }

    async fn opened(books: &Books, kind: &str) -> Value {
        let input = json!({"plan": "orders", "dry_run": true});
        let open = json!({"operation": "open", "kind": kind, "run_id": "a", "input": input});
        Box::pin(handle(books, open)).await.unwrap()
    }

    #[tokio::test]
    async fn a_machines_dry_run_takes_no_lease_keeps_no_record_and_tells_nobody() {
        for kind in ["unplanned_failover", "planned_failover", "failback"] {
            let books = Books::with(&row("us-west-2"));
            let before = books.rows();
            let answer = opened(&books, kind).await;
            assert_eq!(answer["dry_run"], true, "{answer}");
            assert!(answer["refusal"].is_null(), "{answer}");
            assert_eq!(answer["run"]["target_region"], "us-east-1");
            assert_eq!(books.rows(), before);
            assert!(books.runs().is_empty() && books.told().is_empty());
        }
    }

    #[tokio::test]
    async fn a_machines_dry_run_of_a_plan_that_nobody_adopted_says_so_and_names_the_command() {
        for kind in ["unplanned_failover", "planned_failover", "failback"] {
            let books = Books::with(&PlanState::new("orders".into())).of_three("eu-west-1");
            let answer = opened(&books, kind).await;
            let reasons = answer["refusal"]["reasons"].as_array().unwrap();
            let says = "adopt it first: call recovery-ledger with the operation adopt";
            let said = reasons.iter().filter_map(Value::as_str);
            assert_eq!(
                said.filter(|said| said.contains(says)).count(),
                1,
                "{answer}"
            );
            // The first step's own dry run says the same words, so that the execution tells them once.
            let dry = failover::pass::Input::of("orders".into());
            let hand = failover::pass::by_hand::dry(&books, &dry)
                .await
                .unwrap_err();
            assert!(reasons.contains(&json!(hand.to_string())), "{answer}");
            let input = json!({"plan": "orders"});
            let open = json!({"operation": "open", "kind": kind, "run_id": "a", "input": input});
            let why = Box::pin(handle(&books, open)).await.unwrap_err();
            assert!(
                why.name() == "NotReady" && why.to_string().contains(says),
                "{why}"
            );
        }
    }

    #[tokio::test]
    async fn a_machines_dry_run_says_every_reason_once() {
        let claim = Claim {
            run_id: "b".into(),
            kind: RunKind::Failback,
            incident: None,
            from: "us-west-2".into(),
            to: "us-east-1".into(),
        };
        let held = row("us-west-2").claim(&claim, Timestamp::from_second(900).unwrap());
        let books = Books::with(&held.unwrap());
        let before = books.rows();
        let answer = opened(&books, "planned_failover").await;
        let reasons = answer["refusal"]["reasons"].as_array().unwrap();
        let says = |part: &str| {
            let mut reasons = reasons.iter().map(|reason| reason.as_str().unwrap());
            reasons.any(|reason| reason.contains(part))
        };
        assert!(says("run b holds plan orders"), "{answer}");
        let distinct: std::collections::BTreeSet<_> =
            reasons.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), reasons.len());
        assert_eq!(books.rows(), before);
    }
}

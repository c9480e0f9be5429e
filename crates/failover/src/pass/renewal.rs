//! How a pass of a run renews its leases, and whose silence holds it up.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::{PlanState, Rows, Run},
    pass::{briefly, calls},
    ports::{self, Ledger, Runtime},
};

/// Renews the lease in every Region that the run leased (rule 3), and answers their rows. The Region that it leaves may have
/// fallen silent since; once its target is promoted, or a promoting call was made that may come about, so may any other: then
/// what those say that answer counts, and every write to a silent one still fails, so that no further call is made without it.
pub(super) async fn renew(
    world: &(impl Ledger + Runtime),
    run: &Run,
    (epoch, now): (Epoch, Timestamp),
    dry_run: bool,
) -> Result<Rows, Error> {
    let is_promoting = is_promoting(run);
    let renewals = run.leased.iter().map(async |region| {
        let renewal = renew_in(world, run, (region, dry_run), (epoch, now));
        let may_be_silent = *region == run.from || is_promoting;
        let renewed = if may_be_silent && region != world.region() {
            briefly(region, renewal).await
        } else {
            renewal.await
        };
        (region, renewed)
    });
    let renewed = futures::future::join_all(renewals).await;
    let (rows, silent) = answered(renewed, world.region(), &run.from)?;
    match silent {
        Some(why) if !is_promoting && !is_proven(&rows, &run.to) => Err(why),
        _ => Ok(rows),
    }
}

/// Renews the lease in one Region. A dry run finds out whether it could be renewed.
async fn renew_in(
    world: &impl Ledger,
    run: &Run,
    (region, dry_run): (&Region, bool),
    (epoch, now): (Epoch, Timestamp),
) -> Result<PlanState, Error> {
    let renewed = |row: &PlanState| row.renew(&run.run_id, epoch, now);
    if dry_run {
        return renewed(&world.row(region, run.name()).await?);
    }
    ports::update(world, region, run.name(), renewed).await
}

/// Whether the target is promoted, or a promoting call was made that may come about.
fn is_promoting(run: &Run) -> bool {
    run.promoted_at.is_some() || run.proof.is_some() || calls::open(run).is_some()
}

fn is_proven(rows: &Rows, target: &Region) -> bool {
    rows.current()
        .is_some_and(|current| current.writer == *target)
}

/// The rows of the Regions that answered, and the silence of another one than the Region that is left.
fn answered(
    renewed: Vec<(&Region, Result<PlanState, Error>)>,
    here: &Region,
    left: &Region,
) -> Result<(Rows, Option<Error>), Error> {
    let mut rows = BTreeMap::new();
    let mut silent = None;
    for (region, renewed) in renewed {
        match renewed {
            Err(why @ Error::Unavailable(_)) if region != here => {
                silent = silent.or_else(|| (region != left).then_some(why));
            }
            renewed => drop(rows.insert(region.clone(), renewed?)),
        }
    }
    Ok((Rows(rows), silent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Answer, Lease},
        pass::{Input, Pass},
        testing,
    };

    /// A run of three members whose target is proven, or is still to be promoted.
    async fn of_three(is_promoted: bool) -> (testing::Books, Input) {
        let mut run = testing::run();
        run.epoch = Epoch(1);
        run.leased = ["us-east-1".into(), "us-west-2".into(), "eu-west-1".into()].into();
        let (epoch, writer) = match is_promoted {
            true => (2, "us-east-1"),
            false => (1, "us-west-2"),
        };
        let mut row = testing::row(writer, epoch);
        if let Some(current) = &mut row.current {
            current.run_id = run.run_id.clone();
            current.unplanned = true;
        }
        let books = testing::Books::leased(&run, &row).await;
        let input = Input {
            run_id: Some(run.run_id.clone()),
            epoch: Some(Epoch(1)),
            ..Input::of("orders".into())
        };
        (books, input)
    }

    #[tokio::test]
    async fn once_the_target_is_promoted_any_other_region_may_be_silent() {
        let (books, input) = of_three(true).await;
        let books = books.silence("eu-west-1");
        assert!(Pass::open(&books, &input).await.is_ok());
        let (books, input) = of_three(false).await;
        let books = books.silence("eu-west-1");
        let why = Pass::open(&books, &input).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable", "nothing is promoted yet");
    }

    #[tokio::test]
    async fn while_a_promoting_call_may_come_about_any_other_region_may_be_silent() {
        let silent_after = async |answer: Option<Answer>| {
            let (books, input) = of_three(false).await;
            let mut run = books.runs()[&"a".into()].clone();
            run.attempt(books.now(), "detach_and_promote", "detach");
            if let Some(answer) = answer {
                run.answered(answer);
            }
            books.put_run(&run.to, &run).await.unwrap();
            Pass::open(&books.silence("eu-west-1"), &input).await
        };
        for open in [None, Some(Answer::Taken)] {
            let pass = silent_after(open).await.unwrap();
            assert!(!pass.rows.0.contains_key(&"eu-west-1".into()));
        }
        let refused = silent_after(Some(Answer::Refused("no".into()))).await;
        assert_eq!(refused.unwrap_err().name(), "Unavailable");
    }

    #[tokio::test]
    async fn behind_the_promotion_a_region_that_answers_may_not_contradict() {
        let (books, input) = of_three(true).await;
        let (region, plan) = ("eu-west-1".into(), "orders".into());
        let taken = |row: &PlanState| {
            let mut row = row.clone();
            row.lease = row.lease.map(|lease| Lease {
                run_id: "another".into(),
                ..lease
            });
            Ok(row)
        };
        ports::update(&books, &region, &plan, taken).await.unwrap();
        let why = Pass::open(&books, &input).await.unwrap_err();
        assert_eq!(why.name(), "RunRefused");
    }
}

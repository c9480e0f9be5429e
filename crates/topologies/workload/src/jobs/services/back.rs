//! A Region's services get back what they had.

use failover::{Error, domain::Region, ledger::Former, ports::Services};
use serde_json::Value;

use super::{FORMER, World, now, row_name, scale, wanted};
use crate::{
    pass::{Pass, put},
    row::{Kept, Row},
};

/// Where the row keeps that all of it was seen.
const GIVEN: &str = "given";
/// Where the row keeps what people have to do themselves.
const LEFT: &str = "left";

/// How far a Region's services are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::jobs) struct Back {
    /// What was asked for and is not seen yet, one sentence each.
    pub(in crate::jobs) waits: Vec<String>,
    /// Who did not answer.
    pub(in crate::jobs) silent: Vec<String>,
    /// What people have to do themselves.
    pub(in crate::jobs) left: Vec<String>,
}

impl Back {
    /// Whether another pass may see more.
    pub(in crate::jobs) fn is_pending(&self) -> bool {
        !self.waits.is_empty() || !self.silent.is_empty()
    }

    /// What is waited for, in one sentence.
    pub(in crate::jobs) fn waited_for(&self) -> String {
        let all = self.waits.iter().chain(&self.silent).cloned();
        all.collect::<Vec<_>>().join("; ")
    }
}

fn former(pass: &Pass, region: &Region) -> Vec<Former> {
    let row = pass.row(&row_name(region));
    let former = row.kept.get(FORMER).cloned().unwrap_or_default();
    serde_json::from_value(former).unwrap_or_default()
}

/// Whether a Region's services were stopped and were not seen to have all back.
#[must_use]
pub(in crate::jobs) fn is_owed(pass: &Pass, region: &Region) -> bool {
    !is_given(pass, region) && !former(pass, region).is_empty()
}

/// Whether all of a Region's services were seen to run again.
#[must_use]
pub(in crate::jobs) fn is_given(pass: &Pass, region: &Region) -> bool {
    pass.row(&row_name(region)).kept.contains_key(GIVEN)
}

/// Gives a Region's services back what they had, those that still stand at none, and looks whether they have it.
pub(in crate::jobs) async fn back(world: &impl Services, pass: &Pass, region: &Region) -> Back {
    let mut back = Back::default();
    for one in former(pass, region) {
        match given(world, region, &one).await {
            Ok(None) => {}
            Ok(Some(waits)) => back.waits.push(waits),
            Err(Error::Unavailable(why)) => back.silent.push(format!(
                "{region}/{} does not answer, and is given back when it does: {why}",
                one.said()
            )),
            Err(why) => back
                .left
                .push(format!("give {region}/{} back by hand: {why}", one.said())),
        }
    }
    back
}

/// One service; what is waited for, or `None` where as much runs as is wanted.
async fn given(
    world: &impl Services,
    region: &Region,
    one: &Former,
) -> Result<Option<String>, Error> {
    let (has, running) = now(world, region, one).await?;
    // What somebody has given it meanwhile stays.
    if wanted(&has) == 0 {
        scale(world, region, one).await?;
        return Ok(Some(format!("{region}/{} is given back", one.said())));
    }
    let wanted = wanted(&has);
    Ok((running < wanted).then(|| format!("{region}/{} runs {running} of {wanted}", one.key())))
}

/// Keeps how far that is: what is left, for the closing message, and that all of it was seen.
///
/// # Errors
/// `Unavailable` where the ledger of home does not answer.
pub(in crate::jobs) async fn note<W: World>(
    world: &W,
    pass: &mut Pass,
    (region, back): (&Region, &Back),
) -> Result<(), Error> {
    let mut row = pass.row(&row_name(region));
    let before = row.kept.clone();
    let left: Vec<_> = back.silent.iter().chain(&back.left).cloned().collect();
    let is_given = !back.is_pending() && left.is_empty();
    let left = if left.is_empty() {
        Value::Null
    } else {
        Value::from(left)
    };
    let given = if is_given {
        Value::from(true)
    } else {
        Value::Null
    };
    row.keep(Kept::from_iter([
        (LEFT.to_owned(), left),
        (GIVEN.to_owned(), given),
    ]));
    if row.kept == before {
        return Ok(());
    }
    row.waits(pass.now, "how far its services are is kept", None);
    // Another pass beside this one keeps the same, and whoever is late looks again.
    if put(world, &pass.run, &mut row).await? {
        pass.rows.insert(row.resource.clone(), row);
    }
    Ok(())
}

/// What was left to people, as it was kept.
#[must_use]
pub(in crate::jobs) fn left_over(pass: &Pass, region: &Region) -> Vec<String> {
    let row = pass.row(&row_name(region));
    let left = row.kept.get(LEFT).cloned().unwrap_or_default();
    serde_json::from_value(left).unwrap_or_default()
}

/// A row without what another run has come to.
#[must_use]
pub(in crate::jobs) fn anew(mut row: Row) -> Row {
    if row.resource.starts_with(super::ROWS) {
        row.kept.remove(GIVEN);
        row.kept.remove(LEFT);
    }
    row
}

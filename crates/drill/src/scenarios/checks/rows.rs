//! Which of the application's rows a database has.

use crate::{
    client::compare,
    profile::HOME,
    scenario::{Drill, Played},
    world::Trouble,
};

/// What was acknowledged is in the home Region's database, once. Rows that are under way now are of unknown fate.
pub(crate) async fn keeps_every_row(drill: &Drill<'_>, played: &mut Played) -> Result<(), Trouble> {
    keeps_every_row_in(drill, played, HOME).await
}

/// The same of a Region's database.
pub(crate) async fn keeps_every_row_in(
    drill: &Drill<'_>,
    played: &mut Played,
    region: &str,
) -> Result<(), Trouble> {
    let record = drill.client.record();
    let comparison = compare(&record, &drill.world.database(region).await?).await?;
    played.check(
        "no acknowledged row is lost by any move",
        format!("{} of {}", comparison.lost.len(), comparison.acknowledged),
        comparison.lost.is_empty() && comparison.acknowledged > 0,
    );
    let latest = record.acknowledged.iter().map(|ack| ack.n).max();
    let made_up = comparison.unexpected.iter();
    let made_up = made_up.filter(|n| latest.is_some_and(|latest| **n < latest));
    let odd = comparison.duplicated.len() + made_up.count();
    played.check(
        "none is there twice or made up",
        format!("{odd} are"),
        odd == 0,
    );
    Ok(())
}

/// How many acknowledged rows a Region's database lacks.
pub(crate) async fn unreplicated_by(drill: &Drill<'_>, region: &str) -> Result<usize, Trouble> {
    let comparison = compare(&drill.client.record(), &drill.world.database(region).await?).await?;
    Ok(comparison.lost.len())
}

//! What a schedule writes into buckets that missed a run's word, where both answer; and what somebody put there by hand.

use jiff::{SignedDuration, Timestamp};

use super::{
    Bucket, Held, Looked, PRIMARY_ACTIVE, STANDBY_ACTIVE, Side, Word, called,
    decide::{Owed, owed},
    read::{Planned, S3_SILENCE, planned, read},
};
use failover::{
    Error,
    domain::{Epoch, Region},
    plan::Route,
    ports::{Objects, Runtime},
};

/// How often a pair of objects is looked at: twice for two writes, and once more where somebody else wrote meanwhile.
const LOOKS_MAX: usize = 3;

/// What a sweep found and did of one name.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// What was written, or would be in a dry run.
    pub(crate) wrote: Vec<String>,
    /// What is left as it is, and why.
    pub(crate) left: Vec<String>,
    /// What somebody put there by hand.
    pub(crate) by_hand: Vec<ByHand>,
    /// What was refused.
    pub(crate) refused: Vec<Error>,
}

/// An object that no run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByHand {
    /// The name that it may lead.
    pub(crate) name: String,
    /// Its bucket's Region.
    pub(crate) region: Region,
    /// What sentences call it.
    pub(crate) what: String,
    /// When it was written, where S3 says.
    pub(crate) at: Option<Timestamp>,
    /// Where a health check leads traffic by it, where it does.
    pub(crate) leads_to: Option<Region>,
    /// Minutes after which it is written over.
    pub(crate) minutes: u32,
}

/// One name of a plan in an epoch that is proven; `None` where the route is no switch.
pub(crate) async fn sweep(
    world: &(impl Runtime + Objects),
    route: &Route,
    (to, epoch): (&Region, Epoch),
    dry_run: bool,
) -> Option<Swept> {
    Some(match planned(route, to)? {
        Ok(planned) => of_pair(world, &planned, epoch, dry_run).await,
        Err(why) => Swept {
            left: vec![why.to_string()],
            ..Swept::default()
        },
    })
}

async fn of_pair(
    world: &(impl Runtime + Objects),
    planned: &Planned<'_>,
    epoch: Epoch,
    dry_run: bool,
) -> Swept {
    let mut swept = Swept::default();
    let mut pair = look(world, planned).await;
    swept.by_hand = pair.by_hand(planned);
    swept.refused = pair.refused();
    if !swept.refused.is_empty() {
        return swept;
    }
    for _ in 0..LOOKS_MAX {
        let rests = |side| pair.rests(side, planned, world.now());
        let buckets = (pair.standby.holds, pair.primary.holds);
        let (side, says) = match owed((planned.target, epoch), buckets, rests) {
            Owed::Put(side, says) => (side, says),
            Owed::Nothing => return swept,
            Owed::Silent(side) => {
                let silent = &pair.of(side).region;
                let says = format!(
                    "S3 in {silent} does not answer, and {} waits for both",
                    planned.name
                );
                swept.left.push(says);
                return swept;
            }
            Owed::Later(side) => {
                let later = &pair.of(side).region;
                let says = format!(
                    "the switch of {} in {later} is of a later epoch than {epoch}",
                    planned.name
                );
                swept.left.push(says);
                return swept;
            }
        };
        let word = Word { epoch, says };
        match put(world, pair.of(side), word, dry_run).await {
            Ok(Some(wrote)) => {
                swept.wrote.push(wrote);
                pair.of_mut(side).holds = Bucket::Answers(Held::Written(word));
            }
            Ok(None) => pair = look(world, planned).await,
            Err(why) => {
                swept.refused.push(why);
                return swept;
            }
        }
    }
    swept
}

/// Writes one; `None` where somebody else wrote meanwhile.
async fn put(
    world: &impl Objects,
    looked: &Looked,
    word: Word,
    dry_run: bool,
) -> Result<Option<String>, Error> {
    let Some(place) = &looked.place else {
        return Ok(None);
    };
    let what = called(&looked.region, place);
    let text = word.text();
    let said = format!("{what} now says {}", text.trim_end());
    if dry_run {
        return Ok(Some(format!("{what} would say {}", text.trim_end())));
    }
    let to = (place.bucket.as_str(), place.key.as_str());
    let put = world.put_object(&looked.region, to, &text, looked.object.as_ref());
    match put.await {
        Ok(true) => Ok(Some(said)),
        Ok(false) => Ok(None),
        Err(why) => {
            let says = format!("{what} could not be written: {why}");
            Err(why.reworded(says))
        }
    }
}

/// Both buckets as they are now.
struct Pair {
    standby: Looked,
    primary: Looked,
}

async fn look(world: &impl Objects, planned: &Planned<'_>) -> Pair {
    let of = |side| read(world, S3_SILENCE, side);
    let (standby, primary) = futures::join!(of(planned.standby), of(planned.primary));
    Pair { standby, primary }
}

impl Pair {
    fn of(&self, side: Side) -> &Looked {
        match side {
            Side::Standby => &self.standby,
            Side::Primary => &self.primary,
        }
    }

    fn of_mut(&mut self, side: Side) -> &mut Looked {
        match side {
            Side::Standby => &mut self.standby,
            Side::Primary => &mut self.primary,
        }
    }

    /// What S3 refused; silence is no refusal.
    fn refused(&self) -> Vec<Error> {
        let both = [&self.standby, &self.primary].into_iter();
        let failed = both.filter_map(|looked| looked.failed.clone());
        let is_silence = |why: &Error| matches!(why, Error::Unavailable(_));
        failed.filter(|why| !is_silence(why)).collect()
    }

    /// Whether somebody put something there by hand, not long enough ago to be written over.
    fn rests(&self, side: Side, planned: &Planned<'_>, now: Timestamp) -> bool {
        let looked = self.of(side);
        let at = looked.object.as_ref().and_then(|object| object.written_at);
        let minutes = SignedDuration::from_mins(planned.by_hand_minutes.into());
        // Whose age nobody knows is left to the next run.
        looked.holds == Bucket::Answers(Held::ByHand)
            && at.is_none_or(|at| now.duration_since(at) < minutes)
    }

    /// What somebody put there by hand.
    fn by_hand(&self, planned: &Planned<'_>) -> Vec<ByHand> {
        let each = [
            (&self.standby, STANDBY_ACTIVE),
            (&self.primary, PRIMARY_ACTIVE),
        ];
        let found = each.into_iter().filter_map(|(looked, active)| {
            let place = looked.place.as_ref()?;
            let is_by_hand = looked.holds == Bucket::Answers(Held::ByHand);
            is_by_hand.then(|| ByHand {
                name: planned.name.to_owned(),
                region: looked.region.clone(),
                what: called(&looked.region, place),
                at: looked.object.as_ref().and_then(|object| object.written_at),
                leads_to: looked.says(active).then(|| looked.region.clone()),
                minutes: planned.by_hand_minutes,
            })
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests;

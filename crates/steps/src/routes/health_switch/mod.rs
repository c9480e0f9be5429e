//! Names of applications that objects in S3 lead over: each Region's bucket holds one, and the health checks of a pair of failover
//! records look at the other Region's. Epoch and effect change in one conditional write, so that a late pass of an older run never
//! wins. It needs S3 in the Region where the application goes, and no control plane. Whether the name has followed is seen when
//! writes are verified: services start meanwhile.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Change, Route,
    unled::{self, Stands},
};
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::Run,
    pass::{Pass, frame::Came},
    plan::{self, Switch},
    ports::{Object, Objects, Runtime},
};

mod decide;
mod read;
mod sweep;
mod warn;
mod word;

pub use decide::{Bucket, Side};
pub use word::{Held, PRIMARY_ACTIVE, STANDBY_ACTIVE, Says, Word};

use decide::Next;
pub(super) use read::{observe, refusals};
pub(crate) use sweep::{ByHand, sweep};
pub(crate) use warn::warnings;

/// What a pass saw of one switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The name.
    pub name: String,
    /// Whose record is to answer.
    pub target: Side,
    /// The bucket of the standby's Region, whose word decides.
    pub standby: Looked,
    /// The bucket of the primary's Region.
    pub primary: Looked,
    /// Seconds until resolvers have followed a word.
    #[serde(skip)]
    pub follows_seconds: u32,
    /// Whether a bucket that decides is still waited for.
    #[serde(skip)]
    pub is_patient: bool,
}

/// What a pass saw of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Its Region.
    pub region: Region,
    /// What it holds.
    pub holds: Bucket,
    /// Its name and the object's key; `None` where the plan leaves it out.
    #[serde(skip)]
    pub place: Option<Switch>,
    /// The object that was read.
    #[serde(skip)]
    pub object: Option<Object>,
    /// Why it could not be read.
    #[serde(skip)]
    pub failed: Option<Error>,
    /// How it stands where it could not be written.
    pub stands: Option<Stands>,
}

/// One object that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// The name that it leads.
    pub name: String,
    /// The bucket's Region.
    pub region: Region,
    /// The bucket and the key.
    pub place: Switch,
    /// What it is to say.
    pub word: Word,
    /// What was read there.
    pub read: Option<Object>,
    /// Seconds until resolvers have followed it.
    pub follows_seconds: u32,
}

/// What sentences call an object.
fn called(region: &Region, place: &Switch) -> String {
    format!(
        "object {} of bucket {} in {region}",
        place.key, place.bucket
    )
}

/// How a switch stands where nothing leads it to the run's target any more: no bucket that could takes its word.
pub(super) fn stands(run: &Run, route: &plan::Route, now: Timestamp) -> Option<Stands> {
    let planned = read::planned(route, &run.to)?.ok()?;
    let of = |(region, place): (&Region, Option<&Switch>)| {
        unled::stands(run, &[&called(region, place?)], now)
    };
    let by_the_standbys = of(planned.standby)?;
    match (planned.target, planned.primary.1) {
        (Side::Standby, _) | (Side::Primary, None) => Some(by_the_standbys),
        (Side::Primary, Some(_)) => of(planned.primary),
    }
}

/// Writes one. What fails is noted, and the others go on.
pub(super) async fn put(world: &(impl Runtime + Objects), pass: &mut Pass, put: &Put) -> Came {
    let own = called(&put.region, &put.place);
    let place = (put.place.bucket.as_str(), put.place.key.as_str());
    let text = put.word.text();
    let written = world.put_object(&put.region, place, &text, put.read.as_ref());
    match written.await {
        Ok(true) => {
            unled::forget(&mut pass.run, &[&own]);
            Came::AsDecided
        }
        Ok(false) => Came::NotNow(format!("{own} was written by somebody else meanwhile")),
        Err(why) => unled::note(&mut pass.run, (&own, &own), world.now(), &why),
    }
}

impl Put {
    /// What sentences call it.
    pub(super) fn called(&self) -> String {
        format!(
            "{} by {}, which resolvers follow within some {} s,",
            self.name,
            called(&self.region, &self.place),
            self.follows_seconds
        )
    }
}

impl Looked {
    /// Whether a health check finds this text in it.
    fn says(&self, text: &str) -> bool {
        let object = self.object.as_ref();
        object.is_some_and(|object| object.text.contains(text))
    }

    /// What is done about it: one that lacks its word and cannot be written counts as silent.
    fn bucket(&self, word: Word) -> Bucket {
        match &self.stands {
            Some(Stands::GivenUp(_)) if !self.holds.holds(word) => Bucket::Silent,
            Some(Stands::GivenUp(_) | Stands::Rests | Stands::Again) | None => self.holds,
        }
    }

    /// Why it does not hold its word.
    fn refused(&self, word: Word) -> Option<Error> {
        let place = self.place.as_ref().filter(|_| !self.holds.holds(word))?;
        match (&self.stands, &self.failed) {
            (Some(Stands::GivenUp(why)), _) => Some(Error::NotReady(format!(
                "{} could not be written: {why}",
                called(&self.region, place)
            ))),
            (Some(Stands::Rests | Stands::Again) | None, failed) => {
                let is_silence = |why: &Error| matches!(why, Error::Unavailable(_));
                failed.clone().filter(|why| !is_silence(why))
            }
        }
    }
}

impl Seen {
    /// What follows from it.
    pub(super) fn route(&self, epoch: Epoch) -> Route<'_> {
        let put = self.put(epoch);
        Route {
            later: self.later(epoch).err(),
            stands: put.as_ref().and_then(|(looked, _)| looked.stands.as_ref()),
            is_on_its_way: false,
            refused: self.refused(epoch),
            change: put.map(|(_, put)| Change::Object(Box::new(put))),
        }
    }

    /// Forgets what was tried in vain where the word stands all the same: an answer was lost, and the write was not.
    pub(super) fn forget_written(&self, run: &mut Run, epoch: Epoch) {
        for (looked, word) in self.words(epoch) {
            let place = looked.place.as_ref();
            if let Some(place) = place.filter(|_| looked.holds.holds(word)) {
                unled::forget(run, &[&called(&looked.region, place)]);
            }
        }
    }

    /// Whether a word of it was not tried yet.
    pub(super) fn is_first(&self, epoch: Epoch) -> bool {
        self.put(epoch)
            .is_some_and(|(looked, _)| looked.stands.is_none())
    }

    /// The objects that lack this epoch's word, where the name follows all the same: they have to be written before what they say
    /// counts again.
    pub(super) fn missed(&self, epoch: Epoch) -> Vec<String> {
        let lacks = |(looked, word): &(&Looked, Word)| !looked.holds.holds(*word);
        let missed = self.words(epoch).into_iter().filter(lacks);
        let places = missed.filter_map(|(looked, word)| {
            let place = looked.place.as_ref()?;
            Some(format!(
                "{} does not say {} yet, and has to once it answers",
                called(&looked.region, place),
                word.text().trim_end()
            ))
        });
        places.collect()
    }

    fn both(&self) -> [&Looked; 2] {
        [&self.standby, &self.primary]
    }

    /// Each bucket with the word that it is to hold.
    fn words(&self, epoch: Epoch) -> [(&Looked, Word); 2] {
        let word = |says| Word { epoch, says };
        let [in_standby, _] = decide::wanted(self.target, self.standby.holds);
        let in_standby = word(in_standby);
        let [_, in_primary] = decide::wanted(self.target, self.standby.bucket(in_standby));
        [
            (&self.standby, in_standby),
            (&self.primary, word(in_primary)),
        ]
    }

    fn next(&self, epoch: Epoch) -> Next {
        let [standby, primary] = self.words(epoch).map(|(looked, word)| looked.bucket(word));
        decide::next((self.target, epoch), standby, primary)
    }

    fn put(&self, epoch: Epoch) -> Option<(&Looked, Put)> {
        let Next::Put(side, says) = self.next(epoch) else {
            return None;
        };
        let looked = match side {
            Side::Standby => &self.standby,
            Side::Primary => &self.primary,
        };
        let put = Put {
            name: self.name.clone(),
            region: looked.region.clone(),
            place: looked.place.clone()?,
            word: Word { epoch, says },
            read: looked.object.clone(),
            follows_seconds: self.follows_seconds,
        };
        Some((looked, put))
    }

    /// Why nothing of it goes back: another run has moved on.
    fn later(&self, epoch: Epoch) -> Result<(), Error> {
        let later = self.both().into_iter().find_map(|looked| {
            let held = match looked.holds {
                Bucket::Answers(held) => held.epoch()?,
                Bucket::Absent | Bucket::Silent => return None,
            };
            (held > epoch).then_some((looked, held))
        });
        match later {
            None => Ok(()),
            Some((looked, held)) => Err(Error::UnexpectedTopology(format!(
                "the switch of {} in {} was set in epoch {held}, this run is in {epoch}; it stays as it is",
                self.name, looked.region
            ))),
        }
    }

    /// That both say active: health checks then leave the traffic at the primary, and neither object means what it says.
    fn both_are_active(&self) -> Option<String> {
        let active = self.standby.says(STANDBY_ACTIVE) && self.primary.says(PRIMARY_ACTIVE);
        active.then(|| {
            format!(
                "both objects of {} say that their own Region is active, so that its traffic goes to {}; the next run writes over them, \
                 and the sweep over what a run missed",
                self.name, self.primary.region
            )
        })
    }

    /// Why it is not led over.
    fn refused(&self, epoch: Epoch) -> Vec<Error> {
        let words = self.words(epoch).into_iter();
        let mut refused: Vec<Error> = words
            .filter_map(|(looked, word)| looked.refused(word))
            .collect();
        if self.next(epoch) == Next::Undecided && refused.is_empty() {
            let why = self.standby.failed.as_ref().map(ToString::to_string);
            let says = format!(
                "{} follows an object in {}, which does not answer: {}",
                self.name,
                self.standby.region,
                why.unwrap_or_default()
            );
            refused.push(match self.is_patient {
                true => Error::Unavailable(says),
                false => Error::NotReady(says),
            });
        }
        refused
    }
}

#[cfg(test)]
mod tests;

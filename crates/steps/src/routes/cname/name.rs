//! One name: what it holds, what it should, and what keeps it from being led.

use serde::Serialize;

use crate::routes::plain;
use failover::{
    Error,
    domain::Epoch,
    ports::{Batch, Record},
};

/// The label of the TXT record beside a name that holds the epoch it was last pointed in.
pub const EPOCH_LABEL: &str = "_aurora-failover-epoch";

/// What a name holds and what it should.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Name {
    /// The CNAME there is, or what stands there instead.
    pub cname: Option<Record>,
    /// The epoch's record there is.
    pub txt: Option<Record>,
    /// The CNAME there should be.
    pub wanted: Record,
    /// The endpoints of the plan's members that the name may point to now.
    pub members: Vec<String>,
}

impl Name {
    /// Another run has moved on: DNS never goes back, and this run does nothing more.
    pub(super) fn later(&self, epoch: Epoch) -> Result<(), Error> {
        let held = self.txt.as_ref().and_then(epoch_of);
        match held.filter(|held| *held > epoch) {
            None => Ok(()),
            Some(held) => Err(Error::UnexpectedTopology(format!(
                "{} was pointed in epoch {held}, this run is in {epoch}; it stays as it is",
                self.wanted.name
            ))),
        }
    }

    /// Adds what it needs to its zone's batch.
    pub(super) fn add_to(&self, batch: &mut Batch, epoch: Epoch) -> Result<(), Error> {
        self.can_be_led()?;
        let txt = self.wanted_txt(epoch);
        for (held, wanted) in [(&self.cname, &self.wanted), (&self.txt, &txt)] {
            if !is_right(held.as_ref(), wanted) {
                batch.delete.extend(held.clone());
                batch.create.push(wanted.clone());
            }
        }
        Ok(())
    }

    /// Why it is not led over.
    pub(super) fn refusal(&self, epoch: Epoch) -> Option<Error> {
        self.add_to(&mut Batch::default(), epoch).err()
    }

    /// Why it could not be led over in `epoch`, were it to be led now.
    pub(super) fn stands_in_the_way(&self, epoch: Epoch) -> Option<String> {
        if self.cname.is_none() {
            let missing = "does not exist in its zone; make a CNAME to the writer's endpoint";
            return Some(format!("{} {missing}", self.wanted.name));
        }
        let later = self.later(epoch).err();
        let why = later.or_else(|| self.refusal(epoch));
        why.map(|why| why.to_string())
    }

    fn can_be_led(&self) -> Result<(), Error> {
        let Some(held) = &self.cname else {
            return Ok(());
        };
        if held.kind != "CNAME" {
            return Err(self.is_of_another_kind(held));
        }
        let is_member = |value: &String| self.members.iter().any(|member| plain(member) == *value);
        let mut points_to = held.values.iter().map(|value| plain(value));
        match points_to.find(|value| !is_member(value)) {
            None => Ok(()),
            Some(value) => Err(Error::UnexpectedTopology(format!(
                "{} points to {value}, which is no member's endpoint; it stays as it is",
                self.wanted.name
            ))),
        }
    }

    fn is_of_another_kind(&self, held: &Record) -> Error {
        Error::UnexpectedTopology(format!(
            "{} has a record of the type {} in its zone ({}), and no CNAME can stand beside it; delete it and make a CNAME to the writer's endpoint",
            self.wanted.name,
            held.kind,
            held.values.join(", ")
        ))
    }

    fn wanted_txt(&self, epoch: Epoch) -> Record {
        Record {
            name: txt_name(&self.wanted.name),
            kind: "TXT",
            ttl_seconds: self.wanted.ttl_seconds,
            values: vec![format!("\"{epoch}\"")],
        }
    }
}

/// Where the epoch of a name stands.
pub(super) fn txt_name(name: &str) -> String {
    format!("{EPOCH_LABEL}.{name}")
}

fn is_right(held: Option<&Record>, wanted: &Record) -> bool {
    held.is_some_and(|held| {
        held.ttl_seconds == wanted.ttl_seconds && same_values(&held.values, &wanted.values)
    })
}

fn same_values(held: &[String], wanted: &[String]) -> bool {
    let plain = |values: &[String]| values.iter().map(|value| plain(value)).collect::<Vec<_>>();
    plain(held) == plain(wanted)
}

fn epoch_of(txt: &Record) -> Option<Epoch> {
    let value = txt.values.first()?;
    value.trim_matches('"').parse().ok().map(Epoch)
}

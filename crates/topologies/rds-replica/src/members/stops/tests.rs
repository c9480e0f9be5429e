//! A member's database in memory, as the steps stop and open it: one for each test, beside the ledgers.

use std::cell::RefCell;

use failover::{
    Error,
    domain::Region,
    ledger::KeptPlan,
    ports::{Access, Fenced, NotStopped, Stopped, Unfenced},
    testing::{self, Books},
};
use jiff::Timestamp;

use super::*;
use crate::members::{Stops, tests::plan};

/// What a database bears, and what was done to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Database {
    pub(crate) epoch: Option<Epoch>,
    pub(crate) mark: Option<StopToken>,
    /// Roles of applications that may log in.
    pub(crate) roles: Vec<String>,
    /// Prepared transactions, which nobody shuts.
    pub(crate) prepared: Vec<String>,
    /// Whether no login can be given back.
    pub(crate) keeps: bool,
    pub(crate) asked: Vec<(Region, Asked)>,
}

thread_local! {
    static DATABASE: RefCell<Database> = RefCell::default();
}

/// This Region's member from here on.
pub(crate) fn member(database: Database) {
    DATABASE.set(database);
}

/// How it stands.
pub(crate) fn shown() -> Database {
    DATABASE.with_borrow(Clone::clone)
}

/// One that applications write to, under an epoch.
pub(crate) fn open(epoch: u64) -> Database {
    Database {
        epoch: Some(Epoch(epoch)),
        roles: vec!["app".into()],
        ..Database::default()
    }
}

/// One that is stopped by a mark.
pub(crate) fn stopped(epoch: u64, token: &str) -> Database {
    Database {
        mark: Some(token.into()),
        roles: Vec::new(),
        ..open(epoch)
    }
}

/// Ledgers of a plan over instances; this Region is us-east-1.
pub(crate) fn books(row: &failover::ledger::PlanState) -> Books {
    Books::with(row).of_plan(plan())
}

/// The row of the plan whose writer is here.
pub(crate) fn row() -> failover::ledger::PlanState {
    testing::row("us-east-1", 7)
}

impl Database {
    fn mark(&self) -> Option<Mark> {
        self.mark.clone().map(|token| Mark {
            token,
            at: Some(Timestamp::UNIX_EPOCH),
        })
    }

    fn access(&self) -> Access {
        Access {
            epoch: self.epoch,
            roles: self.roles.clone(),
            prepared: self.prepared.clone(),
            ..Access::default()
        }
    }

    fn stop(&mut self, epoch: Epoch, token: &StopToken) -> Result<Fenced, NotStopped> {
        if self.epoch != Some(epoch) {
            return Err(NotStopped::OtherEpoch(self.epoch));
        }
        match self.mark() {
            Some(mark) if mark.token != *token => Err(NotStopped::OtherMark(mark)),
            _ => {
                self.mark = Some(token.clone());
                Ok(Fenced {
                    roles: std::mem::take(&mut self.roles),
                    after: Some(self.access()),
                    ..Fenced::default()
                })
            }
        }
    }

    fn open(&mut self, epoch: Epoch, token: &StopToken) -> Option<Unfenced> {
        if self.epoch != Some(epoch) || self.mark.as_ref() != Some(token) {
            return None;
        }
        if self.keeps {
            return Some(Unfenced {
                refused: vec!["app: no right".into()],
                ..Unfenced::default()
            });
        }
        self.mark = None;
        self.roles = vec!["app".into()];
        Some(Unfenced {
            roles: self.roles.clone(),
            ..Unfenced::default()
        })
    }
}

impl Stops for Books {
    async fn ask(&self, region: &Region, asked: &Asked) -> Result<Stands, Error> {
        DATABASE.with_borrow_mut(|it| it.asked.push((region.clone(), asked.clone())));
        Ok(Stands::default())
    }

    async fn stop(
        &self,
        _: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Result<Fenced, NotStopped>, Error> {
        Ok(DATABASE.with_borrow_mut(|it| it.stop(epoch, token)))
    }

    async fn mark(&self, _: &KeptPlan) -> Result<Option<Mark>, Error> {
        Ok(shown().mark())
    }

    async fn stopped(&self, _: &KeptPlan) -> Result<Stopped, Error> {
        Ok(Stopped {
            mark: shown().mark(),
            access: shown().access(),
        })
    }

    async fn position(&self, _: &KeptPlan, token: &StopToken) -> Result<Option<i64>, Error> {
        Ok((shown().mark.as_ref() == Some(token)).then_some(4_096))
    }

    async fn open(
        &self,
        _: &KeptPlan,
        epoch: Epoch,
        token: &StopToken,
    ) -> Result<Option<Unfenced>, Error> {
        Ok(DATABASE.with_borrow_mut(|it| it.open(epoch, token)))
    }
}

#[test]
fn what_another_region_asks_is_read_as_it_was_written_and_nothing_beside() {
    let of = OfStop {
        plan: "orders".into(),
        epoch: Epoch(7),
        token: "a".into(),
    };
    for asked in [
        Asked::Stop(of.clone()),
        Asked::Look(of.clone()),
        Asked::Position(of.clone()),
        Asked::Open(of),
    ] {
        let written = serde_json::to_value(&asked).unwrap();
        let read: Asked = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, asked);
        let mut more = written;
        more["force"] = true.into();
        assert!(serde_json::from_value::<Asked>(more).is_err());
    }
}

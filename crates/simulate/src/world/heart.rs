//! The members' databases, as the probe and the administrator log in there.

use std::{collections::BTreeSet, future::pending, net::IpAddr, time::Duration};

use failover::{
    Error,
    beat::{Reading, Write},
    domain::{Epoch, Region, RunId},
    plan::Plan,
    ports::{Credentials, Heart, Place, Spares},
};

use super::Invocation;
use crate::{
    api::Api,
    clock::pause,
    database::{Condition, Database, Entry, Session},
    state::State,
};

/// One way over the network to a database.
const QUERY: Duration = Duration::from_millis(4);

impl Invocation {
    /// What a server says to whoever sends something; waits where it says nothing.
    pub(super) async fn served<T>(
        &self,
        session: &Session,
        perform: impl Fn(&mut State, jiff::Timestamp) -> Result<T, Write> + Send + Sync,
    ) -> Result<T, Write> {
        pause(QUERY).await;
        let now = self.shared.now();
        let serves = {
            let mut state = self.shared.state();
            match state.serves(&self.region, session) {
                Serves::Yes => Some(perform(&mut state, now)),
                Serves::Broken => Some(Err(Write::Failed {
                    why: "the connection was reset".into(),
                })),
                Serves::Full => Some(Err(Write::Exhausted {
                    why: "could not extend file: No space left on device (SQLSTATE 53100)".into(),
                })),
                Serves::Silent => None,
            }
        };
        let Some(answer) = serves else {
            return pending().await;
        };
        pause(QUERY).await;
        let is_still_there = {
            let state = self.shared.state();
            let serves = state.serves(&self.region, session);
            !matches!(serves, Serves::Silent)
        };
        if !is_still_there {
            return pending().await;
        }
        answer
    }
}

/// What a server does with a session.
enum Serves {
    Yes,
    Broken,
    Full,
    Silent,
}

impl State {
    fn serves(&self, from: &Region, session: &Session) -> Serves {
        let Some(found) = self.databases.get(&session.resource_id) else {
            return Serves::Broken;
        };
        if !self.answers(from, &found.region, Api::Database) {
            return Serves::Silent;
        }
        if found.incarnation != session.incarnation {
            return Serves::Broken;
        }
        match found.condition {
            Condition::Serves | Condition::Full | Condition::RefusesLogin => Serves::Yes,
            Condition::OutOfDisk => Serves::Full,
            Condition::Gone | Condition::Starting => Serves::Broken,
            Condition::Hangs => Serves::Silent,
        }
    }

    /// The cluster that a host name leads to, seen from a Region.
    pub(crate) fn found(&self, host: &str) -> Option<String> {
        self.rds.endpoint(host).map(str::to_owned)
    }

    /// How far the clock of a cluster's Region is ahead.
    fn clock_of(&self, resource_id: &str) -> jiff::SignedDuration {
        let region = self.databases.get(resource_id).map(|found| &found.region);
        region.map(|region| self.ahead(region)).unwrap_or_default()
    }

    pub(crate) fn database(&mut self, resource_id: &str) -> Option<&mut Database> {
        self.databases.get_mut(resource_id)
    }
}

fn failed(why: &str) -> Write {
    Write::Failed { why: why.into() }
}

fn refused() -> Write {
    Write::Misconfigured {
        why: "password authentication failed (SQLSTATE 28P01)".into(),
    }
}

impl Heart for Invocation {
    type Session = Session;

    async fn connect(
        &self,
        place: &Place,
        login: &Credentials,
        limit: Duration,
    ) -> Result<Session, Write> {
        pause(QUERY * 3).await;
        let found = {
            let state = self.shared.state();
            let found = state.found(&place.host);
            let Some(resource_id) = found else {
                return Err(failed("the name does not resolve"));
            };
            let Some(database) = state.databases.get(&resource_id) else {
                return Err(failed("connection refused"));
            };
            let heard = state.answers(&self.region, &database.region, Api::Database);
            heard.then(|| {
                let knows = state.password.number.to_string() == login.password;
                (
                    resource_id.clone(),
                    database.incarnation,
                    database.condition,
                    knows || login.user != "probe",
                )
            })
        };
        let Some((resource_id, incarnation, condition, is_let_in)) = found else {
            pause(limit).await;
            return Err(failed("connecting timed out"));
        };
        if !is_let_in && condition == Condition::Serves {
            return Err(refused());
        }
        match condition {
            Condition::Serves | Condition::Hangs | Condition::OutOfDisk => Ok(Session {
                resource_id,
                incarnation,
            }),
            Condition::Gone => Err(failed("connection refused")),
            Condition::Full => Err(Write::Saturated {
                why: "sorry, too many clients already (SQLSTATE 53300)".into(),
            }),
            Condition::Starting => Err(Write::Starting {
                why: "the database system is starting up (SQLSTATE 57P03)".into(),
            }),
            Condition::RefusesLogin => Err(refused()),
        }
    }

    fn is_closed(&self, session: &Session) -> bool {
        let state = self.shared.state();
        let found = state.databases.get(&session.resource_id);
        found.is_none_or(|found| found.incarnation != session.incarnation)
    }

    fn spares(&self) -> &Spares<Session> {
        &self.kept.spares
    }

    async fn beat(&self, session: &Session, vantage: &Region, epoch: Epoch) -> Write {
        let came = self.served(session, |state, now| {
            let ahead = state.clock_of(&session.resource_id);
            let found = state
                .database(&session.resource_id)
                .ok_or_else(|| failed("it is gone"))?;
            if !found.takes_writes() {
                return Err(Write::ReadOnly);
            }
            match found.epoch() {
                None => {
                    return Err(Write::Misconfigured {
                        why: "there is no schema aurora_failover (SQLSTATE 3F000)".into(),
                    });
                }
                Some(held) if held != epoch => return Err(Write::OtherEpoch { epoch: held }),
                Some(_) => {}
            }
            let beat = found.next_beat(vantage, epoch, now + ahead);
            found.commit(now, Entry::Beat(vantage.clone(), beat));
            if state.is_unhindered() {
                state.truth.beat(now, vantage, epoch);
            }
            Ok(beat)
        });
        came.await
            .map_or_else(|why| why, |beat| Write::Committed { beat })
    }

    async fn read(&self, session: &Session, _: &Region) -> Result<Reading, Write> {
        self.served(session, |state, _| {
            let found = state
                .database(&session.resource_id)
                .ok_or_else(|| failed("it is gone"))?;
            let (mut reading, follows) = (found.reading(), found.follows.clone());
            let ahead = follows.map(|writer| state.clock_of(&writer));
            let ahead = ahead.unwrap_or_default();
            reading.committed_at = reading.committed_at.map(|at| at + ahead);
            Ok(reading)
        })
        .await
    }

    async fn open_epoch(
        &self,
        session: &Session,
        vantage: &Region,
        epoch: Epoch,
        run_id: &RunId,
    ) -> Write {
        let came = self.served(session, |state, now| {
            let ahead = state.clock_of(&session.resource_id);
            let found = state
                .database(&session.resource_id)
                .ok_or_else(|| failed("it is gone"))?;
            if !found.takes_writes() {
                return Err(Write::ReadOnly);
            }
            if let Some(held) = found.epoch().filter(|held| *held > epoch) {
                return Err(Write::OtherEpoch { epoch: held });
            }
            found.commit(now, Entry::Epoch(epoch, run_id.clone()));
            let beat = found.next_beat(vantage, epoch, now + ahead);
            found.commit(now, Entry::Beat(vantage.clone(), beat));
            state.note(now, || {
                format!("epoch {epoch} is opened on {}", session.resource_id)
            });
            Ok(beat)
        });
        came.await
            .map_or_else(|why| why, |beat| Write::Committed { beat })
    }

    async fn set_up(
        &self,
        place: &Place,
        admin: &Credentials,
        _: &Plan,
        epoch: Epoch,
        (_, limit): (Option<&str>, Duration),
    ) -> Result<Epoch, Error> {
        let unavailable = |why: Write| Error::Unavailable(why.to_string());
        let session = self
            .connect(place, admin, limit)
            .await
            .map_err(unavailable)?;
        let made = self.served(&session, |state, now| {
            let found = state
                .database(&session.resource_id)
                .ok_or_else(|| failed("it is gone"))?;
            if !found.takes_writes() {
                return Err(Write::ReadOnly);
            }
            if let Some(held) = found.epoch() {
                return Ok(held);
            }
            found.commit(now, Entry::Epoch(epoch, "setup".into()));
            Ok(epoch)
        });
        made.await.map_err(unavailable)
    }

    async fn leads_to(&self, name: &str) -> Result<Result<String, Write>, Error> {
        pause(QUERY).await;
        let now = self.shared.now();
        let mut state = self.shared.state();
        let found = state.resolve(&self.region, name, now);
        Ok(found.ok_or_else(|| failed("the name does not resolve")))
    }

    async fn addresses(&self, name: &str) -> Result<Result<BTreeSet<IpAddr>, Write>, Error> {
        pause(QUERY).await;
        let now = self.shared.now();
        let state = self.shared.state();
        let found = state.switch.address(name, now, &state.lost);
        let address = found.map(|last| [IpAddr::from([192, 0, 2, last])].into());
        Ok(address.ok_or_else(|| failed("the name does not resolve")))
    }
}

//! The probe's sessions at a plan's members, and a look over them: a beat at the writer, a reading over here, both at once and
//! under the plan's time-out.

use std::time::Duration;

use super::spares::or_spare;
use failover::{
    Error,
    beat::{Look, Reading, Write},
    domain::{Epoch, Region},
    ledger::{Endpoints, KeptPlan, PlanState},
    plan::Plan,
    ports::{Credentials, Heart, Place, Runtime, Secrets, by_whichever_serves},
};

/// The writer that a plan's probe looks at, as its own Region's ledger names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LedgerWriter {
    pub(super) writer: Region,
    pub(super) epoch: Epoch,
}

impl LedgerWriter {
    pub(super) fn of(row: &PlanState) -> Option<Self> {
        row.current.as_ref().map(|current| Self {
            writer: current.writer.clone(),
            epoch: current.epoch,
        })
    }
}

/// The connections and logins of one plan's probe, kept as long as they serve.
pub(super) struct Sessions<S> {
    writer: Kept<S>,
    reader: Kept<S>,
    /// To the writer, from the invocation before.
    spare: Option<(Region, S)>,
}

/// One connection and the login it was made with.
struct Kept<S> {
    session: Option<(Region, S)>,
    /// Kept beyond the connection: asking for a secret again must not delay noticing.
    login: Option<(Region, Credentials)>,
    /// Whether a login is being asked for: a look that is cut off then has seen nothing of the writer.
    asking: bool,
    /// Whether the server has answered in this very look: it let the probe in, or had no slot left. A connection from before
    /// proves nothing of a server that may have died since.
    answered: bool,
}

impl<S> Default for Kept<S> {
    fn default() -> Self {
        Self {
            session: None,
            login: None,
            asking: false,
            answered: false,
        }
    }
}

impl<S> Sessions<S> {
    /// Begins with what the invocation before left open.
    pub(super) fn with(spare: Option<(Region, S)>) -> Self {
        Self {
            writer: Kept::default(),
            reader: Kept::default(),
            spare,
        }
    }

    /// What is left open for the next invocation.
    pub(super) fn into_spare(self) -> Option<(Region, S)> {
        self.writer.session.or(self.spare)
    }

    /// Looks once, for `limit` at most; answers whether the local reader was read too. A session that failed is dropped, so that
    /// the next look connects anew.
    pub(super) async fn look(
        &mut self,
        world: &(impl Runtime + Heart<Session = S> + Secrets),
        known: &KeptPlan,
        target: &LedgerWriter,
        limit: Duration,
    ) -> (Look, bool) {
        let at = world.now();
        let kept = (&mut self.writer, &mut self.spare);
        let beat = tokio::time::timeout(limit, beat(world, kept, known, target, limit));
        let reading = tokio::time::timeout(limit, reading(world, &mut self.reader, known, limit));
        let (write, reading) = tokio::join!(beat, reading);
        let write = write.unwrap_or_else(|_| self.writer.cut_off(limit));
        let reading = reading.ok().flatten();
        let readable = reading.is_some();
        (Look { at, write, reading }, readable)
    }
}

async fn beat<S>(
    world: &(impl Runtime + Heart<Session = S> + Secrets),
    (kept, spare): (&mut Kept<S>, &mut Option<(Region, S)>),
    known: &KeptPlan,
    target: &LedgerWriter,
    limit: Duration,
) -> Write {
    let endpoint = |endpoints: &Endpoints| endpoints.writer.clone();
    let opened = kept
        .session(world, known, &target.writer, endpoint, limit)
        .await;
    let serves = |region: &Region, spare: &S| *region == target.writer && !world.is_closed(spare);
    let session = match or_spare(opened, spare, serves) {
        Ok(session) => session,
        Err(why) => return why,
    };
    let write = world.beat(&session, world.region(), target.epoch).await;
    kept.after(&write, &target.writer, session);
    write
}

async fn reading<S>(
    world: &(impl Runtime + Heart<Session = S> + Secrets),
    kept: &mut Kept<S>,
    known: &KeptPlan,
    limit: Duration,
) -> Option<Reading> {
    let here = world.region();
    let endpoint = |endpoints: &Endpoints| endpoints.reader.clone();
    let warn = |why: &Write| {
        tracing::warn!(plan = %known.plan.plan, ?why, "the local reader does not answer");
    };
    let session = kept
        .session(world, known, here, endpoint, limit)
        .await
        .inspect_err(warn)
        .ok()?;
    let reading = world.read(&session, here).await.ok()?;
    kept.session = Some((here.clone(), session));
    Some(reading)
}

impl<S> Kept<S> {
    /// Keeps the session by which a beat was committed, and no login that was refused.
    fn after(&mut self, write: &Write, writer: &Region, session: S) {
        match write {
            Write::Committed { .. } | Write::Stopped { .. } => {
                self.session = Some((writer.clone(), session));
            }
            // Perhaps the password was changed meanwhile.
            Write::Misconfigured { .. } => self.login = None,
            Write::Failed { .. }
            | Write::Saturated { .. }
            | Write::Starting { .. }
            | Write::Exhausted { .. }
            | Write::Answered { .. }
            | Write::ReadOnly
            | Write::OtherEpoch { .. }
            | Write::Unattempted { .. } => {}
        }
    }

    /// What a look has seen that was cut off after `limit`.
    fn cut_off(&self, limit: Duration) -> Write {
        if self.asking {
            let why = format!("the probe's login was not to be had within {limit:?}");
            return Write::Unattempted { why };
        }
        let why = format!("no answer within {limit:?}");
        if self.answered {
            let why = format!("it let the probe in, and then there was {why}");
            return Write::Answered { why };
        }
        Write::Failed { why }
    }

    /// Takes the kept session to `region`, or opens one.
    async fn session(
        &mut self,
        world: &(impl Heart<Session = S> + Secrets),
        known: &KeptPlan,
        region: &Region,
        endpoint: impl Fn(&Endpoints) -> String,
        limit: Duration,
    ) -> Result<S, Write> {
        (self.asking, self.answered) = (false, false);
        let serves = |(kept, session): &(Region, S)| kept == region && !world.is_closed(session);
        if let Some((_, session)) = self.session.take().filter(serves) {
            return Ok(session);
        }
        let place = place(known, region, endpoint)?;
        let login = self.login(world, &known.plan, region, &place).await?;
        // Kept before connecting, which may be cut off: a writer that is gone must not cost a secret at every look.
        self.login = Some((region.clone(), login.clone()));
        let session = world.connect(&place, &login, limit).await;
        self.answered = matches!(session, Ok(_) | Err(Write::Saturated { .. }));
        if matches!(session, Err(Write::Misconfigured { .. })) {
            self.login = None;
        }
        session
    }

    /// The login that is kept, or the one that is asked for.
    async fn login(
        &mut self,
        world: &impl Secrets,
        plan: &Plan,
        region: &Region,
        place: &Place,
    ) -> Result<Credentials, Write> {
        if let Some((_, kept)) = self.login.take().filter(|(kept, _)| kept == region) {
            return Ok(kept);
        }
        self.asking = true;
        let asked = login(world, plan, region, place).await;
        self.asking = false;
        asked
    }
}

fn place(
    known: &KeptPlan,
    region: &Region,
    endpoint: impl Fn(&Endpoints) -> String,
) -> Result<Place, Write> {
    let endpoints = known
        .endpoints
        .get(region)
        .ok_or_else(|| Write::Unattempted {
            why: format!("no endpoint of the member in {region} is known yet"),
        })?;
    let host = endpoint(endpoints);
    Ok(Place::of(&known.plan, &host, endpoints.port))
}

/// What the local reader has now, over a session of its own and within `limit`.
pub(super) async fn read_once<S>(
    world: &(impl Runtime + Heart<Session = S> + Secrets),
    known: &KeptPlan,
    limit: Duration,
) -> Option<Reading> {
    let mut reader = Kept::default();
    let read = reading(world, &mut reader, known, limit);
    tokio::time::timeout(limit, read).await.ok().flatten()
}

/// The probe's login. Where it is not to be had, nothing was seen of the writer, good or bad.
async fn login(
    world: &impl Secrets,
    plan: &Plan,
    region: &Region,
    place: &Place,
) -> Result<Credentials, Write> {
    let asked = world
        .probe_login(plan, region, &place.host, place.port)
        .await;
    asked.map_err(|why| {
        if let Error::Unavailable(why) = why {
            return Write::Unattempted { why };
        }
        Write::Misconfigured {
            why: format!("the probe's login: {why}"),
        }
    })
}

/// Connects to a member's cluster endpoint as the probe, by whichever version of its secret serves.
pub(super) async fn open<S>(
    world: &(impl Heart<Session = S> + Secrets),
    known: &KeptPlan,
    region: &Region,
    limit: Duration,
) -> Result<S, Write> {
    let place = place(known, region, |endpoints| endpoints.writer.clone())?;
    let login = login(world, &known.plan, region, &place).await?;
    as_probe(world, &known.plan, &place, login, limit).await
}

/// Connects as the probe, by this login or whichever other version of its secret serves.
pub(super) async fn as_probe<S>(
    world: &(impl Heart<Session = S> + Secrets),
    plan: &Plan,
    place: &Place,
    login: Credentials,
    limit: Duration,
) -> Result<S, Write> {
    let others = world.other_probe_logins(plan);
    by_whichever_serves(login, others, Write::refuses_login, |login| async move {
        world.connect(place, &login, limit).await
    })
    .await
}

#[cfg(test)]
mod tests;

//! One look at a plan's writer: a beat over there, a reading over here, both at once and under the plan's time-out.

use std::time::Duration;

use super::spares::or_spare;
use crate::confirm_outage::TIMEOUT;
use failover::{
    Error,
    beat::{Look, Reading, Vantage, Write},
    domain::{Epoch, PlanName, Region},
    ledger::{Endpoints, Known, Row},
    pass::unknown,
    plan::Plan,
    ports::{
        Confirmation, Credentials, Heart, Here, Ledger, Members, Parameters, Place, Secrets,
        by_whichever_serves,
    },
    topology::Cluster,
};

/// The writer that a plan's probe looks at, as its own Region's ledger names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) writer: Region,
    pub(super) epoch: Epoch,
}

impl Target {
    pub(super) fn of(row: &Row) -> Option<Self> {
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
        world: &(impl Here + Heart<Session = S> + Secrets),
        known: &Known,
        target: &Target,
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
    world: &(impl Here + Heart<Session = S> + Secrets),
    (kept, spare): (&mut Kept<S>, &mut Option<(Region, S)>),
    known: &Known,
    target: &Target,
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
    match &write {
        Write::Committed { .. } => kept.session = Some((target.writer.clone(), session)),
        // Perhaps the password was changed meanwhile.
        Write::Misconfigured { .. } => kept.login = None,
        Write::Failed { .. }
        | Write::Saturated { .. }
        | Write::Starting { .. }
        | Write::Exhausted { .. }
        | Write::Answered { .. }
        | Write::ReadOnly
        | Write::OtherEpoch { .. }
        | Write::Unattempted { .. } => {}
    }
    write
}

async fn reading<S>(
    world: &(impl Here + Heart<Session = S> + Secrets),
    kept: &mut Kept<S>,
    known: &Known,
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
        known: &Known,
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
        let login = match self.login.take().filter(|(kept, _)| kept == region) {
            Some((_, login)) => login,
            None => {
                self.asking = true;
                let asked = login(world, &known.plan, region, &place).await;
                self.asking = false;
                asked?
            }
        };
        // Kept before connecting, which may be cut off: a writer that is gone must not cost a secret at every look.
        self.login = Some((region.clone(), login.clone()));
        let session = world.connect(&place, &login, limit).await;
        self.answered = matches!(session, Ok(_) | Err(Write::Saturated { .. }));
        if matches!(session, Err(Write::Misconfigured { .. })) {
            self.login = None;
        }
        session
    }
}

fn place(
    known: &Known,
    region: &Region,
    endpoint: impl Fn(&Endpoints) -> String,
) -> Result<Place, Write> {
    let endpoints = known
        .endpoints
        .get(region)
        .ok_or_else(|| Write::Unattempted {
            why: format!("no endpoint of the member in {region} is known yet"),
        })?;
    Ok(Place {
        host: endpoint(endpoints),
        port: endpoints.port,
        database: known.plan.database.name.clone(),
    })
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
    known: &Known,
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

/// The longest a fresh look takes, so that its answer reaches the one who asked within what that one waits.
const FRESH: Duration = TIMEOUT.saturating_sub(Duration::from_secs(1));

/// What this Region's ledger notes of a plan: the plan itself, the writer to look at, and the last look.
async fn noted(
    world: &(impl Ledger + Here),
    name: &PlanName,
) -> Result<(Known, Target, Option<Vantage>), Error> {
    let here = world.region();
    let (known, row, vantage) = tokio::join!(
        world.known(here, name),
        world.row(here, name),
        world.vantage(here, name)
    );
    let Some(known) = known? else {
        return Err(unknown(world, name).await);
    };
    let target = Target::of(&row?).ok_or_else(|| failover::guard::not_adopted(name))?;
    Ok((known, target, vantage?))
}

/// One fresh look, on fresh connections, recorded like any other.
pub(super) async fn confirm(
    world: &(impl Ledger + Here + Secrets + Heart),
    name: &PlanName,
) -> Result<Confirmation, Error> {
    let here = world.region();
    let (known, target, before) = noted(world, name).await?;
    let limit = Duration::from_secs(known.plan.detection.timeout_seconds).min(FRESH);
    let (look, readable) = Sessions::with(None)
        .look(world, &known, &target, limit)
        .await;
    let vantage = Vantage::after(
        before.as_ref(),
        here,
        &target.writer,
        look,
        &known.plan.detection,
    );
    world.put_vantage(name, &vantage).await?;
    tracing::info!(plan = %name, write = ?vantage.write, readable, "confirmed");
    Ok(Confirmation { vantage, readable })
}

/// The look of a dry run, which commits no beat and records nothing: what this Region's probe recorded last, and whether the local
/// reader answers now.
///
/// # Errors
/// Those of a fresh look; `Unavailable` where nothing was recorded lately.
pub(super) async fn recorded(
    world: &(impl Ledger + Here + Secrets + Heart),
    name: &PlanName,
) -> Result<Confirmation, Error> {
    let here = world.region();
    let (known, target, held) = noted(world, name).await?;
    let detection = &known.plan.detection;
    let lately = |vantage: &Vantage| {
        vantage.writer_region == target.writer
            && world.now().duration_since(vantage.at) <= detection.home_age_max()
    };
    let vantage = held.filter(lately).ok_or_else(|| {
        Error::Unavailable(format!(
            "a dry run makes no look of its own, and the probe in {here} has recorded none at plan {name} lately; switch its schedule on"
        ))
    })?;
    let limit = Duration::from_secs(detection.timeout_seconds).min(FRESH);
    let mut reader = Kept::default();
    let read = tokio::time::timeout(limit, reading(world, &mut reader, &known, limit));
    let readable = read.await.ok().flatten().is_some();
    Ok(Confirmation { vantage, readable })
}

/// The plan and the endpoints of every member that RDS shows within `limit`, over those known from before.
pub(super) async fn refresh(
    world: &impl Members,
    plan: Plan,
    before: Option<Known>,
    limit: Duration,
) -> Known {
    let mut addresses = before.map(|known| known.endpoints).unwrap_or_default();
    let reads = plan.members().iter().map(async |(region, member)| {
        let cluster = tokio::time::timeout(limit, world.cluster(region, &member.cluster)).await;
        (region.clone(), cluster.ok().and_then(Result::ok).flatten())
    });
    for (region, cluster) in futures::future::join_all(reads).await {
        if let Some(cluster) = cluster {
            addresses.insert(region, endpoints(cluster));
        }
    }
    Known {
        plan,
        endpoints: addresses,
    }
}

/// The plan with the endpoints of one member, as RDS shows them now or as they were known: nobody else is asked, who may be
/// dead.
pub(super) async fn only(
    world: &(impl Ledger + Here + Members),
    plan: Plan,
    region: &Region,
) -> Result<Known, Error> {
    let member = plan.members().get(region);
    let cluster = member
        .map(|member| member.cluster.clone())
        .unwrap_or_default();
    let mut known = world.known(world.region(), &plan.plan).await?;
    match world.cluster(region, &cluster).await {
        Ok(Some(cluster)) => {
            let mut addresses = known.map(|known| known.endpoints).unwrap_or_default();
            addresses.insert(region.clone(), endpoints(cluster));
            Ok(Known {
                plan,
                endpoints: addresses,
            })
        }
        Ok(None) => Err(Error::UnexpectedTopology(format!(
            "RDS in {region} knows no cluster {cluster:?}"
        ))),
        Err(why @ Error::Unavailable(_)) => known.take().ok_or(why),
        Err(why) => Err(why),
    }
}

fn endpoints(cluster: Cluster) -> Endpoints {
    Endpoints {
        writer: cluster.endpoint,
        reader: cluster.reader_endpoint,
        port: cluster.port,
    }
}

/// Reads one plan's document, or answers the one last read.
pub(super) async fn plan_or_last_read(
    world: &(impl Ledger + Here + Parameters),
    name: &PlanName,
) -> Result<Plan, Error> {
    match world.plan(name).await {
        Ok(document) => failover::plan::read_named(name, &document),
        Err(why @ Error::Unavailable(_)) => match world.known(world.region(), name).await? {
            Some(known) => Ok(known.plan),
            None => Err(why),
        },
        Err(Error::InvalidRequest(_)) => Err(unknown(world, name).await),
        Err(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use failover::testing::{self, Books};

    #[tokio::test]
    async fn a_dry_look_commits_no_beat_and_records_nothing() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let row = testing::row("us-west-2", 7);
        let looked = |second| Books::with(&row).looked("us-east-1", at(second));
        let books = looked(990);
        let seen = recorded(&books, &"orders".into()).await.unwrap();
        assert_eq!((seen.vantage.at, seen.readable), (at(990), false));
        assert_eq!(books.looks(), [], "nothing is recorded");
        let old = recorded(&looked(900), &"orders".into()).await;
        let why = old.unwrap_err().to_string();
        assert!(why.contains("dry run"), "{why}");
    }

    #[test]
    fn a_time_out_tells_of_a_living_server_only_behind_a_login_of_the_same_look() {
        let limit = Duration::from_secs(3);
        let cut_off = |asking, answered| {
            let kept = Kept::<()> {
                asking,
                answered,
                ..Kept::default()
            };
            kept.cut_off(limit)
        };
        assert!(matches!(cut_off(true, false), Write::Unattempted { .. }));
        assert!(matches!(cut_off(false, true), Write::Answered { .. }));
        assert!(matches!(cut_off(false, false), Write::Failed { .. }));
    }
}

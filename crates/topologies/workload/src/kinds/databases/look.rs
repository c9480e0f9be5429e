//! What a phase looks at: no more than it decides by.

use failover::{Error, domain::Region};

use super::{Seen, names, remembered::Remembered};
use crate::{
    databases::{Databases, Found, Kind, Taken},
    phase::Phase,
    verbs::On,
};

/// Looks for a phase.
///
/// # Errors
/// `Unavailable` and `Denied`, where RDS does not tell.
pub(super) async fn look<W: Databases>(world: &W, kind: Kind, on: &On<'_>) -> Result<Seen, Error> {
    let looking = Looking {
        world,
        kind,
        on,
        kept: Remembered::read(on)?,
    };
    match on.phase {
        Phase::Prepare => looking.prepare().await,
        Phase::Sync => looking.round(looking.kept.round).await,
        Phase::LastSync => {
            let round = looking.kept.last_round.unwrap_or(looking.kept.round + 1);
            looking.round(round).await
        }
        Phase::Rehearse => looking.rehearse().await,
        Phase::Suspend => Ok(Seen::default()),
        Phase::CutOver => looking.cut_over().await,
        Phase::Verify => looking.homes().await,
        Phase::Retire => Ok(Seen {
            recovery: looking.recovery().await?,
            ..Seen::default()
        }),
        Phase::Conclude => looking.conclude().await,
        Phase::Revert => looking.revert().await,
    }
}

struct Looking<'a, W> {
    world: &'a W,
    kind: Kind,
    on: &'a On<'a>,
    kept: Remembered,
}

impl<W: Databases> Looking<'_, W> {
    fn region(&self) -> &Region {
        &self.on.plan.home_region
    }

    async fn here(&self, identifier: &str) -> Result<Option<Found>, Error> {
        let asked = self.world.database(self.kind, self.region(), identifier);
        asked.await
    }

    async fn recovery(&self) -> Result<Option<Found>, Error> {
        let name = self.on.resource.recovery();
        let region = &self.on.plan.recovery_region;
        self.world.database(self.kind, region, name).await
    }

    async fn taken(&self, region: &Region, name: &str) -> Result<Option<Taken>, Error> {
        self.world.database_snapshot(self.kind, region, name).await
    }

    fn named(&self, round: u32) -> String {
        let plan = &self.on.plan.plan;
        names::snapshot(plan, self.on.resource.name(), round, &self.kept.short)
    }

    async fn homes(&self) -> Result<Seen, Error> {
        let name = self.on.resource.home();
        let old = names::old(name, &self.kept.short);
        let (home, old) = futures::try_join!(self.here(name), self.here(&old))?;
        Ok(Seen {
            home,
            old,
            ..Seen::default()
        })
    }

    async fn prepare(&self) -> Result<Seen, Error> {
        let name = self.on.resource.home();
        let failed = names::failed(name, &self.kept.short);
        let seen = self.homes().await?;
        let (recovery, failed) = futures::try_join!(self.recovery(), self.here(&failed))?;
        let rehearsal = self.here(&names::rehearsal(name)).await?;
        let (here, away) = (self.region(), &self.on.plan.recovery_region);
        let (home_room, recovery_room) = futures::try_join!(
            self.world.snapshot_room(self.kind, here),
            self.world.snapshot_room(self.kind, away)
        )?;
        let exchanged = seen.home.is_none() && recovery.is_none() && self.exchanged().await?;
        let mut taken = Vec::new();
        let instances = seen.home.iter().flat_map(|home| &home.shape.instances);
        for instance in instances.filter(|_| self.kind == Kind::Cluster) {
            let name = names::old(&instance.identifier, &self.kept.short);
            let asked = self.world.database(Kind::Instance, self.region(), &name);
            taken.extend(asked.await?.map(|_| name));
        }
        Ok(Seen {
            recovery,
            failed,
            rehearsal,
            taken,
            home_room,
            recovery_room,
            exchanged,
            ..seen
        })
    }

    /// Whether each Region has what the plan says that the other one has.
    async fn exchanged(&self) -> Result<bool, Error> {
        let (resource, away) = (self.on.resource, &self.on.plan.recovery_region);
        let home = self.world.database(self.kind, away, resource.home());
        let (home, recovery) = futures::try_join!(home, self.here(resource.recovery()))?;
        Ok(home.is_some() && recovery.is_some())
    }

    /// A round of copies, and the one before.
    async fn round(&self, round: u32) -> Result<Seen, Error> {
        let recovery = self.recovery().await?;
        if round == 0 {
            return Ok(Seen {
                recovery,
                ..Seen::default()
            });
        }
        let (here, away) = (self.region(), &self.on.plan.recovery_region);
        let (name, earlier) = (self.named(round), self.named(round.saturating_sub(1)));
        let (source, copy) = futures::try_join!(self.taken(away, &name), self.taken(here, &name))?;
        let (earlier_source, earlier_copy) =
            futures::try_join!(self.taken(away, &earlier), self.taken(here, &earlier))?;
        Ok(Seen {
            recovery,
            source,
            copy,
            earlier_source,
            earlier_copy,
            ..Seen::default()
        })
    }

    async fn rehearse(&self) -> Result<Seen, Error> {
        let name = names::rehearsal(self.on.resource.home());
        let copy = self.named(self.kept.complete_round());
        let copy = self.taken(self.region(), &copy);
        let (rehearsal, copy) = futures::try_join!(self.here(&name), copy)?;
        Ok(Seen {
            rehearsal,
            copy,
            ..Seen::default()
        })
    }

    async fn cut_over(&self) -> Result<Seen, Error> {
        let seen = self.homes().await?;
        let copy = match self.kept.last_round {
            Some(round) => self.taken(self.region(), &self.named(round)).await?,
            None => None,
        };
        Ok(Seen { copy, ..seen })
    }

    async fn conclude(&self) -> Result<Seen, Error> {
        let (plan, name) = (&self.on.plan.plan, self.on.resource.name());
        let point = names::point(plan, name, &self.kept.short);
        let seen = self.homes().await?;
        let point = self.taken(self.region(), &point).await?;
        Ok(Seen { point, ..seen })
    }

    async fn revert(&self) -> Result<Seen, Error> {
        let failed = names::failed(self.on.resource.home(), &self.kept.short);
        let seen = self.homes().await?;
        let (recovery, failed) = futures::try_join!(self.recovery(), self.here(&failed))?;
        Ok(Seen {
            recovery,
            failed,
            ..seen
        })
    }
}

//! What a phase looks at: no more than it decides by, and nothing in the recovery Region where home alone is changed.

use failover::{Error, domain::Region};

use super::{Seen, copies::base_of, names, remembered::Remembered};
use crate::{
    hosts::{Host, Hosts, Loading, Snapshot, Tags},
    phase::Phase,
    plan::Ec2Instance,
    verbs::On,
};

/// Looks for a phase.
///
/// # Errors
/// `Unavailable` and `Denied`, where EC2 does not tell.
pub(super) async fn look<W: Hosts>(
    world: &W,
    on: &On<'_>,
    wished: &Ec2Instance,
) -> Result<Seen, Error> {
    let looking = Looking {
        world,
        on,
        wished,
        kept: Remembered::read(on)?,
    };
    match on.phase {
        Phase::Prepare => Box::pin(looking.prepare()).await,
        Phase::Sync => looking.round(looking.kept.round).await,
        Phase::LastSync => {
            let round = looking.kept.last_round.unwrap_or_default();
            looking.round(round).await
        }
        Phase::Rehearse => looking.rehearse().await,
        Phase::Suspend | Phase::Retire => Ok(Seen {
            recovery: looking.recovery().await?,
            ..Seen::default()
        }),
        Phase::CutOver => Box::pin(looking.cut_over()).await,
        Phase::Verify => looking.verify().await,
        Phase::Conclude => {
            let (home, copies) = futures::try_join!(looking.home(), looking.copies())?;
            Ok(Seen {
                home,
                copies,
                ..Seen::default()
            })
        }
        Phase::Revert => {
            let (seen, recovery) = futures::try_join!(looking.homes(), looking.recovery())?;
            Ok(Seen { recovery, ..seen })
        }
    }
}

struct Looking<'a, W> {
    world: &'a W,
    on: &'a On<'a>,
    wished: &'a Ec2Instance,
    kept: Remembered,
}

impl<W: Hosts> Looking<'_, W> {
    fn here(&self) -> &Region {
        &self.on.plan.home_region
    }

    fn away(&self) -> &Region {
        &self.on.plan.recovery_region
    }

    /// The tags of what this run has made for a purpose.
    fn made(&self, role: &str) -> Tags {
        let mut tags = names::of_run(&self.on.plan.plan, &self.wished.name, &self.kept.run);
        tags.insert(names::ROLE_TAG.to_owned(), role.to_owned());
        tags
    }

    /// The host of home: the plan's, or the one that this run has made.
    async fn home(&self) -> Result<Option<Host>, Error> {
        let is_gone = !self.kept.pairs.is_empty() && self.kept.home_shape.is_none();
        if is_gone && self.kept.home_id.is_none() {
            let tags = self.made(names::HOST);
            // Of two one that is there counts, and then the first.
            let made = self.world.hosts_with(self.here(), &tags).await?.into_iter();
            return Ok(made.min_by_key(|host| (host.is_gone(), host.id.clone())));
        }
        let id = self.kept.home_id(self.on);
        self.world.host(self.here(), id).await
    }

    async fn recovery(&self) -> Result<Option<Host>, Error> {
        let id = &self.wished.recovery;
        self.world.host(self.away(), id).await
    }

    fn all(&self) -> Tags {
        names::of_resource(&self.on.plan.plan, &self.wished.name)
    }

    async fn copies(&self) -> Result<Vec<Snapshot>, Error> {
        self.world.snapshots_with(self.here(), &self.all()).await
    }

    async fn sources(&self) -> Result<Vec<Snapshot>, Error> {
        self.world.snapshots_with(self.away(), &self.all()).await
    }

    async fn prepare(&self) -> Result<Seen, Error> {
        let (here, away, world) = (self.here(), self.away(), self.world);
        let (home, recovery) = futures::try_join!(self.home(), self.recovery())?;
        let mut seen = Seen {
            exchanged: home.is_none() && recovery.is_none() && self.exchanged().await?,
            ..Seen::default()
        };
        if let Some(home) = home.as_ref().filter(|host| !host.is_gone()) {
            let volumes = volumes_of(home);
            let volumes = world.volumes(here, &volumes);
            let protected = world.stop_protection(here, &home.id);
            (seen.home_volumes, seen.home_protected) = futures::try_join!(volumes, protected)?;
        } else {
            let (there, network) = futures::try_join!(world.network(away), world.network(here))?;
            (seen.away, seen.network) = (there, network);
        }
        if let Some(recovery) = recovery.as_ref().filter(|host| !host.is_gone()) {
            let volumes = volumes_of(recovery);
            let volumes = world.volumes(away, &volumes);
            let protected = world.stop_protection(away, &recovery.id);
            (seen.recovery_volumes, seen.recovery_protected) =
                futures::try_join!(volumes, protected)?;
        }
        if self.wished.rehearsal.is_some() && seen.network.subnets.is_empty() {
            seen.network = world.network(here).await?;
        }
        Ok(Seen {
            home,
            recovery,
            ..seen
        })
    }

    /// Whether each Region has what the plan says that the other one has.
    async fn exchanged(&self) -> Result<bool, Error> {
        let home = self.world.host(self.away(), &self.wished.home);
        let recovery = self.world.host(self.here(), &self.wished.recovery);
        let (home, recovery) = futures::try_join!(home, recovery)?;
        Ok(home.is_some() && recovery.is_some())
    }

    async fn round(&self, round: u32) -> Result<Seen, Error> {
        let (recovery, sources, copies) =
            futures::try_join!(self.recovery(), self.sources(), self.copies())?;
        let mut seen = Seen {
            recovery,
            sources,
            copies,
            ..Seen::default()
        };
        if round > 0 && self.kept.to_move.round != round {
            seen.to_move = self.to_move(&seen, round).await?;
        }
        Ok(seen)
    }

    /// What a round has to move: all of what nothing is at home of, and of the rest the blocks that changed. Nothing is asked before all
    /// its snapshots are complete.
    async fn to_move(&self, seen: &Seen, round: u32) -> Result<Option<Option<u64>>, Error> {
        let tags = self.made(&names::round(round));
        let mut sum = Some(0_u64);
        for pair in &self.kept.pairs {
            let mut sources = seen.sources.iter();
            let source = sources.find(|source| {
                let is_ours = tags
                    .iter()
                    .all(|(key, value)| source.tags.get(key) == Some(value));
                is_ours && source.volume == pair.recovery_volume && source.is_complete()
            });
            let Some(source) = source else {
                return Ok(None);
            };
            let bytes = match base_of(seen, pair, &source.id) {
                None => source.full_bytes,
                Some(base) => {
                    let asked = self.world.changed_bytes(self.away(), &base.id, &source.id);
                    asked.await?
                }
            };
            sum = sum.zip(bytes).map(|(sum, bytes)| sum + bytes);
        }
        Ok(Some(sum))
    }

    async fn rehearse(&self) -> Result<Seen, Error> {
        if self.wished.rehearsal.is_none() {
            return Ok(Seen::default());
        }
        let (here, world) = (self.here(), self.world);
        let tags = self.made(names::TWIN);
        let image = names::image(&self.wished.name, names::TWIN, &self.kept.run);
        let (copies, twins, image) = futures::try_join!(
            self.copies(),
            world.hosts_with(here, &tags),
            world.image(here, &image)
        )?;
        let twin = twins
            .into_iter()
            .min_by_key(|host| (host.is_gone(), host.id.clone()));
        let running = twin.as_ref().filter(|host| host.is_running());
        let checks = match running {
            Some(host) => world.checks(here, &host.id).await?,
            None => None,
        };
        Ok(Seen {
            copies,
            twin,
            image,
            checks,
            ..Seen::default()
        })
    }

    /// The home host, what this run has made for it, and what stood there before.
    async fn homes(&self) -> Result<Seen, Error> {
        let (here, world) = (self.here(), self.world);
        let made = self.made(names::VOLUME);
        let old = self.kept.pairs.iter();
        let old: Vec<String> = old.filter_map(|pair| pair.home_volume.clone()).collect();
        let (home, home_volumes, made) = futures::try_join!(
            self.home(),
            world.volumes(here, &old),
            world.volumes_with(here, &made)
        )?;
        Ok(Seen {
            home,
            home_volumes,
            made,
            ..Seen::default()
        })
    }

    async fn cut_over(&self) -> Result<Seen, Error> {
        let (here, world) = (self.here(), self.world);
        let (seen, copies) = futures::try_join!(self.homes(), self.copies())?;
        let image = match self.kept.home_shape {
            Some(_) => None,
            None => {
                let name = names::image(&self.wished.name, names::HOST, &self.kept.run);
                world.image(here, &name).await?
            }
        };
        let loading = self.loading(&seen).await?;
        Ok(Seen {
            copies,
            image,
            loading,
            ..seen
        })
    }

    async fn loading(&self, seen: &Seen) -> Result<Vec<Loading>, Error> {
        let made: Vec<String> = seen.made.iter().map(|volume| volume.id.clone()).collect();
        if !self.wished.wait_until_read || made.is_empty() {
            return Ok(Vec::new());
        }
        self.world.loading(self.here(), &made).await
    }

    async fn verify(&self) -> Result<Seen, Error> {
        let home = self.home().await?;
        let checks = match home.as_ref().filter(|host| host.is_running()) {
            Some(home) => self.world.checks(self.here(), &home.id).await?,
            None => None,
        };
        Ok(Seen {
            home,
            checks,
            ..Seen::default()
        })
    }
}

fn volumes_of(host: &Host) -> Vec<String> {
    let devices = host.devices.iter();
    devices.map(|device| device.volume.clone()).collect()
}

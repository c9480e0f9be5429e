//! The local AWS with the repository's templates deployed, on which worlds are built one after the other.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rds_sim::Simulator;
use report::timeline::{Kind, Timeline};

use super::{Secrets, Trouble, resources, start};
use crate::{
    emulator::{Emulator, EmulatorConfig},
    profile::{Profile, WITNESS},
    roads::Roads,
};

/// The local AWS with everything deployed.
pub struct Deployed {
    /// The repository's root.
    pub(super) root: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) emulator: Arc<Emulator>,
    pub(super) zone_id: String,
    pub(super) secrets: Secrets,
    /// The Regions that may have a member.
    members: &'static [&'static str],
    /// The simulated RDS in which stacks have built the databases, until the world on it takes it.
    simulator: Mutex<Option<Simulator>>,
}

impl Deployed {
    /// What a scenario is played on by itself.
    ///
    /// # Errors
    /// When something does not come up; nothing is left running then.
    pub async fn of_one(
        programs: (&Path, &Path),
        folder: &Path,
        profile: &Profile,
        timeline: &Timeline,
    ) -> Result<Self, Trouble> {
        if profile.from_nothing {
            Self::from_nothing(programs, folder, profile, timeline).await
        } else {
            Self::start(programs, folder, profile.members, timeline).await
        }
    }

    /// Starts an empty local AWS in `folder` and has stacks build everything in it, the databases included.
    async fn from_nothing(
        programs: (&Path, &Path),
        folder: &Path,
        profile: &Profile,
        timeline: &Timeline,
    ) -> Result<Self, Trouble> {
        let text = "starts an empty local AWS, and has stacks build everything from nothing";
        timeline.say(Kind::Setup, "the drill", text);
        let emulator = Emulator::start(&EmulatorConfig {
            root: programs.0.to_owned(),
            folder: folder.join("emulator"),
        })
        .await?;
        let simulator = start::simulator(programs.0, folder, profile).await?;
        emulator.know_rds(simulator.address()).await?;
        let port = Roads::free_port().await?;
        emulator
            .deploy(&start::from_nothing(programs, folder, profile, port)?)
            .await?;
        for region in profile.members {
            resources::services(&emulator, region).await?;
        }
        let secrets = resources::secrets_made(&emulator, profile.members).await?;
        Ok(Self {
            root: programs.0.to_owned(),
            folder: folder.to_owned(),
            zone_id: resources::zone_made(&emulator).await?,
            emulator: Arc::new(emulator),
            secrets,
            members: profile.members,
            simulator: Mutex::new(Some(simulator)),
        })
    }

    /// The simulated RDS in which the databases are built already, for the world that is built on it.
    pub(super) fn take_simulator(&self) -> Option<Simulator> {
        let mut simulator = self
            .simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        simulator.take()
    }

    /// Starts a local AWS in `folder`, which is the drill's own, and deploys the functions that are in `binaries` to the Regions of the
    /// members and the witness.
    ///
    /// # Errors
    /// When something does not come up; nothing is left running then.
    pub async fn start(
        (root, binaries): (&Path, &Path),
        folder: &Path,
        members: &'static [&'static str],
        timeline: &Timeline,
    ) -> Result<Self, Trouble> {
        let text = format!(
            "starts a local AWS and deploys the templates to {}, {WITNESS}",
            members.join(", ")
        );
        timeline.say(Kind::Setup, "the drill", text);
        let emulator = Emulator::start(&EmulatorConfig {
            root: root.to_owned(),
            folder: folder.join("emulator"),
        })
        .await?;
        let zone_id = resources::zone(&emulator).await?;
        let secrets = Secrets::new();
        let deployment = start::deployment(binaries, folder, members, &zone_id);
        let (deployed, created) = tokio::join!(
            emulator.deploy(&deployment),
            resources::create(&emulator, members, &secrets)
        );
        deployed?;
        created?;
        Ok(Self {
            root: root.to_owned(),
            folder: folder.to_owned(),
            emulator: Arc::new(emulator),
            zone_id,
            secrets,
            members,
            simulator: Mutex::new(None),
        })
    }

    /// Ends every run and every function that a world left, so that the next one begins in quiet.
    ///
    /// # Errors
    /// When the emulator does not answer, or a function would not end.
    pub async fn quiet(&self) -> Result<(), Trouble> {
        for region in self.members {
            self.emulator.stop_runs(region).await?;
        }
        for region in self.regions() {
            self.emulator.kill_region(region).await?;
        }
        for region in self.regions() {
            self.emulator.return_region(region).await?;
        }
        Ok(())
    }

    /// Every Region to which something is deployed.
    pub(super) fn regions(&self) -> impl Iterator<Item = &'static str> {
        self.members.iter().copied().chain([WITNESS])
    }

    /// The Regions that may have a member.
    pub(super) const fn members(&self) -> &'static [&'static str] {
        self.members
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When something would not end, or a world still stands.
    pub async fn end(self) -> Result<(), Trouble> {
        let emulator = Arc::into_inner(self.emulator).ok_or("a world still stands")?;
        Ok(emulator.stop().await?)
    }
}

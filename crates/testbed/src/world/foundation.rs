//! What lies beneath every world: global databases on real PostgreSQL with the simulated RDS, roads with TLS to their members, and
//! the names that lead over them.

use std::{collections::HashMap, net::SocketAddr, path::Path};

use aws_config::SdkConfig;
use rds_sim::Simulator;
use tokio::task::JoinSet;

use super::{Members, Secrets, Trouble, databases, in_process::config, names, start};
use crate::{
    certificates::Certificates,
    database::connect_postgres,
    dns::{Dns, empty_route53},
    profile::{HOME, PLAN, Profile, STANDBY, WITNESS, cluster},
    roads::Roads,
};

/// The endpoints of a plan's members in a simulated RDS without databases.
///
/// # Errors
/// When the simulated RDS refuses to make them.
pub async fn members(simulator: &Simulator, profile: &Profile) -> Result<Members, Trouble> {
    let secrets = Secrets::new();
    let mut endpoints = databases::create(&config, simulator, &secrets, profile).await?;
    Ok(endpoints.remove(PLAN).unwrap_or_default())
}

/// The foundation of a world.
pub struct Foundation {
    /// The simulated RDS with its databases.
    pub simulator: Simulator,
    /// Every password.
    pub secrets: Secrets,
    /// What the databases show, and what is trusted.
    pub certificates: Certificates,
    /// The roads to the databases.
    pub roads: Roads,
    /// The endpoints of each plan's members.
    pub endpoints: HashMap<String, Members>,
    /// The DNS server of each vantage.
    pub resolvers: HashMap<String, SocketAddr>,
    /// Answers for those names as long as it lives.
    pub dns: Dns,
}

/// Where a foundation is laid, and who vouches for it.
pub(super) struct Ground<'a, C> {
    /// The repository's root.
    pub(super) root: &'a Path,
    /// A folder of its own.
    pub(super) folder: &'a Path,
    pub(super) profile: &'a Profile,
    pub(super) secrets: Secrets,
    /// How RDS is called in a Region.
    pub(super) config: C,
    /// Who serves the private zone, which is the next.
    pub(super) route53: aws_sdk_route53::Client,
    pub(super) zone_id: &'a str,
    /// Every Region that something looks from.
    pub(super) regions: &'a [&'static str],
    /// The simulated RDS whose databases are there already.
    pub(super) simulator: Option<Simulator>,
}

impl Foundation {
    /// Lays it in `folder`, which is its own, without an emulator and with an empty zone that is served as long as its second
    /// part lives.
    ///
    /// # Errors
    /// When something of it does not come up.
    pub async fn in_folder(
        root: &Path,
        folder: &Path,
        profile: &Profile,
    ) -> Result<(Self, JoinSet<std::io::Result<()>>), Trouble> {
        std::fs::create_dir_all(folder)?;
        let (route53, serving) = empty_route53().await?;
        let foundation = Self::lay(Ground {
            root,
            folder,
            profile,
            secrets: Secrets::new(),
            config,
            route53,
            zone_id: "Z0EXAMPLE",
            regions: &[HOME, STANDBY, WITNESS],
            simulator: None,
        });
        Ok((foundation.await?, serving))
    }

    /// Lays it on whatever ground there is.
    pub(super) async fn lay<C: Fn(&str) -> SdkConfig>(
        ground: Ground<'_, C>,
    ) -> Result<Self, Trouble> {
        let (profile, folder) = (ground.profile, ground.folder);
        let regions = || ground.regions.iter().copied();
        let secrets = ground.secrets;
        let (simulator, endpoints) = match ground.simulator {
            Some(simulator) => {
                let endpoints = databases::built(&ground.config, &simulator, profile).await?;
                (simulator, endpoints)
            }
            None => {
                let simulator = start::simulator(ground.root, folder, profile).await?;
                let created =
                    databases::create(&ground.config, &simulator, &secrets, profile).await?;
                (simulator, created)
            }
        };
        let certificates = Certificates::create(&folder.join("tls"))?;
        let roads = start::roads(&simulator, &certificates, &endpoints, profile, regions()).await?;
        let (dns, resolvers) = names::serve(
            ground.route53,
            ground.zone_id,
            &roads,
            &endpoints,
            regions(),
        )
        .await?;
        Ok(Self {
            simulator,
            secrets,
            certificates,
            roads,
            endpoints,
            resolvers,
            dns,
        })
    }

    /// The endpoints of the first plan's members.
    #[must_use]
    pub fn take_members(&mut self) -> Members {
        self.endpoints.remove(PLAN).unwrap_or_default()
    }

    /// An administrator's connection to a database of the first plan's member in a Region, past every road.
    ///
    /// # Errors
    /// When there is no such database, or it does not answer.
    pub async fn admin(
        &self,
        region: &str,
        database: &str,
    ) -> Result<tokio_postgres::Client, Trouble> {
        let backend = self.simulator.backend(region, cluster(region));
        let backend = backend.ok_or("there is no such database")?;
        let login = (databases::admin_user(), &*self.secrets.admin);
        Ok(connect_postgres(backend, login, database).await?)
    }
}

//! What lies beneath every world without an emulator: a global database on real PostgreSQL with the simulated RDS, roads with
//! TLS to its members, and the names that lead over them.

use std::{collections::HashMap, net::SocketAddr, path::Path};

use rds_sim::Simulator;
use tokio::task::JoinSet;

use super::{Endpoints, Secrets, Trouble, databases, lab::config, names, start};
use crate::{
    certificates::Certificates,
    dns::{Dns, empty_route53},
    profile::{HOME, PLAN, Profile, STANDBY, WITNESS},
    roads::Roads,
};

/// The endpoints of a plan's members in a simulated RDS without databases.
///
/// # Errors
/// When the simulated RDS refuses to make them.
pub async fn members(
    simulator: &Simulator,
    profile: &Profile,
) -> Result<HashMap<String, Endpoints>, Trouble> {
    let secrets = Secrets::new();
    let mut endpoints = databases::create(&config, simulator, &secrets, profile).await?;
    Ok(endpoints.remove(PLAN).unwrap_or_default())
}

/// The foundation of a world.
pub struct Laid {
    /// The simulated RDS with its databases.
    pub simulator: Simulator,
    /// Every password.
    pub secrets: Secrets,
    /// What the databases show, and what is trusted.
    pub certificates: Certificates,
    /// The roads to the databases.
    pub roads: Roads,
    /// The endpoints of the plan's members, by Region.
    pub endpoints: HashMap<String, Endpoints>,
    /// The DNS server of each Region.
    pub resolvers: HashMap<String, SocketAddr>,
    /// Answers for those names as long as it lives.
    pub dns: Dns,
    /// The zone that it serves, which is empty.
    pub route53: JoinSet<std::io::Result<()>>,
}

impl Laid {
    /// Lays it in `folder`, which is its own.
    ///
    /// # Errors
    /// When something of it does not come up.
    pub async fn in_folder(root: &Path, folder: &Path, profile: &Profile) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder)?;
        let simulator = start::simulator(root, folder, profile).await?;
        let secrets = Secrets::new();
        let mut endpoints = databases::create(&config, &simulator, &secrets, profile).await?;
        let certificates = Certificates::create(&folder.join("tls"))?;
        let regions = || [HOME, STANDBY, WITNESS].into_iter();
        let roads = start::roads(&simulator, &certificates, &endpoints, None, regions()).await?;
        let (client, route53) = empty_route53().await?;
        let (dns, resolvers) =
            names::serve(client, "Z0EXAMPLE", &roads, &endpoints, regions()).await?;
        Ok(Self {
            simulator,
            secrets,
            certificates,
            roads,
            endpoints: endpoints.remove(PLAN).unwrap_or_default(),
            resolvers,
            dns,
            route53,
        })
    }
}

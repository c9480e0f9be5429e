//! Where the roads of a drill lead, when members are rebuilt and clusters made.

use super::{Trouble, World};
use crate::profile::{CLIENT, PLAN, member};

impl World {
    /// Leads every road to where its member's database is now: a rebuilt member is another one.
    pub fn lead_roads(&self) {
        for region in self.profile.members {
            let name = member(PLAN, region);
            let Some(backend) = self.simulator.backend(region, &name) else {
                continue;
            };
            for vantage in self.regions.iter().chain([&CLIENT]) {
                // Some vantages have no road to a member without instance.
                let _ = self.roads.set_backend(vantage, &name, backend);
            }
        }
    }

    /// Opens roads to a cluster that somebody has made meanwhile, under the name that RDS gave it.
    ///
    /// # Errors
    /// When it has no database, or there is no address left.
    pub async fn open_roads_to(
        &self,
        region: &str,
        cluster: &str,
        endpoint: &str,
    ) -> Result<(), Trouble> {
        let backend = self.simulator.backend(region, cluster);
        let backend = backend.ok_or("there is no such database")?;
        let tls = self.certificates.server(&[endpoint])?;
        for vantage in self.regions.iter().chain([&CLIENT]) {
            let road = self.roads.open(vantage, cluster, backend, tls.clone());
            self.dns.add_endpoint(vantage, endpoint, road.await?)?;
        }
        Ok(())
    }
}

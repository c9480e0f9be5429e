//! Where the roads of a drill lead, when members are rebuilt and clusters made.

use std::{net::SocketAddr, time::Duration};

use super::{Trouble, World};
use crate::{
    profile::{CLIENT, PLAN, member},
    roads::Roads,
};

/// How often a kept world looks where its databases are.
const LOOK: Duration = Duration::from_millis(100);

impl World {
    /// Leads every road to where its member's database is now: a rebuilt member is another one.
    pub fn lead_roads(&self) {
        for region in self.profile.members {
            let name = member(PLAN, region);
            let backend = self.simulator.backend(region, &name);
            let vantages = self.regions.iter().chain([&CLIENT]);
            lead(&self.roads, vantages.copied(), &name, backend);
        }
    }

    /// Leads roads to wherever the databases are, as long as it is polled: for worlds in which nobody else waits for anything.
    pub async fn follow_databases(&self) {
        // Ends: whoever keeps the world drops it.
        loop {
            self.lead_roads();
            tokio::time::sleep(LOOK).await;
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

/// Leads the roads from every vantage to where a member's database is. Without one they lead where they did.
fn lead<'a>(
    roads: &Roads,
    vantages: impl Iterator<Item = &'a str>,
    member: &str,
    backend: Option<SocketAddr>,
) {
    let Some(backend) = backend else {
        return;
    };
    for vantage in vantages {
        // Some vantages have no road to a member without instance.
        let _ = roads.set_backend(vantage, member, backend);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::Certificates;

    #[tokio::test]
    async fn a_road_leads_to_the_member_that_was_made_anew_and_stays_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(folder.path()).unwrap();
        let tls = certificates.server(&["orders-west.example"]).unwrap();
        let roads = Roads::new(Roads::free_port().await.unwrap());
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        for vantage in ["client", "us-west-2"] {
            let opened = roads.open(vantage, "orders-west", at(4_001), tls.clone());
            opened.await.unwrap();
        }
        let vantages = ["client", "us-west-2", "us-east-2"];
        for (backend, leads_to) in [
            (Some(at(4_002)), 4_002),
            (None, 4_002),
            (Some(at(4_003)), 4_003),
        ] {
            lead(&roads, vantages.into_iter(), "orders-west", backend);
            for vantage in ["client", "us-west-2"] {
                assert_eq!(roads.backend(vantage, "orders-west"), Some(at(leads_to)));
            }
        }
        assert_eq!(roads.backend("us-east-2", "orders-west"), None);
    }
}

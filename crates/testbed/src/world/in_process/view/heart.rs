//! The databases, over the roads of a function's Region.

use failover::Error;
use postgres::Connector;

use super::View;

impl View {
    fn connector(&self) -> Result<&Connector, Error> {
        let found = self.world.connectors.get(&self.region);
        found.ok_or_else(|| Error::NotReady(format!("{} has no resolver", self.region)))
    }
}

postgres::heart_over_sql!(View);

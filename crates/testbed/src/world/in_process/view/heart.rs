//! The databases, over the roads of a function's Region.

use aws::Databases;
use failover::Error;

use super::View;

impl View {
    fn databases(&self) -> Result<&Databases, Error> {
        let found = self.world.databases.get(&self.region);
        found.ok_or_else(|| Error::NotReady(format!("{} has no resolver", self.region)))
    }
}

aws::heart_over_sql!(View);

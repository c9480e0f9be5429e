//! Route 53's health checkers in a world: each Region's has a road to S3 of each Region that something is deployed to.

use super::{Trouble, World};
use crate::health_checks::{Pace, Prober, Reach, s3};

impl World {
    /// Lets Route 53's checkers look at the account's health checks as long as what is answered lives, past the front door, and lets
    /// failover records follow them. A lost Region's S3 answers no checker.
    ///
    /// # Errors
    /// When a road cannot be opened, or the health checks cannot be read.
    pub async fn check_health(&self, pace: Pace) -> Result<Prober, Trouble> {
        let emulator = self.emulator.address();
        let reach = Reach::to_s3(&self.roads, &self.certificates, emulator, &self.regions).await?;
        for region in self.lost() {
            self.roads.lose_member(&s3(&region));
        }
        let route53 = aws_sdk_route53::Client::new(&self.emulator.sdk_config("us-east-1"));
        let prober = Prober::start(route53, reach, pace).await?;
        self.dns.heed(prober.states());
        Ok(prober)
    }
}

//! The roads from Route 53's checkers to S3, which answers in each Region by itself.

use std::net::SocketAddr;

use super::{check::CHECKER_REGIONS, reach::Reach};
use crate::{
    certificates::{CertificateError, Certificates},
    roads::Roads,
};

/// A road to S3 could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NoRoads {
    /// S3 would have no certificate.
    #[error("a Region's S3 has no certificate")]
    Certificate(#[from] CertificateError),
    /// There is no address left.
    #[error("a road to S3 has no address")]
    Address(#[from] std::io::Error),
}

/// S3 of a Region, by the name under which its buckets' names are.
#[must_use]
pub fn s3(region: &str) -> String {
    format!("s3.{region}.amazonaws.com")
}

/// Where the roads of a Region's checkers begin.
#[must_use]
pub fn checkers(region: &str) -> String {
    format!("checkers in {region}")
}

impl Reach {
    /// Lets the names of all buckets in these Regions lead to the emulator, over a road from each Region's checkers to each Region's
    /// S3. A bucket is served under the name of any Region, where S3 would lead elsewhere.
    ///
    /// # Errors
    /// When a road cannot be opened.
    pub async fn to_s3(
        roads: &Roads,
        certificates: &Certificates,
        emulator: SocketAddr,
        regions: &[&str],
    ) -> Result<Self, NoRoads> {
        let mut reach = Self::default();
        for region in regions {
            let name = s3(region);
            let tls = certificates.server(&[&format!("*.{name}")])?;
            for from in CHECKER_REGIONS {
                let vantage = checkers(from);
                let opened = roads.open_web(&vantage, &name, emulator, tls.clone());
                reach.add(&name, from, (opened.await?, roads.port()).into());
            }
        }
        Ok(reach)
    }
}

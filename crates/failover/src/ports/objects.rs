//! Objects in S3, by which a route is switched without any control plane.

use jiff::Timestamp;

use crate::{Error, domain::Region};

/// S3's data plane in the Regions of a plan.
pub trait Objects: Sync {
    /// An object; `None` where there is none.
    fn object(
        &self,
        region: &Region,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Object>, Error>> + Send;
    /// Writes an object where it still is what was `read`, or where there still is none. Whether it was written: what somebody else
    /// wrote meanwhile stays.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.
    fn put_object(
        &self,
        region: &Region,
        place: (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it says.
    pub text: String,
    /// What a conditional write compares: its ETag.
    pub tag: String,
    /// When it was written, by S3's clock; `None` where that is not said.
    pub written_at: Option<Timestamp>,
}

//! Refusals about room for snapshots, and about keys.

use super::Fault;

impl Fault {
    /// The Region has as many snapshots as the account may keep there.
    pub fn snapshot_quota() -> Self {
        Self::new(
            400,
            "SnapshotQuotaExceeded",
            "The request would result in the user exceeding the allowed number of DB snapshots.",
        )
    }

    /// The Region takes no more copies at once. AWS publishes no code for it; this one is an assumption.
    pub fn copies_at_once(most: usize, region: &str) -> Self {
        Self::new(
            400,
            "SnapshotQuotaExceeded",
            format!("No more than {most} snapshots can be copied to {region} at once."),
        )
    }

    /// The key is none of the Region's.
    pub fn key_not_accessible(key: &str) -> Self {
        Self::new(
            400,
            "KMSKeyNotAccessibleFault",
            format!("The specified KMS key {key} is not accessible in this Region."),
        )
    }

    /// The key that encrypts a snapshot is of another Region, and none of this one was named.
    /// AWS documents that it must be; the text is an assumption.
    pub fn key_of_source(snapshot: &str, region: &str) -> Self {
        Self::new(
            400,
            "KMSKeyNotAccessibleFault",
            format!(
                "The KMS key of snapshot {snapshot} is not accessible in {region}: name one of that Region by KmsKeyId."
            ),
        )
    }

    /// Refuses the ARN of a key that is of another Region. Names and aliases are looked for in the Region itself.
    ///
    /// # Errors
    /// `KMSKeyNotAccessibleFault`.
    pub fn unless_key_of(region: &str, key: &str) -> Result<(), Self> {
        let is_here = key.starts_with(&format!("arn:aws:kms:{region}:"));
        if is_here || !key.starts_with("arn:") {
            return Ok(());
        }
        Err(Self::key_not_accessible(key))
    }
}

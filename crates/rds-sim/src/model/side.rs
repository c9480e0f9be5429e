//! The sides of a Multi-AZ instance.

/// The side of an instance that a snapshot was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The instance itself, whose input and output may stand still meanwhile.
    Instance,
    /// Its standby, so that the instance goes on undisturbed.
    Standby,
}

//! What came about in the databases.

use failover::domain::Region;

/// What a settling brought about, in order. Databases are known by their clusters' resource ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A database takes no more writes: it was fenced, shut for a switchover, or its last instance went.
    Closed {
        /// Whose.
        resource_id: String,
    },
    /// A database takes writes again in the role that it had: an operation was called off, or it has an instance again.
    Opened {
        /// Whose.
        resource_id: String,
    },
    /// A follower receives no more rows; it is about to be promoted.
    Cut {
        /// Whose.
        resource_id: String,
    },
    /// A follower that was cut takes writes, once an instance serves.
    Promoted {
        /// Its Region.
        region: Region,
        /// Whose.
        resource_id: String,
        /// Whether it left its global cluster for that.
        alone: bool,
    },
    /// A follower that has every row of its closed primary takes writes; that one and every other follower follow it.
    SwitchedOver {
        /// The primary before.
        old: String,
        /// The primary now.
        new: String,
    },
    /// A database's rows were replaced by those of a primary, which it follows from now on.
    Follows {
        /// Whose.
        resource_id: String,
        /// What it follows.
        primary_resource_id: String,
    },
    /// A new cluster has the rows of a primary, and follows it.
    Created {
        /// Its Region.
        region: Region,
        /// What RDS calls it for good.
        resource_id: String,
        /// What it follows.
        primary_resource_id: String,
    },
    /// A cluster and its rows are gone.
    Deleted {
        /// Whose.
        resource_id: String,
    },
    /// The rows that a database has now are those of this snapshot, once that is available.
    Snapshot {
        /// Its Region.
        region: Region,
        /// Its identifier.
        snapshot: String,
        /// Whose rows.
        resource_id: String,
    },
    /// A snapshot has the rows of another one of its Region.
    Copied {
        /// Their Region.
        region: Region,
        /// The one that was there.
        source: String,
        /// The copy.
        snapshot: String,
    },
    /// A snapshot and its rows are gone, or it failed.
    SnapshotLost {
        /// Its Region.
        region: Region,
        /// Its identifier.
        snapshot: String,
    },
    /// A cluster's writer goes down for a moment: every connection ends, and those of its followers' readers with them.
    Restarts {
        /// Whose.
        resource_id: String,
    },
    /// It is back, in the role that it had.
    Restarted {
        /// Whose.
        resource_id: String,
    },
}

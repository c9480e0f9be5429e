//! Parts of subjects that others look for: the drills, and the judge of the simulation. Each is written down here alone.

use crate::domain::Region;

/// A writer is suspected.
pub const SUSPECTED: &str = "is suspected";
/// A switch keeps runs from being started.
pub const NOT_STARTED: &str = "no run is started";
/// A suspicion was not taken.
pub const NOT_TAKEN: &str = "no run can be started";
/// The promotion begins.
pub const RETURN: &str = "point of no return";
/// RDS does not carry the managed failover out.
pub const DETACHED: &str = "is detached instead";
/// Somebody else has the writer.
pub const TOOK_OVER: &str = "took over";
/// A run has promoted nothing.
pub const STOPPED: &str = "stopped before anything was promoted";
/// A run has promoted something, and did not come to its end.
pub const INCOMPLETE: &str = "is not complete";
/// A change of writer stands open.
pub const UNFINISHED: &str = "was begun and no run finishes it";
/// A deposed writer is shut.
pub const FENCED: &str = "was fenced";
/// A deposed writer is open.
pub const NOT_FENCED: &str = "is not fenced";
/// RDS did not fence the old writer.
pub const NOT_KEPT_OUT: &str = "could not keep writes out";
/// What is said of a planned move before anybody asks for one.
pub const BY_PLAN: &str = " by plan";

/// A human is asked whether a Region may take over.
#[must_use]
pub fn may_take_over(to: &Region) -> String {
    format!("shall {to} take over")
}

//! What every step shares that makes members again, whatever the topology: what came of a call to RDS, whether what was made can be
//! relied on, and the record that it is made by.

mod called;
mod keep;
mod lag;
mod unlisted;
mod words;

pub use called::{called, refused};
pub use keep::{Kept, sweep};
pub use lag::lag;
pub use unlisted::{Retired, unlisted};
pub use words::{killed, not_as_it_was, remembered};

use failover::pass::Pace;

/// How often a rebuild looks, which may take a day. It makes a dozen calls for each member, each of which RDS takes minutes for, and no
/// writer waits for it.
pub const PACE: Pace = Pace {
    looks_per_age: 5.0,
    seconds_max: 120,
};

/// How long a Region that does not answer is left alone, in seconds.
pub const PAUSE_SECONDS: u64 = 20;

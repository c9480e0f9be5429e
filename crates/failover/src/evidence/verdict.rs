//! What evidence may amount to.

use serde::{Deserialize, Serialize};

/// What the evidence amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The writer commits.
    Healthy,
    /// The probe's login, certificate or schema is wrong.
    ProbeMisconfigured,
    /// The writer lives; only a road to it does not.
    PathImpaired,
    /// The writer is being restarted or worked on.
    WriterRestarting,
    /// The writer lives, and all its connection slots are used.
    WriterSaturated,
    /// The writer is gone and its Region answers.
    WriterDown,
    /// The writer seems to be gone, its Region answers, and nothing but failing probes says so.
    WriterDownUnconfirmed,
    /// Another member has become the writer.
    WriterMoved,
    /// It is we who are cut off.
    ObserverIsolated,
    /// The writer's Region is gone.
    RegionDown,
    /// The writer's Region is silent, and nobody else can confirm it.
    RegionDownUnwitnessed,
    /// Replication may still be draining: look again.
    Draining,
    /// The evidence fits no row.
    Undetermined,
}

impl Verdict {
    /// Its name, as records and messages have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::ProbeMisconfigured => "probe_misconfigured",
            Self::PathImpaired => "path_impaired",
            Self::WriterRestarting => "writer_restarting",
            Self::WriterSaturated => "writer_saturated",
            Self::WriterDown => "writer_down",
            Self::WriterDownUnconfirmed => "writer_down_unconfirmed",
            Self::WriterMoved => "writer_moved",
            Self::ObserverIsolated => "observer_isolated",
            Self::RegionDown => "region_down",
            Self::RegionDownUnwitnessed => "region_down_unwitnessed",
            Self::Draining => "draining",
            Self::Undetermined => "undetermined",
        }
    }
}

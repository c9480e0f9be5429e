//! How a search carries a pass forward.

use crate::rules::Rule;

/// How a pass is carried forward.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// The rule that is off.
    pub off: Option<Rule>,
    /// Whether reads that follow each other are one step.
    pub reads_together: bool,
    /// Whether what a schedule does is one step, but for what opens a writer.
    pub schedules_together: bool,
}

//! One check, and what came of it.

use failover::{Error, domain::Region};
use serde::Serialize;

use crate::{ending::Ending, table::columns};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Ok,
    Fault,
    /// Nobody can tell.
    Unknown,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fault => "fault",
            Self::Unknown => "unknown",
        }
    }
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) check: &'static str,
    pub(super) region: Region,
    pub(super) result: Outcome,
    /// What was found, and what to do about it.
    pub(super) says: String,
}

impl Check {
    pub(super) fn ok(check: &'static str, region: &Region, says: String) -> Self {
        Self::new(check, region, (Outcome::Ok, says))
    }

    pub(super) fn fault(check: &'static str, region: &Region, says: String) -> Self {
        Self::new(check, region, (Outcome::Fault, says))
    }

    pub(super) fn unknown(check: &'static str, region: &Region, says: String) -> Self {
        Self::new(check, region, (Outcome::Unknown, says))
    }

    fn new(check: &'static str, region: &Region, (result, says): (Outcome, String)) -> Self {
        Self {
            check,
            region: region.clone(),
            result,
            says,
        }
    }

    /// A fault where a sentence says one, else what is well.
    pub(super) fn of(
        check: &'static str,
        region: &Region,
        fault: Option<String>,
        well: impl FnOnce() -> String,
    ) -> Self {
        match fault {
            Some(says) => Self::fault(check, region, says),
            None => Self::ok(check, region, well()),
        }
    }

    /// What an error of a question means: silence tells nothing, and whatever else was answered is a fault.
    pub(super) fn of_error(
        check: &'static str,
        region: &Region,
        (name, why): (&str, String),
        fix: &str,
    ) -> Self {
        let says = format!("{why}; {fix}");
        // Without a name the runtime cut the function off.
        if matches!(name, "Unavailable" | "") {
            return Self::unknown(check, region, says);
        }
        Self::fault(check, region, says)
    }

    pub(super) const fn ending(&self) -> Ending {
        match self.result {
            Outcome::Ok => Ending::Well,
            Outcome::Fault => Ending::NotWell,
            Outcome::Unknown => Ending::Unknown,
        }
    }
}

/// Whether an error says that somebody has no right.
pub(super) const fn is_denied(why: &Error) -> bool {
    matches!(why, Error::Denied(_))
}

/// The lines that people read.
pub(super) fn table(checks: &[Check]) -> String {
    let rows = checks.iter().map(|one| {
        let Check {
            check,
            region,
            result,
            says,
        } = one;
        let cells = [result.word(), check, region.as_str(), says];
        cells.map(str::to_owned).to_vec()
    });
    columns(
        &["RESULT", "CHECK", "WHERE", "SAYS"],
        &rows.collect::<Vec<_>>(),
    )
}

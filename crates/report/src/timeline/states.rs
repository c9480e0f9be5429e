//! What the states of a run are about, and their key moments.

use failover::plan::Phase;

use super::Kind;

impl Kind {
    /// What a state that does something is about; `None` of choices and waits.
    #[must_use]
    pub fn of_state(state: &str) -> Option<Self> {
        match state {
            "ConfirmOutage" => Some(Self::Confirming),
            "DetachAndPromote" | "PlannedFailover" | "StopWrites" | "PromoteReplica"
            | "ProveWriter" | "OpenWriter" => Some(Self::Promotion),
            "FlipDns" | "FlipDnsAgain" => Some(Self::Dns),
            "RestartEcs" | "Conclude" => Some(Self::Services),
            "OpenRun" | "FenceWriter" | "LossLedger" | "RebuildGlobal" | "ReplaceReplica"
            | "ProtectAgain" | "KeepPlan" | "VerifyWrites" | "CloseRun" | "Prepare" | "Sync"
            | "Rehearse" | "TakeAway" | "Suspend" | "LastSync" | "CutOver" | "Verify"
            | "Retire" | "GiveBack" | "Revert" => Some(Self::Run),
            hook if Phase::ALL.iter().any(|phase| phase.state() == hook) => Some(Self::Run),
            _ => None,
        }
    }
}

/// The mark of a state's key moment in the picture, by what it did.
#[must_use]
pub fn mark(state: &str, action: &str) -> Option<String> {
    let mark = match (state, action) {
        ("ConfirmOutage", "") => return None,
        ("ConfirmOutage", verdict) => verdict.replace('_', " "),
        ("DetachAndPromote", "detach") => "detach".into(),
        ("DetachAndPromote", "fail_over") => "failover".into(),
        ("StopWrites", "stop") => "writes stopped".into(),
        ("PromoteReplica", "promote") => "promoted".into(),
        ("ProveWriter", "prove") => "writer proven".into(),
        ("FlipDns" | "FlipDnsAgain", "change") => "DNS moved".into(),
        ("RestartEcs", "none") => "services up".into(),
        _ => return None,
    };
    Some(mark)
}

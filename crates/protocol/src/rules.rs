//! The protocol's rules, each with a switch: off, the runs cannot see what the rule rests on.

/// A rule of the ledger, or a clause of a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A run acts only with the plan's lease (guard a, rule 3).
    Lease,
    /// It takes that in every member Region, but for the one that an unplanned run leaves (rule 2).
    LeaseEverywhere,
    /// A write of a row holds only if nobody wrote meanwhile.
    ConditionalWrite,
    /// An intent is written down before the first promoting call (rule 4).
    Intent,
    /// An open intent outranks the row it replaces, for runs to other targets too (rule 4, guard b).
    IntentOutranks,
    /// People are paged about an intent that no lease covers (rule 4).
    Paging,
    /// Only a standby of the ledger's current global cluster is promoted (guard b).
    CurrentStandby,
    /// Evidence is good for a minute (guard c).
    Freshness,
    /// An incident of a past epoch starts no run (rule 5).
    PastIncident,
    /// Each Region copies the highest proven epoch (rule 6).
    Learning,
    /// An intent is withdrawn only when RDS shows nothing under way.
    Withdrawal,
    /// A database that holds the proven epoch refuses to be fenced under it.
    DatabaseEpoch,
    /// A call that promotes is noted before it is made (rule 5).
    NotedCall,
    /// A call without an answer counts until both Regions were quiet for a minute (rule 5).
    Quiet,
    /// Only a question about an outage is waited behind; a plan that waits for anything else is taken over (rule 9).
    WaitsBehindOutage,
    /// The row of the Region that is left bears a stop first, and decides between its withdrawal and the promotion (rule 10).
    DecidingRow,
    /// A stop sets its mark in a database that bears no other one.
    OneMark,
    /// A writer is opened by the very mark that it bears.
    OpensByMark,
    /// A mark that no row of its Region bears is opened by the sweep (rule 11).
    OrphanMarks,
    /// The sweep asks the other Regions whether theirs is the writer by now.
    AsksTheOthers,
    /// A silent Region is taken for gone only while a stop is young.
    YoungStops,
    /// A promotion whose call has no answer is not taken back.
    GoesForward,
    /// A move whose promotion has begun and whose run died is started anew.
    Resumes,
    /// The proven writer is opened before a name moves, in every machine.
    OpensBehindProof,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::Lease,
        Self::LeaseEverywhere,
        Self::ConditionalWrite,
        Self::Intent,
        Self::IntentOutranks,
        Self::Paging,
        Self::CurrentStandby,
        Self::Freshness,
        Self::PastIncident,
        Self::Learning,
        Self::Withdrawal,
        Self::DatabaseEpoch,
        Self::NotedCall,
        Self::Quiet,
        Self::WaitsBehindOutage,
        Self::DecidingRow,
        Self::OneMark,
        Self::OpensByMark,
        Self::OrphanMarks,
        Self::AsksTheOthers,
        Self::YoungStops,
        Self::GoesForward,
        Self::Resumes,
        Self::OpensBehindProof,
    ];
}

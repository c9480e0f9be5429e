//! Checks the ledger's protocol by exhaustive search.
//!
//! The runs are the steps' own code from `failover`: guards, lease and intent transitions, verdict and every `next_action`
//! included. A pass is carried forward one call at a time ([`pass`]), and between any two calls anything else may happen:
//! another run's call, the loss or the return of a Region, a crash, a lease that lapses ([`model`]). AWS and the databases
//! are a small model of their own ([`world`]). `docs/reference/protocol.md` says what is checked and what is not.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an answer is of the kind that was asked for; of rules and steps most matches name the few that differ"
)]

pub mod answer;
pub mod how;
pub mod lead;
pub mod model;
pub mod pass;
pub mod rules;
pub mod searches;
pub mod state;
pub mod world;

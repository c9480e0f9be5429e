//! A topology for tests that are about none.

use crate::{
    Error,
    domain::{PlanName, Region},
    ledger::Current,
    topologies::Blueprints,
};

/// One that keeps nothing of what members are made of.
#[derive(Debug, Clone, Copy)]
pub struct KeepsNothing;

impl<W: Sync> Blueprints<W> for KeepsNothing {
    async fn keep_member(
        &self,
        _: &W,
        _: &PlanName,
        _: &Region,
        _: &str,
        _: &Current,
    ) -> Result<(&'static str, String), Error> {
        Ok(("none", "a test keeps nothing".into()))
    }
}

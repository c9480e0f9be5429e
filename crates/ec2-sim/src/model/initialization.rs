//! Restored volumes load their blocks one after the other, or where they are read.

use std::collections::BTreeSet;

use crate::{
    answer::{Fields, Node},
    model::{
        BLOCK_BYTES, Model,
        fault::Fault,
        ids::zone_id,
        lookup::{asked, listed},
        params::Params,
        state::{Initialization, Millis, Volume},
        volumes::blocks_of,
    },
};

/// A block in thousandths of bytes, which is what a millisecond brings at a byte a second.
const BLOCK_CREDIT: u64 = BLOCK_BYTES * 1_000;

impl Initialization {
    fn load(&mut self, elapsed_ms: u64) {
        if self.pending.is_empty() {
            return;
        }
        self.credit = self
            .credit
            .saturating_add(self.bytes_per_s.saturating_mul(elapsed_ms));
        while self.credit >= BLOCK_CREDIT && self.pending.pop_first().is_some() {
            self.credit -= BLOCK_CREDIT;
        }
    }

    /// How much has come, in percent. A volume that is not whole is never at 100.
    fn percent(&self) -> usize {
        let loaded = self.total - self.pending.len();
        (loaded * 100).checked_div(self.total).unwrap_or(100)
    }

    /// In how many seconds it is whole.
    fn seconds_left(&self) -> Option<u64> {
        let left = u64::try_from(self.pending.len()).ok()? * BLOCK_CREDIT;
        let left = left.saturating_sub(self.credit);
        left.div_ceil(1_000).checked_div(self.bytes_per_s)
    }
}

impl Model {
    /// Lets restored volumes load until a moment.
    pub(crate) fn load(&mut self, until: Millis) {
        let elapsed_ms = until.saturating_sub(self.loaded_until);
        self.loaded_until = self.loaded_until.max(until);
        for volume in self.world.volumes.values_mut() {
            if let Some(initialization) = &mut volume.initialization {
                initialization.load(elapsed_ms);
            }
        }
    }

    /// A block of a volume is read: how many milliseconds that takes. It is loaded from then on.
    ///
    /// # Errors
    /// Where there is no such volume or no such block.
    pub fn read_block(&mut self, at: Millis, id: &str, index: u32) -> Result<u64, Fault> {
        self.advance(at);
        let lazy_ms = self.settings.durations.lazy_read_ms;
        let volume = self.world.volumes.get_mut(id);
        let volume = volume.ok_or_else(|| Fault::volume_not_found(id))?;
        if u64::from(index) >= blocks_of(&volume.shape) {
            return Err(Fault::invalid_value(format!("{id} has no block {index}")));
        }
        let pending = volume.initialization.as_mut().map(|it| &mut it.pending);
        let was_pending = pending.is_some_and(|pending: &mut BTreeSet<u32>| pending.remove(&index));
        Ok(if was_pending { lazy_ms } else { 0 })
    }

    /// The first block of a volume that is not loaded yet.
    pub fn next_pending(&mut self, at: Millis, id: &str) -> Option<u32> {
        self.advance(at);
        let initialization = self.world.volumes.get(id)?.initialization.as_ref()?;
        initialization.pending.first().copied()
    }

    pub(crate) fn describe_volume_status(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&["VolumeId", "Filter", "MaxResults", "NextToken"])?;
        let all = self.world.volumes.values();
        let all = all.filter(|volume| volume.region == region);
        let (found, next) = asked(all, params, "VolumeId", Fault::volume_not_found)?;
        Ok(listed(
            "volumeStatusSet",
            found.into_iter().map(status_node),
            next,
        ))
    }
}

fn status_node(volume: &Volume) -> Node {
    let detail = |name: &str, status: &str| {
        Fields::default()
            .text("name", name)
            .text("status", status)
            .done()
    };
    let initialization = volume.initialization.as_ref();
    let state = initialization.map(|it| match it.pending.is_empty() {
        true => "completed",
        false => "initializing",
    });
    let details = [
        Some(detail("io-enabled", "passed")),
        state.map(|state| detail("initialization-state", state)),
    ];
    let status = Fields::default()
        .text("status", "ok")
        .node("details", Node::list(details.into_iter().flatten()))
        .done();
    let mut fields = Fields::default()
        .text("volumeId", &volume.id)
        .text("availabilityZone", &volume.zone)
        .text("availabilityZoneId", zone_id(&volume.zone))
        .node("volumeStatus", status)
        .node("actionsSet", Node::list([]))
        .node("eventsSet", Node::list([]));
    if let Some(it) = initialization {
        let details = Fields::default()
            .text(
                "initializationType",
                match it.rate_mib {
                    Some(_) => "provisioned-rate",
                    None => "default",
                },
            )
            .text("progress", it.percent())
            // Only told where a rate was asked for.
            .optional(
                "estimatedTimeToCompleteInSeconds",
                it.rate_mib.and_then(|_| it.seconds_left()),
            );
        fields = fields.node("initializationStatusDetails", details.done());
    }
    fields.done()
}

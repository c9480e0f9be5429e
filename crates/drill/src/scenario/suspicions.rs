//! Tells, while it happens, what no run says: that a probe suspects the writer.

use std::time::Duration;

use failover::installation::named;
use tokio::task::AbortHandle;

use crate::{
    front_door::Call,
    report::timestamp,
    timeline::{Event, Kind},
    world::World,
};

const LOOK: Duration = Duration::from_millis(100);

/// Telling ends when this is dropped.
pub(super) struct Telling(AbortHandle);

impl Drop for Telling {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether a call is to publish a suspicion, whatever becomes of it: others publish that a run has ended.
pub(super) fn is_suspicion(call: &Call) -> bool {
    call.function == named("health-probe")
        && call.service == "events"
        && call.operation == "PutEvents"
}

/// Whether a call published a suspicion.
pub(super) fn is_published(call: &Call) -> bool {
    is_suspicion(call) && call.status == Some(200)
}

/// When a call was answered, in milliseconds of Unix time.
pub(super) fn answered_ms(call: &Call) -> i64 {
    i64::try_from(call.at_ms + call.duration_ms.unwrap_or_default()).unwrap_or(i64::MAX)
}

/// Tells each suspicion as it is published.
pub(super) fn tell(world: &World) -> Telling {
    let (front_door, timeline) = (world.front_door.clone(), world.timeline.clone());
    let task = tokio::spawn(async move {
        let mut told = 0;
        loop {
            let suspicions: Vec<_> = front_door
                .calls()
                .into_iter()
                .filter(is_published)
                .collect();
            for call in suspicions.iter().skip(told) {
                timeline.record(Event {
                    at_ms: timestamp(answered_ms(call)).as_millisecond(),
                    kind: Kind::Noticing,
                    source: format!("{}'s probe", call.caller_region),
                    text: "suspects the writer".into(),
                    label: Some("suspected".into()),
                });
            }
            told = suspicions.len();
            tokio::time::sleep(LOOK).await;
        }
    });
    Telling(task.abort_handle())
}

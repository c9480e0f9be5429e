//! `loss-ledger` by hand.

use std::time::Duration;

use failover::installation::named;
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN},
    scenario::Drill,
    timeline::Kind,
    world::Trouble,
};

/// Passes that are made by hand, at the most.
const PASSES_MAX: usize = 60;

/// Passes of `loss-ledger` by hand to the end; the most memory that it used, in megabytes, where that was seen.
pub(crate) async fn by_hand(
    drill: &Drill<'_>,
    restored: Option<&str>,
) -> Result<Option<f64>, Trouble> {
    const LOOK: Duration = Duration::from_millis(10);
    let payload = json!({"plan": PLAN, "force": format!("{PLAN}@2"), "cluster": restored});
    let function: &str = &named("loss-ledger");
    let mut peak: Option<f64> = None;
    for _ in 0..PASSES_MAX {
        let call = drill.world.invoke(HOME, function, &payload);
        let mut call = std::pin::pin!(call);
        let answer: Value = loop {
            tokio::select! {
                answer = &mut call => break answer?,
                () = tokio::time::sleep(LOOK) => {
                    let now = drill.world.emulator.peak_mb(HOME, function);
                    peak = peak.into_iter().chain(now).reduce(f64::max);
                }
            }
        };
        let text = answer["reason"].as_str().unwrap_or_default().to_owned();
        drill.world.timeline.say(Kind::Run, function, text);
        if answer["progress"] == "done" {
            return Ok(peak);
        }
    }
    Err(format!("{function} came to no end in {PASSES_MAX} passes").into())
}

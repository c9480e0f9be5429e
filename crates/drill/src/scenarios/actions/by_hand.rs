//! Steps that a human calls until they are done.

use std::time::Duration;

use failover::installation::named;
use serde_json::Value;

use crate::scenario::{Drill, Played};

/// Calls a step again and again until it is done, as a human would.
pub(crate) async fn done(
    drill: &Drill<'_>,
    played: &mut Played,
    (region, function): (&str, &str),
    payload: &Value,
) {
    const PASSES_MAX: usize = 60;
    let name = named(function);
    let mut last = String::new();
    for _ in 0..PASSES_MAX {
        match drill.world.call(region, &name, payload).await {
            Ok(Ok(answer)) => {
                last = format!("{}: {}", answer["action"], answer["reason"]);
                if answer["progress"] == "done" {
                    played.check(format!("{function}, forced by hand, gets done"), last, true);
                    return;
                }
            }
            Ok(Err(error)) => last = error.to_string(),
            Err(why) => last = why.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    played.check(
        format!("{function}, forced by hand, gets done"),
        last,
        false,
    );
}

//! A function's life: AWS from its environment, then a pass for each event, whose answer or named error goes out.

use failover::{
    Error, domain::timestamp, installation, json::Payload, plan::TopologyKind, ports::Runtime,
};
use jiff::Timestamp;
use lambda_runtime::{
    LambdaEvent, run, service_fn,
    tracing::{self, Instrument},
};
use serde_json::Value;
use steps::warm;

use super::{Aws, deployed_as};

/// How a function ends: never, but where Lambda's runtime is not there.
pub type Ended = Result<(), lambda_runtime::Error>;

/// Makes a pass for each event of the function of this name, where a topology answers for plans of each kind. What only keeps the
/// function awake is answered without a pass.
///
/// The pass is given AWS, the event's payload, and when Lambda ends the invocation.
///
/// # Errors
/// When Lambda's runtime is not there.
pub fn serve<K>(
    function: &str,
    topologies: fn(TopologyKind) -> K,
    pass: impl AsyncFn(&Aws<K>, Value, Timestamp) -> Result<Value, Error>,
) -> Ended {
    each_event(function, topologies, async |aws, payload, deadline| {
        warm::or(payload, async |payload| pass(aws, payload, deadline).await).await
    })
}

/// As [`serve`], for the function that keeps the others awake when its schedule says so.
///
/// # Errors
/// When Lambda's runtime is not there.
pub fn serve_and_wake<K>(
    function: &str,
    topologies: fn(TopologyKind) -> K,
    others: &[&str],
    pass: impl AsyncFn(&Aws<K>, Value, Timestamp) -> Result<Value, Error>,
) -> Ended {
    each_event(function, topologies, async |aws, payload, deadline| {
        let pass = async |payload| pass(aws, payload, deadline).await;
        warm::others_or(aws, others, payload, pass).await
    })
}

/// Each line that is logged says which version of the functions wrote it.
fn each_event<K>(
    function: &str,
    topologies: fn(TopologyKind) -> K,
    answer: impl AsyncFn(&Aws<K>, Value, Timestamp) -> Result<Value, Error>,
) -> Ended {
    let serving = async {
        tracing::init_default_subscriber();
        let deployed = deployed_as().unwrap_or_default();
        if let Some(prefix) = installation::of_function(&deployed, function) {
            installation::begins_with(prefix);
        }
        let aws = Aws::from_env().await.with_topologies(topologies);
        let (aws, answer) = (&aws, &answer);
        let version = aws.version().unwrap_or("unknown");
        let events = run(service_fn(
            async |event: LambdaEvent<Payload>| -> Result<_, Error> {
                let deadline = timestamp(event.context.deadline());
                answer(aws, event.payload.value()?, deadline).await
            },
        ));
        events
            .instrument(tracing::info_span!("deployed", version))
            .await
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serving)
}

//! Gives the writer's global database its other members again, one pass per invocation.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    ledger::RunKind,
    steps::{rebuild_global, start, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| rebuild_global::handle(aws, payload).await;
            warm::or(event.payload.value()?, async |payload| {
                start::or(aws, RunKind::Failback, payload, pass).await
            })
            .await
        },
    ))
    .await
}

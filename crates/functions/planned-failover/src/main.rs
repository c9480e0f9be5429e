//! Makes this Region's standby the writer while everything is well, one pass per invocation.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    ledger::RunKind,
    steps::{self, planned_failover, start, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| {
                steps::answer(planned_failover::run(aws, &steps::read(payload)?).await?)
            };
            warm::or(event.payload.value()?, async |payload| {
                start::or(aws, RunKind::PlannedFailover, payload, pass).await
            })
            .await
        },
    ))
    .await
}

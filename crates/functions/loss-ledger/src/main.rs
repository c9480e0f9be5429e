//! Lists what a deposed writer took and nobody else has, before it is retired; first thing after the fence in a failback.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{loss_ledger, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| loss_ledger::handle(aws, payload).await;
            warm::or(event.payload.value()?, pass).await
        },
    ))
    .await
}

//! Watches the writers of every plan in this Region; on request takes a fresh look, proves, verifies or sets up.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{health_probe, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let deadline = failover::domain::timestamp(event.context.deadline());
            let pass = async |payload| health_probe::handle(aws, payload, deadline).await;
            warm::or(event.payload.value()?, pass).await
        },
    ))
    .await
}

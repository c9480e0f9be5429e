//! Gathers the evidence about a suspected writer and gives the verdict; in the witness Region, says what it reaches.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{confirm_outage, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| confirm_outage::handle(aws, payload).await;
            warm::or(event.payload.value()?, pass).await
        },
    ))
    .await
}

//! Promotes the standby, one pass per invocation.

use failover::{
    Error,
    aws::Aws,
    json::Payload,
    steps::{self, detach_and_promote},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            detach_and_promote::run(aws, &steps::read(event.payload.value()?)?).await
        },
    ))
    .await
}

//! Fences this Region's member where another one is proven as the writer; every minute, and first in a failback.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{fence_writer, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| fence_writer::handle(aws, payload).await;
            warm::or(event.payload.value()?, pass).await
        },
    ))
    .await
}

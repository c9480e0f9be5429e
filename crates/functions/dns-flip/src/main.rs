//! Points the plan's records at the writer, one pass per invocation.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{self, dns_flip, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            warm::or(event.payload.value()?, async |payload| {
                steps::answer(dns_flip::run(aws, &steps::read(payload)?).await?)
            })
            .await
        },
    ))
    .await
}

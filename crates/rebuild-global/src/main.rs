//! Gives the writer's global database its other members again, one pass per invocation.

use failover::{Error, aws::Aws, json::Payload, steps::rebuild_global};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            rebuild_global::handle(aws, event.payload.value()?).await
        },
    ))
    .await
}

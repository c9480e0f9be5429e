//! Restarts the plan's services, one pass per invocation.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{ecs_restart, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| ecs_restart::handle(aws, payload).await;
            warm::or(event.payload.value()?, pass).await
        },
    ))
    .await
}

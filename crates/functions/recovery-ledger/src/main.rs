//! Opens and closes runs, adopts a writer, and keeps the other functions awake.

use aws::Aws;
use failover::{
    Error,
    json::Payload,
    steps::{recovery_ledger, warm},
};
use lambda_runtime::{LambdaEvent, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    tracing::init_default_subscriber();
    let aws = &Aws::from_env().await;

    run(service_fn(
        async |event: LambdaEvent<Payload>| -> Result<_, Error> {
            let pass = async |payload| recovery_ledger::handle(aws, payload).await;
            warm::others_or(aws, event.payload.value()?, pass).await
        },
    ))
    .await
}

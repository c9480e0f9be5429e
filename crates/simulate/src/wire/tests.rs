//! Every code of RDS's that the simulation knows, as the adapter reads it.

use std::sync::Arc;

use aurora_global::members::{Accepted, Members};
use aws_config::BehaviorVersion;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use failover::{Error, domain::Region, topology::Call};

use super::{answers::response, settings};
use crate::{
    clock,
    rds::{Asking, Fault},
};

/// Whatever is asked is refused.
#[derive(Debug, Clone)]
struct Refuses(Arc<Fault>);

impl HttpConnector for Refuses {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let answer = Err(Fault::clone(&self.0));
        let answer = response("Whatever", &answer);
        HttpConnectorFuture::ready(answer.map_err(|why| ConnectorError::io(why.into())))
    }
}

fn aws(fault: &Fault) -> aws::Aws {
    let credentials = Credentials::new("AKIAEXAMPLE", "an example", None, None, "test");
    let refuses = SharedHttpConnector::new(Refuses(Arc::new(fault.clone())));
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new("us-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| refuses.clone()))
        .build();
    aws::Aws::new(config, settings())
}

fn faults() -> Vec<Fault> {
    let west = Region::from("us-west-2");
    vec![
        Fault::value("words"),
        Fault::value("DB cluster a is not found in global cluster b"),
        Fault::combination("words"),
        Fault::global_state("words"),
        Fault::global_exists("orders"),
        Fault::no_global("orders"),
        Fault::cluster_state("words"),
        Fault::busy("orders-west", "modifying"),
        Fault::unreachable("orders-west", &west),
        Fault::wrong_region("FailoverGlobalCluster", &west, &west),
        Fault::no_cluster("orders-west"),
        Fault::cluster_exists(),
        Fault::instance_state("words"),
        Fault::busy_instance("orders-west-1", "renaming"),
        Fault::no_instance("orders-west-1"),
        Fault::instance_exists(),
        Fault::no_endpoint("reports"),
        Fault::endpoint_exists("reports"),
        Fault::endpoint_state("words"),
        Fault::endpoint_quota("orders-west"),
        Fault::no_snapshot("before"),
        Fault::snapshot_exists("before"),
        Fault::snapshot_state("words"),
        Fault::role_exists("role", "orders-west"),
        Fault::no_group(true, "orders"),
        Fault::no_group(false, "orders"),
    ]
}

/// Whether a call was taken, with the words that are looked at again, or the error's name.
fn kind(came: Result<Accepted, Error>) -> Result<Accepted, &'static str> {
    came.map_err(|why| why.name())
}

#[test]
fn each_code_of_rds_comes_out_of_the_adapter_as_the_ports_say() {
    let all = async {
        let west = Region::from("us-west-2");
        let cluster = "orders-west".to_owned();
        let lift = Call::LiftProtection { cluster };
        for fault in faults() {
            let aws = aws(&fault);
            let at_ports = |asking: Asking| {
                let taken = Err(fault.clone());
                kind(asking.answer(taken, "Whatever", &west))
            };
            let promoted = [
                aws.fail_over(&west, "orders", "arn").await,
                aws.detach(&west, "orders", "arn").await,
                aws.switch_over(&west, "orders", "arn").await,
            ];
            // Only a removal may find that it was made already.
            let is_left = fault.message.contains("is not found in");
            let promoted = promoted.map(kind).into_iter();
            for came in promoted
                .skip(usize::from(is_left))
                .take(if is_left { 1 } else { 3 })
            {
                assert_eq!(came, at_ports(Asking::Promotes), "{fault:?}");
            }
            let rebuilt = Members::call(&aws, &west, &lift).await;
            assert_eq!(kind(rebuilt), at_ports(Asking::Rebuilds), "{fault:?}");
        }
    };
    clock::run(all).unwrap();
}

//! RDS: what is read, and the promoting calls.

use aurora_global::members::{Accepted, Members};
use failover::{
    Error,
    evidence::Rds,
    topology::{Cluster, FailoverState, GlobalMember, Instance, Role, role},
};

use crate::replay::{Next, scripted, scripted_with_retries};

const EAST: &str = "arn:aws:rds:us-east-1:123456789012:cluster:orders-east";
const WEST: &str = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";

fn answer(action: &str, result: &str) -> Next {
    Next::ok(format!(
        "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result>{result}\
         </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    ))
}

fn global(identifier: &str, state: &str) -> String {
    let member = |arn: &str, is_writer: bool, synchronization: &str| {
        format!(
            "<GlobalClusterMember><DBClusterArn>{arn}</DBClusterArn><IsWriter>{is_writer}</IsWriter>{synchronization}\
             </GlobalClusterMember>"
        )
    };
    let status = "<SynchronizationStatus>pending-resync</SynchronizationStatus>";
    format!(
        "<GlobalClusterMember><GlobalClusterIdentifier>{identifier}</GlobalClusterIdentifier><Status>available</Status>\
         <EngineVersion>16.6</EngineVersion><GlobalClusterMembers>{}{}</GlobalClusterMembers>{state}\
         </GlobalClusterMember>",
        member(WEST, true, ""),
        member(EAST, false, status)
    )
}

fn globals(of: &[String]) -> Next {
    let list = format!("<GlobalClusters>{}</GlobalClusters>", of.concat());
    answer("DescribeGlobalClusters", &list)
}

const SWITCHING: &str = "<FailoverState><Status>switching-over</Status>\
    <ToDbClusterArn>arn:aws:rds:us-east-1:123456789012:cluster:orders-east</ToDbClusterArn></FailoverState>";

#[tokio::test]
async fn a_global_cluster_that_is_not_there_is_none() {
    let fault = Next::xml_error(404, "GlobalClusterNotFoundFault", "not found");
    let (aws, replay) = scripted([fault, globals(&[])]);
    let region = "us-west-2".into();
    assert_eq!(
        aws.global_cluster(&region, "orders-global-1").await,
        Ok(None)
    );
    assert_eq!(
        aws.global_cluster(&region, "orders-global-1").await,
        Ok(None)
    );
    let asked = replay.asked();
    assert!(asked[0].uri.contains("rds.us-west-2.amazonaws.com"));
    assert!(asked[0].body.contains("Action=DescribeGlobalClusters"));
    assert!(
        asked[0]
            .body
            .contains("GlobalClusterIdentifier=orders-global-1")
    );
}

#[tokio::test]
async fn a_global_cluster_without_a_name_is_not_asked_for() {
    let (aws, replay) = scripted([]);
    assert_eq!(aws.global_cluster(&"us-west-2".into(), "").await, Ok(None));
    assert!(replay.asked().is_empty());
}

#[tokio::test]
async fn a_global_cluster_is_read_with_its_members_and_an_operation_the_sdk_does_not_know() {
    let listed = [global("payments", ""), global("orders-global-1", SWITCHING)];
    let (aws, _) = scripted([globals(&listed)]);
    let found = aws
        .global_cluster(&"us-east-1".into(), "Orders-Global-1")
        .await;
    let found = found.unwrap().unwrap();
    assert_eq!(
        (
            found.identifier.as_str(),
            found.status.as_str(),
            found.engine_version.as_str()
        ),
        ("orders-global-1", "available", "16.6")
    );
    let member = |arn: &str, is_writer, synchronization: Option<&str>| GlobalMember {
        arn: arn.into(),
        is_writer,
        synchronization: synchronization.map(Into::into),
    };
    assert_eq!(
        found.members,
        [
            member(WEST, true, None),
            member(EAST, false, Some("pending-resync"))
        ]
    );
    let state = FailoverState {
        status: "switching-over".into(),
        to: EAST.into(),
        loses: None,
    };
    assert_eq!(found.failover, Some(state));
}

fn cluster(status: &str) -> Next {
    let member = |name: &str, is_writer: bool| {
        format!(
            "<DBClusterMember><DBInstanceIdentifier>{name}</DBInstanceIdentifier>\
             <IsClusterWriter>{is_writer}</IsClusterWriter></DBClusterMember>"
        )
    };
    answer(
        "DescribeDBClusters",
        &format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>orders-east</DBClusterIdentifier><DBClusterArn>{EAST}\
             </DBClusterArn><DbClusterResourceId>cluster-A</DbClusterResourceId><Status>{status}</Status><EngineVersion>16.6</EngineVersion><Endpoint>w.example</Endpoint>\
             <ReaderEndpoint>r.example</ReaderEndpoint><Port>5433</Port><DBClusterMembers>{}{}</DBClusterMembers>\
             </DBCluster></DBClusters>",
            member("orders-east-1", false),
            member("orders-east-2", true)
        ),
    )
}

fn instances(statuses: [&str; 2]) -> Next {
    let instance = |(number, status): (usize, &str)| {
        format!(
            "<DBInstance><DBInstanceIdentifier>orders-east-{}</DBInstanceIdentifier>\
             <DBInstanceStatus>{status}</DBInstanceStatus></DBInstance>",
            number + 1
        )
    };
    let list: String = statuses.into_iter().enumerate().map(instance).collect();
    answer(
        "DescribeDBInstances",
        &format!("<DBInstances>{list}</DBInstances>"),
    )
}

#[tokio::test]
async fn a_cluster_is_read_with_its_instances_and_the_one_that_writes() {
    let (aws, replay) = scripted([cluster("available"), instances(["available", "rebooting"])]);
    let found = aws.cluster(&"us-east-1".into(), "orders-east").await;
    let found = found.unwrap().unwrap();
    let instance = |identifier: &str, status: &str, is_writer| Instance {
        identifier: identifier.into(),
        status: status.into(),
        is_writer,
    };
    let expected = Cluster {
        identifier: "orders-east".into(),
        arn: EAST.into(),
        resource_id: Some("cluster-A".into()),
        status: "available".into(),
        engine_version: "16.6".into(),
        endpoint: "w.example".into(),
        reader_endpoint: "r.example".into(),
        port: 5433,
        global_cluster: None,
        instances: vec![
            instance("orders-east-1", "available", false),
            instance("orders-east-2", "rebooting", true),
        ],
    };
    assert_eq!(found, expected);
    assert!(!found.is_ready(), "its writer instance is rebooting");
    assert_eq!(role(None, &found), Role::Standalone);
    let asked = replay.asked();
    assert!(asked[0].body.contains("DBClusterIdentifier=orders-east"));
    assert!(
        asked[1]
            .body
            .contains("Filters.Filter.1.Name=db-cluster-id")
    );
    assert!(
        asked[1]
            .body
            .contains("Filters.Filter.1.Values.Value.1=orders-east")
    );
}

#[tokio::test]
async fn a_cluster_is_ready_when_it_and_its_writer_instance_are_available() {
    for (status, statuses, ready) in [
        ("available", ["rebooting", "available"], true),
        ("promoting", ["available", "available"], false),
    ] {
        let (aws, _) = scripted([cluster(status), instances(statuses)]);
        let found = aws.cluster(&"us-east-1".into(), "orders-east").await;
        assert_eq!(found.unwrap().unwrap().is_ready(), ready, "{status}");
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_none_and_its_instances_are_not_asked_for() {
    let (aws, replay) = scripted([Next::xml_error(404, "DBClusterNotFoundFault", "not found")]);
    assert_eq!(
        aws.cluster(&"us-east-1".into(), "orders-east").await,
        Ok(None)
    );
    replay.asked_once();
}

#[tokio::test]
async fn whatever_comes_back_about_a_cluster_is_evidence() {
    let denied = Next::xml_error(403, "AccessDenied", "no");
    let gone = answer("DescribeDBClusters", "<DBClusters></DBClusters>");
    let none = instances(["available", "rebooting"]);
    for (clusters, answers, says) in [
        (denied, true, "AccessDenied"),
        (gone, true, "there is no orders-east"),
        (Next::Silence, false, "timed out"),
    ] {
        // Silence that comes at once is asked about once more.
        let (aws, _) = scripted([clusters.clone(), none.clone(), clusters, none.clone()]);
        let seen = aws.look(&"us-east-1".into(), "orders-east").await;
        assert_eq!(seen.answers(), answers, "{seen:?}");
        assert!(format!("{seen:?}").contains(says), "{seen:?}");
    }
    let (aws, _) = scripted([cluster("promoting"), none]);
    let status = Rds::Status {
        cluster: "promoting".into(),
        instances: vec!["available".into(), "rebooting".into()],
    };
    assert_eq!(aws.look(&"us-east-1".into(), "orders-east").await, status);
}

#[tokio::test]
async fn a_connection_that_breaks_at_once_is_no_silence_yet() {
    let script = [
        Next::Broken,
        Next::Broken,
        cluster("available"),
        instances(["available", "available"]),
    ];
    let (aws, replay) = scripted(script);
    assert!(aws.look(&"us-east-1".into(), "orders-east").await.answers());
    assert_eq!(replay.asked().len(), 4);
    let (aws, _) = scripted([Next::Broken, Next::Broken, Next::Broken, Next::Broken]);
    assert!(!aws.look(&"us-east-1".into(), "orders-east").await.answers());
}

#[tokio::test]
async fn instances_that_were_not_told_do_not_count_as_at_rest() {
    let throttled = Next::xml_error(400, "Throttling", "slow down");
    let (aws, _) = scripted([cluster("available"), throttled]);
    let seen = aws.look(&"us-east-1".into(), "orders-east").await;
    let status = Rds::Status {
        cluster: "available".into(),
        instances: vec!["unread".into()],
    };
    assert_eq!(seen, status);
}

#[tokio::test]
async fn a_managed_failover_says_that_data_may_be_lost() {
    let (aws, replay) = scripted([answer("FailoverGlobalCluster", "")]);
    let accepted = aws
        .fail_over(&"us-east-1".into(), "orders-global-1", EAST)
        .await;
    assert_eq!(accepted, Ok(Accepted::Yes));
    let asked = replay.asked_once();
    assert!(asked.uri.contains("rds.us-east-1.amazonaws.com"));
    for part in [
        "Action=FailoverGlobalCluster",
        "GlobalClusterIdentifier=orders-global-1",
        "cluster%3Aorders-east",
        "AllowDataLoss=true",
    ] {
        assert!(asked.body.contains(part), "{part} is not in {}", asked.body);
    }
    assert!(!asked.body.contains("Switchover"), "{}", asked.body);
}

#[tokio::test]
async fn a_detach_names_the_cluster_that_leaves() {
    let (aws, replay) = scripted([answer("RemoveFromGlobalCluster", "")]);
    let accepted = aws
        .detach(&"us-east-1".into(), "orders-global-1", EAST)
        .await;
    assert_eq!(accepted, Ok(Accepted::Yes));
    let asked = replay.asked_once();
    for part in [
        "Action=RemoveFromGlobalCluster",
        "GlobalClusterIdentifier=orders-global-1",
        "DbClusterIdentifier=arn%3Aaws%3Ards%3Aus-east-1%3A123456789012%3Acluster%3Aorders-east",
    ] {
        assert!(asked.body.contains(part), "{part} is not in {}", asked.body);
    }
}

#[tokio::test]
async fn a_cluster_that_another_pass_detached_counts_as_detached() {
    let said = format!("{EAST} is not found in global cluster orders-global-1");
    let (aws, _) = scripted([Next::xml_error(400, "InvalidParameterValue", &said)]);
    assert_eq!(
        aws.detach(&"us-east-1".into(), "orders-global-1", EAST)
            .await,
        Ok(Accepted::Yes)
    );
}

#[tokio::test]
async fn a_state_that_passes_is_looked_at_again() {
    for code in [
        "InvalidGlobalClusterStateFault",
        "InvalidDBClusterStateFault",
        "InvalidDBInstanceState",
    ] {
        let fault = Next::xml_error(400, code, "is upgrading");
        let (aws, _) = scripted([fault.clone(), fault]);
        let not_now = Ok(Accepted::NotNow("is upgrading".into()));
        let region = "us-east-1".into();
        assert_eq!(
            aws.fail_over(&region, "orders-global-1", EAST).await,
            not_now
        );
        assert_eq!(aws.detach(&region, "orders-global-1", EAST).await, not_now);
    }
}

#[tokio::test]
async fn a_promoting_call_that_cannot_come_right_is_an_error_with_the_services_words() {
    for (status, code, name) in [
        (404, "DBClusterNotFoundFault", "NotReady"),
        (404, "GlobalClusterNotFoundFault", "NotReady"),
        (400, "InvalidParameterCombination", "NotReady"),
        (400, "InvalidParameterValue", "NotReady"),
        (400, "ValidationError", "NotReady"),
        (500, "InternalFailure", "Unavailable"),
        (403, "AccessDenied", "Denied"),
    ] {
        let fault = Next::xml_error(status, code, "said so");
        let (aws, _) = scripted([fault.clone(), fault.clone(), fault]);
        let region = "us-east-1".into();
        let failed = aws
            .fail_over(&region, "orders-global-1", EAST)
            .await
            .unwrap_err();
        let detached = aws
            .detach(&region, "orders-global-1", EAST)
            .await
            .unwrap_err();
        let switched = aws
            .switch_over(&region, "orders-global-1", EAST)
            .await
            .unwrap_err();
        let failures = [&failed, &detached, &switched];
        assert_eq!(failures.map(Error::name), [name; 3], "{code}");
        assert!(failures.iter().all(|why| why.is_answer() == (status < 500)));
        assert!(failed.to_string().contains("said so") && failed.to_string().contains(code));
    }
}

#[tokio::test]
async fn a_promoting_call_that_is_throttled_has_changed_nothing_and_one_of_a_broken_service_may_have()
 {
    for (status, is_throttled) in [(400, true), (429, true), (503, false)] {
        let fault = Next::xml_error(status, "Throttling", "Rate exceeded");
        let (aws, replay) = scripted([fault.clone(), fault.clone(), fault]);
        let region = "us-east-1".into();
        let global = "orders-global-1";
        let answers = [
            aws.fail_over(&region, global, EAST).await,
            aws.detach(&region, global, EAST).await,
            aws.switch_over(&region, global, EAST).await,
        ];
        for answer in answers {
            match answer {
                Ok(Accepted::Throttled(why)) => {
                    assert!(is_throttled && why.contains("Rate exceeded"), "{why}");
                }
                other => assert_eq!(
                    (other.unwrap_err().name(), is_throttled),
                    ("Unavailable", false)
                ),
            }
        }
        assert_eq!(replay.asked().len(), 3, "each was made once");
    }
}

#[tokio::test]
async fn a_promoting_call_is_not_made_again() {
    let east = "us-east-1".into();
    let fault = Next::xml_error(500, "InternalFailure", "busy");
    let (aws, replay) = scripted_with_retries([fault.clone(), fault]);
    let (global, arn) = (
        "orders-global-1",
        "arn:aws:rds:us-east-1:123456789012:cluster:orders-east",
    );
    let failed_over = aws.fail_over(&east, global, arn).await;
    let detached = aws.detach(&east, global, arn).await;
    assert_eq!(failed_over.unwrap_err().name(), "Unavailable");
    assert_eq!(detached.unwrap_err().name(), "Unavailable");
    assert_eq!(replay.asked().len(), 2);
}

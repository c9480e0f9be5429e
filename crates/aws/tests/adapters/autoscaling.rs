//! Groups of EC2 Auto Scaling, their refreshes, and the health of their targets.

use failover::ports::{Group, Refresh, Services};

use crate::replay::{Next, scripted};

fn groups(of: &str) -> Next {
    Next::ok(format!(
        "<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>{of}</AutoScalingGroups>\
         </DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"
    ))
}

fn refreshes(of: &str) -> Next {
    Next::ok(format!(
        "<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes>{of}</InstanceRefreshes>\
         </DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>"
    ))
}

/// An instance of this id in this state.
fn instance((id, lifecycle, health): (&str, &str, &str)) -> String {
    format!(
        "<member><InstanceId>{id}</InstanceId><AvailabilityZone>us-east-1a</AvailabilityZone>\
         <LifecycleState>{lifecycle}</LifecycleState><HealthStatus>{health}</HealthStatus>\
         <ProtectedFromScaleIn>false</ProtectedFromScaleIn></member>"
    )
}

/// A group of three instances at most, with this much beside its instances.
fn group(instances: &[(&str, &str, &str)], more: &str) -> Next {
    let instances: String = instances.iter().copied().map(instance).collect();
    groups(&format!(
        "<member><AutoScalingGroupName>web</AutoScalingGroupName><MinSize>0</MinSize><MaxSize>3</MaxSize>\
         <DesiredCapacity>2</DesiredCapacity><Instances>{instances}</Instances>{more}</member>"
    ))
}

fn refused(code: &str, message: &str) -> Next {
    Next::says(
        400,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

#[tokio::test]
async fn a_group_is_read_with_its_refreshes_and_those_of_its_instances_that_serve() {
    let refresh = "<member><InstanceRefreshId>r-2</InstanceRefreshId><Status>Failed</Status><StatusReason>no room</StatusReason>\
        <StartTime>2026-01-05T00:00:00Z</StartTime><Preferences><SkipMatching>true</SkipMatching></Preferences></member>";
    let instances = [
        ("i-1", "InService", "Healthy"),
        ("i-2", "Pending", "Healthy"),
        ("i-3", "InService", "Unhealthy"),
    ];
    let (aws, replay) = scripted([group(&instances, ""), refreshes(refresh)]);
    let found = aws.group(&"us-east-1".into(), "web").await;
    let expected = Group {
        desired_capacity: 2,
        min_size: 0,
        max_size: 3,
        launches: true,
        instances: 3,
        kept: 0,
        serving: 1,
        refreshes: vec![Refresh {
            id: "r-2".into(),
            status: "Failed".into(),
            reason: "no room".into(),
            begun_at: Some("2026-01-05T00:00:00Z".parse().unwrap()),
            skips_matching: true,
        }],
    };
    assert_eq!(found, Ok(expected));
    assert!(replay.asked()[0].uri.contains("autoscaling.us-east-1."));
}

#[tokio::test]
async fn an_instance_behind_load_balancers_serves_once_every_target_group_finds_it_healthy() {
    let health = |targets: &[(&str, &str)]| {
        let target = |(id, state): &(&str, &str)| {
            format!(
                "<member><Target><Id>{id}</Id></Target><TargetHealth><State>{state}</State></TargetHealth></member>"
            )
        };
        let targets: String = targets.iter().map(target).collect();
        Next::ok(format!(
            "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>{targets}\
             </TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>"
        ))
    };
    let instances = [
        ("i-1", "InService", "Healthy"),
        ("i-2", "InService", "Healthy"),
    ];
    // A target group may stand in both lists.
    let behind = "<TargetGroupARNs><member>arn:a</member></TargetGroupARNs>\
        <TrafficSources><member><Identifier>arn:a</Identifier><Type>elbv2</Type></member>\
        <member><Identifier>arn:b</Identifier><Type>elbv2</Type></member>\
        <member><Identifier>old</Identifier><Type>elb</Type></member></TrafficSources>\
        <SuspendedProcesses><member><ProcessName>Launch</ProcessName></member></SuspendedProcesses>";
    let (aws, _) = scripted([
        group(&instances, behind),
        refreshes(""),
        health(&[("i-1", "healthy"), ("i-2", "healthy")]),
        health(&[("i-1", "healthy"), ("i-2", "initial")]),
    ]);
    let found = aws.group(&"us-east-1".into(), "web").await.unwrap();
    assert_eq!(
        (found.instances, found.serving, found.launches),
        (2, 1, false)
    );
}

#[tokio::test]
async fn a_target_group_that_is_gone_or_that_nobody_uses_has_no_word_and_weights_count() {
    let unused = "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member>\
        <Target><Id>i-1</Id></Target><TargetHealth><State>unused</State><Reason>Target.NotInUse</Reason></TargetHealth>\
        </member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>";
    let gone = refused("TargetGroupNotFound", "One or more target groups not found");
    let behind = "<TargetGroupARNs><member>arn:a</member><member>arn:b</member></TargetGroupARNs>";
    let one = "<member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus>\
        <WeightedCapacity>4</WeightedCapacity><ProtectedFromScaleIn>true</ProtectedFromScaleIn></member>";
    let group = groups(&format!(
        "<member><AutoScalingGroupName>web</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>8</MaxSize>\
         <DesiredCapacity>4</DesiredCapacity><Instances>{one}</Instances>{behind}</member>"
    ));
    let (aws, _) = scripted([group, refreshes(""), Next::ok(unused), gone]);
    let found = aws.group(&"us-east-1".into(), "web").await.unwrap();
    assert_eq!((found.serving, found.instances, found.kept), (4, 1, 1));
    assert_eq!(found.min_size, 1);
}

#[tokio::test]
async fn a_group_that_is_not_there_is_not_ready() {
    let (aws, _) = scripted([groups("")]);
    let why = aws.group(&"us-east-1".into(), "web").await.unwrap_err();
    assert_eq!(why.name(), "NotReady");
    assert!(why.to_string().contains("no group web"), "{why}");
}

#[tokio::test]
async fn a_refresh_is_known_by_its_id_and_waits_for_another_one() {
    let begun = "<StartInstanceRefreshResponse><StartInstanceRefreshResult><InstanceRefreshId>r-3</InstanceRefreshId>\
        </StartInstanceRefreshResult></StartInstanceRefreshResponse>";
    let (aws, replay) = scripted([Next::ok(begun)]);
    let id = aws.refresh_group(&"us-east-1".into(), "web").await;
    assert_eq!(id, Ok(Some("r-3".into())));
    assert_eq!(replay.asked().len(), 1);
    let (aws, _) = scripted([refused("InstanceRefreshInProgress", "it is under way")]);
    assert_eq!(
        aws.refresh_group(&"us-east-1".into(), "web").await,
        Ok(None)
    );
}

#[tokio::test]
async fn a_capacity_beyond_its_bounds_is_an_error_in_the_services_words() {
    let (aws, _) = scripted([refused("ValidationError", "value 4 is above max value 3")]);
    let why = aws.scale_group(&"us-east-1".into(), "web", 4).await;
    let why = why.unwrap_err();
    assert!(why.to_string().contains("above max value 3"), "{why}");
    let (aws, replay) = scripted([Next::ok("<SetDesiredCapacityResponse/>")]);
    assert_eq!(aws.scale_group(&"us-east-1".into(), "web", 2).await, Ok(()));
    replay.asked_once();
}

#[tokio::test]
async fn the_least_and_the_wanted_size_of_a_group_are_set_in_one_call_that_is_made_once() {
    let (aws, replay) = scripted([Next::ok("<UpdateAutoScalingGroupResponse/>")]);
    let region = "us-east-1".into();
    assert_eq!(aws.resize_group(&region, "web", 0, 0).await, Ok(()));
    let asked = replay.asked_once();
    for part in ["AutoScalingGroupName=web", "MinSize=0", "DesiredCapacity=0"] {
        assert!(asked.body.contains(part), "{part}: {}", asked.body);
    }
    let (aws, replay) = scripted([refused(
        "ScalingActivityInProgress",
        "another one is under way",
    )]);
    let why = aws.resize_group(&region, "web", 1, 3).await.unwrap_err();
    assert!(
        why.to_string().contains("UpdateAutoScalingGroup of web"),
        "{why}"
    );
    replay.asked_once();
}

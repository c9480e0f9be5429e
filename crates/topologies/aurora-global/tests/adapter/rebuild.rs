//! RDS, as a rebuild changes it: what each refusal means to the next pass.

use aurora_global::members::{Accepted, Members};
use failover::topology::{Call, InstanceShape, ParameterGroup, RoleShape};

use crate::replay::{Next, scripted};

fn answer(action: &str, result: &str) -> Next {
    Next::ok(format!(
        "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result>{result}\
         </{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    ))
}

fn instance() -> Call {
    Call::CreateInstance {
        cluster: "orders-west".into(),
        like: Box::new(InstanceShape {
            identifier: "orders-west-1".into(),
            class: "db.r6g.large".into(),
            ..InstanceShape::default()
        }),
    }
}

/// The name of what comes of a call that is refused with a code.
async fn refused(call: &Call, code: &str) -> &'static str {
    let (aws, _) = scripted([Next::xml_error(400, code, "said so")]);
    match aws.call(&"us-west-2".into(), call).await {
        Ok(Accepted::NotNow(said)) => {
            assert!(said.contains(code) && said.contains("said so"), "{said}");
            "looked at again"
        }
        Ok(Accepted::Yes) => "taken",
        Ok(Accepted::Throttled(_)) => "throttled",
        Err(why) => why.name(),
    }
}

#[tokio::test]
async fn what_a_lost_answer_has_made_or_taken_already_is_looked_at_again() {
    let endpoint = Call::DeleteEndpoint {
        endpoint: "reports".into(),
    };
    for (call, code, becomes) in [
        (instance(), "DBInstanceAlreadyExists", "looked at again"),
        (instance(), "InvalidDBClusterStateFault", "looked at again"),
        (instance(), "InstanceQuotaExceeded", "NotReady"),
        (instance(), "InvalidParameterCombination", "InvalidRequest"),
        (
            endpoint.clone(),
            "DBClusterEndpointNotFoundFault",
            "looked at again",
        ),
        (
            endpoint,
            "InvalidDBClusterEndpointStateFault",
            "looked at again",
        ),
    ] {
        assert_eq!(refused(&call, code).await, becomes, "{code}");
    }
}

/// RDS's own words need not name the action.
#[tokio::test]
async fn a_call_that_is_denied_is_told_by_the_name_of_its_action() {
    let (aws, _) = scripted([Next::xml_error(403, "AccessDenied", "no")]);
    let call = Call::RenameCluster {
        cluster: "orders-west".into(),
        to: "orders-west-retired".into(),
    };
    let why = aws.call(&"us-west-2".into(), &call).await.unwrap_err();
    assert_eq!(why.name(), "Denied");
    assert_eq!(
        why.to_string(),
        "RDS ModifyDBCluster in us-west-2: AccessDenied: no"
    );
}

#[tokio::test]
async fn a_role_is_associated_with_its_feature() {
    let (aws, script) = scripted([answer("AddRoleToDBCluster", "")]);
    let call = Call::AddRole {
        cluster: "orders-west".into(),
        role: RoleShape {
            arn: "arn:aws:iam::123456789012:role/import".into(),
            feature: Some("s3Import".into()),
            ..RoleShape::default()
        },
    };
    let accepted = aws.call(&"us-west-2".into(), &call).await;
    assert_eq!(accepted, Ok(Accepted::Yes));
    let asked = &script.asked()[0];
    for part in ["Action=AddRoleToDBCluster", "FeatureName=s3Import"] {
        assert!(asked.body.contains(part), "{part} is not in {}", asked.body);
    }
}

#[tokio::test]
async fn a_parameter_groups_family_is_read_and_one_that_is_gone_is_none() {
    let group = "<DBClusterParameterGroups><DBClusterParameterGroup><DBClusterParameterGroupName>orders\
                 </DBClusterParameterGroupName><DBParameterGroupFamily>aurora-postgresql15</DBParameterGroupFamily>\
                 </DBClusterParameterGroup></DBClusterParameterGroups>";
    let gone = Next::xml_error(404, "DBParameterGroupNotFound", "none");
    let (aws, _) = scripted([answer("DescribeDBClusterParameterGroups", group), gone]);
    let west = "us-west-2".into();
    let cluster = ParameterGroup::Cluster("orders".into());
    let found = aws.family(&west, &cluster).await;
    assert_eq!(found, Ok(Some("aurora-postgresql15".into())));
    let instance = ParameterGroup::Instance("orders".into());
    assert_eq!(aws.family(&west, &instance).await, Ok(None));
}

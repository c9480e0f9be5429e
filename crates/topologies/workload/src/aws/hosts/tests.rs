//! What EC2's codes mean to a pass, and what its answers become.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::body::SdkBody;
use ec2_client::{Refusal, answers};
use failover::topology::Accepted;

use super::{refused, shapes};

/// What comes of a call that EC2 refuses so.
fn came(code: &str, status: u16) -> String {
    let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    let why = SdkError::service_error(Refusal::new(code, "said"), raw);
    match refused("EC2 call", &why) {
        Ok(Accepted::Yes) => "taken".to_owned(),
        Ok(Accepted::NotNow(_)) => "not now".to_owned(),
        Ok(Accepted::Throttled(_)) => "throttled".to_owned(),
        Err(why) => why.name().to_owned(),
    }
}

#[test]
fn each_code_is_told_apart_by_what_the_next_pass_does() {
    let rows = [
        ("IncorrectInstanceState", 400, "not now"),
        ("IncorrectState", 400, "not now"),
        ("VolumeInUse", 400, "not now"),
        ("ResourceLimitExceeded", 400, "not now"),
        ("SnapshotCreationPerVolumeRateExceeded", 400, "not now"),
        ("InvalidAMIName.Duplicate", 400, "not now"),
        ("InvalidSnapshot.NotFound", 400, "taken"),
        ("RequestLimitExceeded", 503, "throttled"),
        ("InsufficientInstanceCapacity", 500, "NotReady"),
        ("InvalidVolume.ZoneMismatch", 400, "NotReady"),
        ("OperationNotPermitted", 400, "NotReady"),
        ("UnauthorizedOperation", 403, "Denied"),
        ("InternalError", 500, "Unavailable"),
    ];
    for (code, status, came_to) in rows {
        assert_eq!(came(code, status), came_to, "{code}");
    }
}

#[test]
fn no_answer_is_no_refusal() {
    let why = SdkError::timeout_error("late");
    assert_eq!(refused("EC2 call", &why).unwrap_err().name(), "Unavailable");
}

#[test]
fn an_address_is_kept_where_it_is_not_amazons() {
    let host = |owner: &str| {
        let association = answers::Association {
            public_ip: "192.0.2.1".into(),
            ip_owner_id: owner.into(),
        };
        let interface = answers::Interface {
            association: Some(association),
            ..answers::Interface::default()
        };
        let instance = answers::Instance {
            network_interface_set: answers::Set {
                items: vec![interface],
            },
            ..answers::Instance::default()
        };
        let instances_set = answers::Set {
            items: vec![instance],
        };
        shapes::hosts(vec![answers::Reservation { instances_set }]).remove(0)
    };
    assert!(host("123456789012").keeps_public_address);
    assert!(!host("amazon").keeps_public_address);
}

#[test]
fn a_volume_is_whole_when_its_status_says_so() {
    let told = |state: Option<&str>, progress: Option<u8>| {
        let detail = state.map(|state| answers::Detail {
            name: "initialization-state".into(),
            status: state.into(),
        });
        let status = answers::Status {
            details: answers::Set {
                items: detail.into_iter().collect(),
            },
            ..answers::Status::default()
        };
        let initialization = progress.map(|progress| answers::Initialization {
            progress: Some(progress),
            ..answers::Initialization::default()
        });
        shapes::loading(answers::CheckedVolume {
            volume_status: status,
            initialization_status_details: initialization,
            ..answers::CheckedVolume::default()
        })
    };
    assert!(told(Some("completed"), Some(100)).is_whole);
    assert!(!told(Some("initializing"), Some(99)).is_whole);
    assert!(!told(None, Some(99)).is_whole);
    assert!(told(None, None).is_whole);
}

#[test]
fn a_route_through_something_unknown_is_no_local_one() {
    let table = answers::RouteTable {
        route_set: answers::Set {
            items: vec![answers::Route::default()],
        },
        ..answers::RouteTable::default()
    };
    let network = shapes::network(Vec::new(), Vec::new(), vec![table]);
    assert_eq!(network.tables[0].through, ["something unknown"]);
}

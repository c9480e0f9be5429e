//! What a failed connection means.

use hickory_resolver::proto::rr::{
    Name,
    rdata::{A, CNAME},
};

use super::*;

fn of(code: &SqlState) -> Why {
    Why::of_server(code, "said")
}

#[test]
fn a_login_or_schema_that_is_wrong_is_no_sign_of_a_dead_writer() {
    for code in [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_CATALOG_NAME,
        SqlState::UNDEFINED_TABLE,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ] {
        assert!(matches!(of(&code), Why::Misconfigured(_)), "{code:?}");
    }
}

#[test]
fn a_standby_is_told_apart_and_a_server_that_goes_away_is_a_failure() {
    assert_eq!(of(&SqlState::READ_ONLY_SQL_TRANSACTION), Why::ReadOnly);
    for code in [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CONNECTION_FAILURE,
        SqlState::PROTOCOL_VIOLATION,
    ] {
        assert!(matches!(of(&code), Why::Failed(_)), "{code:?}");
    }
}

#[test]
fn a_server_that_answers_with_any_other_error_lives() {
    for code in [
        SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::IO_ERROR,
        SqlState::INTERNAL_ERROR,
        SqlState::RAISE_EXCEPTION,
    ] {
        assert!(matches!(of(&code), Why::Answered(_)), "{code:?}");
    }
}

#[test]
fn a_server_that_is_full_or_starting_or_out_of_disk_is_told_from_one_that_is_gone() {
    assert!(matches!(
        of(&SqlState::TOO_MANY_CONNECTIONS),
        Why::Saturated(_)
    ));
    assert!(matches!(
        of(&SqlState::CANNOT_CONNECT_NOW),
        Why::Starting(_)
    ));
    for code in [
        SqlState::DISK_FULL,
        SqlState::OUT_OF_MEMORY,
        SqlState::CONFIGURATION_LIMIT_EXCEEDED,
    ] {
        assert!(matches!(of(&code), Why::Exhausted(_)), "{code:?}");
    }
}

const FOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const SIX: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

#[test]
fn every_address_of_a_name_is_taken_one_of_each_family_in_turn() {
    let other = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);
    let turns = in_turn([SIX, other, FOUR, SIX].into_iter());
    assert_eq!(turns, [FOUR, SIX, other]);
}

/// What comes of two addresses of which one behaves as `odd` says, whichever of them is tried first.
fn connected(odd: impl Fn() -> Option<Why>) -> [Result<IpAddr, Why>; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    [[FOUR, SIX], [SIX, FOUR]].map(|addresses| {
        let attempt = |address| {
            let odd = odd();
            async move {
                match odd {
                    _ if address == FOUR => Ok(address),
                    Some(why) => Err(why),
                    None => std::future::pending().await,
                }
            }
        };
        runtime.block_on(first_to_answer(addresses.to_vec(), attempt))
    })
}

#[test]
fn an_address_that_nobody_routes_does_not_hide_the_one_that_is_served() {
    assert_eq!(connected(|| None), [Ok(FOUR), Ok(FOUR)]);
    let refused = || Some(Why::Failed("no route to host".into()));
    assert_eq!(connected(refused), [Ok(FOUR), Ok(FOUR)]);
}

#[test]
fn a_servers_refusal_is_an_answer_and_no_other_address_is_asked() {
    let full = || Why::Saturated("53300".into());
    assert_eq!(connected(|| Some(full())), [Ok(FOUR), Err(full())]);
}

#[test]
fn a_certificate_fault_is_found_under_an_io_error() {
    let fault = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let io = std::io::Error::new(std::io::ErrorKind::InvalidData, fault);
    assert_eq!(certificate_fault(&io).as_deref(), Some("UnknownIssuer"));
}

#[test]
fn credentials_are_not_shown() {
    let login = Credentials {
        user: "probe".into(),
        password: "hunter2".into(),
    };
    assert!(!format!("{login:?}").contains("hunter2"));
}

fn record(name: &str, data: RData) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), 5, data)
}

fn alias(name: &str, target: &str) -> Record {
    let target = Name::from_ascii(target).unwrap();
    record(name, RData::CNAME(CNAME(target)))
}

#[test]
fn a_certificate_is_asked_for_the_target_of_the_plans_own_name_however_that_goes_on() {
    const CLUSTER: &str = "orders-west.cluster-x.us-west-2.rds.amazonaws.com";
    let address = record(
        "ec2-198-51-100-1.us-west-2.compute.amazonaws.com.",
        RData::A(A::new(198, 51, 100, 1)),
    );
    let mut answers = vec![
        alias("Writer.orders.internal.", &format!("{CLUSTER}.")),
        alias(
            &format!("{CLUSTER}."),
            "ec2-198-51-100-1.us-west-2.compute.amazonaws.com.",
        ),
        address,
    ];
    assert_eq!(direct_target("writer.orders.internal", &answers), CLUSTER);
    // A name without a CNAME of its own is verified as it is.
    answers.remove(0);
    assert_eq!(
        direct_target("writer.orders.internal.", &answers),
        "writer.orders.internal"
    );
}

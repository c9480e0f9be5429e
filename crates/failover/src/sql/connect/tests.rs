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
fn a_standby_is_told_apart_and_every_other_refusal_is_a_failure() {
    assert_eq!(of(&SqlState::READ_ONLY_SQL_TRANSACTION), Why::ReadOnly);
    for code in [
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::QUERY_CANCELED,
    ] {
        assert!(matches!(of(&code), Why::Failed(_)), "{code:?}");
    }
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

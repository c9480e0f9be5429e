//! What a failed connection means.

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

#[test]
fn a_certificate_fault_is_found_under_an_io_error() {
    let fault = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let io = std::io::Error::new(std::io::ErrorKind::InvalidData, fault);
    assert_eq!(certificate_fault(&io).as_deref(), Some("UnknownIssuer"));
}

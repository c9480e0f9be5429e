//! What each error means for a verdict. The texts are those of MariaDB 10.11 and of MySQL 8.0.

use super::*;

fn write_of(code: u16, message: &str) -> Write {
    let said = ServerError {
        code,
        message: message.into(),
        state: "HY000".into(),
    };
    Why::from(mysql_async::Error::Server(said)).into()
}

#[test]
fn a_server_that_lives_and_refuses_is_told_from_one_that_is_gone() {
    let why = |code: u16, message: &str| format!("{message} (error {code})");
    for (code, message) in [
        (1053, "Server shutdown in progress"),
        (1927, "Connection was killed"),
    ] {
        let failed = Write::Failed {
            why: why(code, message),
        };
        assert_eq!(write_of(code, message), failed);
    }
    let saturated = Write::Saturated {
        why: why(1040, "Too many connections"),
    };
    assert_eq!(write_of(1040, "Too many connections"), saturated);
    let full = "Disk full (/rdsdbdata/tmp/); waiting for someone to free some space...";
    let exhausted = Write::Exhausted {
        why: why(1021, full),
    };
    assert_eq!(write_of(1021, full), exhausted);
    let waited = "Lock wait timeout exceeded; try restarting transaction";
    let answered = Write::Answered {
        why: why(1205, waited),
    };
    assert_eq!(write_of(1205, waited), answered);
}

#[test]
fn a_standby_is_one_that_is_read_only_and_no_other_option_makes_one() {
    let mariadb = "The MariaDB server is running with the --read-only option so it cannot execute this statement";
    let mysql = "The MySQL server is running with the --super-read-only option so it cannot execute this statement";
    assert_eq!(write_of(1290, mariadb), Write::ReadOnly);
    assert_eq!(write_of(1290, mysql), Write::ReadOnly);
    let other = "The MariaDB server is running with the --skip-grant-tables option so it cannot execute this statement";
    assert!(matches!(write_of(1290, other), Write::Answered { .. }));
}

#[test]
fn a_wrong_login_and_a_locked_account_are_told_apart() {
    let of = |code| {
        Why::from(mysql_async::Error::Server(ServerError {
            code,
            message: "Access denied".into(),
            state: "28000".into(),
        }))
    };
    let wrong = of(1045);
    assert!(wrong.refuses_login() && !wrong.says_locked());
    assert!(Write::from(wrong.clone()).refuses_login());
    for locked in [of(3118), of(4151)] {
        assert!(locked.says_locked() && !locked.refuses_login());
    }
    for why in [wrong, of(3118), of(1146)] {
        assert_eq!(Error::from(why).name(), "NotReady");
    }
}

//! Why a connection or a statement failed, and what that means for a verdict.

use failover::{Error, beat::Write};
use mysql_async::ServerError;
use resolver::Unresolved;

/// Why a connection or a statement failed, as far as it matters for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Why {
    kind: Kind,
    /// The server's number of the error, where a server answered.
    code: Option<u16>,
    said: String,
}

/// What is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Refused, reset, timed out, or a server that is going away: nobody answers.
    Failed,
    /// All connection slots are used.
    Saturated,
    /// The server is out of disk, memory or another resource.
    Exhausted,
    /// The server answers with any other error: it lives.
    Answered,
    /// The login, the certificate or the schema is wrong.
    Misconfigured,
    /// The server takes no writes: a replica, or one that somebody set so.
    ReadOnly,
}

/// Numbers of errors. Source: MariaDB, "MariaDB Error Code Reference"; MySQL, "Server Error Message Reference".
mod code {
    pub(super) const SATURATED: [u16; 3] = [1040, 1203, 1226];
    pub(super) const EXHAUSTED: [u16; 6] = [1021, 1037, 1038, 1041, 1114, 1135];
    pub(super) const REFUSED_LOGIN: [u16; 4] = [1045, 1251, 1698, 1862];
    /// MySQL's and MariaDB's.
    pub(super) const LOCKED: [u16; 2] = [3118, 4151];
    pub(super) const MISCONFIGURED: [u16; 14] = [
        1044, 1049, 1054, 1129, 1130, 1142, 1143, 1146, 1227, 1305, 1370, 1820, 3159, 1410,
    ];
    pub(super) const GOING_AWAY: [u16; 6] = [1053, 1158, 1159, 1160, 1161, 1927];
    /// An option keeps the statement from being executed, `read_only` for one.
    pub(super) const OPTION: u16 = 1290;
    pub(super) const READ_ONLY_MODE: u16 = 1836;
    /// Of a transaction that was begun to read only.
    pub(super) const READ_ONLY_TRANSACTION: u16 = 1792;
    pub(super) const NO_TABLE: [u16; 2] = [1049, 1146];
}

impl Why {
    pub(crate) fn new(kind: Kind, said: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            said: said.into(),
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn is_of_a_missing_table(&self) -> bool {
        self.code.is_some_and(|code| code::NO_TABLE.contains(&code))
    }

    /// Whether it is about one statement, and not about a server that stops or follows.
    pub(crate) const fn is_of_the_statement(&self) -> bool {
        self.code.is_some() && matches!(self.kind, Kind::Answered | Kind::Misconfigured)
    }

    /// Whether nobody answered at an address.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        matches!(self.kind, Kind::Failed)
    }

    /// Whether the server refuses the login: a wrong password among it.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        self.code
            .is_some_and(|code| code::REFUSED_LOGIN.contains(&code))
    }

    /// Whether the server says that the account is locked.
    #[must_use]
    pub fn says_locked(&self) -> bool {
        self.code.is_some_and(|code| code::LOCKED.contains(&code))
    }

    fn of_server(error: &ServerError) -> Self {
        let ServerError { code, message, .. } = error;
        let kind = match *code {
            code::OPTION if message.contains("read-only") || message.contains("read_only") => {
                Kind::ReadOnly
            }
            code::READ_ONLY_MODE | code::READ_ONLY_TRANSACTION => Kind::ReadOnly,
            code if code::SATURATED.contains(&code) => Kind::Saturated,
            code if code::EXHAUSTED.contains(&code) => Kind::Exhausted,
            code if code::GOING_AWAY.contains(&code) => Kind::Failed,
            code if code::REFUSED_LOGIN.contains(&code)
                || code::LOCKED.contains(&code)
                || code::MISCONFIGURED.contains(&code) =>
            {
                Kind::Misconfigured
            }
            _ => Kind::Answered,
        };
        Self {
            kind,
            code: Some(*code),
            said: format!("{message} ({}error {code})", state_of(*code)),
        }
    }
}

impl From<Unresolved> for Why {
    fn from(Unresolved(why): Unresolved) -> Self {
        Self::new(Kind::Failed, why)
    }
}

impl From<mysql_async::Error> for Why {
    fn from(error: mysql_async::Error) -> Self {
        if let mysql_async::Error::Server(said) = &error {
            return Self::of_server(said);
        }
        match certificate_fault(&error) {
            Some(fault) => Self::new(
                Kind::Misconfigured,
                format!(
                    "the server's certificate is refused ({fault}); look at the packaged CA bundle"
                ),
            ),
            None => Self::new(Kind::Failed, said(&error)),
        }
    }
}

impl From<Why> for Write {
    fn from(Why { kind, said, .. }: Why) -> Self {
        let why = said;
        match kind {
            Kind::Failed => Self::Failed { why },
            Kind::Saturated => Self::Saturated { why },
            Kind::Exhausted => Self::Exhausted { why },
            Kind::Answered => Self::Answered { why },
            Kind::Misconfigured => Self::Misconfigured { why },
            Kind::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<Why> for Error {
    fn from(Why { kind, said, .. }: Why) -> Self {
        match kind {
            Kind::Failed | Kind::Saturated | Kind::Exhausted | Kind::Answered => {
                Self::Unavailable(said)
            }
            Kind::Misconfigured => Self::NotReady(said),
            Kind::ReadOnly => Self::UnexpectedTopology(said),
        }
    }
}

/// The SQLSTATE of a login that is refused, whatever the server calls it.
fn state_of(code: u16) -> &'static str {
    if code::REFUSED_LOGIN.contains(&code) {
        "SQLSTATE 28000, "
    } else {
        ""
    }
}

/// The fault rustls found with the server's certificate, if that is what went wrong.
fn certificate_fault(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| {
            let io = error.downcast_ref::<std::io::Error>()?;
            io.get_ref()?.downcast_ref::<rustls::Error>()
        });
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls {
            return Some(fault.to_string());
        }
        next = error.source();
    }
    None
}

/// The innermost cause, which the client's own words wrap.
fn said(error: &mysql_async::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(cause) = inner.source() {
        inner = cause;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests;

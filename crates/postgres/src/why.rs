//! Why a connection or a statement failed, and what that means for a verdict.

use failover::{Error, beat::Write};
use resolver::Unresolved;
use tokio_postgres::error::SqlState;

/// Why a connection or a statement failed, as far as it matters for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Refused, reset, timed out, or a server that is going away: nobody answers.
    #[error("{0}")]
    Failed(String),
    /// All connection slots are used.
    #[error("{0}")]
    Saturated(String),
    /// The server is starting, stopping or recovering.
    #[error("{0}")]
    Starting(String),
    /// The server is out of disk, memory or another resource.
    #[error("{0}")]
    Exhausted(String),
    /// The server answers with any other error: it lives.
    #[error("{0}")]
    Answered(String),
    /// The login, the certificate or the schema is wrong.
    #[error("{0}")]
    Misconfigured(String),
    /// The server is a standby.
    #[error("the server is a standby and takes no writes")]
    ReadOnly,
}

impl From<Why> for Write {
    fn from(why: Why) -> Self {
        match why {
            Why::Failed(why) => Self::Failed { why },
            Why::Saturated(why) => Self::Saturated { why },
            Why::Starting(why) => Self::Starting { why },
            Why::Exhausted(why) => Self::Exhausted { why },
            Why::Answered(why) => Self::Answered { why },
            Why::Misconfigured(why) => Self::Misconfigured { why },
            Why::ReadOnly => Self::ReadOnly,
        }
    }
}

impl From<Why> for Error {
    fn from(why: Why) -> Self {
        match why {
            Why::Failed(why)
            | Why::Saturated(why)
            | Why::Starting(why)
            | Why::Exhausted(why)
            | Why::Answered(why) => Self::Unavailable(why),
            Why::Misconfigured(_) => Self::NotReady(why.to_string()),
            Why::ReadOnly => Self::UnexpectedTopology(why.to_string()),
        }
    }
}

impl From<Unresolved> for Why {
    fn from(Unresolved(why): Unresolved) -> Self {
        Self::Failed(why)
    }
}

impl From<tokio_postgres::Error> for Why {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(server) = error.as_db_error() {
            return Self::of_server(server.code(), server.message());
        }
        match certificate_fault(&error) {
            Some(fault) => Self::Misconfigured(format!(
                "the server's certificate is refused ({fault}); look at the packaged CA bundle"
            )),
            None => Self::Failed(chain(&error)),
        }
    }
}

impl Why {
    /// Whether the server refuses the login: class 28 of SQLSTATE, a wrong password among it.
    #[must_use]
    pub fn refuses_login(&self) -> bool {
        matches!(self, Self::Misconfigured(said) if said.contains("(SQLSTATE 28"))
    }

    fn of_server(code: &SqlState, message: &str) -> Self {
        let said = format!("{message} (SQLSTATE {})", code.code());
        match *code {
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            SqlState::TOO_MANY_CONNECTIONS => Self::Saturated(said),
            SqlState::CANNOT_CONNECT_NOW => Self::Starting(said),
            SqlState::DISK_FULL
            | SqlState::OUT_OF_MEMORY
            | SqlState::CONFIGURATION_LIMIT_EXCEEDED => Self::Exhausted(said),
            SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            | SqlState::INVALID_CATALOG_NAME
            | SqlState::UNDEFINED_TABLE
            | SqlState::INVALID_SCHEMA_NAME
            | SqlState::UNDEFINED_COLUMN
            | SqlState::INSUFFICIENT_PRIVILEGE => Self::Misconfigured(said),
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => Self::Failed(said),
            // A pooler's word about a server that it does not reach.
            _ if code.code().starts_with("08") => Self::Failed(said),
            _ => Self::Answered(said),
        }
    }
}

/// The fault rustls found with the server's certificate, if that is what went wrong.
fn certificate_fault(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| {
            error
                .downcast_ref::<std::io::Error>()
                .and_then(|io| io.get_ref()?.downcast_ref::<rustls::Error>())
        });
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls {
            return Some(fault.to_string());
        }
        next = error.source();
    }
    None
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests;

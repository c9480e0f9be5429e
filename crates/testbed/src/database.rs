//! An administrator's session with a database of either engine: as much of one as the test bed, and the scenarios of both, need.

mod mysql;
mod postgres;

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use failover::plan::Engine;
use tokio::sync::Mutex;

pub(crate) use self::postgres::connect as connect_postgres;

/// Why an engine is not on this machine, in one sentence, where that is no fault: whoever sets a machine up says so.
#[must_use]
pub fn left_out(engine: Engine, root: &Path) -> Option<String> {
    let folder = match engine {
        // PostgreSQL stands in for SQL Server, to which nothing of the product logs in.
        Engine::Postgres | Engine::Sqlserver => return None,
        Engine::Mariadb => root.join(".tools/mariadb"),
        Engine::Mysql => return Some("nothing installs MySQL".to_owned()),
    };
    if let Ok(why) = std::fs::read_to_string(folder.join(".left-out")) {
        return Some(why.trim().to_owned());
    }
    let missing = !folder.join(".installed").is_file();
    missing.then(|| {
        format!(
            "there is no MariaDB in {}; run `make setup`",
            folder.display()
        )
    })
}

/// Why a database did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// In PostgreSQL's words.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// In MySQL's.
    #[error(transparent)]
    Mysql(#[from] mysql_async::Error),
}

/// An administrator's session.
#[derive(Debug)]
pub enum Database {
    /// With PostgreSQL.
    Postgres(tokio_postgres::Client),
    /// With MariaDB or MySQL, whose session does one thing at a time.
    Mysql(Mutex<mysql_async::Conn>),
}

impl From<tokio_postgres::Client> for Database {
    fn from(session: tokio_postgres::Client) -> Self {
        Self::Postgres(session)
    }
}

impl From<mysql_async::Conn> for Database {
    fn from(session: mysql_async::Conn) -> Self {
        Self::Mysql(Mutex::new(session))
    }
}

impl Database {
    /// A session of this user, without TLS: past every road.
    ///
    /// # Errors
    /// When the server does not answer or lets nobody in.
    pub async fn connect(
        engine: Engine,
        backend: SocketAddr,
        (user, password): (&str, &str),
        database: &str,
    ) -> Result<Self, Error> {
        let login = (user, password);
        match engine {
            Engine::Postgres | Engine::Sqlserver => {
                Ok(connect_postgres(backend, login, database).await?.into())
            }
            Engine::Mariadb | Engine::Mysql => {
                Ok(mysql::connect(backend, login, database).await?.into())
            }
        }
    }

    /// Carries statements out, one after the other.
    ///
    /// # Errors
    /// When one fails; those before it stay.
    pub async fn execute<T: AsRef<str> + Sync>(&self, statements: &[T]) -> Result<(), Error> {
        for statement in statements {
            match self {
                Self::Postgres(session) => session.batch_execute(statement.as_ref()).await?,
                Self::Mysql(session) => {
                    mysql::execute(&mut *session.lock().await, statement.as_ref()).await?;
                }
            }
        }
        Ok(())
    }

    /// What a query answers that has two numbers in each row: the second by the first.
    ///
    /// # Errors
    /// When it fails, or answers anything else.
    pub async fn numbers(&self, query: &str) -> Result<BTreeMap<i64, i64>, Error> {
        match self {
            Self::Postgres(session) => Ok(postgres::numbers(session, query).await?),
            Self::Mysql(session) => Ok(mysql::numbers(&mut *session.lock().await, query).await?),
        }
    }

    /// The one number that a query answers.
    ///
    /// # Errors
    /// When it fails, or answers anything else than one number; `None` where it has no row.
    pub async fn number(&self, query: &str) -> Result<Option<i64>, Error> {
        match self {
            Self::Postgres(session) => match session.query_opt(query, &[]).await? {
                Some(row) => Ok(Some(row.try_get(0)?)),
                None => Ok(None),
            },
            Self::Mysql(session) => Ok(mysql::number(&mut *session.lock().await, query).await?),
        }
    }
}

/// A string as a statement of MySQL holds it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mariadb_is_left_out_where_the_set_up_says_why_or_has_not_installed_it() {
        let root = tempfile::tempdir().unwrap();
        let tools = root.path().join(".tools/mariadb");
        std::fs::create_dir_all(&tools).unwrap();
        let missing = left_out(Engine::Mariadb, root.path()).unwrap();
        assert!(missing.contains("make setup"), "{missing}");
        std::fs::write(tools.join(".installed"), "10.11.14").unwrap();
        assert_eq!(left_out(Engine::Mariadb, root.path()), None);
        std::fs::write(tools.join(".left-out"), "there is no apt-get\n").unwrap();
        let said = left_out(Engine::Mariadb, root.path());
        assert_eq!(said.as_deref(), Some("there is no apt-get"));
        assert_eq!(left_out(Engine::Postgres, root.path()), None);
    }

    #[test]
    fn nothing_in_a_string_ends_it() {
        assert_eq!(quoted("app-0f"), "'app-0f'");
        assert_eq!(quoted(r"it's \ "), r"'it''s \\ '");
    }
}

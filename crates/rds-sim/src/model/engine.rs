//! The engines of what is here: of clusters, and of instances of their own.

use crate::model::fault::Fault;

/// That of every cluster.
pub(crate) const ENGINE: &str = "aurora-postgresql";
/// The version of a cluster that is made without one.
pub(crate) const DEFAULT_VERSION: &str = "16.6";

/// The engine of an instance of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `postgres`.
    Postgres,
    /// `mariadb`.
    MariaDb,
    /// `mysql`.
    MySql,
    /// `sqlserver-ee`: the control plane alone. PostgreSQL stands in beneath, so that something is there to be led to.
    SqlServer,
}

impl Engine {
    const ALL: [Self; 4] = [Self::Postgres, Self::MariaDb, Self::MySql, Self::SqlServer];

    /// The engine of that name, if instances of their own may have it here.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }

    /// As RDS calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
            Self::SqlServer => "sqlserver-ee",
        }
    }

    /// The version of what is made without one.
    pub(crate) const fn default_version(self) -> &'static str {
        match self {
            Self::Postgres => DEFAULT_VERSION,
            Self::MariaDb => "10.11.14",
            Self::MySql => "8.0.44",
            Self::SqlServer => "15.0.4430",
        }
    }

    pub(crate) const fn default_port(self) -> u32 {
        match self {
            Self::Postgres => 5_432,
            Self::MariaDb | Self::MySql => 3_306,
            Self::SqlServer => 1_433,
        }
    }

    pub(crate) const fn license(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql-license",
            Self::MariaDb | Self::MySql => "general-public-license",
            Self::SqlServer => "license-included",
        }
    }

    /// Whether a replica follows its source through a slot on it.
    pub(crate) const fn has_slots(self) -> bool {
        matches!(self, Self::Postgres | Self::SqlServer)
    }

    /// Whether a replica in another Region is promoted when its source is deleted.
    /// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.XRgn.html>.
    pub(crate) const fn outlives_source(self) -> bool {
        !matches!(self, Self::Postgres)
    }
}

/// Refuses an engine that no cluster has.
pub(crate) fn check_engine(engine: &str) -> Result<(), Fault> {
    if engine == ENGINE {
        return Ok(());
    }
    Err(Fault::invalid_value(format!("Invalid DB engine: {engine}")))
}

/// What of a version two releases share that a minor upgrade leads between: `16`, and `10.11` or `8.0`.
fn series(engine: &str, version: &str) -> String {
    let numbers = match Engine::named(engine) {
        Some(Engine::MariaDb | Engine::MySql | Engine::SqlServer) => 2,
        Some(Engine::Postgres) | None => 1,
    };
    let numbers: Vec<_> = version.split('.').take(numbers).collect();
    numbers.join(".")
}

/// What the parameter groups of an engine's version are for, such as `postgres16` or `mariadb10.11`.
pub(crate) fn family(engine: &str, version: &str) -> String {
    let dash = if engine == Engine::SqlServer.as_str() {
        "-"
    } else {
        ""
    };
    format!("{engine}{dash}{}", series(engine, version))
}

/// Whether a family is one that parameter groups of RDS's own are for.
pub(crate) fn is_family(family: &str) -> bool {
    let own = Engine::ALL.into_iter().map(Engine::as_str);
    let mut versions = std::iter::once(ENGINE)
        .chain(own)
        .filter_map(|engine| Some((engine, family.strip_prefix(engine)?)));
    versions.any(|(engine, version)| {
        let of_dash = engine == Engine::SqlServer.as_str();
        let Some(version) = version.strip_prefix(if of_dash { "-" } else { "" }) else {
            return false;
        };
        let mut numbers = version.split('.');
        numbers.all(|number| number.parse::<u32>().is_ok()) && series(engine, version) == version
    })
}

/// The option group that every instance of its own has.
pub(crate) fn default_options(engine: Engine, version: &str) -> String {
    let series = series(engine.as_str(), version).replace('.', "-");
    format!("default:{}-{series}", engine.as_str())
}

/// The parameter group that a version of an engine has where none was given.
pub(crate) fn default_parameters(engine: &str, version: &str) -> String {
    format!("default.{}", family(engine, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_called_after_a_series_of_versions() {
        assert_eq!(default_parameters("postgres", "16.6"), "default.postgres16");
        assert_eq!(
            default_parameters("mariadb", "10.11.14"),
            "default.mariadb10.11"
        );
        assert_eq!(
            default_options(Engine::Postgres, "16.6"),
            "default:postgres-16"
        );
        assert_eq!(
            default_options(Engine::MariaDb, "10.11.14"),
            "default:mariadb-10-11"
        );
        assert_eq!(family("mysql", "8.0.44"), "mysql8.0");
        assert_eq!(family("sqlserver-ee", "15.0.4430"), "sqlserver-ee-15.0");
    }

    #[test]
    fn a_family_has_as_many_numbers_as_its_engine_says() {
        for family in [
            "aurora-postgresql16",
            "postgres16",
            "mariadb10.11",
            "mysql8.0",
            "sqlserver-ee-15.0",
        ] {
            assert!(is_family(family), "{family}");
        }
        for family in ["postgres16.6", "mariadb10.11.14", "mariadb", "oracle19", ""] {
            assert!(!is_family(family), "{family}");
        }
    }
}

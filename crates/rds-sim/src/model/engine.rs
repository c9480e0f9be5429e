//! The engines of what is here: of clusters, and of instances of their own.

use crate::model::fault::Fault;

/// That of every cluster.
pub(crate) const ENGINE: &str = "aurora-postgresql";
/// That of an instance of its own.
pub(crate) const POSTGRES: &str = "postgres";
/// The version of what is made without one.
pub(crate) const DEFAULT_VERSION: &str = "16.6";

/// Refuses an engine that no cluster has.
pub(crate) fn check_engine(engine: &str) -> Result<(), Fault> {
    if engine == ENGINE {
        return Ok(());
    }
    Err(Fault::invalid_value(format!("Invalid DB engine: {engine}")))
}

/// What the parameter groups of an engine's version are for, such as `postgres16`.
pub(crate) fn family(engine: &str, version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("{engine}{major}")
}

/// The option group that every instance of its own has.
pub(crate) fn default_options(version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("default:{POSTGRES}-{major}")
}

/// The parameter group that a version of an engine has where none was given.
pub(crate) fn default_parameters(engine: &str, version: &str) -> String {
    format!("default.{}", family(engine, version))
}

//! The engine of every cluster here.

use crate::model::fault::Fault;

/// Its name.
pub(crate) const ENGINE: &str = "aurora-postgresql";
/// The version of what is made without one.
pub(crate) const DEFAULT_VERSION: &str = "16.6";

/// Refuses another engine.
pub(crate) fn check_engine(engine: &str) -> Result<(), Fault> {
    if engine == ENGINE {
        return Ok(());
    }
    Err(Fault::invalid_value(format!("Invalid DB engine: {engine}")))
}

/// The parameter group that a version has where none was given.
pub(crate) fn default_parameters(version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("default.{ENGINE}{major}")
}

//! Parameters, in SSM: plans, switches, and what others read: the writer's endpoints, and the global cluster's identifier.

use serde::Serialize;

use crate::{
    Error,
    domain::{Epoch, PlanName, Region},
    switches::Switches,
};

/// SSM's parameters.
pub trait Parameters: Sync {
    /// Every plan's name and document in this Region.
    fn plans(&self) -> impl Future<Output = Result<Vec<(PlanName, String)>, Error>> + Send;
    /// The document of one plan in this Region.
    fn plan(&self, plan: &PlanName) -> impl Future<Output = Result<String, Error>> + Send;
    /// The document of one plan in another Region.
    fn plan_in(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> impl Future<Output = Result<String, Error>> + Send;
    /// The switches of the acting Region. A parameter that exists is on, whatever it says, unless it says `off`.
    fn switches(&self, plan: &PlanName) -> impl Future<Output = Result<Switches, Error>> + Send;
    /// Reads a parameter that runs write, with its epoch.
    fn parameter(
        &self,
        region: &Region,
        name: &str,
    ) -> impl Future<Output = Result<Option<Parameter>, Error>> + Send;
    /// Writes such a parameter's value and epoch in one call.
    fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        parameter: &Parameter,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What a parameter holds that runs write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// A host name, or the global cluster's identifier.
    pub value: String,
    /// The epoch that it was last written in; `None` when its description holds none.
    pub epoch: Option<Epoch>,
}

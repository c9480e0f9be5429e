//! `Filters` of a describe: what it documents filters, what it does not is refused.

use crate::model::{fault::Fault, params::Params};

/// The filters of one call.
#[derive(Debug)]
pub(crate) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    /// Reads them; one that the operation does not document is refused.
    pub(crate) fn read(params: &'a Params, documented: &[&str]) -> Result<Self, Fault> {
        let filters = params.filters();
        match filters.iter().find(|(name, _)| !documented.contains(name)) {
            Some((name, _)) => Err(Fault::invalid_value(format!(
                "Unrecognized filter name: {name}"
            ))),
            None => Ok(Self(filters)),
        }
    }

    /// Whether one of the values that something goes by is among a filter's, where there is such a filter. ARNs and
    /// identifiers know no case.
    pub(crate) fn admit(&self, name: &str, goes_by: &[&str]) -> bool {
        let mut filters = self.0.iter().filter(|(filter, _)| *filter == name);
        filters.all(|(_, values)| {
            let is_one = |value: &&str| goes_by.iter().any(|own| own.eq_ignore_ascii_case(value));
            values.iter().any(is_one)
        })
    }
}

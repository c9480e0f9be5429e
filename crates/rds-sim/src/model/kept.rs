//! What clusters and instances are given and only keep and show: one table for each, for creation, change and description.

use std::collections::BTreeMap;

use crate::{
    answer::Fields,
    model::{fault::Fault, params::Params},
};

/// What a property's values are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Is {
    Text,
    Flag,
    Number(u32, u32),
    OneOf(&'static [&'static str]),
}

/// A property: the parameter that gives it, the member that shows it.
#[derive(Debug)]
pub(crate) struct Property {
    given: &'static str,
    shown: &'static str,
    is: Is,
    /// What is shown of one that was never given; nothing where RDS leaves the member out.
    otherwise: Option<&'static str>,
}

const fn property(
    given: &'static str,
    shown: &'static str,
    is: Is,
    otherwise: Option<&'static str>,
) -> Property {
    Property {
        given,
        shown,
        is,
        otherwise,
    }
}

/// A property whose parameter and member have one name.
const fn alike(name: &'static str, is: Is, otherwise: Option<&'static str>) -> Property {
    property(name, name, is, otherwise)
}

const INSIGHTS: Property = property(
    "EnablePerformanceInsights",
    "PerformanceInsightsEnabled",
    Is::Flag,
    Some("false"),
);
const INSIGHTS_KEY: Property = alike("PerformanceInsightsKMSKeyId", Is::Text, None);
const INSIGHTS_DAYS: Property = alike(
    "PerformanceInsightsRetentionPeriod",
    Is::Number(7, 731),
    None,
);
const MONITORING: Property = alike("MonitoringInterval", Is::Number(0, 60), Some("0"));
const MONITORING_ROLE: Property = alike("MonitoringRoleArn", Is::Text, None);
const MAINTENANCE: Property = alike(
    "PreferredMaintenanceWindow",
    Is::Text,
    Some("sun:05:00-sun:05:30"),
);
const MINOR_UPGRADES: Property = alike("AutoMinorVersionUpgrade", Is::Flag, Some("true"));

/// What a cluster keeps. Its storage type is shown by [`crate::model::views`], since RDS shows only one of the two.
pub(crate) const OF_CLUSTER: [Property; 14] = [
    alike("PreferredBackupWindow", Is::Text, Some("03:00-03:30")),
    MAINTENANCE,
    MINOR_UPGRADES,
    alike("CopyTagsToSnapshot", Is::Flag, Some("false")),
    property(
        "EnableHttpEndpoint",
        "HttpEndpointEnabled",
        Is::Flag,
        Some("false"),
    ),
    alike("NetworkType", Is::OneOf(&["IPV4", "DUAL"]), Some("IPV4")),
    INSIGHTS,
    INSIGHTS_KEY,
    INSIGHTS_DAYS,
    MONITORING,
    MONITORING_ROLE,
    alike(
        "DatabaseInsightsMode",
        Is::OneOf(&["standard", "advanced"]),
        Some("standard"),
    ),
    alike(
        "EngineLifecycleSupport",
        Is::OneOf(&[
            "open-source-rds-extended-support",
            "open-source-rds-extended-support-disabled",
        ]),
        Some("open-source-rds-extended-support"),
    ),
    property(
        "EnableGlobalWriteForwarding",
        "GlobalWriteForwardingRequested",
        Is::Flag,
        None,
    ),
];

/// What a cluster keeps and shows in words of its own.
pub(crate) const OF_CLUSTER_OTHERWISE_SHOWN: [Property; 2] = [
    alike("StorageType", Is::OneOf(&["aurora", "aurora-iopt1"]), None),
    alike("EnableLocalWriteForwarding", Is::Flag, None),
];

/// What an instance keeps.
pub(crate) const OF_INSTANCE: [Property; 9] = [
    MAINTENANCE,
    MINOR_UPGRADES,
    alike("PubliclyAccessible", Is::Flag, Some("false")),
    INSIGHTS,
    INSIGHTS_KEY,
    INSIGHTS_DAYS,
    MONITORING,
    MONITORING_ROLE,
    alike(
        "CACertificateIdentifier",
        Is::Text,
        Some("rds-ca-rsa2048-g1"),
    ),
];

/// What an instance of its own keeps beside that.
pub(crate) const OF_STANDALONE: [Property; 5] = [
    alike("MaxAllocatedStorage", Is::Number(20, 65_536), None),
    alike("PreferredBackupWindow", Is::Text, Some("03:00-03:30")),
    alike("CopyTagsToSnapshot", Is::Flag, Some("false")),
    alike(
        "StorageType",
        Is::OneOf(&["gp2", "gp3", "io1", "io2", "standard"]),
        Some("gp2"),
    ),
    alike("NetworkType", Is::OneOf(&["IPV4", "DUAL"]), Some("IPV4")),
];

/// Values by the parameters that gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept(BTreeMap<&'static str, String>);

impl Kept {
    /// Keeps every property of a table that a call gives.
    pub(crate) fn take(&mut self, table: &[Property], params: &Params) -> Result<(), Fault> {
        for Property { given, is, .. } in table {
            let given = *given;
            let value = match is {
                Is::Text => params.owned(given),
                Is::Flag => params.flag(given)?.map(|flag| flag.to_string()),
                Is::Number(low, high) => params
                    .number(given, *low, *high)?
                    .map(|number| number.to_string()),
                Is::OneOf(values) => one_of(params, given, values)?,
            };
            if let Some(value) = value {
                self.0.insert(given, value);
            }
        }
        let watched = self
            .get("MonitoringInterval")
            .is_some_and(|every| every != "0");
        if watched && self.get("MonitoringRoleArn").is_none() {
            return Err(Fault::invalid_combination(
                "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
            ));
        }
        Ok(())
    }

    /// What a parameter gave.
    pub(crate) fn get(&self, given: &str) -> Option<&str> {
        self.0.get(given).map(String::as_str)
    }

    /// Whether a parameter gave `true`.
    pub(crate) fn is_on(&self, given: &str) -> bool {
        self.get(given) == Some("true")
    }

    /// Shows a table's properties.
    pub(crate) fn show(&self, table: &[Property], fields: Fields) -> Fields {
        table.iter().fold(fields, |fields, property| {
            let value = self.get(property.given).or(property.otherwise);
            fields.optional(property.shown, value)
        })
    }
}

fn one_of(params: &Params, name: &'static str, values: &[&str]) -> Result<Option<String>, Fault> {
    match params.owned(name) {
        Some(value) if !values.contains(&value.as_str()) => Err(Fault::invalid_value(format!(
            "Invalid value {value} for {name}: it must be one of {}.",
            values.join(", ")
        ))),
        value => Ok(value),
    }
}

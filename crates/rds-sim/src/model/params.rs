//! The parameters of one call, as the AWS Query protocol names them.

use std::collections::BTreeMap;

use crate::model::fault::Fault;

/// No list in a request may be longer than this.
const LIST_LIMIT: usize = 100;

/// Named parameters of a call; an empty value counts as absent, as it does at RDS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Takes name and value pairs.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    /// Parses a form-encoded body.
    pub fn from_form(body: &[u8]) -> Result<Self, Fault> {
        serde_urlencoded::from_bytes::<Vec<(String, String)>>(body)
            .map(Self::new)
            .map_err(|_| Fault::malformed("the request body is not form-encoded"))
    }

    /// A parameter that may be left out.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first parameter that is none of these.
    pub fn beyond(&self, known: &[&str]) -> Option<&str> {
        let mut names = self.0.keys().map(String::as_str);
        names.find(|name| !known.contains(name))
    }

    /// A parameter that may be left out, owned.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A parameter that must be there.
    pub fn required(&self, name: &'static str) -> Result<&str, Fault> {
        self.optional(name).ok_or_else(|| Fault::missing(name))
    }

    /// A boolean, `true` or `false` and nothing else.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Fault> {
        match self.optional(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Fault::invalid_value(format!(
                "Invalid boolean value {other} for {name}."
            ))),
        }
    }

    /// A whole number within the given bounds, both included.
    pub fn number(&self, name: &'static str, low: u32, high: u32) -> Result<Option<u32>, Fault> {
        let Some(text) = self.optional(name) else {
            return Ok(None);
        };
        match text.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            Ok(_) | Err(_) => Err(Fault::invalid_value(format!(
                "Invalid value {text} for {name}: it must be between {low} and {high}."
            ))),
        }
    }

    /// The list written as `prefix.1`, `prefix.2`, …
    pub fn list(&self, prefix: &str) -> Vec<&str> {
        (1..=LIST_LIMIT)
            .map_while(|index| self.optional(&format!("{prefix}.{index}")))
            .collect()
    }

    /// `Filters`: names and their values.
    pub fn filters(&self) -> Vec<(&str, Vec<&str>)> {
        (1..=LIST_LIMIT)
            .map_while(|index| {
                let name = self.optional(&format!("Filters.Filter.{index}.Name"))?;
                Some((
                    name,
                    self.list(&format!("Filters.Filter.{index}.Values.Value")),
                ))
            })
            .collect()
    }

    /// `Parameters`: names and values.
    pub fn parameters(&self) -> Vec<(String, String)> {
        (1..=LIST_LIMIT)
            .map_while(|index| {
                let of = |field: &str| self.owned(&format!("Parameters.Parameter.{index}.{field}"));
                Some((
                    of("ParameterName")?,
                    of("ParameterValue").unwrap_or_default(),
                ))
            })
            .collect()
    }

    /// `AssociatedRoles`: roles, and what each is for.
    pub fn roles(&self) -> Vec<(String, String)> {
        (1..=LIST_LIMIT)
            .map_while(|index| {
                let prefix = format!("AssociatedRoles.DBClusterRole.{index}");
                let role = self.owned(&format!("{prefix}.RoleArn"))?;
                let feature = self.owned(&format!("{prefix}.FeatureName"));
                Some((role, feature.unwrap_or_default()))
            })
            .collect()
    }

    /// `Tags`: keys and values.
    pub fn tags(&self) -> Vec<(String, String)> {
        (1..=LIST_LIMIT)
            .map_while(|index| {
                let key = self.owned(&format!("Tags.Tag.{index}.Key"))?;
                Some((
                    key,
                    self.owned(&format!("Tags.Tag.{index}.Value"))
                        .unwrap_or_default(),
                ))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_filters_and_tags_are_read_in_the_query_protocols_style() {
        let params = Params::from_form(
            b"Filters.Filter.1.Name=region&Filters.Filter.1.Values.Value.1=us-east-1&Tags.Tag.1.Key=a&Tags.Tag.1.Value=b%20c\
              &VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&VpcSecurityGroupIds.VpcSecurityGroupId.2=sg-2",
        )
        .unwrap();
        assert_eq!(params.filters(), [("region", vec!["us-east-1"])]);
        assert_eq!(params.tags(), [("a".to_owned(), "b c".to_owned())]);
        assert_eq!(
            params.list("VpcSecurityGroupIds.VpcSecurityGroupId"),
            ["sg-1", "sg-2"]
        );
    }

    #[test]
    fn an_empty_value_is_a_missing_one() {
        let params = Params::new([("DBClusterIdentifier", "")]);
        assert_eq!(
            params.required("DBClusterIdentifier").unwrap_err().code,
            "MissingParameter"
        );
    }

    #[test]
    fn a_boolean_is_true_or_false_and_nothing_else() {
        assert_eq!(
            Params::new([("Switchover", "True")])
                .flag("Switchover")
                .unwrap_err()
                .code,
            "InvalidParameterValue"
        );
        assert_eq!(
            Params::new([("Switchover", "false")])
                .flag("Switchover")
                .unwrap(),
            Some(false)
        );
    }
}

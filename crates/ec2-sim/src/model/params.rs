//! The parameters of a call, as EC2's query protocol writes them: `Filter.1.Value.2`, `BlockDeviceMapping.1.Ebs.VolumeId`.

use std::collections::BTreeMap;

use crate::model::fault::Fault;

/// No list may be longer.
const LIST_LIMIT: usize = 1_000;
/// What every operation takes.
const OF_EVERY_CALL: [&str; 3] = ["Action", "Version", "DryRun"];

/// Named parameters of a call. An empty value counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Takes name and value pairs.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Parses a form-encoded body.
    ///
    /// # Errors
    /// Where the body is none.
    pub fn from_form(body: &[u8]) -> Result<Self, Fault> {
        serde_urlencoded::from_bytes::<Vec<(String, String)>>(body)
            .map(Self::new)
            .map_err(|_| Fault::malformed("the request body is not form-encoded"))
    }

    /// All of them.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses every parameter whose first name is none of these: what is not simulated must not seem to be.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let unknown = self.0.keys().find(|name| {
            let first = name.split('.').next().unwrap_or_default();
            !known.contains(&first) && !OF_EVERY_CALL.contains(&first)
        });
        unknown.map_or(Ok(()), |name| Err(Fault::unknown_parameter(name)))
    }

    /// A parameter that may be left out.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that may be left out, owned.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.optional(name).ok_or_else(|| Fault::missing(name))
    }

    /// A boolean, `true` or `false` and nothing else.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.optional(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Fault::invalid_value(format!(
                "Value ({other}) for parameter {name} is invalid. Expected 'true' or 'false'."
            ))),
        }
    }

    /// A whole number within the given bounds, both included.
    pub(crate) fn number(&self, name: &str, low: u64, high: u64) -> Result<Option<u64>, Fault> {
        let Some(text) = self.optional(name) else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            Ok(_) | Err(_) => Err(Fault::invalid_value(format!(
                "Value ({text}) for parameter {name} is invalid. Expected a number between {low} and {high}."
            ))),
        }
    }

    /// The list written as `prefix.1`, `prefix.2`, …
    pub(crate) fn list(&self, prefix: &str) -> Vec<&str> {
        (1..=LIST_LIMIT)
            .map_while(|index| self.optional(&format!("{prefix}.{index}")))
            .collect()
    }

    /// What is written as `prefix.name`, under its names.
    pub(crate) fn within(&self, prefix: &str) -> Self {
        let start = format!("{prefix}.");
        let inner = self.0.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(&start)?;
            Some((name.to_owned(), value.clone()))
        });
        Self(inner.collect())
    }

    /// The structures written as `prefix.1.name`, `prefix.2.name`, …
    pub(crate) fn each(&self, prefix: &str) -> Vec<Self> {
        (1..=LIST_LIMIT)
            .map(|index| self.within(&format!("{prefix}.{index}")))
            .take_while(|structure| !structure.is_empty())
            .collect()
    }

    /// Keys and values of `Tag.1.Key`, `Tag.1.Value`, …
    pub(crate) fn tags(&self) -> Result<BTreeMap<String, String>, Fault> {
        let of = |tag: &Self| {
            let key = tag.required("Key")?;
            if key.starts_with("aws:") {
                return Err(Fault::invalid_value(
                    "Tag keys starting with 'aws:' are reserved for internal use",
                ));
            }
            Ok((key.to_owned(), tag.owned("Value").unwrap_or_default()))
        };
        self.each("Tag").iter().map(of).collect()
    }

    /// The tags that `TagSpecification` has for things of a kind. Another kind than these is refused.
    pub(crate) fn tags_for(
        &self,
        kind: &str,
        kinds: &[&str],
    ) -> Result<BTreeMap<String, String>, Fault> {
        let mut found = BTreeMap::new();
        for specification in self.each("TagSpecification") {
            let named = specification.required("ResourceType")?;
            if !kinds.contains(&named) {
                return Err(Fault::invalid_value(format!(
                    "'{named}' is not a valid taggable resource type for this operation."
                )));
            }
            if named == kind {
                found.extend(specification.tags()?);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_structures_and_tags_are_read_in_ec2s_style() {
        let params = Params::from_form(
            b"InstanceId.1=i-1&InstanceId.2=i-2&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsdf\
              &BlockDeviceMapping.1.Ebs.VolumeId=vol-1&TagSpecification.1.ResourceType=volume\
              &TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b%20c",
        )
        .unwrap();
        assert_eq!(params.list("InstanceId"), ["i-1", "i-2"]);
        let mapping = params.each("BlockDeviceMapping").remove(0);
        assert_eq!(mapping.optional("DeviceName"), Some("/dev/sdf"));
        assert_eq!(mapping.within("Ebs").optional("VolumeId"), Some("vol-1"));
        let tags = params.tags_for("volume", &["volume"]).unwrap();
        assert_eq!(tags.get("a").map(String::as_str), Some("b c"));
        let refused = params.tags_for("snapshot", &["snapshot"]).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValue");
    }

    #[test]
    fn a_parameter_that_is_not_simulated_is_refused() {
        let params = Params::new([("Action", "x"), ("VolumeId.1", "v"), ("Colour.1.Hue", "y")]);
        let refused = params.only(&["VolumeId"]).unwrap_err();
        assert_eq!(refused.code, "UnknownParameter");
        assert!(refused.message.contains("Colour.1.Hue"), "{refused}");
    }

    #[test]
    fn keys_of_aws_are_nobodys_to_give() {
        let params = Params::new([("Tag.1.Key", "aws:autoscaling:groupName")]);
        assert_eq!(params.tags().unwrap_err().code, "InvalidParameterValue");
    }
}

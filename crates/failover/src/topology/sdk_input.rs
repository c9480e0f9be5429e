//! What of each input that RDS takes for a member is given to the one that is made again. A test holds such lists against the SDK's own:
//! an input that RDS gains fails it until somebody decides.

/// An input of one of RDS's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdkInput {
    /// It is given, as it was.
    Given,
    /// It is not, for a reason.
    Left(&'static str),
}

/// The inputs that are not given, each with its reason.
#[must_use]
pub fn left_out_of(inputs: &[(&str, SdkInput)]) -> Vec<String> {
    let left = inputs.iter().filter_map(|(name, input)| match input {
        SdkInput::Given => None,
        SdkInput::Left(why) => Some(format!("{name}: {why}")),
    });
    left.collect()
}

/// Whether a parameter group or an option group is the default one of its version. It comes with the version and is not given.
#[must_use]
pub fn is_default_group(name: &str) -> bool {
    name.starts_with("default.") || name.starts_with("default:")
}

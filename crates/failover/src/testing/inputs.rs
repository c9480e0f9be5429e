//! Holds what a member made again is given against everything that the SDK could give.

use std::{collections::BTreeSet, fmt::Debug};

use crate::topology::SdkInput;

/// The fields of an SDK's input, and whether each is set.
fn fields(input: &impl Debug) -> Vec<(String, bool)> {
    let shown = format!("{input:#?}");
    let fields = shown.lines().filter_map(|line| {
        let field = line.strip_prefix("    ")?;
        if field.starts_with([' ', '}', ']', ')']) {
            return None;
        }
        let (name, value) = field.split_once(": ")?;
        Some((name.to_owned(), value != "None,"))
    });
    // A password is redacted, set or not.
    let passwords = ["master_user_password", "tde_credential_password"];
    fields
        .map(|(name, is_set)| {
            let is_secret = passwords.contains(&name.as_str()) || name == "pre_signed_url";
            (name, is_set && !is_secret)
        })
        .collect()
}

/// Each input of the call is on the list, and is set exactly where the list says that it is given.
pub fn holds(call: &str, list: &[(&str, SdkInput)], none: &impl Debug, full: &impl Debug) {
    let named = |fields: Vec<(String, bool)>| -> BTreeSet<String> {
        fields.into_iter().map(|(name, _)| name).collect()
    };
    let listed: BTreeSet<String> = list.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(listed.len(), list.len(), "{call} lists an input twice");
    assert_eq!(named(fields(none)), listed, "the inputs of {call}");
    let given: BTreeSet<String> = list
        .iter()
        .filter(|(_, input)| *input == SdkInput::Given)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let set = fields(full).into_iter().filter(|(_, is_set)| *is_set);
    let set: BTreeSet<String> = set.map(|(name, _)| name).collect();
    assert_eq!(set, given, "what {call} is given");
}

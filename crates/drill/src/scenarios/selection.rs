//! Which scenarios a word on the command line names.

use crate::scenario::Scenario;

/// Scenarios whose names begin with one of these words are played by it. `region` is no family: its members have nothing in
/// common but the word.
pub(crate) const FAMILIES: [&str; 6] = [
    "approval",
    "failback",
    "misconfigured-probe",
    "replica-mariadb",
    "route53-down",
    "workload",
];

/// The scenarios that a word on the command line names: one, several with commas between them, a family, or `all`.
///
/// # Errors
/// When it names none; the message lists what there is.
pub fn selection(word: &str) -> Result<Vec<&'static Scenario>, String> {
    let named: Result<Vec<_>, _> = word.split(',').map(named).collect();
    Ok(named?.concat())
}

fn named(word: &str) -> Result<Vec<&'static Scenario>, String> {
    let of = |fits: &dyn Fn(&Scenario) -> bool| -> Vec<&'static Scenario> {
        super::all().filter(|scenario| fits(scenario)).collect()
    };
    let exact = of(&|scenario| scenario.name == word);
    if !exact.is_empty() {
        return Ok(exact);
    }
    if word == "all" {
        return Ok(of(&|scenario| !scenario.by_name_only));
    }
    if FAMILIES.contains(&word) {
        return Ok(of(&|scenario| {
            scenario.name.starts_with(&format!("{word}-"))
        }));
    }
    let names: Vec<_> = super::all().map(|scenario| scenario.name).collect();
    Err(format!(
        "there is no scenario {word:?}; choose all, a family ({}), or one of {}",
        FAMILIES.join(", "),
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<&str> {
        let selected = selection(word).unwrap();
        selected.iter().map(|scenario| scenario.name).collect()
    }

    #[test]
    fn a_word_names_one_scenario_a_family_or_all() {
        assert_eq!(names("blip"), ["blip"]);
        assert_eq!(names("blip,observe"), ["blip", "observe"]);
        assert_eq!(names("approval").len(), 4);
        assert_eq!(names("misconfigured-probe").len(), 4);
        assert_eq!(names("failback").len(), 4);
        assert_eq!(names("replica-mariadb").len(), 5);
        assert_eq!(names("workload").len(), 6);
        let all = names("all");
        assert_eq!(all.len(), crate::scenarios::all().count() - 13);
        assert!(!all.contains(&"round-trip"));
        assert!(selection("region").unwrap_err().contains("region-loss"));
    }
}

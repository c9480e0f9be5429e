//! Installations beside each other: what the names of this one begin with.

use std::sync::OnceLock;

/// What they begin with where nobody says otherwise.
pub const PREFIX: &str = "aurora-failover";

/// What a prefix looks like, in words. A role's name, which ends in a machine's and a Region's, has 64 characters at most.
const FORM: &str = "2 to 20 letters from a to z, digits and hyphens, beginning with a letter but not with aws or ssm, and not ending with a hyphen";

/// The release that this was built from, by the number in the workspace's `Cargo.toml`. The operator's tool and the functions hold theirs
/// against each other.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

static SAID: OnceLock<String> = OnceLock::new();

/// Whether names can begin with this in every service.
fn fits(prefix: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (2..=20).contains(&prefix.len())
        && prefix.starts_with(|c: char| c.is_ascii_lowercase())
        && prefix.chars().all(fits)
        && !prefix.ends_with('-')
        && !prefix.starts_with("aws")
        && !prefix.starts_with("ssm")
}

/// A prefix that somebody typed.
///
/// # Errors
/// One sentence, where no name can begin with it.
pub fn read(text: &str) -> Result<String, String> {
    if fits(text) {
        return Ok(text.to_owned());
    }
    Err(format!("no name can begin with it; use {FORM}"))
}

/// Says what the names begin with; a program says so once, as it starts, and the first word holds.
pub fn begins_with(prefix: &str) {
    SAID.get_or_init(|| prefix.to_owned());
}

/// What the names of functions, machines, rules and roles begin with; also the source of events and the namespace of metrics.
#[must_use]
pub fn prefix() -> &'static str {
    SAID.get().map_or(PREFIX, String::as_str)
}

/// The full name of a function, a machine or a rule.
#[must_use]
pub fn named(name: &str) -> String {
    format!("{}-{name}", prefix())
}

/// The full name of a parameter.
#[must_use]
pub fn parameter(path: &str) -> String {
    format!("/{}/{path}", prefix())
}

/// What a deployed function's name begins with, or nothing where it does not end with the function's own.
#[must_use]
pub fn of_function<'a>(deployed: &'a str, own: &str) -> Option<&'a str> {
    deployed
        .strip_suffix(own)?
        .strip_suffix('-')
        .filter(|prefix| fits(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployed_functions_name_says_whose_it_is() {
        let of = |deployed| of_function(deployed, "dns-flip");
        assert_eq!(of("aurora-failover-dns-flip"), Some("aurora-failover"));
        assert_eq!(of("payments-dr-dns-flip"), Some("payments-dr"));
        for strange in [
            "dns-flip",
            "Bench-dns-flip",
            "-dns-flip",
            "bench",
            "payments-dr-ecs-restart",
            "xdns-flip",
        ] {
            assert_eq!(of(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_prefix_is_one_that_every_service_takes() {
        for fine in [PREFIX, "dr", "orders-2", "a2345678901234567890"] {
            assert!(fits(fine), "{fine}");
        }
        for wrong in [
            "",
            "a",
            "a23456789012345678901",
            "2nd",
            "dr-",
            "Orders",
            "a_b",
            "aws-dr",
            "ssm",
        ] {
            assert!(!fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn where_nobody_says_otherwise_names_begin_with_the_products() {
        assert_eq!(named("dns-flip"), "aurora-failover-dns-flip");
        assert_eq!(parameter("kill"), "/aurora-failover/kill");
    }
}

//! Failover records: which of a pair a name is answered with.
//! Source: Route 53's developer guide, "How Amazon Route 53 chooses records when health checking is configured".

use hickory_proto::rr::{LowerName, Record};

/// One of a pair of failover records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) role: Role,
    /// Its health check.
    pub(super) check: Option<String>,
    pub(super) leads: Leads,
}

/// Which of the pair it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Secondary,
}

/// Where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// To what its records say.
    To(Vec<Record>),
    /// To wherever another name leads. What that one's health is counts where the alias evaluates it.
    Alias { target: LowerName, evaluates: bool },
}

/// The one that is answered: the primary, unless it alone is unhealthy. What has no health check is healthy.
pub(super) fn chosen(sets: &[Set], is_healthy: impl Fn(&Set) -> bool) -> Option<&Set> {
    let of = |role| sets.iter().find(|set| set.role == role);
    match (of(Role::Primary), of(Role::Secondary)) {
        (Some(primary), Some(secondary)) if !is_healthy(primary) && is_healthy(secondary) => {
            Some(secondary)
        }
        (primary, secondary) => primary.or(secondary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(role: Role) -> Set {
        Set {
            role,
            check: None,
            leads: Leads::To(Vec::new()),
        }
    }

    #[test]
    fn the_secondary_is_answered_only_where_it_is_healthy_and_the_primary_is_not() {
        use Role::{Primary, Secondary};
        let pair = [set(Secondary), set(Primary)];
        for (healthy, expected) in [
            ([true, true].as_slice(), Primary),
            (&[true, false], Primary),
            (&[false, true], Secondary),
            (&[false, false], Primary),
        ] {
            let is_healthy = |set: &Set| healthy[usize::from(set.role == Secondary)];
            let found = chosen(&pair, is_healthy).map(|set| set.role);
            assert_eq!(found, Some(expected), "{healthy:?}");
        }
    }

    #[test]
    fn one_of_a_pair_alone_is_answered_whatever_its_health() {
        for role in [Role::Primary, Role::Secondary] {
            let alone = [set(role)];
            let found = chosen(&alone, |_| false).map(|set| set.role);
            assert_eq!(found, Some(role));
        }
        assert_eq!(chosen(&[], |_| true), None);
    }
}

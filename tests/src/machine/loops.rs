//! Finds the loops of a state machine that nothing ends.
//!
//! A loop is bounded when one of its ways asks for a counter below a number, the counter grows on every round through
//! that way, and nothing in the loop sets it back. Loops within loops are taken from the outside in.

use std::collections::BTreeSet;

use super::Edge;

/// The sets of states among which a run can go round for ever.
pub fn unbounded(edges: &[Edge]) -> Vec<BTreeSet<String>> {
    let mut found = Vec::new();
    for states in circles(edges) {
        let inner: Vec<_> = edges
            .iter()
            .filter(|edge| states.contains(&edge.from) && states.contains(&edge.to))
            .cloned()
            .collect();
        match inner
            .iter()
            .filter_map(guard)
            .find(|counter| bounds(counter, &inner))
        {
            Some(counter) => {
                let rest: Vec<_> = inner
                    .into_iter()
                    .filter(|edge| guard(edge).as_ref() != Some(&counter))
                    .collect();
                found.extend(unbounded(&rest));
            }
            None => found.push(states),
        }
    }
    found
}

/// Whether a counter only grows here, and does so on every round through a way that asks for it.
fn bounds(counter: &str, edges: &[Edge]) -> bool {
    let only_grows = edges
        .iter()
        .all(|edge| !edge.assigned.contains_key(counter) || grows(edge, counter));
    let still: Vec<_> = edges
        .iter()
        .filter(|edge| !grows(edge, counter))
        .cloned()
        .collect();
    let counts = still
        .iter()
        .filter(|edge| guard(edge).as_deref() == Some(counter))
        .all(|edge| !reached(&still, &edge.to).contains(&edge.from));
    only_grows && counts
}

fn grows(edge: &Edge, counter: &str) -> bool {
    edge.assigned
        .get(counter)
        .is_some_and(|value| *value == format!("{{% ${counter} + 1 %}}"))
}

/// The counter that a way asks to be below a number, as one of its conditions that must all hold.
fn guard(edge: &Edge) -> Option<String> {
    let condition = edge
        .condition
        .as_deref()?
        .strip_prefix("{%")?
        .strip_suffix("%}")?;
    if condition.contains(" or ") || condition.contains('?') {
        return None;
    }
    condition.split(" and ").find_map(|part| {
        let mut words = part.split_whitespace();
        let (name, relation, bound) = (words.next()?, words.next()?, words.next()?);
        let compares = matches!(relation, "<" | "<=")
            && bound.parse::<u32>().is_ok()
            && words.next().is_none();
        compares.then(|| name.strip_prefix('$').map(str::to_owned))?
    })
}

/// The states that can be reached from a state, itself included.
fn reached(edges: &[Edge], from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([from.to_owned()]);
    let mut open = vec![from.to_owned()];
    while let Some(state) = open.pop() {
        for edge in edges.iter().filter(|edge| edge.from == state) {
            if seen.insert(edge.to.clone()) {
                open.push(edge.to.clone());
            }
        }
    }
    seen
}

/// The largest sets of states that can all be reached from each other by at least one way.
fn circles(edges: &[Edge]) -> BTreeSet<BTreeSet<String>> {
    let comes_back = |edge: &&Edge| reached(edges, &edge.to).contains(&edge.from);
    edges
        .iter()
        .filter(comes_back)
        .map(|edge| {
            let there = reached(edges, &edge.from);
            there
                .into_iter()
                .filter(|state| reached(edges, state).contains(&edge.from))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edge(from: &str, to: &str, condition: Option<&str>, assigned: &[(&str, &str)]) -> Edge {
        Edge {
            from: from.into(),
            to: to.into(),
            condition: condition.map(|text| format!("{{% {text} %}}")),
            assigned: assigned
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect(),
        }
    }

    const COUNT: (&str, &str) = ("n", "{% $n + 1 %}");

    #[test]
    fn a_loop_that_counts_and_asks_is_bounded() {
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge(
                "Choice",
                "Task",
                Some("$states.input.progress = 'pending' and $n < 60"),
                &[],
            ),
            edge("Choice", "End", None, &[("n", "0")]),
        ];
        assert!(unbounded(&edges).is_empty());
    }

    #[test]
    fn a_loop_that_does_not_ask_is_found() {
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge("Choice", "Task", None, &[]),
        ];
        assert_eq!(
            unbounded(&edges),
            [BTreeSet::from(["Choice".into(), "Task".into()])]
        );
    }

    #[test]
    fn a_loop_that_does_not_count_is_found() {
        let edges = [
            edge("Task", "Choice", None, &[]),
            edge("Choice", "Task", Some("$n < 60"), &[]),
        ];
        assert_eq!(unbounded(&edges).len(), 1);
    }

    #[test]
    fn a_loop_that_starts_counting_anew_is_found() {
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge("Choice", "Task", Some("$n < 60"), &[("n", "0")]),
        ];
        assert_eq!(unbounded(&edges).len(), 1);
    }

    #[test]
    fn a_way_back_that_asks_for_either_of_two_is_no_bound() {
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge("Choice", "Task", Some("$n < 60 or $hurry"), &[]),
        ];
        assert_eq!(unbounded(&edges).len(), 1);
    }

    #[test]
    fn a_second_way_back_around_the_bound_is_found() {
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge("Choice", "Task", Some("$n < 60"), &[]),
            edge("Task", "Task", None, &[]),
        ];
        assert_eq!(unbounded(&edges), [BTreeSet::from(["Task".into()])]);
    }

    #[test]
    fn an_inner_loop_may_start_anew_in_every_round_of_a_bounded_outer_one() {
        let rounds = ("rounds", "{% $rounds + 1 %}");
        let edges = [
            edge("Task", "Choice", None, &[COUNT]),
            edge("Choice", "Task", Some("$n < 60"), &[]),
            edge("Task", "Again", None, &[rounds, ("n", "0")]),
            edge("Again", "Task", Some("$rounds <= 3"), &[]),
        ];
        assert!(unbounded(&edges).is_empty());
        let without_rounds = [
            edges[0].clone(),
            edges[1].clone(),
            edges[2].clone(),
            edge("Again", "Task", None, &[]),
        ];
        assert_eq!(unbounded(&without_rounds).len(), 1);
    }
}

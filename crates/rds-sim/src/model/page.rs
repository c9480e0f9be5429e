//! The pages of what a describe answers.

use crate::{
    answer::{Fields, Node},
    model::{fault::Fault, params::Params},
};

/// One page of items sorted by their key; the marker is the last key of the page before.
pub(crate) fn page(
    list: &'static str,
    member: &'static str,
    items: Vec<(String, Node)>,
    params: &Params,
) -> Result<Node, Fault> {
    let size = params.number("MaxRecords", 20, 100)?.unwrap_or(100) as usize;
    let after = params.optional("Marker");
    let rest: Vec<_> = items
        .into_iter()
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after))
        .collect();
    let marker = (rest.len() > size)
        .then(|| rest.get(size - 1).map(|(key, _)| key.clone()))
        .flatten();
    let nodes = rest.into_iter().take(size).map(|(_, node)| node);
    Ok(Fields::default()
        .optional("Marker", marker)
        .node(list, Node::list(member, nodes))
        .done())
}

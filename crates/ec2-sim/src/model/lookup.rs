//! What a describe answers of what there is: filters, identifiers, pages.

use crate::{
    answer::{Fields, Node},
    model::{fault::Fault, params::Params, state::Tags},
};

/// What filters are compared with.
pub(crate) trait Shown {
    /// Its identifier.
    fn id(&self) -> &str;
    /// Its tags.
    fn tags(&self) -> &Tags;
    /// The values that it has for a filter's name. Nothing for a name that is no filter.
    fn values(&self, filter: &str) -> Option<Vec<String>>;
}

/// Those that are asked for by their identifiers, filters and page; and the token of the next page.
pub(crate) fn asked<'a, T: Shown>(
    all: impl Iterator<Item = &'a T>,
    params: &Params,
    list: &str,
    missing: impl Fn(&str) -> Fault,
) -> Result<(Vec<&'a T>, Option<String>), Fault> {
    let ids = params.list(list);
    let size = params.number("MaxResults", 5, 1_000)?;
    if !ids.is_empty() && size.is_some() {
        return Err(Fault::invalid_combination(format!(
            "The parameter {list} cannot be used with the parameter MaxResults"
        )));
    }
    let mut found: Vec<_> = all.collect();
    found.sort_by(|one, other| one.id().cmp(other.id()));
    if let Some(id) = ids
        .iter()
        .find(|id| !found.iter().any(|it| it.id() == **id))
    {
        return Err(missing(id));
    }
    if !ids.is_empty() {
        found.retain(|it| ids.contains(&it.id()));
    }
    for filter in params.each("Filter") {
        let name = filter.required("Name")?.to_owned();
        let wanted = filter.list("Value");
        let mut fits = Vec::with_capacity(found.len());
        for it in found {
            if values_of(it, &name)?
                .iter()
                .any(|value| wanted.iter().any(|pattern| is_like(value, pattern)))
            {
                fits.push(it);
            }
        }
        found = fits;
    }
    page(found, params, size)
}

fn page<'a, T: Shown>(
    mut found: Vec<&'a T>,
    params: &Params,
    size: Option<u64>,
) -> Result<(Vec<&'a T>, Option<String>), Fault> {
    if let Some(token) = params.optional("NextToken") {
        let after = token.strip_prefix("after-").ok_or_else(|| {
            Fault::invalid_value(format!("The token '{token}' is invalid or has expired"))
        })?;
        found.retain(|it| it.id() > after);
    }
    let size = size.map_or(usize::MAX, |size| {
        usize::try_from(size).unwrap_or(usize::MAX)
    });
    let next = (found.len() > size)
        .then(|| found.get(size - 1).map(|it| format!("after-{}", it.id())))
        .flatten();
    found.truncate(size);
    Ok((found, next))
}

fn values_of(it: &impl Shown, filter: &str) -> Result<Vec<String>, Fault> {
    if let Some(key) = filter.strip_prefix("tag:") {
        return Ok(it.tags().get(key).cloned().into_iter().collect());
    }
    if filter == "tag-key" {
        return Ok(it.tags().keys().cloned().collect());
    }
    it.values(filter)
        .ok_or_else(|| Fault::invalid_value(format!("The filter '{filter}' is invalid")))
}

/// Whether a text is like a pattern: `*` stands for anything, `?` for one character.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = rest.as_str();
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| text.get(at..).is_some_and(|tail| is_like(tail, rest)))
        }
        Some(wanted) => {
            let mut text = text.chars();
            text.next()
                .is_some_and(|first| wanted == '?' || first == wanted)
                && is_like(text.as_str(), rest.as_str())
        }
    }
}

/// The answer of a describe: its list, and the token of the next page.
pub(crate) fn listed(
    list: &'static str,
    items: impl IntoIterator<Item = Node>,
    next: Option<String>,
) -> Node {
    Fields::default()
        .node(list, Node::list(items))
        .optional("nextToken", next)
        .done()
}

/// `tagSet`, which what has no tags does not have.
pub(crate) fn tag_set(tags: &Tags) -> Option<Node> {
    let items = tags.iter().map(|(key, value)| {
        Fields::default()
            .text("key", key)
            .text("value", value)
            .done()
    });
    (!tags.is_empty()).then(|| Node::list(items))
}

/// A moment as EC2 writes it.
pub(crate) fn time(at: u64) -> String {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(at)
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (text, pattern, fits) in [
            ("orders-web", "orders-*", true),
            ("orders-web", "*web", true),
            ("orders-web", "o?ders-web", true),
            ("orders-web", "orders", false),
            ("orders-web", "*", true),
            ("", "?", false),
        ] {
            assert_eq!(is_like(text, pattern), fits, "{text} like {pattern}");
        }
    }

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        assert_eq!(time(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
    }
}

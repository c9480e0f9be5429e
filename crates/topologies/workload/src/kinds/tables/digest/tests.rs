use serde_json::json;

use super::*;

fn item(id: u32, text: &str) -> Value {
    json!({"id": {"N": id.to_string()}, "text": {"S": text}})
}

fn scan(expiry: Option<Expiry>, bytes: u64) -> Scan {
    Scan::begun(vec!["id".into()], bytes, expiry)
}

/// All of the items, as one page of the first segment.
fn digest(items: Vec<Value>) -> Digest {
    let mut scan = scan(None, 0);
    let place = scan.places().remove(0);
    scan.take(&place, &Page { items, next: None });
    assert!(scan.is_over());
    scan.digest
}

#[test]
fn the_order_of_items_attributes_and_sets_changes_nothing() {
    let one = json!({"id": {"N": "1"}, "tags": {"SS": ["a", "b"]}, "list": {"L": [{"N": "1"}, {"N": "2"}]}});
    let same = json!({"list": {"L": [{"N": "1"}, {"N": "2"}]}, "tags": {"SS": ["b", "a"]}, "id": {"N": "1"}});
    let here = digest(vec![one, item(2, "x"), item(3, "y")]);
    let there = digest(vec![item(3, "y"), same, item(2, "x")]);
    assert!(here.is_same(&there));
    assert_eq!(here.items(), 3);
}

#[test]
fn the_order_of_a_list_counts_and_an_attribute_may_be_called_like_a_set() {
    let list = |list: Value| digest(vec![json!({"id": {"N": "1"}, "SS": {"L": list}})]);
    let here = list(json!([{"N": "1"}, {"N": "2"}]));
    let there = list(json!([{"N": "2"}, {"N": "1"}]));
    assert!(!here.is_same(&there));
}

#[test]
fn an_item_that_is_missing_another_or_there_twice_is_a_difference() {
    let here = digest(vec![item(1, "a"), item(2, "b")]);
    let others = [
        vec![item(1, "a")],
        vec![item(1, "a"), item(2, "c")],
        vec![item(1, "a"), item(2, "b"), item(2, "b")],
    ];
    for other in others {
        assert!(!here.is_same(&digest(other.clone())), "{other:?}");
    }
}

#[test]
fn sums_carry_from_word_to_word() {
    let mut sum = Sum([u64::MAX, u64::MAX, u64::MAX, 0]);
    let mut small = Sum::default();
    sum.add("a");
    small.add("a");
    let Sum([first, second, third, fourth]) = small;
    assert!(first > 0);
    // All ones and a number is the number less one, and one more in the word above them.
    assert_eq!(sum, Sum([first - 1, second, third, fourth + 1]));
}

#[test]
fn parts_that_were_written_to_meanwhile_are_not_compared() {
    let items: Vec<_> = (0..200).map(|id| item(id, "a")).collect();
    let before = digest(items.clone());
    let copy = digest(items.clone());
    let mut later = items.clone();
    later.push(item(1000, "new"));
    let after = digest(later);
    assert_eq!(Digest::compared(&before, &after, &copy), (PARTS - 1, 0));
    let mut broken = items;
    broken.remove(0);
    let broken = digest(broken);
    assert_eq!(Digest::compared(&before, &before, &broken), (PARTS, 1));
}

#[test]
fn what_expires_meanwhile_is_left_out_and_counted() {
    let expiry = Expiry {
        attribute: "until".into(),
        before: 1_000,
    };
    let mut scan = scan(Some(expiry), 0);
    let place = scan.places().remove(0);
    let expires = |id: u32, at: &str| json!({"id": {"N": id.to_string()}, "until": {"N": at}});
    let items = vec![
        expires(1, "999"),
        expires(2, "1000"),
        expires(3, "0"),
        item(4, "a"),
    ];
    scan.take(&place, &Page { items, next: None });
    assert_eq!((scan.digest.items(), scan.digest.left_out), (3, 1));
}

#[test]
fn a_scan_goes_on_where_each_segment_was() {
    let mut scan = scan(None, 1 << 40);
    assert_eq!(scan.segments.len(), usize::try_from(SEGMENTS_MAX).unwrap());
    let places = scan.places();
    let next = Some(json!({"id": {"N": "7"}}));
    let items = vec![item(7, "a")];
    scan.take(
        &places[1],
        &Page {
            items,
            next: next.clone(),
        },
    );
    scan.take(&places[2], &Page::default());
    let kept: Scan = serde_json::from_value(serde_json::to_value(&scan).unwrap()).unwrap();
    assert_eq!(kept, scan);
    let places: Vec<_> = kept
        .places()
        .into_iter()
        .map(|at| (at.segment, at.after))
        .collect();
    assert_eq!(places, [(0, None), (1, next), (3, None)]);
}

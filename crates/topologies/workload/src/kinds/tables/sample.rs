//! Some items of a table that holds more than is counted in time, each held against the one of its key elsewhere.

use failover::{Error, domain::Region};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{canonical::canonical, digest::Expiry};
use crate::tables::{Place, Tables};

/// In so many segments a table is cut, so that the items come from all over it.
pub const SEGMENTS: u32 = 32;
/// So many items of each segment are compared.
pub const ITEMS: u32 = 4;

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// How many items were compared.
    pub items: u64,
    /// How many of them are missing there, or others.
    pub other: u64,
}

/// What is compared, and until when.
pub(super) struct Wish {
    /// The attributes of the key.
    pub(super) keys: Vec<String>,
    /// What is left out.
    pub(super) expiry: Option<Expiry>,
    /// When it ends, once anything was compared.
    pub(super) until: Timestamp,
}

/// Takes some items of a table, and looks for each in another one. By its key alone: that a segment of one holds what the same segment
/// of another holds is promised nowhere.
///
/// # Errors
/// `Unavailable` and `Denied`, where DynamoDB does not tell.
pub(super) async fn taken<W: Tables>(
    world: &W,
    (region, table): (&Region, &str),
    (there, copy): (&Region, &str),
    wish: &Wish,
) -> Result<Sample, Error> {
    let mut sample = Sample::default();
    for segment in 0..SEGMENTS {
        if sample.items > 0 && world.clock() >= wish.until {
            break;
        }
        let place = Place {
            segment,
            segments: SEGMENTS,
            after: None,
            limit: ITEMS,
        };
        let page = world.page(region, table, &place).await?;
        let expires = |item: &&Value| wish.expiry.as_ref().is_some_and(|it| it.takes(item));
        for item in page.items.iter().filter(|item| !expires(item)) {
            let found = world.item(there, copy, &key(item, &wish.keys)).await?;
            let is_same = found.is_some_and(|found| canonical(&found) == canonical(item));
            sample.items += 1;
            sample.other += u64::from(!is_same);
        }
    }
    Ok(sample)
}

fn key(item: &Value, keys: &[String]) -> Value {
    let key = keys.iter();
    let key = key.map(|name| (name.clone(), item[name.as_str()].clone()));
    Value::Object(key.collect::<Map<_, _>>())
}

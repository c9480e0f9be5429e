//! What a table holds, as figures: a sum of SHA-256 over its items, which says nothing of their order. It is made bit by bit, and a row
//! remembers where it is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::canonical::canonical;
use crate::{
    pass::AT_ONCE,
    tables::{Page, Place},
};

/// In so many parts, by a hash of the key, so that writes to some of them leave the others comparable.
pub const PARTS: usize = 32;
/// The most segments that a table is read in, a page of each in turn.
pub const SEGMENTS_MAX: u32 = 4;
/// The most items of a page: so small ones do not take up in memory what large ones may not.
pub const PAGE_ITEMS: u32 = 1_000;
/// The most bytes of a page, as DynamoDB counts them.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html>.
const PAGE_BYTES: usize = 1 << 20;
/// The most bytes of pages in flight at once: one page of each table that a pass looks at, 8 times 1 MiB.
pub const IN_FLIGHT_BYTES: usize = AT_ONCE * PAGE_BYTES;
const _: () = assert!(
    IN_FLIGHT_BYTES <= 8 << 20,
    "a function of 128 MB has room for 8"
);
/// So many seconds from the beginning of a pass its looks read pages. The last one takes 6 more at most, and a pass may take 60.
const SECONDS: i64 = 20;
/// The most looks of one count: two counts have to fit into the 40 passes of `Verify`.
pub const LOOKS_MAX: u32 = 15;
/// The most rounds over the segments in one look, were the time to stand still.
pub const ROUNDS_MAX: u32 = 10_000;
/// What a pass is sure to read and sum up in a second. A function of 128 MB has a fourteenth of a processor.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
const BYTES_PER_SECOND: u64 = 2 << 20;
/// A segment more for so many bytes.
const SEGMENT_BYTES: u64 = 64 << 20;

/// So long after a pass began its looks read pages.
pub const READS: SignedDuration = SignedDuration::from_secs(SECONDS);

/// How many bytes of each table are counted within its looks, where so many tables share them: 600 MiB of a single one.
#[must_use]
pub fn countable(tables: usize) -> u64 {
    let tables = u64::try_from(tables).unwrap_or(u64::MAX).max(1);
    u64::from(LOOKS_MAX) * SECONDS.unsigned_abs() * BYTES_PER_SECOND / tables
}

/// A sum of SHA-256, modulo 2^256, lowest word first.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sum([u64; 4]);

impl Sum {
    /// Adds the hash of a text.
    fn add(&mut self, text: &str) {
        let hash = Sha256::digest(text.as_bytes());
        let mut carry = false;
        for (word, bytes) in self.0.iter_mut().zip(hash.chunks_exact(8)) {
            let more = bytes
                .iter()
                .fold(0, |more, byte| (more << 8) | u64::from(*byte));
            let (sum, over) = word.overflowing_add(more);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, over || over_again);
        }
    }
}

/// The items of one part.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How many.
    pub items: u64,
    /// The sum over them.
    pub sum: Sum,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Its parts.
    pub parts: Vec<Part>,
    /// How many items were left out, because they expire meanwhile.
    #[serde(default)]
    pub left_out: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            parts: vec![Part::default(); PARTS],
            left_out: 0,
        }
    }
}

impl Digest {
    /// How many items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.parts.iter().map(|part| part.items).sum()
    }

    /// Whether another one holds the same. What was left out of either does not count.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.parts == other.parts
    }

    /// How many parts nobody wrote to from `before` to `after`, and how many of these `copy` has otherwise.
    #[must_use]
    pub fn compared(before: &Self, after: &Self, copy: &Self) -> (usize, usize) {
        let pairs = before.parts.iter().zip(&after.parts).zip(&copy.parts);
        let quiet = pairs.filter(|((before, after), _)| before == after);
        quiet.fold((0, 0), |(quiet, other), ((before, _), copy)| {
            (quiet + 1, other + usize::from(before != copy))
        })
    }

    /// Adds an item.
    fn add(&mut self, item: &Value, keys: &[String]) {
        let key = keys.iter().map(|key| canonical(&item[key.as_str()]));
        let key = key.collect::<Vec<_>>().join(",");
        let at = Sha256::digest(key.as_bytes())
            .first()
            .map_or(0, |byte| usize::from(*byte) % PARTS);
        if let Some(part) = self.parts.get_mut(at) {
            part.items += 1;
            part.sum.add(&canonical(item));
        }
    }
}

/// What expires before a moment is left out: DynamoDB takes it away by itself, here sooner and there later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// The attribute that says when, in seconds since 1970.
    pub attribute: String,
    /// The moment.
    pub before: i64,
}

impl Expiry {
    /// Whether an item is left out.
    pub(super) fn takes(&self, item: &Value) -> bool {
        let at = item[self.attribute.as_str()]["N"].as_str();
        let at = at.and_then(|at| at.split('.').next()?.parse::<i64>().ok());
        at.is_some_and(|at| at > 0 && at < self.before)
    }
}

/// Where a segment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// At its beginning.
    Start,
    /// After this key.
    After(Value),
    /// At its end.
    End,
}

/// A digest that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The attributes of the table's key.
    pub keys: Vec<String>,
    /// What is left out.
    #[serde(default)]
    pub expiry: Option<Expiry>,
    /// Where each segment is.
    pub segments: Vec<Cursor>,
    /// What was found so far.
    pub digest: Digest,
    /// How many looks it took so far.
    #[serde(default)]
    pub looks: u32,
}

impl Scan {
    /// One that begins.
    #[must_use]
    pub fn begun(keys: Vec<String>, bytes: u64, expiry: Option<Expiry>) -> Self {
        let more = u32::try_from(bytes / SEGMENT_BYTES).unwrap_or(SEGMENTS_MAX);
        let segments = more.saturating_add(1).min(SEGMENTS_MAX);
        Self {
            keys,
            expiry,
            segments: (0..segments).map(|_| Cursor::Start).collect(),
            digest: Digest::default(),
            looks: 0,
        }
    }

    /// Whether it has had all its looks and has not read everything.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.looks >= LOOKS_MAX && !self.is_over()
    }

    /// Whether it has read everything.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.segments.iter().all(|cursor| *cursor == Cursor::End)
    }

    /// Where the next page of each segment begins that has one.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let segments = u32::try_from(self.segments.len()).unwrap_or(SEGMENTS_MAX);
        let places = (0..segments).zip(&self.segments);
        let place = |(segment, cursor): (u32, &Cursor)| {
            let after = match cursor {
                Cursor::Start => None,
                Cursor::After(key) => Some(key.clone()),
                Cursor::End => return None,
            };
            Some(Place {
                segment,
                segments,
                after,
                limit: PAGE_ITEMS,
            })
        };
        places.filter_map(place).collect()
    }

    /// Takes in a page.
    pub fn take(&mut self, place: &Place, page: &Page) {
        for item in &page.items {
            if self
                .expiry
                .as_ref()
                .is_some_and(|expiry| expiry.takes(item))
            {
                self.digest.left_out += 1;
            } else {
                self.digest.add(item, &self.keys);
            }
        }
        let at = usize::try_from(place.segment).ok();
        if let Some(cursor) = at.and_then(|at| self.segments.get_mut(at)) {
            *cursor = page.next.clone().map_or(Cursor::End, Cursor::After);
        }
    }
}

/// Items that expire within so many seconds from a run's first count are left out of its counts.
const EXPIRES_WITHIN: i64 = 24 * 3600;

/// What expires within a day of a moment.
pub(super) fn expiry(attribute: &str, from: Timestamp) -> Expiry {
    Expiry {
        attribute: attribute.to_owned(),
        before: from.as_second() + EXPIRES_WITHIN,
    }
}

#[cfg(test)]
mod tests;

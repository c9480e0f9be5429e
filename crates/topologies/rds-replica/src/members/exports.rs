//! Exports of snapshots to a bucket, as RDS lists them.

use jiff::Timestamp;

use super::Instance;

/// `YYYY-MM-DD-HH-MM`.
const MOMENT_CHARACTERS: usize = 16;

/// The exports of a member's snapshots, and the member as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The instance that has the member's name.
    pub of: Instance,
    /// When that was made.
    pub made_at: Option<Timestamp>,
    /// The exports of those snapshots that RDS took itself of an instance of that name.
    pub exports: Vec<Export>,
}

/// The export of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The snapshot's name.
    pub snapshot: String,
    /// The moment that the snapshot has; `None` where RDS does not say.
    pub taken_at: Option<Timestamp>,
    /// `COMPLETE`, `FAILED`, or what else RDS says.
    pub status: String,
    /// Why it failed, where it did.
    pub cause: Option<String>,
}

/// Whether a snapshot is one that RDS took itself of an instance of this name, such as `rds:orders-east-2026-01-06-04-12`. Nothing else
/// of an export says whose it is, and one of `orders-eu` is none of `orders`.
/// Source: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html>.
#[must_use]
pub fn is_automated_of(snapshot: &str, identifier: &str) -> bool {
    let of_it = snapshot.strip_prefix("rds:");
    let of_it = of_it.and_then(|name| name.strip_prefix(identifier));
    let moment = of_it.and_then(|rest| rest.strip_prefix('-'));
    moment.is_some_and(is_moment)
}

fn is_moment(text: &str) -> bool {
    let fits = |(at, letter): (usize, u8)| match at {
        4 | 7 | 10 | 13 => letter == b'-',
        _ => letter.is_ascii_digit(),
    };
    text.len() == MOMENT_CHARACTERS && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_its_own_instances_alone() {
        for (snapshot, identifier, is_of_it) in [
            ("rds:orders-2026-01-06-04-12", "orders", true),
            ("rds:orders-eu-2026-01-06-04-12", "orders-eu", true),
            ("rds:orders-eu-2026-01-06-04-12", "orders", false),
            ("rds:orders-2026-01-06-04-12", "orders-eu", false),
            ("rds:orders-2024-2026-01-06-04-12", "orders", false),
            ("rds:orders-2024-2026-01-06-04-12", "orders-2024", true),
            ("rds:reorders-2026-01-06-04-12", "orders", false),
            ("rds:orders-2026-01-06-04-1", "orders", false),
            ("rds:orders-2026-01-06T04-12", "orders", false),
            ("rds:orders", "orders", false),
            // Whoever takes one by hand gives it any name.
            ("orders-2026-01-06-04-12", "orders", false),
            ("awsbackup:job-orders-2026-01-06-04-12", "orders", false),
        ] {
            let told = is_automated_of(snapshot, identifier);
            assert_eq!(told, is_of_it, "{snapshot} of {identifier}");
        }
    }
}

//! What people are told.

use crate::scenario::{Drill, Played};

/// The message that the run stood down says what is wrong.
pub(crate) async fn names_what_is_wrong(
    drill: &Drill<'_>,
    played: &mut Played,
    subject: &str,
    what: &str,
) {
    let told = drill.told(subject).await.unwrap_or_default();
    played.check(
        format!("people are told what is wrong: {what}"),
        told.lines().nth(3).unwrap_or("nothing"),
        told.contains(what),
    );
}

//! How long a database is waited for. One that lets in and then stalls must not hold the function until it is ended: nothing
//! would be told or counted then.

use std::time::Duration;

use failover::{Error, ports::Runtime};

/// A look at a member's doors, from the login on.
pub const OBSERVING: Duration = Duration::from_secs(15);
/// Shutting them, and the look after it.
pub const FENCING: Duration = Duration::from_secs(30);
/// One plan's sweep, with all that it asks of AWS and whom it tells. All plans are swept at once.
pub const SWEEP: Duration = Duration::from_secs(52);

/// Carries work out within a time.
///
/// # Errors
/// The work's own; `Unavailable` once the time is over.
pub async fn in_time<T: Send>(
    here: &impl Runtime,
    limit: Duration,
    what: &str,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    let late = || {
        Err(Error::Unavailable(format!(
            "{what} had not ended after {limit:?}, and was given up"
        )))
    };
    here.within(limit, work).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fence_writer::sweep::tests::{books, sweep_of};
    use failover::{
        metric::{Counted, counted},
        testing::probe::Stall,
    };

    #[tokio::test]
    async fn a_server_that_lets_in_and_stalls_is_given_up_and_told_and_counted_before_the_function_ends()
     {
        // A second passes as a millisecond; this is long after the function's end.
        const KILLED: Duration = Duration::from_secs(5);
        for (stall, what, told) in [
            (Stall::Looking, "looking at the doors in us-east-1", 1),
            (Stall::Shutting, "shutting the doors in us-east-1", 1),
            (Stall::Before, "the sweep", 0),
        ] {
            let books = books(Ok(()));
            books.fencing(|fencing| fencing.stalls = Some(stall));
            drop(counted());
            for minute in 1..=2 {
                let swept = tokio::time::timeout(KILLED, sweep_of(&books)).await;
                let why = swept.expect("ended with its function").unwrap_err();
                assert_eq!(why.name(), "Unavailable");
                let said = format!("orders: Unavailable: {what} had not ended after");
                assert!(why.to_string().contains(&said), "{why}");
                assert_eq!(books.told().len(), told, "{what}, minute {minute}");
                assert_eq!(counted(), [(Counted::Fence, "orders".to_owned())]);
            }
            let row = &books.rows()[&"us-east-1".into()];
            assert_eq!(row.fenced, None);
        }
    }
}

//! Of several addresses the first that answers.

use std::{net::IpAddr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};

use super::Unresolved;

/// An address that has not answered after this long is tried beside the next one.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// Tries one address after the other, the next beside those that do not answer; the first answer counts, a server's
/// refusal too.
///
/// # Errors
/// That answer, or the last error that `is_nobody` takes for none.
pub async fn first_to_answer<T, E: From<Unresolved>, F: Future<Output = Result<T, E>>>(
    addresses: Vec<IpAddr>,
    attempt: impl Fn(IpAddr) -> F,
    is_nobody: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let mut attempts = FuturesUnordered::new();
    let mut waiting = addresses.into_iter();
    let mut last = E::from(Unresolved("the name has no address".into()));
    loop {
        let next = waiting.next();
        let is_last = next.is_none();
        attempts.extend(next.map(&attempt));
        let tried = if is_last {
            attempts.next().await
        } else {
            let tried = tokio::time::timeout(NEXT_ADDRESS, attempts.next());
            match tried.await {
                Ok(tried) => tried,
                Err(_) => continue,
            }
        };
        match tried {
            // Nobody there is no answer, as long as there is another address.
            Some(Err(why)) if is_nobody(&why) => last = why,
            Some(answer) => return answer,
            None if is_last => return Err(last),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;

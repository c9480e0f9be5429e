//! A secret that rotates has several versions, and one of them serves.

use super::Why;

/// The first login that the server does not refuse, by what it opened or else failed with; `refused` where each is.
///
/// # Errors
/// [`Why`] of the login that was not refused, or `refused`.
pub async fn first_that_serves<L, T, F: Future<Output = Result<T, Why>>>(
    refused: Why,
    logins: impl IntoIterator<Item = L>,
    connect: impl Fn(L) -> F,
) -> Result<T, Why> {
    for login in logins {
        match connect(login).await {
            Err(why) if why.refuses_login() => {}
            came => return came,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Why {
        Why::Misconfigured("password authentication failed (SQLSTATE 28P01)".into())
    }

    #[tokio::test]
    async fn another_version_of_the_secret_is_tried_where_the_current_one_is_refused() {
        let serves = async |served: &str| {
            let tried = ["pending", "previous", "remembered"];
            first_that_serves(refused(), tried, |tried| async move {
                (tried == served).then_some(tried).ok_or_else(refused)
            })
            .await
        };
        for served in ["pending", "previous", "remembered"] {
            assert_eq!(serves(served).await, Ok(served));
        }
        assert_eq!(serves("none").await, Err(refused()));
    }

    #[tokio::test]
    async fn what_is_no_refusal_of_the_login_ends_the_search() {
        for why in [
            Why::Failed("timed out".into()),
            Why::Misconfigured("the server's certificate is refused".into()),
        ] {
            let came = first_that_serves(refused(), ["pending", "previous"], |login| {
                assert_eq!(login, "pending");
                let why = why.clone();
                async move { Err::<(), _>(why) }
            });
            assert_eq!(came.await, Err(why.clone()));
        }
    }
}

//! A secret that rotates has several versions, and one of them serves.

use super::Why;

/// What `first` opened or failed with; where the server refuses that login, what the first of `others` does that serves. They are
/// asked for only then.
///
/// # Errors
/// [`Why`] of the login that was not refused, or of `first`.
pub async fn by_whichever_serves<L: Clone + PartialEq, T, F: Future<Output = Result<T, Why>>>(
    first: L,
    others: impl Future<Output = Vec<L>>,
    connect: impl Fn(L) -> F,
) -> Result<T, Why> {
    match connect(first.clone()).await {
        Err(refused) if refused.refuses_login() => {
            let others = others.await.into_iter();
            first_that_serves(refused, others.filter(|other| *other != first), connect).await
        }
        came => came,
    }
}

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
    async fn the_other_versions_are_asked_for_only_where_the_current_one_is_refused() {
        let opened = async |served: &str| {
            let asked = std::cell::Cell::new(false);
            let others = async {
                asked.set(true);
                vec!["current", "pending"]
            };
            let tried = std::cell::RefCell::new(Vec::new());
            let came = by_whichever_serves("current", others, |login| {
                tried.borrow_mut().push(login);
                let came = (login == served).then_some(login).ok_or_else(refused);
                async move { came }
            });
            let came = came.await;
            (came, asked.get(), tried.into_inner())
        };
        let current = (Ok("current"), false, vec!["current"]);
        assert_eq!(opened("current").await, current);
        let pending = (Ok("pending"), true, vec!["current", "pending"]);
        assert_eq!(opened("pending").await, pending);
        let none = (Err(refused()), true, vec!["current", "pending"]);
        assert_eq!(opened("none").await, none);
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

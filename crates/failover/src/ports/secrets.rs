//! Logins, in Secrets Manager. A secret that rotates has several versions, and one of them serves.

use jiff::Timestamp;

use crate::{Error, domain::Region, plan::Plan};

/// The logins of the plan's databases.
pub trait Secrets: Sync {
    /// The probe's login at a host.
    fn probe_login(
        &self,
        plan: &Plan,
        region: &Region,
        host: &str,
        port: u16,
    ) -> impl Future<Output = Result<Credentials, Error>> + Send;
    /// What the other versions of the probe's secret hold: while it rotates, one of them serves. Empty where none is to be had.
    fn other_probe_logins(&self, plan: &Plan) -> impl Future<Output = Vec<Credentials>> + Send;
    /// The administrator's login.
    fn admin_login(&self, plan: &Plan) -> impl Future<Output = Result<Credentials, Error>> + Send;
    /// When a secret of this Region rotates.
    fn rotation(&self, secret: &str) -> impl Future<Output = Result<Rotation, Error>> + Send;
}

/// A login. `Debug` never shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The role.
    pub user: String,
    /// Its password or token.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// When a secret changes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// When it rotates next; `None` where it does not.
    pub next_at: Option<Timestamp>,
    /// The Region whose copy rotates, where this one is a replica.
    pub primary_region: Option<Region>,
}

/// What `first` opened or failed with; where the server refuses that login, what the first of `others` does that serves. They are
/// asked for only then.
///
/// # Errors
/// That of the login that was not refused, or of `first`.
pub async fn by_whichever_serves<L: Clone + PartialEq, T, E, F: Future<Output = Result<T, E>>>(
    first: L,
    others: impl Future<Output = Vec<L>>,
    refuses_login: impl Fn(&E) -> bool,
    connect: impl Fn(L) -> F,
) -> Result<T, E> {
    match connect(first.clone()).await {
        Err(refused) if refuses_login(&refused) => {
            let others = others.await.into_iter();
            let others = others.filter(|other| *other != first);
            first_that_serves(refused, others, refuses_login, connect).await
        }
        came => came,
    }
}

/// The first login that the server does not refuse, by what it opened or else failed with; `refused` where each is.
///
/// # Errors
/// That of the login that was not refused, or `refused`.
pub async fn first_that_serves<L, T, E, F: Future<Output = Result<T, E>>>(
    refused: E,
    logins: impl IntoIterator<Item = L>,
    refuses_login: impl Fn(&E) -> bool,
    connect: impl Fn(L) -> F,
) -> Result<T, E> {
    for login in logins {
        match connect(login).await {
            Err(why) if refuses_login(&why) => {}
            came => return came,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beat::Write;

    fn refused() -> Write {
        Write::Misconfigured {
            why: "password authentication failed (SQLSTATE 28P01)".into(),
        }
    }

    #[tokio::test]
    async fn another_version_of_the_secret_is_tried_where_the_current_one_is_refused() {
        let serves = async |served: &str| {
            let tried = ["pending", "previous", "remembered"];
            first_that_serves(refused(), tried, Write::refuses_login, |tried| async move {
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
            let came = by_whichever_serves("current", others, Write::refuses_login, |login| {
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
        let certificate = "the server's certificate is refused";
        for why in [
            Write::Failed {
                why: "timed out".into(),
            },
            Write::Misconfigured {
                why: certificate.into(),
            },
        ] {
            let others = ["pending", "previous"];
            let came = first_that_serves(refused(), others, Write::refuses_login, |login| {
                assert_eq!(login, "pending");
                let why = why.clone();
                async move { Err::<(), _>(why) }
            });
            assert_eq!(came.await, Err(why.clone()));
        }
    }
}

//! Which address is taken.

use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Why {
    Failed(String),
    Saturated(String),
}

impl From<Unresolved> for Why {
    fn from(why: Unresolved) -> Self {
        Self::Failed(why.0)
    }
}

const FOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const SIX: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

/// What comes of two addresses of which one behaves as `odd` says, whichever of them is tried first.
fn connected(odd: impl Fn() -> Option<Why>) -> [Result<IpAddr, Why>; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    [[FOUR, SIX], [SIX, FOUR]].map(|addresses| {
        let attempt = |address| {
            let odd = odd();
            async move {
                match odd {
                    _ if address == FOUR => Ok(address),
                    Some(why) => Err(why),
                    None => std::future::pending().await,
                }
            }
        };
        runtime.block_on(first_to_answer(addresses.to_vec(), attempt, |why| {
            matches!(why, Why::Failed(_))
        }))
    })
}

#[test]
fn an_address_that_nobody_routes_does_not_hide_the_one_that_is_served() {
    assert_eq!(connected(|| None), [Ok(FOUR), Ok(FOUR)]);
    let refused = || Some(Why::Failed("no route to host".into()));
    assert_eq!(connected(refused), [Ok(FOUR), Ok(FOUR)]);
}

#[test]
fn a_servers_refusal_is_an_answer_and_no_other_address_is_asked() {
    let full = || Why::Saturated("53300".into());
    assert_eq!(connected(|| Some(full())), [Ok(FOUR), Err(full())]);
}

//! What came of a call of a rebuild, and for how long it is tried again.

use failover::{
    Error,
    pass::{Pass, frame::Came},
    patience::{Refusal, Shown, Trouble},
    topology::Accepted,
};

/// What came of a call: RDS's words are in the reason from the first refusal on.
///
/// # Errors
/// `NotReady` once a refusal has lasted as long as its kind is waited for; `Unavailable` for silence; whatever the call came to.
pub fn called(
    pass: &mut Pass,
    asked: &str,
    shown: Shown,
    made: Result<Accepted, Error>,
) -> Result<Came, Error> {
    match made {
        Ok(Accepted::Yes) => {
            pass.run.refusal = None;
            Ok(Came::AsDecided)
        }
        Ok(Accepted::NotNow(said)) => {
            refused(pass, asked, (Trouble::State, &said), shown)?;
            Ok(Came::NotNow(format!(
                "RDS would not yet that {asked}: {said}"
            )))
        }
        Ok(Accepted::Throttled(said)) => {
            refused(pass, asked, (Trouble::Silent, &said), shown)?;
            Ok(Came::Throttled(said))
        }
        // It may have been taken: the next pass looks.
        Err(Error::Unavailable(said)) if !pass.run.forced => {
            refused(pass, asked, (Trouble::Silent, &said), shown)?;
            Ok(Came::Unknown(format!(
                "nobody answered that {asked}: {said}"
            )))
        }
        Err(why) => Err(why),
    }
}

/// Notes a refusal, as long as its kind is waited for.
///
/// # Errors
/// As [`Refusal::after`].
pub fn refused(
    pass: &mut Pass,
    asked: &str,
    trouble: (Trouble, &str),
    shown: Shown,
) -> Result<(), Error> {
    let known = pass.run.refusal.take();
    pass.run.refusal = Refusal::after(known.as_ref(), asked, trouble, shown, pass.now)?;
    Ok(())
}

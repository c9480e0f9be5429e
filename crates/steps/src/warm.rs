//! Keeps the functions of a run awake. Lambda lets a function fall asleep that nobody calls for weeks, and its next call fails:
//! so each is called once an hour, and one that cannot be called is known before an outage needs it. What a run needs later is called by
//! a rule when it begins, too: it would have to start while writes are out.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use failover::{
    Error,
    domain::Region,
    installation,
    ledger::KeptPlan,
    metric::{self, Counted},
    ports::{Functions, Ledger, Runtime},
};

/// The function that a deployment may leave out, and does where nobody asks for it. No run needs it, and the internet may keep it busy:
/// it has alarms of its own, and never makes the others' hour fail.
const LEFT_OUT: &str = "approval-page";
/// What Lambda says of a function that is not there.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>.
const NOT_THERE: &str = "ResourceNotFoundException";

/// The function of a witness Region.
const WITNESS: &str = "confirm-outage";

/// What the schedule sends, and what each function is sent.
#[must_use]
pub fn request() -> Value {
    json!({"operation": "warm"})
}

/// Answers at once where the function is only kept awake, or else makes a pass.
///
/// # Errors
/// Those of the pass.
pub async fn or(
    payload: Value,
    pass: impl AsyncFnOnce(Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    if payload == request() {
        return Ok(json!({"warm": true}));
    }
    Box::pin(pass(payload)).await
}

/// Calls every other function where that is asked for, or else makes a pass.
///
/// # Errors
/// `NotReady` that names each function that cannot be called; those of the ledger and of the pass.
pub async fn others_or(
    world: &(impl Ledger + Runtime + Functions),
    functions: &[&str],
    payload: Value,
    pass: impl AsyncFnOnce(Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    if payload == request() {
        return others(world, functions).await;
    }
    Box::pin(pass(payload)).await
}

/// The functions here, and the one of each witness that a plan names; a silent ledger keeps none of those here from being called.
async fn others(
    world: &(impl Ledger + Runtime + Functions),
    functions: &[&str],
) -> Result<Value, Error> {
    let known = world.all_known(world.region()).await;
    let here = functions.iter().map(|name| (*name, world.region().clone()));
    let witnesses = witnesses(known.iter().flatten());
    let witnesses = witnesses.into_iter().map(|region| (WITNESS, region));
    let called = here.chain(witnesses);
    let called = called.map(|(function, region)| call(world, function, region));
    let warm = all(join_all(called).await)?;
    known?;
    Ok(warm)
}

/// What was called, and the release of whoever called; an error that names what could not be.
fn all(called: Vec<Result<Option<String>, String>>) -> Result<Value, Error> {
    let failed: Vec<_> = called
        .iter()
        .filter_map(|called| called.as_ref().err())
        .cloned()
        .collect();
    let warm: Vec<_> = called.into_iter().flatten().flatten().collect();
    if !failed.is_empty() {
        return Err(Error::NotReady(format!(
            "{} function(s) that a run needs cannot be called: {}",
            failed.len(),
            failed.join(". ")
        )));
    }
    Ok(json!({"warm": warm, "release": installation::RELEASE}))
}

fn witnesses<'a>(plans: impl Iterator<Item = &'a KeptPlan>) -> BTreeSet<Region> {
    plans
        .filter_map(|known| known.plan.witness_region.clone())
        .collect()
}

/// Calls one function; its name, nothing where it is left out, or what keeps it from being called.
async fn call(
    world: &(impl Runtime + Functions),
    own: &str,
    region: Region,
) -> Result<Option<String>, String> {
    let function = installation::named(own);
    let name = format!("{function} in {region}");
    match world.warm(&region, &function).await {
        Ok(()) => Ok(Some(name)),
        Err(Error::NotReady(said)) if own == LEFT_OUT && said.contains(NOT_THERE) => Ok(None),
        Err(why) if own == LEFT_OUT => {
            tracing::warn!(%function, %region, %why, "cannot be called, and no run needs it");
            Ok(None)
        }
        Err(why) => {
            tracing::error!(%function, %region, %why, "cannot be called");
            metric::failed_for(Counted::Warm, "Function", &function, world.now());
            Err(format!("{name}: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;
    use failover::{ledger::PlanState, testing::Books};

    const OTHERS: [&str; 2] = ["dns-flip", "health-probe"];

    fn pass(payload: Value) -> Ready<Result<Value, Error>> {
        ready(Ok(payload))
    }

    #[tokio::test]
    async fn who_is_only_kept_awake_answers_and_makes_no_pass() {
        let awake = or(request(), pass).await.unwrap();
        let mut of_a_plan = request();
        of_a_plan["plan"] = "orders".into();
        let passed = or(of_a_plan.clone(), pass).await.unwrap();
        assert_eq!((awake, passed), (json!({"warm": true}), of_a_plan));
    }

    #[tokio::test]
    async fn every_function_here_and_the_witness_are_called_at_once() {
        let books = Books::with(&PlanState::new("orders".into()));
        drop(metric::counted());
        let warm = others_or(&books, &OTHERS, request(), pass).await.unwrap();
        let all = [
            "aurora-failover-dns-flip in us-east-1",
            "aurora-failover-health-probe in us-east-1",
            "aurora-failover-confirm-outage in us-east-2",
        ];
        assert_eq!(warm["warm"], json!(all));
        assert_eq!(warm["release"], installation::RELEASE);
        assert_eq!(books.told(), all);
        assert!(metric::counted().is_empty());
    }

    #[tokio::test]
    async fn the_page_may_be_left_out_and_no_other_function_may() {
        let books = Books::with(&PlanState::new("orders".into()));
        let books = books.without_functions(&["aurora-failover-approval-page"]);
        let others = [LEFT_OUT, "dns-flip"];
        let warm = others_or(&books, &others, request(), pass).await.unwrap();
        let called = warm["warm"].as_array().unwrap();
        assert_eq!(called.len(), 2, "{called:?}");
        let books = Books::with(&PlanState::new("orders".into()));
        let books = books.without_functions(&["aurora-failover-dns-flip"]);
        let why = others_or(&books, &others, request(), pass).await;
        let why = why.unwrap_err().to_string();
        assert!(
            why.contains("aurora-failover-dns-flip in us-east-1"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn a_page_that_is_kept_busy_makes_nothing_fail() {
        let books = Books::with(&PlanState::new("orders".into()));
        let busy = Error::Unavailable("TooManyRequestsException".into());
        let books = books.with_function_failing("aurora-failover-approval-page", busy);
        drop(metric::counted());
        let warm = others_or(&books, &[LEFT_OUT, "dns-flip"], request(), pass).await;
        assert_eq!(warm.unwrap()["warm"].as_array().unwrap().len(), 2);
        assert!(metric::counted().is_empty());
    }

    #[tokio::test]
    async fn a_function_that_cannot_be_called_is_counted_and_named_and_keeps_no_other_from_it() {
        let books = Books::with(&PlanState::new("orders".into())).silence("us-east-2");
        drop(metric::counted());
        let why = others_or(&books, &OTHERS, request(), pass)
            .await
            .unwrap_err();
        let why = why.to_string();
        let named = "aurora-failover-confirm-outage in us-east-2: ";
        assert!(
            why.contains("1 function(s)") && why.contains(named),
            "{why}"
        );
        assert_eq!(books.told().len(), OTHERS.len());
        let counted = "aurora-failover-confirm-outage".to_owned();
        assert_eq!(metric::counted(), [(Counted::Warm, counted)]);
    }
}

//! The page behind the link in a question: it shows the evidence, asks once more, and gives one answer to the run.
//!
//! A GET never answers, because what scans mail follows links. Calling it again is safe: a link holds one reply, which is noted on a
//! condition before it is given, and Step Functions takes one answer for a token.

mod answering;
mod decision;
mod html;
mod request;

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use failover::{
    Error,
    domain::Region,
    ports::{Approvals, Linked, Runtime, within},
};

use answering::Answered;
use decision::{Refusal, refusal};
use request::{Asked, Request, Word};

/// The step's name in logs.
pub const STEP: &str = "approval_page";
/// How long one call may take: with all of them the function is not ended before it answers a page.
pub const LIMIT: Duration = Duration::from_millis(2_500);
/// The calls of one request at most.
pub const CALLS: u32 = 5;
/// How long a reply may be on its way: longer than the function lives, so that afterwards nobody is sending it.
pub const UNDER_WAY: SignedDuration = SignedDuration::from_secs(15);

/// What goes out: the status, and the page.
struct Response {
    status: u16,
    page: String,
}

/// Answers one request that came to the function's URL.
///
/// # Errors
/// `InvalidRequest` where the payload is no request of a function's URL. Whatever else goes wrong is a page that says so, because a
/// person reads it.
pub async fn handle(world: &(impl Approvals + Runtime), payload: Value) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    let response = respond(world, &request).await;
    // Neither path nor body: the link's secret is in the one, and the other is a person's own words. Whoever calls without a link
    // fills no log.
    if !matches!(response.status, 400 | 404 | 405) {
        tracing::info!(step = STEP, status = response.status, "answered");
    }
    Ok(rendered(&request, response))
}

async fn respond(world: &(impl Approvals + Runtime), request: &Request) -> Response {
    let asked = match request.asked() {
        Ok(asked) => asked,
        Err(refused) => return told(refused.status(), refused.sentence()),
    };
    if asked.region != world.region().as_str() {
        return told(404, &of_another(&asked.region, world.region()));
    }
    match within(world, LIMIT, world.linked(&asked.secret)).await {
        Ok(Some(linked)) => opened(world, request, &asked, &linked).await,
        Ok(None) => told(404, UNKNOWN),
        Err(why) => {
            tracing::error!(step = STEP, %why, "a link was not looked up");
            if let Error::UnexpectedTopology(_) = why {
                told(500, CHANGED)
            } else {
                told(503, UNREADABLE)
            }
        }
    }
}

const UNKNOWN: &str = "This link opens no question of this Region: copy it whole from the newest message, or answer by the commands there.";
const CHANGED: &str = "What lies behind this link was changed or cannot be read, and nothing was answered: answer by the commands of the message, and \
                       find out who wrote to the ledger.";
const UNREADABLE: &str = "The ledger of this Region does not answer, and nothing was changed: try again, or answer by the commands of the message.";

fn of_another(of: &str, here: &Region) -> String {
    format!(
        "This link is of {of}, and this is the page of {here}: open it under the address that the message has."
    )
}

/// What a link does that opens a question.
async fn opened(
    world: &(impl Approvals + Runtime),
    request: &Request,
    asked: &Asked,
    linked: &Linked,
) -> Response {
    let now = world.now();
    let word = match request.word() {
        // Nothing is said yet: the question is shown, with whatever keeps it from being answered.
        None => return shown(linked, refusal(linked, now, None)),
        Some(Err(why)) => return told(400, why),
        Some(Ok(word)) => word,
    };
    if let Some(refused) = refusal(linked, now, Some(word.approved)) {
        return shown(linked, Some(refused));
    }
    let plan = linked.question.plan.as_str();
    match word.typed.as_deref() {
        Some(typed) if typed == plan => give(world, request, asked, (linked, &word)).await,
        typed => Response {
            status: if typed.is_some() { 400 } else { 200 },
            page: html::once_more(&linked.question, &word),
        },
    }
}

fn shown(linked: &Linked, refused: Option<Refusal>) -> Response {
    if let Some(refused) = refused.as_ref().filter(|refused| refused.is_over()) {
        let sentence = refused.sentence(&linked.question.run_id);
        return told(refused.status(), &sentence);
    }
    Response {
        status: refused.as_ref().map_or(200, Refusal::status),
        page: html::question(&linked.question, refused.as_ref()),
    }
}

/// The one change.
async fn give(
    world: &(impl Approvals + Runtime),
    request: &Request,
    asked: &Asked,
    (linked, word): (&Linked, &Word),
) -> Response {
    match answering::give(world, (&asked.secret, &request.from), linked, word).await {
        Answered::Given => Response {
            status: 200,
            page: html::given(&linked.question, word.approved),
        },
        Answered::Refused(refused) => shown(linked, Some(refused)),
        Answered::Failed(sentence) => told(503, sentence),
    }
}

fn told(status: u16, sentence: &str) -> Response {
    Response {
        status,
        page: html::told(sentence),
    }
}

/// As Lambda hands it to a browser. Nothing of a page is kept, framed, led elsewhere or told to another site.
fn rendered(request: &Request, response: Response) -> Value {
    let body = if request.wants_body() {
        response.page
    } else {
        String::new()
    };
    json!({
        "statusCode": response.status,
        "headers": {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "content-security-policy": html::POLICY,
            "referrer-policy": "no-referrer",
            "strict-transport-security": "max-age=63072000",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "x-robots-tag": "noindex, nofollow",
        },
        "isBase64Encoded": false,
        "body": body,
    })
}

#[cfg(test)]
mod tests;

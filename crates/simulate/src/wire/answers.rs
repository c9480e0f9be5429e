//! A request of the query protocol, and its answer.

use aws_smithy_runtime_api::{
    client::orchestrator::{HttpRequest, HttpResponse},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use failover::domain::Region;
use rds_sim::answer::{Fields, Node, refusal, success};

use super::{changes::Change, form::Form, reads::Read, refusals::status};
use crate::{
    caller::Made,
    rds::{Fault, Rds, Taken},
};

/// Identifies every answer: nothing is looked up by it.
const REQUEST_ID: &str = "a0a0a0a0-0000-4000-8000-000000000000";

/// What RDS answers.
pub(super) type Answer = Result<Node, Fault>;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) region: Region,
    pub(super) operation: String,
    pub(super) what: What,
}

/// What it asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Reads(Read),
    Changes(Change),
    /// It is none that is served, or these parameters of it are not.
    NotServed(String),
}

impl Asked {
    /// Reads a request; `None` where it is none of RDS's.
    pub(super) fn read(request: &HttpRequest) -> Option<Self> {
        let host = request.uri().strip_prefix("https://rds.")?;
        let (region, _) = host.split_once(".amazonaws.com")?;
        let mut form = Form::read(request.body().bytes()?)?;
        let operation = form.text("Action")?;
        form.says("Version", "2014-10-31")?;
        Some(Self {
            region: region.into(),
            what: What::of(&operation, form),
            operation,
        })
    }
}

impl What {
    fn of(operation: &str, mut form: Form) -> Self {
        let reads = Read::of(operation, &mut form).map(Self::Reads);
        let change = |form| Change::of(operation, form).map(Self::Changes);
        let what = reads.or_else(|| change(&mut form));
        match (what, form.left()) {
            (Some(what), left) if left.is_empty() => what,
            (_, left) => Self::NotServed(left.join(", ")),
        }
    }
}

impl Change {
    /// Makes it in a Region.
    pub(super) fn made(&self, mut made: Made<'_>, (operation, region): (&str, &Region)) -> Answer {
        let change = |rds: &mut Rds, now| self.carry_out(rds, now, region);
        let taken: Taken = made.change(operation, change);
        let said = || format!("RDS {operation} in {region}: {taken:?}");
        made.state.note(made.now, said);
        taken.map(|()| Fields::default().done())
    }
}

/// An answer of HTTP.
pub(super) fn response(operation: &str, answer: &Answer) -> std::io::Result<HttpResponse> {
    let (code, body) = match answer {
        Ok(shown) => (200, success(operation, shown, REQUEST_ID)?),
        Err(Fault { code, message }) => {
            let status = status(code);
            (status, refusal((status, code, message), REQUEST_ID)?)
        }
    };
    let code = StatusCode::try_from(code).map_err(std::io::Error::other)?;
    let mut response = HttpResponse::new(code, SdkBody::from(body));
    let headers = response.headers_mut();
    headers.insert("content-type", "text/xml");
    Ok(response)
}

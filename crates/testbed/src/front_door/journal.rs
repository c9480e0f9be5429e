//! The journal of calls: who called what, when, and what came back. It keeps no headers, and of bodies
//! only what people are told.

use std::{
    sync::{Arc, Mutex},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use hyper::http::response::Parts;
use report::Call;

use super::{Caller, call::Asked, locked};

/// Calls beyond this many are passed on but not recorded; a drill makes some thousands.
const CALLS_MAX: usize = 200_000;

/// All calls in the order in which they came.
#[derive(Default)]
pub(super) struct Journal {
    calls: Mutex<Vec<Call>>,
}

impl Journal {
    pub(super) fn calls(&self) -> Vec<Call> {
        locked(&self.calls).clone()
    }

    /// Enters a call. Whatever becomes of it, its end is recorded when the entry is closed or dropped.
    pub(super) fn enter(self: &Arc<Self>, caller: &Caller, asked: &Asked) -> Entry {
        let call = Call {
            at_ms: unix_ms(),
            function: caller.function.clone(),
            caller_region: caller.region.clone(),
            service: asked.service.clone(),
            region: asked.region.clone(),
            operation: asked.operation.clone(),
            status: None,
            error_code: None,
            duration_ms: None,
            message: asked.message.clone(),
        };
        let mut calls = locked(&self.calls);
        let index = calls.len();
        if index < CALLS_MAX {
            calls.push(call);
        } else {
            tracing::warn!("the journal of calls is full");
        }
        Entry {
            journal: self.clone(),
            index,
            began: Instant::now(),
            open: true,
            unfinished: "caller went away",
        }
    }
}

/// A call under way.
pub(super) struct Entry {
    journal: Arc<Journal>,
    index: usize,
    began: Instant,
    open: bool,
    unfinished: &'static str,
}

impl Entry {
    /// From now on, a caller that gives up does so because of this.
    pub(super) fn held(&mut self, why: &'static str) {
        self.unfinished = why;
    }

    pub(super) fn answered(mut self, status: u16, error_code: Option<String>) {
        self.close(Some(status), error_code);
    }

    pub(super) fn unanswered(mut self, why: &str) {
        self.close(None, Some(why.to_owned()));
    }

    fn close(&mut self, status: Option<u16>, error_code: Option<String>) {
        self.open = false;
        if let Some(call) = locked(&self.journal.calls).get_mut(self.index) {
            call.status = status;
            call.error_code = error_code;
            call.duration_ms = u64::try_from(self.began.elapsed().as_millis()).ok();
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.open {
            self.close(None, Some(self.unfinished.to_owned()));
        }
    }
}

/// The service's error code: from a header, a JSON `__type` or `code`, or an XML `<Code>`. A Lambda function's own
/// error comes with status 200 and `X-Amz-Function-Error`.
pub(super) fn error_code(head: &Parts, body: &Bytes) -> Option<String> {
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(kind) = header("x-amz-function-error") {
        return Some(format!("function error: {kind}"));
    }
    if head.status.as_u16() < 400 {
        return None;
    }
    let plain = |code: &str| {
        let code = code.rsplit('#').next().unwrap_or(code);
        code.split(':').next().unwrap_or(code).to_owned()
    };
    if let Some(code) = header("x-amzn-errortype") {
        return Some(plain(code));
    }
    if let Ok(error) = serde_json::from_slice::<serde_json::Value>(body) {
        let code = error.get("__type").or_else(|| error.get("code"));
        return code.and_then(|code| code.as_str()).map(plain);
    }
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(plain(code))
}

fn unix_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

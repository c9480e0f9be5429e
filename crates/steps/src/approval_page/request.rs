//! What a browser asked, as a function's URL hands it over.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;

use failover::Error;

/// The longest form that is read, in bytes, and twice that in base64. A reason of [`WHY_MAX`] letters has twelve bytes for each one that
/// UTF-8 writes in four.
const BODY_MAX: usize = 16_384;
/// The most letters of a reason, which Step Functions keeps as a failure's cause.
const WHY_MAX: usize = 500;
/// A link's secret: 32 bytes in hexadecimal.
const SECRET: usize = 64;

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    method: String,
    path: String,
    /// The address that it came from, which Lambda tells and nobody can make up.
    pub(super) from: String,
    form: Result<Form, &'static str>,
}

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) region: String,
    pub(super) secret: String,
}

/// What keeps a request from being looked at: nothing of it reaches the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    Method,
    Path,
}

impl Malformed {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::Path => 404,
        }
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Method => {
                "This page is read and answered by a browser, and takes no other request."
            }
            Self::Path => super::UNKNOWN,
        }
    }
}

/// What somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) approved: bool,
    /// Why, where it is said.
    pub(super) why: String,
    /// The plan's name as it was typed on the page that asks once more; `None` where that page was not there yet.
    pub(super) typed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Form {
    answer: Option<String>,
    why: Option<String>,
    plan: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    raw_path: String,
    request_context: Context,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: String,
}

impl Request {
    pub(super) fn read(payload: Value) -> Result<Self, Error> {
        let event: Event = serde_json::from_value(payload).map_err(|_| {
            Error::InvalidRequest(
                "the payload is no request of a function's URL; open the link of a message in a browser".into(),
            )
        })?;
        let http = event.request_context.http;
        let form = form(event.body.unwrap_or_default(), event.is_base64_encoded);
        Ok(Self {
            method: http.method,
            path: event.raw_path,
            from: http.source_ip,
            form,
        })
    }

    /// The Region and the secret of the link.
    pub(super) fn asked(&self) -> Result<Asked, Malformed> {
        if !["GET", "HEAD", "POST"].contains(&self.method.as_str()) {
            return Err(Malformed::Method);
        }
        let path = self.path.strip_prefix('/').unwrap_or_default();
        let (region, secret) = path.split_once('/').ok_or(Malformed::Path)?;
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let of_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = secret.len() == SECRET
            && secret.chars().all(is_hex)
            && (1..=25).contains(&region.len())
            && region.chars().all(of_region);
        if !fits {
            return Err(Malformed::Path);
        }
        Ok(Asked {
            region: region.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// What is said; `None` where nothing is, as in every GET.
    pub(super) fn word(&self) -> Option<Result<Word, &'static str>> {
        if self.method != "POST" {
            return None;
        }
        let word = self.form.as_ref().map_err(|why| *why).and_then(word);
        Some(word)
    }

    /// Whether the page itself goes out.
    pub(super) fn wants_body(&self) -> bool {
        self.method != "HEAD"
    }
}

const NO_FORM: &str =
    "What was sent is no answer of this page, and nothing was changed: open the link again.";

fn form(body: String, is_base64: bool) -> Result<Form, &'static str> {
    if body.len() > 2 * BODY_MAX {
        return Err(NO_FORM);
    }
    let body = if is_base64 {
        STANDARD.decode(body).map_err(|_| NO_FORM)?
    } else {
        body.into_bytes()
    };
    if body.len() > BODY_MAX {
        return Err(NO_FORM);
    }
    serde_urlencoded::from_bytes(&body).map_err(|_| NO_FORM)
}

fn word(form: &Form) -> Result<Word, &'static str> {
    let approved = match form.answer.as_deref() {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err(NO_FORM),
    };
    let why = form.why.as_deref().unwrap_or_default();
    let typed = form.plan.as_deref();
    Ok(Word {
        approved,
        why: why.trim().chars().take(WHY_MAX).collect(),
        typed: typed.map(|typed| typed.trim().to_owned()),
    })
}

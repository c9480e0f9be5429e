//! What EC2 says when it refuses.

use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};
use serde::Deserialize;

/// A refusal, with EC2's code.
/// Source: <https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html>.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// Its code, such as `InvalidInstanceID.NotFound`.
    pub code: String,
    /// Its words.
    pub message: String,
    meta: ErrorMetadata,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "Errors")]
    errors: Errors,
}

#[derive(Deserialize)]
struct Errors {
    #[serde(rename = "Error")]
    error: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

impl Refusal {
    /// A refusal of that code.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            meta,
        }
    }

    /// Reads the body of an answer that is none. What is not EC2's own has the status as its code.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let body: Option<Body> = quick_xml::de::from_reader(body).ok();
        let first = body.and_then(|body| body.errors.error.into_iter().next());
        match first {
            Some(one) => Self::new(&one.code, &one.message),
            None => Self::new(&format!("Status{status}"), "the answer is none of EC2's"),
        }
    }
}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

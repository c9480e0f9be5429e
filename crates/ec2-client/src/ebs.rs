//! Of the direct APIs of EBS the one operation that counts the blocks in which two snapshots differ.

use aws_smithy_runtime_api::client::{
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    result::SdkError,
};
use aws_smithy_types::body::SdkBody;
use serde::{Deserialize, de::IgnoredAny};

use crate::{Answered, Client, Refusal, client::Service};

const EBS: Service = Service {
    name: "ebs",
    id: "EBS",
};
/// The most pages that are read: a hundred thousand of a GiB's 2,048 blocks are nearly 49 GiB of changes.
const PAGES_MAX: usize = 20;
/// So many blocks come with a page.
/// Source: <https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListChangedBlocks.html>.
const PAGE: u32 = 5_000;

/// A page of blocks. Only how many there are is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Changed {
    block_size: u64,
    changed_blocks: Vec<Block>,
    next_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Block {
    #[serde(rename = "BlockIndex")]
    _index: IgnoredAny,
}

#[derive(Deserialize)]
struct Said {
    #[serde(alias = "Message", default)]
    message: String,
    #[serde(alias = "__type", alias = "Reason", default)]
    code: String,
}

impl Client {
    /// `ListChangedBlocks`: the bytes of the blocks in which two snapshots of a volume differ; `None` where they are too many to be counted.
    ///
    /// # Errors
    /// EBS's refusal, or that no answer was seen.
    pub async fn changed_bytes(&self, earlier: &str, later: &str) -> Answered<Option<u64>> {
        let mut sum = 0_u64;
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = self.changed(earlier, later, token.as_deref()).await?;
            let blocks = u64::try_from(page.changed_blocks.len()).unwrap_or(u64::MAX);
            sum = sum.saturating_add(blocks.saturating_mul(page.block_size));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(Some(sum));
            }
        }
        Ok(None)
    }

    async fn changed(&self, earlier: &str, later: &str, token: Option<&str>) -> Answered<Changed> {
        let path = path(earlier, later, token).map_err(SdkError::construction_failure)?;
        let (retries, timeouts) = self.reading();
        let operation = self
            .operation(&EBS, "ListChangedBlocks", retries, timeouts)
            .serializer(|path: String| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_method("GET")?;
                request.set_uri(path)?;
                Ok(request)
            })
            .deserializer(answer)
            .build();
        operation.invoke(path).await
    }
}

fn path(
    earlier: &str,
    later: &str,
    token: Option<&str>,
) -> Result<String, serde_urlencoded::ser::Error> {
    let page = PAGE.to_string();
    let mut query = vec![("firstSnapshotId", earlier), ("maxResults", &page)];
    query.extend(token.map(|token| ("pageToken", token)));
    let query = serde_urlencoded::to_string(query)?;
    Ok(format!("/snapshots/{later}/changedblocks?{query}"))
}

#[expect(
    clippy::result_large_err,
    reason = "the type is what a deserializer answers"
)]
fn answer(response: &HttpResponse) -> Result<Changed, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    let status = response.status();
    if status.is_success() {
        return serde_json::from_slice(body).map_err(OrchestratorError::other);
    }
    let said: Option<Said> = serde_json::from_slice(body).ok();
    let headers = response.headers();
    let code = headers.get("x-amzn-errortype").map(str::to_owned);
    let code = code.or_else(|| said.as_ref().map(|said| said.code.clone()));
    let code = code.filter(|code| !code.is_empty());
    let code = code.unwrap_or_else(|| format!("Status{}", status.as_u16()));
    // A code may have an address after it.
    let code = code.split(':').next().unwrap_or_default();
    let message = said.map(|said| said.message).unwrap_or_default();
    Err(OrchestratorError::operation(Refusal::new(code, &message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_by_both_snapshots_and_the_token_before() {
        assert_eq!(
            path("snap-1", "snap-2", Some("a+b=")).unwrap(),
            "/snapshots/snap-2/changedblocks?firstSnapshotId=snap-1&maxResults=5000&pageToken=a%2Bb%3D"
        );
        assert!(
            !path("snap-1", "snap-2", None)
                .unwrap()
                .contains("pageToken")
        );
    }

    #[test]
    fn a_page_is_counted_by_its_blocks() {
        // After <https://docs.aws.amazon.com/ebs/latest/APIReference/API_ListChangedBlocks.html>.
        let page: Changed = serde_json::from_str(
            r#"{"BlockSize": 524288, "ChangedBlocks": [{"BlockIndex": 0, "FirstBlockToken": "a", "SecondBlockToken": "b"},
            {"BlockIndex": 7, "SecondBlockToken": "c"}], "ExpiryTime": 1.7e9, "NextToken": "more", "VolumeSize": 8}"#,
        )
        .unwrap();
        assert_eq!(page.changed_blocks.len(), 2);
        assert_eq!(
            (page.block_size, page.next_token.as_deref()),
            (524_288, Some("more"))
        );
    }
}

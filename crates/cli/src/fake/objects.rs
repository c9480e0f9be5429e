//! Buckets of an account for tests: a list of what lies in one, and each object.

use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;
use failover::domain::Region;

use super::Place;

/// The Region of the bucket that a request is about, and what follows its host; `None` for another service.
pub(super) fn asked(uri: &str) -> Option<(Region, String)> {
    let (host, path) = uri.strip_prefix("https://")?.split_once('/')?;
    let region = host.split(".s3.").nth(1)?.split('.').next()?;
    Some((region.into(), path.to_owned()))
}

/// The list of a bucket, or an object. Whoever may read nothing there is denied.
pub(super) fn answer(place: &Place, path: &str) -> HttpResponse {
    if place.objects.is_empty() {
        let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        return said(403, denied);
    }
    if path.contains("list-type=2") {
        let keys = place.objects.keys();
        let keys: String = keys
            .map(|key| format!("<Contents><Key>{key}</Key></Contents>"))
            .collect();
        let list =
            format!("<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>");
        return said(200, &list);
    }
    let key = path.split('?').next().unwrap_or_default();
    match place.objects.get(key) {
        Some(text) => said(200, text),
        None => said(404, "<Error><Code>NoSuchKey</Code></Error>"),
    }
}

fn said(status: u16, body: &str) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap();
    HttpResponse::new(status, SdkBody::from(body))
}

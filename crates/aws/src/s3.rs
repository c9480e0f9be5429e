//! The objects in S3 that routes are switched by.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use failover::{
    Error,
    domain::Region,
    ports::{Object, Objects},
};
use jiff::Timestamp;

use super::{Aws, client, errors::error, once};

/// The most bytes of an object that are read: what a run wrote has some fifty, and a health check looks at the first 5,120.
const BYTES_MAX: i64 = 5_120;

impl<K> Objects for Aws<K> {
    async fn object(
        &self,
        region: &Region,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Object>, Error> {
        let what = || format!("S3 GetObject s3://{bucket}/{key} in {region}");
        let answer = client!(self, aws_sdk_s3, region)
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await;
        let found = match answer {
            Ok(found) => found,
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(|why| why.is_no_such_key()) =>
            {
                return Ok(None);
            }
            Err(why) => return Err(failed(&what(), (region, bucket), &why)),
        };
        let written_at = found
            .last_modified
            .and_then(|at| Timestamp::from_second(at.secs()).ok());
        let tag = found.e_tag.unwrap_or_default();
        // No run wrote that, whatever it says.
        if found.content_length.is_some_and(|bytes| bytes > BYTES_MAX) {
            let text = String::new();
            return Ok(Some(Object {
                text,
                tag,
                written_at,
            }));
        }
        let body = found.body.collect().await;
        let body = body.map_err(|why| Error::Unavailable(format!("{}: {why}", what())))?;
        Ok(Some(Object {
            text: String::from_utf8_lossy(&body.into_bytes()).into_owned(),
            tag,
            written_at,
        }))
    }

    async fn put_object(
        &self,
        region: &Region,
        (bucket, key): (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> Result<bool, Error> {
        let put = client!(self, aws_sdk_s3, region)
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(text.as_bytes().to_vec()));
        let put = match read {
            Some(object) => put.if_match(&object.tag),
            None => put.if_none_match("*"),
        };
        let answer = put
            .customize()
            .config_override(once!(aws_sdk_s3))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            // It is another one by now, it was removed, or another write is under way.
            Err(why)
                if [
                    "PreconditionFailed",
                    "NoSuchKey",
                    "ConditionalRequestConflict",
                ]
                .iter()
                .any(|code| why.code() == Some(code)) =>
            {
                Ok(false)
            }
            Err(why) => Err(failed(
                &format!("S3 PutObject s3://{bucket}/{key} in {region}"),
                (region, bucket),
                &why,
            )),
        }
    }
}

/// What S3 of one Region says of a bucket that is in another one: where the call was sent, or signed for.
const ELSEWHERE: [&str; 3] = [
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
];

/// What a failed call means. A checker asks S3 of the Region that the plan names, and would be led on.
fn failed<E>(
    what: &str,
    (region, bucket): (&Region, &str),
    why: &SdkError<E, HttpResponse>,
) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    if ELSEWHERE.iter().any(|code| why.code() == Some(code)) {
        return Error::InvalidRequest(format!(
            "bucket {bucket} is in another Region than {region}; name a bucket of {region} in the plan's switches"
        ));
    }
    error(what, why)
}

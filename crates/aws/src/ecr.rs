//! ECR: whether an image is there.

use aws_sdk_ecr::types::ImageIdentifier;
use failover::{
    Error,
    ports::{Image, ImageVersion},
};

use super::{Aws, client, errors::error};

/// Whether a registry holds an image.
///
/// # Errors
/// As the error table; an image that is not there is none.
pub(super) async fn holds<K>(aws: &Aws<K>, image: &Image) -> Result<bool, Error> {
    let wanted = match &image.version {
        ImageVersion::Tag(tag) => ImageIdentifier::builder().image_tag(tag),
        ImageVersion::Digest(digest) => ImageIdentifier::builder().image_digest(digest),
    };
    let answer = client!(aws, aws_sdk_ecr, image.region)
        .describe_images()
        .registry_id(&image.registry)
        .repository_name(&image.repository)
        .image_ids(wanted.build())
        .send()
        .await;
    match answer {
        Ok(found) => Ok(!found.image_details.unwrap_or_default().is_empty()),
        Err(why) if why.as_service_error().is_some_and(is_missing) => Ok(false),
        Err(why) => {
            let what = format!("ECR DescribeImages in {}", image.region);
            Err(error(&what, &why))
        }
    }
}

fn is_missing(why: &aws_sdk_ecr::operation::describe_images::DescribeImagesError) -> bool {
    why.is_image_not_found_exception() || why.is_repository_not_found_exception()
}

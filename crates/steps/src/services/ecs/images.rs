//! Whether tasks of the plan's services could start where they are: what their images need, as far as Amazon's registry tells.

use futures::future::join_all;

use super::{key, read::all};
use failover::{
    Error,
    domain::Region,
    pass::Pass,
    ports::{Image, ImageVersion, Services},
};

/// What keeps new tasks from starting, at each of the plan's services. That a service is not there is told elsewhere.
pub(in crate::services) async fn warnings(world: &impl Services, pass: &Pass) -> Vec<String> {
    let asked = all(&pass.run.plan).map(async |planned| {
        let (region, cluster, name) = (planned.region, planned.cluster, planned.service.name());
        let key = key(region, cluster, name);
        let images = match world.images(region, cluster, name).await {
            Ok(images) => images,
            // That is told elsewhere.
            Err(Error::NotReady(_)) => Vec::new(),
            Err(why) => {
                return vec![format!(
                    "{key}: whether its images are there is unknown: {why}"
                )];
            }
        };
        let asked = images.iter().map(|image| warning(world, region, image));
        let found = join_all(asked).await.into_iter().flatten();
        found
            .map(|what| format!("{key}: {what}"))
            .collect::<Vec<_>>()
    });
    join_all(asked).await.concat()
}

async fn warning(world: &impl Services, region: &Region, text: &str) -> Option<String> {
    let image = in_registry(text)?;
    if image.region != *region {
        return Some(format!(
            "image {text} comes from {}, and without that Region no task starts; replicate it to {region} and name that one",
            image.region
        ));
    }
    match world.holds(&image).await {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "the registry of {region} holds no image {text} yet; push it there, or pull it once where it comes through a cache"
        )),
        // Another account's registry may not be looked into.
        Err(Error::Denied(_)) => None,
        Err(why) => Some(format!("whether image {text} is there is unknown: {why}")),
    }
}

/// Which image of Amazon's registry a task definition names; `None` where it is from elsewhere.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>.
fn in_registry(text: &str) -> Option<Image> {
    let (host, rest) = text.split_once('/')?;
    let parts: Vec<_> = host.split('.').collect();
    let (registry, region) = match parts.as_slice() {
        [
            registry,
            "dkr",
            "ecr" | "ecr-fips",
            region,
            "amazonaws",
            "com",
            ..,
        ]
        | [registry, "dkr-ecr" | "dkr-ecr-fips", region, "on", ..] => (*registry, *region),
        _ => return None,
    };
    let (named, digest) = match rest.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (rest, None),
    };
    let (repository, tag) = named.split_once(':').unwrap_or((named, "latest"));
    let tag = || ImageVersion::Tag(tag.to_owned());
    let version = digest.map_or_else(tag, |digest| ImageVersion::Digest(digest.to_owned()));
    Some(Image {
        registry: registry.to_owned(),
        region: region.into(),
        repository: repository.to_owned(),
        version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(region: &str, repository: &str, version: ImageVersion) -> Image {
        Image {
            registry: "123456789012".into(),
            region: region.into(),
            repository: repository.into(),
            version,
        }
    }

    #[test]
    fn an_image_of_amazons_registry_is_known_by_its_host_and_others_are_left_alone() {
        let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
        let tag = |tag: &str| ImageVersion::Tag(tag.into());
        let digest = ImageVersion::Digest("sha256:0a".into());
        for (text, repository, version) in [
            (format!("{host}/shop/orders:1.2"), "shop/orders", tag("1.2")),
            (format!("{host}/orders"), "orders", tag("latest")),
            (format!("{host}/orders@sha256:0a"), "orders", digest.clone()),
            (format!("{host}/orders:1@sha256:0a"), "orders", digest),
        ] {
            let wanted = image("us-east-1", repository, version);
            assert_eq!(in_registry(&text), Some(wanted), "{text}");
        }
        for (host, region) in [
            (
                "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com",
                "us-west-2",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            ("123456789012.dkr-ecr.us-west-2.on.aws", "us-west-2"),
        ] {
            let found = in_registry(&format!("{host}/orders:1"));
            assert_eq!(found, Some(image(region, "orders", tag("1"))), "{host}");
        }
        for other in [
            "orders",
            "nginx:1",
            "public.ecr.aws/nginx/nginx:1",
            "ghcr.io/shop/orders",
        ] {
            assert_eq!(in_registry(other), None, "{other}");
        }
    }

    /// One registry that holds `orders:1` of us-east-1, and does not let anybody look into `theirs`.
    struct Registry;

    impl Services for Registry {
        async fn service(
            &self,
            _: &Region,
            _: &str,
            _: &str,
        ) -> Result<failover::ports::Service, Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn images(&self, _: &Region, _: &str, _: &str) -> Result<Vec<String>, Error> {
            Ok(Vec::new())
        }

        async fn holds(&self, image: &Image) -> Result<bool, Error> {
            if image.repository == "silent" {
                return Err(Error::Unavailable("timed out".into()));
            }
            if image.repository == "theirs" {
                return Err(Error::Denied("not theirs".into()));
            }
            let here = |version| self::image("us-east-1", "orders", version);
            Ok(*image == here(ImageVersion::Tag("1".into())))
        }

        async fn force_deployment(
            &self,
            _: &Region,
            _: &str,
            _: &str,
            _: Option<u32>,
        ) -> Result<String, Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn scale_service(&self, _: &Region, _: &str, _: &str, _: u32) -> Result<(), Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn group(&self, _: &Region, _: &str) -> Result<failover::ports::Group, Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn refresh_group(&self, _: &Region, _: &str) -> Result<Option<String>, Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn scale_group(&self, _: &Region, _: &str, _: u32) -> Result<(), Error> {
            Err(Error::NotReady("nobody asks".into()))
        }

        async fn resize_group(&self, _: &Region, _: &str, _: u32, _: u32) -> Result<(), Error> {
            Err(Error::NotReady("nobody asks".into()))
        }
    }

    #[tokio::test]
    async fn an_image_from_another_region_or_that_is_not_there_is_told_and_what_nobody_can_see_is_not()
     {
        let of = async |region: &str, name: &str| {
            let text = format!("123456789012.dkr.ecr.{region}.amazonaws.com/{name}");
            warning(&Registry, &"us-east-1".into(), &text).await
        };
        assert_eq!(of("us-east-1", "orders:1").await, None);
        assert_eq!(of("us-east-1", "theirs:1").await, None);
        let afar = of("us-west-2", "orders:1").await.unwrap();
        assert!(
            afar.contains("comes from us-west-2, and without that Region no task starts"),
            "{afar}"
        );
        let gone = of("us-east-1", "orders:2").await.unwrap();
        assert!(
            gone.contains("the registry of us-east-1 holds no image"),
            "{gone}"
        );
    }
}

//! What a health check asks, in our own types. Defaults are those of Route 53's API reference, "HealthCheckConfig".

use std::time::Duration;

use aws_sdk_route53::types::{HealthCheck, HealthCheckConfig};

/// Where Route 53's checkers look from, unless the check names Regions of its own.
/// Source: the API reference, "HealthCheckRegion", of which these are all.
pub const CHECKER_REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;
const INTERVAL_SECONDS: u64 = 30;
const FAILURE_THRESHOLD: u32 = 3;

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) kind: Kind,
    pub(super) inverted: bool,
    pub(super) disabled: bool,
}

/// What its state is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// What checkers see of an endpoint.
    Endpoint(Endpoint),
    /// How many of these checks are healthy.
    Calculated {
        children: Vec<String>,
        healthy_min: usize,
    },
    /// An alarm or a routing control, which nobody looks at here.
    Unwatched,
}

/// An endpoint, and who looks at it how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) target: Target,
    pub(super) interval: Duration,
    /// Results in a row that make a checker change its mind.
    pub(super) threshold: u32,
    pub(super) regions: Vec<String>,
}

/// What a checker connects to and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// An address, or the name that leads to one.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) asks: Asks,
}

/// What has to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asks {
    /// A connection.
    Tcp,
    /// A good answer to a request.
    Http {
        tls: Option<Tls>,
        /// What the request's `Host` says.
        authority: String,
        path: String,
        /// What its body has to hold within its first bytes.
        text: Option<String>,
    },
}

/// How TLS is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// With the name of the server.
    Named,
    /// Without it: `EnableSNI` is false.
    Nameless,
}

impl Check {
    /// A check's identifier, and what it asks.
    pub(super) fn read(check: &HealthCheck) -> Option<(String, Self)> {
        let config = check.health_check_config.as_ref()?;
        let kind = match config.r#type.as_str() {
            "CALCULATED" => Kind::Calculated {
                children: config.child_health_checks().to_vec(),
                healthy_min: positive(config.health_threshold, 0),
            },
            "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" | "TCP" => {
                Endpoint::read(config).map_or(Kind::Unwatched, Kind::Endpoint)
            }
            _ => Kind::Unwatched,
        };
        let check_read = Self {
            kind,
            inverted: config.inverted.unwrap_or(false),
            disabled: config.disabled.unwrap_or(false),
        };
        Some((check.id.clone(), check_read))
    }
}

impl Endpoint {
    /// `None` without name and address.
    fn read(config: &HealthCheckConfig) -> Option<Self> {
        let name = config.fully_qualified_domain_name.as_ref();
        let address = config.ip_address.as_ref();
        let kind = config.r#type.as_str();
        let is_https = kind.starts_with("HTTPS");
        let usual_port = if is_https { HTTPS_PORT } else { HTTP_PORT };
        let port = positive(config.port, usual_port);
        // With an address the name is only said in the request.
        let (host, said) = (address.or(name)?.clone(), name.or(address)?);
        let asks = if kind == "TCP" {
            Asks::Tcp
        } else {
            let tls = match config.enable_sni {
                Some(false) => Tls::Nameless,
                Some(true) | None => Tls::Named,
            };
            Asks::Http {
                tls: is_https.then_some(tls),
                authority: if port == usual_port {
                    said.clone()
                } else {
                    format!("{said}:{port}")
                },
                path: absolute(config.resource_path.as_deref().unwrap_or_default()),
                text: kind
                    .ends_with("STR_MATCH")
                    .then(|| config.search_string.clone().unwrap_or_default()),
            }
        };
        let named = config.regions().iter();
        let named: Vec<_> = named.map(|region| region.as_str().to_owned()).collect();
        let regions = if named.is_empty() {
            CHECKER_REGIONS.map(str::to_owned).to_vec()
        } else {
            named
        };
        Some(Self {
            target: Target { host, port, asks },
            interval: Duration::from_secs(positive(config.request_interval, INTERVAL_SECONDS)),
            threshold: positive(config.failure_threshold, FAILURE_THRESHOLD),
            regions,
        })
    }
}

fn positive<T: TryFrom<i32>>(given: Option<i32>, default: T) -> T {
    given
        .and_then(|number| T::try_from(number).ok())
        .unwrap_or(default)
}

/// Route 53 adds the slash that a path lacks.
fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{HealthCheckRegion, HealthCheckType};

    use super::*;

    fn read(config: aws_sdk_route53::types::builders::HealthCheckConfigBuilder) -> Check {
        let check = HealthCheck::builder()
            .id("switch")
            .caller_reference("once")
            .health_check_version(1)
            .health_check_config(config.build().unwrap());
        Check::read(&check.build().unwrap()).unwrap().1
    }

    fn endpoint(check: Check) -> Endpoint {
        let Kind::Endpoint(endpoint) = check.kind else {
            panic!("{check:?}")
        };
        endpoint
    }

    #[test]
    fn a_check_says_no_more_than_it_has_to_and_gets_the_defaults() {
        let config = HealthCheckConfig::builder()
            .r#type(HealthCheckType::Https)
            .fully_qualified_domain_name("shop.example");
        let check = read(config);
        assert!(!check.inverted && !check.disabled);
        let read = endpoint(check);
        assert_eq!(
            (read.interval.as_secs(), read.threshold, read.target.port),
            (30, 3, 443)
        );
        assert_eq!(read.regions, CHECKER_REGIONS);
        let asks = Asks::Http {
            tls: Some(Tls::Named),
            authority: "shop.example".into(),
            path: "/".into(),
            text: None,
        };
        assert_eq!(read.target.asks, asks);
    }

    #[test]
    fn everything_that_a_check_says_is_read() {
        let config = HealthCheckConfig::builder()
            .r#type(HealthCheckType::HttpStrMatch)
            .ip_address("127.0.0.1")
            .port(8_080)
            .fully_qualified_domain_name("shop.example")
            .resource_path("switch")
            .search_string("standby-active")
            .request_interval(10)
            .failure_threshold(1)
            .regions(HealthCheckRegion::EuWest1)
            .inverted(true)
            .disabled(true);
        let check = read(config);
        assert!(check.inverted && check.disabled);
        let expected = Endpoint {
            target: Target {
                host: "127.0.0.1".into(),
                port: 8_080,
                asks: Asks::Http {
                    tls: None,
                    authority: "shop.example:8080".into(),
                    path: "/switch".into(),
                    text: Some("standby-active".into()),
                },
            },
            interval: Duration::from_secs(10),
            threshold: 1,
            regions: vec!["eu-west-1".into()],
        };
        assert_eq!(endpoint(check), expected);
    }

    #[test]
    fn a_calculated_check_has_children_and_an_alarms_check_nobody_who_looks() {
        let config = HealthCheckConfig::builder()
            .r#type(HealthCheckType::Calculated)
            .child_health_checks("a")
            .child_health_checks("b")
            .health_threshold(2);
        let expected = Kind::Calculated {
            children: vec!["a".into(), "b".into()],
            healthy_min: 2,
        };
        assert_eq!(read(config).kind, expected);
        let alarm = HealthCheckConfig::builder().r#type(HealthCheckType::CloudwatchMetric);
        assert_eq!(read(alarm).kind, Kind::Unwatched);
    }
}

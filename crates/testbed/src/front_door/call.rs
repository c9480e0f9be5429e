//! What a request asks for: service and Region from its signature, the operation from the service's protocol.

use hyper::http::{HeaderMap, Method, header, request::Parts};

/// How a service phrases requests and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `X-Amz-Target` and a JSON body.
    Json,
    /// `Action=…` in a form body, XML answers.
    Query,
    /// Method and path, XML bodies.
    RestXml,
    /// Method and path, JSON bodies.
    RestJson,
}

/// What one request asks for. `service` and `region` are empty when it carries no signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) service: String,
    pub(super) region: String,
    pub(super) operation: String,
    pub(super) protocol: Protocol,
    /// Subject and text of a message to people.
    pub(super) message: Option<String>,
}

impl Asked {
    pub(super) fn read(head: &Parts, body: &[u8]) -> Self {
        let (region, service) = signature_scope(&head.headers).unwrap_or_default();
        let (protocol, operation) = operation(head, body, service);
        Self {
            service: service.to_owned(),
            region: region.to_owned(),
            operation,
            protocol,
            message: message(service, body),
        }
    }
}

/// What an SNS `Publish` tells: its subject, and its text on the lines after it.
fn message(service: &str, body: &[u8]) -> Option<String> {
    let fields: Vec<(String, String)> = (service == "sns")
        .then(|| serde_urlencoded::from_bytes(body).ok())
        .flatten()?;
    let field = |wanted: &str| {
        let mut found = fields.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.as_str())
    };
    Some(format!("{}\n{}", field("Subject")?, field("Message")?))
}

/// Region and service of `Authorization: … Credential=<key>/<date>/<region>/<service>/aws4_request, …`.
fn signature_scope(headers: &HeaderMap) -> Option<(&str, &str)> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    let mut scope = credential.rsplit('/');
    let ("aws4_request", service, region) = (scope.next()?, scope.next()?, scope.next()?) else {
        return None;
    };
    Some((region, service))
}

fn operation(head: &Parts, body: &[u8], service: &str) -> (Protocol, String) {
    let target = head
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    if let Some(target) = target {
        let name = target.rsplit('.').next().unwrap_or(target);
        return (Protocol::Json, name.to_owned());
    }
    if let Some(action) = action(head, body) {
        return (Protocol::Query, action);
    }
    let path = head.uri.path();
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    // The first segment is the API's date, which differs between operations of one service.
    let resource = segments.get(1..).unwrap_or_default();
    let (protocol, name) = match service {
        "lambda" => (Protocol::RestJson, lambda(&head.method, resource)),
        "route53" => (Protocol::RestXml, route53(&head.method, resource)),
        "s3" => (Protocol::RestXml, s3(&head.method, &segments)),
        _ => (Protocol::RestJson, None),
    };
    let name = name.map_or_else(|| format!("{} {path}", head.method), str::to_owned);
    (protocol, name)
}

/// `Action` of the Query protocol: in a form body, or in the URL of a GET.
fn action(head: &Parts, body: &[u8]) -> Option<String> {
    let content_type = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let form = match content_type {
        Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => body,
        _ => head.uri.query().unwrap_or_default().as_bytes(),
    };
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).ok()?;
    fields
        .into_iter()
        .find_map(|(name, value)| (name == "Action").then_some(value))
}

fn lambda(method: &Method, resource: &[&str]) -> Option<&'static str> {
    let name = match (method.as_str(), resource) {
        ("GET", ["functions"]) => "ListFunctions",
        ("POST", ["functions"]) => "CreateFunction",
        ("GET", ["functions", _]) => "GetFunction",
        ("DELETE", ["functions", _]) => "DeleteFunction",
        ("POST", ["functions", _, "invocations"]) => "Invoke",
        ("GET", ["functions", _, "configuration"]) => "GetFunctionConfiguration",
        ("PUT", ["functions", _, "configuration"]) => "UpdateFunctionConfiguration",
        ("PUT", ["functions", _, "code"]) => "UpdateFunctionCode",
        ("GET", ["functions", _, "concurrency"]) => "GetFunctionConcurrency",
        ("PUT", ["functions", _, "concurrency"]) => "PutFunctionConcurrency",
        ("DELETE", ["functions", _, "concurrency"]) => "DeleteFunctionConcurrency",
        _ => return None,
    };
    Some(name)
}

fn route53(method: &Method, resource: &[&str]) -> Option<&'static str> {
    let name = match (method.as_str(), resource) {
        ("GET", ["hostedzone"]) => "ListHostedZones",
        ("POST", ["hostedzone"]) => "CreateHostedZone",
        ("GET", ["hostedzone", _]) => "GetHostedZone",
        ("DELETE", ["hostedzone", _]) => "DeleteHostedZone",
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName",
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("POST", ["hostedzone", _, "rrset"]) => "ChangeResourceRecordSets",
        ("GET", ["change", _]) => "GetChange",
        _ => return None,
    };
    Some(name)
}

/// The first segment is the bucket.
fn s3(method: &Method, segments: &[&str]) -> Option<&'static str> {
    match (method.as_str(), segments) {
        ("PUT", [_, _, ..]) => Some("PutObject"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn asked(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Asked {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        Asked::read(&head, body.as_bytes())
    }

    fn signed(region: &str, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260102/{region}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00ff"
        )
    }

    #[test]
    fn service_and_region_come_from_the_signature() {
        let authorization = signed("eu-west-1", "rds");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let asked = asked(
            "POST",
            "/",
            &[("authorization", &authorization), form],
            "Version=2014-10-31&Action=DescribeDBClusters",
        );
        assert_eq!(asked.service, "rds");
        assert_eq!(asked.region, "eu-west-1");
        assert_eq!(asked.operation, "DescribeDBClusters");
        assert_eq!(asked.protocol, Protocol::Query);
    }

    #[test]
    fn a_signature_without_spaces_is_read_too() {
        let authorization = "AWS4-HMAC-SHA256 Credential=A/20260102/us-east-1/iam/aws4_request,SignedHeaders=host,Signature=0";
        let asked = asked(
            "GET",
            "/?Action=ListRoles",
            &[("authorization", authorization)],
            "",
        );
        assert_eq!(
            (asked.region.as_str(), asked.service.as_str()),
            ("us-east-1", "iam")
        );
        assert_eq!(asked.operation, "ListRoles");
    }

    #[test]
    fn an_unsigned_request_has_neither_service_nor_region() {
        let headers = [("authorization", "Bearer us-east-1/rds/aws4_request")];
        let asked = asked("GET", "/_health", &headers, "");
        assert_eq!((asked.region.as_str(), asked.service.as_str()), ("", ""));
        assert_eq!(asked.operation, "GET /_health");
    }

    #[test]
    fn json_protocols_name_the_operation_after_the_last_dot() {
        let authorization = signed("us-west-2", "dynamodb");
        let headers = [
            ("authorization", authorization.as_str()),
            ("x-amz-target", "DynamoDB_20120810.PutItem"),
        ];
        let asked = asked("POST", "/", &headers, "{}");
        assert_eq!(
            (asked.operation.as_str(), asked.protocol),
            ("PutItem", Protocol::Json)
        );
    }

    #[test]
    fn rest_operations_are_named_from_method_and_path() {
        let table = [
            (
                "lambda",
                "POST",
                "/2015-03-31/functions/a-b/invocations",
                "Invoke",
            ),
            (
                "lambda",
                "GET",
                "/2015-03-31/functions/arn%3Aaws%3Alambda/configuration",
                "GetFunctionConfiguration",
            ),
            (
                "lambda",
                "PUT",
                "/2017-10-31/functions/a/concurrency",
                "PutFunctionConcurrency",
            ),
            ("lambda", "GET", "/2015-03-31/functions/", "ListFunctions"),
            (
                "route53",
                "GET",
                "/2013-04-01/hostedzone/Z0EXAMPLE/rrset?maxitems=1",
                "ListResourceRecordSets",
            ),
            (
                "route53",
                "POST",
                "/2013-04-01/hostedzone/Z0EXAMPLE/rrset/",
                "ChangeResourceRecordSets",
            ),
            ("route53", "GET", "/2013-04-01/change/C1", "GetChange"),
            (
                "route53",
                "GET",
                "/2013-04-01/hostedzone/Z0EXAMPLE",
                "GetHostedZone",
            ),
            (
                "lambda",
                "PATCH",
                "/2015-03-31/unknown",
                "PATCH /2015-03-31/unknown",
            ),
        ];
        for (service, method, path, operation) in table {
            let authorization = signed("us-east-1", service);
            let asked = asked(method, path, &[("authorization", &authorization)], "");
            assert_eq!(asked.operation, operation, "{method} {path}");
        }
    }
}

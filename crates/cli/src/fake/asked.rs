//! What a request asks of an account.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use workload::run::WorkloadRun;

use super::workloads::OfWorkload;

/// What is asked.
pub(super) enum Asked {
    Parameters,
    Known,
    Runs,
    Row,
    Vantage,
    Record(String),
    Losses(String),
    OfWorkload(OfWorkload),
    Put(String, String),
    Execution,
    History,
    Answer(String),
    Function(String, Value),
    Rds(String, String),
}

impl Asked {
    /// What a request asks for.
    pub(super) fn read(request: &HttpRequest) -> Self {
        if request.uri().contains("://rds.") {
            return of_rds(request.body().bytes().unwrap_or_default());
        }
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let text = |pointer: &str| {
            let value = body.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        match target.rsplit('.').next().unwrap_or_default() {
            "GetParametersByPath" => Self::Parameters,
            "Query" if body["ExpressionAttributeValues"][":known"].is_object() => Self::Known,
            "Query" => of_query(&text("/ExpressionAttributeValues/:begin/S")),
            "GetItem" if body["Key"]["item"]["S"] == "state" => Self::Row,
            "GetItem" if text("/Key/item/S").starts_with("run/") => {
                Self::Record(text("/Key/item/S").replace("run/", ""))
            }
            "GetItem" if text("/Key/item/S").starts_with(WorkloadRun::ITEMS) => {
                Self::OfWorkload(OfWorkload::Run(text("/Key/item/S")))
            }
            "GetItem" if text("/Key/item/S").starts_with("loss/") => {
                Self::Losses(text("/Key/item/S").replace("loss/", ""))
            }
            "GetItem" => Self::Vantage,
            "PutParameter" => Self::Put(text("/Name"), text("/Value")),
            "StartExecution" => Self::OfWorkload(OfWorkload::Start {
                machine: text("/stateMachineArn"),
                name: text("/name"),
                input: text("/input"),
            }),
            "DescribeExecution" => Self::Execution,
            "GetExecutionHistory" => Self::History,
            "SendTaskSuccess" => Self::Answer(format!("yes {}", text("/taskToken"))),
            "SendTaskFailure" => {
                Self::Answer(format!("no {} {}", text("/taskToken"), text("/cause")))
            }
            _ => {
                let path = request.uri().split("/functions/").nth(1).unwrap();
                Self::Function(path.split('/').next().unwrap().to_owned(), body)
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Parameters => "parameters",
            Self::Known => "known",
            Self::Runs => "runs",
            Self::Row => "row",
            Self::Vantage => "vantage",
            Self::Record(_) => "record",
            Self::Losses(_) => "losses",
            Self::OfWorkload(asked) => asked.name(),
            Self::Put(..) => "put",
            Self::Execution => "execution",
            Self::History => "history",
            Self::Answer(_) => "answer",
            Self::Function(name, _) | Self::Rds(name, _) => name,
        }
    }
}

/// Runs of databases are asked for, or the items of a workload that begin so.
fn of_query(begin: &str) -> Asked {
    match begin {
        "" => Asked::Runs,
        WorkloadRun::ITEMS => Asked::OfWorkload(OfWorkload::Runs),
        begin => Asked::OfWorkload(OfWorkload::Rows(begin.to_owned())),
    }
}

/// RDS is asked by a form: the operation, and whose identifier it is about.
fn of_rds(form: &[u8]) -> Asked {
    let form = std::str::from_utf8(form).unwrap();
    let (mut operation, mut identifier) = (String::new(), String::new());
    for (name, value) in form.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "Action" => value.clone_into(&mut operation),
            "GlobalClusterIdentifier"
            | "DBClusterIdentifier"
            | "DBInstanceIdentifier"
            | "Filters.Filter.1.Values.Value.1" => value.clone_into(&mut identifier),
            _ => {}
        }
    }
    Asked::Rds(operation, identifier)
}

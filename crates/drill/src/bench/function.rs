//! A function's own binary before a stand-in for the Lambda Runtime API, invoked as often as one likes.

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc};

use hyper::StatusCode;
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use super::{quota::Quota, stand_ins::serve};
use crate::{profile::STANDBY, world::Trouble};

/// What a function runs before.
pub(super) struct Surroundings<'a> {
    /// The stand-in for AWS.
    pub(super) aws: SocketAddr,
    /// The simulated RDS.
    pub(super) rds: SocketAddr,
    /// The certificates to trust.
    pub(super) trusted: &'a Path,
    /// The DNS server to ask.
    pub(super) resolver: Option<SocketAddr>,
    /// What it gets of a core.
    pub(super) quota: Option<&'a Quota>,
}

/// A running function.
pub(super) struct Function {
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<Result<Value, String>>,
    child: Child,
    _runtime: JoinSet<()>,
}

impl Function {
    /// Starts one in the standby's Region; in its quota from its first instruction on.
    pub(super) async fn start(program: &Path, before: &Surroundings<'_>) -> Result<Self, Trouble> {
        let (events, asked_for) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let (runtime, _runtime) = runtime(asked_for, answered).await?;
        let mut command = match before.quota {
            None => Command::new(program),
            Some(quota) => {
                let mut shell = Command::new("/bin/sh");
                shell
                    .args(["-c", "echo $$ > \"$1\" && exec \"$2\"", "sh"])
                    .arg(quota.processes())
                    .arg(program);
                shell
            }
        };
        surround(&mut command, runtime, before.aws, before.trusted);
        command.env("AWS_ENDPOINT_URL_RDS", format!("http://{}", before.rds));
        if let Some(resolver) = before.resolver {
            command.env("AURORA_FAILOVER_RESOLVER", resolver.to_string());
        }
        let child = command
            .spawn()
            .map_err(|why| format!("{}: {why}; run `make bench`", program.display()))?;
        Ok(Self {
            events,
            answers,
            child,
            _runtime,
        })
    }

    /// Hands it an event; where it is busy, that waits.
    pub(super) fn invoke(&self, event: &Value) {
        // A function that has died answers nothing.
        let _ = self.events.send(event.to_string());
    }

    /// What it answers next, or fails with.
    pub(super) async fn answer(&mut self) -> Result<Value, String> {
        let next = self.answers.recv().await;
        next.unwrap_or_else(|| Err("it has ended".into()))
    }

    /// The seconds of a core that it has used.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        // The name of the program stands in brackets and may have blanks in it.
        let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / f64::from(TICKS))
    }

    /// Ends it.
    pub(super) async fn end(mut self) -> Result<(), Trouble> {
        Ok(self.child.kill().await?)
    }
}

/// What Lambda gives a function in the standby's Region, with stand-ins for its runtime and for AWS.
pub(super) fn surround(
    function: &mut Command,
    runtime: SocketAddr,
    aws: SocketAddr,
    trusted: &Path,
) {
    function
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("AWS_REGION", STANDBY)
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_ENDPOINT_URL", format!("https://{aws}"))
        .env("SSL_CERT_FILE", trusted)
        .env("AURORA_FAILOVER_CA_BUNDLE", trusted)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
}

/// In how many ticks Linux counts a second of a core for programs, on every architecture that Lambda has.
const TICKS: u8 = 100;

async fn runtime(
    events: mpsc::UnboundedReceiver<String>,
    answered: mpsc::UnboundedSender<Result<Value, String>>,
) -> Result<(SocketAddr, JoinSet<()>), Trouble> {
    let events = Arc::new(Mutex::new(events));
    let answers = move |asked: super::stand_ins::Asked| {
        let (events, answered) = (Arc::clone(&events), answered.clone());
        let answer: futures::future::BoxFuture<'static, _> = Box::pin(async move {
            if asked.path.ends_with("/invocation/next") {
                let event = events.lock().await.recv().await?;
                return Some((StatusCode::OK, event));
            }
            let said = serde_json::from_slice(&asked.body).unwrap_or_default();
            let is_error = asked.path.ends_with("/error");
            let said = if is_error {
                Err(Value::to_string(&said))
            } else {
                Ok(said)
            };
            // Whoever started it may have gone.
            let _ = answered.send(said);
            Some((StatusCode::ACCEPTED, "{}".to_owned()))
        });
        answer
    };
    Ok(serve(None, Arc::new(answers)).await?)
}

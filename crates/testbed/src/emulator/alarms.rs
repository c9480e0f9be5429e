//! CloudWatch's alarms, asked as an operator asks: by the AWS CLI.

use std::collections::BTreeSet;

use serde::Deserialize;
use tokio::process::Command;

use super::{Emulator, EmulatorError, io};

/// What the CLI answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarms {
    metric_alarms: Vec<Alarm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarm {
    alarm_name: String,
}

impl Emulator {
    /// The names of a Region's alarms that are in the state `ALARM`.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn alarms(&self, region: &str) -> Result<BTreeSet<String>, EmulatorError> {
        let refused = |reason: String| EmulatorError::Refused {
            call: "DescribeAlarms",
            region: region.to_owned(),
            reason,
        };
        let mut cli = Command::new(self.config.root.join(".tools/venv/bin/aws"));
        cli.args(["cloudwatch", "describe-alarms", "--output", "json"])
            .args(["--state-value", "ALARM", "--region", region])
            .envs(self.variables())
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        let said = cli.output().await.map_err(io("start the AWS CLI"))?;
        if !said.status.success() {
            return Err(refused(String::from_utf8_lossy(&said.stderr).into_owned()));
        }
        let answer: Alarms =
            serde_json::from_slice(&said.stdout).map_err(|why| refused(why.to_string()))?;
        let names = answer.metric_alarms.into_iter();
        Ok(names.map(|alarm| alarm.alarm_name).collect())
    }
}

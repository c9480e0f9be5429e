//! Packs the functions and deploys the repository's own templates, with the repository's own script.

use std::{collections::BTreeMap, fmt::Write as _, fs::File, path::PathBuf, time::Duration};

use futures::future::{try_join, try_join_all};
use tokio::{process::Command, time::timeout};

use super::{ACCESS_KEY, Emulator, EmulatorError, SECRET_KEY, failed, io};

const PROGRAM_TIMEOUT: Duration = Duration::from_secs(180);

/// What to deploy, and where.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Folder with the functions' release binaries.
    pub binaries: PathBuf,
    /// Folder for the packages; it may be kept from run to run.
    pub packages: PathBuf,
    /// Regions with a member of a plan.
    pub members: Vec<String>,
    /// The Region that only observes.
    pub witness: Option<String>,
    /// Parameters of the templates; `{region}` in a value stands for the Region being deployed. `MemberRegions` and
    /// `WitnessRegion` are added.
    pub parameters: BTreeMap<String, String>,
}

impl Deployment {
    fn parameters_of(&self, region: &str) -> String {
        let mut text = format!("MemberRegions={}\n", self.members.join(","));
        if let Some(witness) = &self.witness {
            let _ = writeln!(text, "WitnessRegion={witness}");
        }
        for (name, value) in &self.parameters {
            let _ = writeln!(text, "{name}={}", value.replace("{region}", region));
        }
        text
    }
}

impl Emulator {
    /// Packs the functions and deploys every Region, all at once, with what a failback may do in each that has a member.
    ///
    /// # Errors
    /// When a binary is missing or a stack fails; the error ends with what the script said last.
    pub async fn deploy(&self, deployment: &Deployment) -> Result<(), EmulatorError> {
        let mut pack = Command::new(self.config.python());
        pack.arg(self.config.root.join("tools/package.py"))
            .args([&deployment.binaries, &deployment.packages])
            // They are packed at every build, and unpacked on this machine.
            .args(["--level", "1"]);
        self.run(pack, "package").await?;
        let members = deployment.members.iter().map(async |region| {
            self.deploy_region("member", region, deployment).await?;
            self.deploy_region("failback", region, deployment).await
        });
        let witness = deployment
            .witness
            .iter()
            .map(|region| self.deploy_region("witness", region, deployment));
        try_join(try_join_all(members), try_join_all(witness))
            .await
            .map(drop)
    }

    async fn deploy_region(
        &self,
        kind: &'static str,
        region: &str,
        deployment: &Deployment,
    ) -> Result<(), EmulatorError> {
        let parameters = self.config.folder.join(format!("parameters-{region}"));
        tokio::fs::write(&parameters, deployment.parameters_of(region))
            .await
            .map_err(io(format!("write {}", parameters.display())))?;
        let mut script = Command::new(self.config.root.join("cloudformation/deploy.sh"));
        script.arg(kind).args(["--region", region]);
        if kind != "failback" {
            script
                .args(["--create-bucket", "--bucket"])
                .arg(format!("aurora-failover-{region}"))
                .arg("--packages")
                .arg(&deployment.packages);
        }
        script
            .arg("--parameters")
            .arg(&parameters)
            .env("AWS", self.config.root.join(".tools/venv/bin/aws"))
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            // The user's own configuration has no say here.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("TMPDIR", self.config.folder.join("tmp"));
        self.run(script, &format!("deploy-{kind}-{region}")).await
    }

    /// Runs a program to its end, its output in a log of its own.
    async fn run(&self, mut program: Command, name: &str) -> Result<(), EmulatorError> {
        let log = self.config.folder.join(format!("{name}.log"));
        let output = File::create(&log).map_err(io(format!("create {}", log.display())))?;
        let errors = output
            .try_clone()
            .map_err(io(format!("share {}", log.display())))?;
        program
            .stdin(std::process::Stdio::null())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(true);
        // It ends with the emulator, which ends with the drill, however that ends.
        if let Some(group) = self.group() {
            program.process_group(group);
        }
        let mut child = program.spawn().map_err(io(format!("start {name}")))?;
        match timeout(PROGRAM_TIMEOUT, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(name, status.to_string(), log).await),
            Ok(Err(error)) => Err(io(format!("wait for {name}"))(error)),
            Err(_) => Err(failed(name, format!("no end within {PROGRAM_TIMEOUT:?}"), log).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deployment;

    #[test]
    fn parameters_name_the_region_they_are_for() {
        let deployment = Deployment {
            binaries: "b".into(),
            packages: "p".into(),
            members: vec!["us-east-1".into(), "us-west-2".into()],
            witness: Some("us-east-2".into()),
            parameters: [(
                "SecretArns".into(),
                "arn:aws:secretsmanager:{region}:1:secret:orders/*".into(),
            )]
            .into(),
        };
        assert_eq!(
            deployment.parameters_of("us-west-2"),
            "MemberRegions=us-east-1,us-west-2\nWitnessRegion=us-east-2\n\
             SecretArns=arn:aws:secretsmanager:us-west-2:1:secret:orders/*\n"
        );
    }
}

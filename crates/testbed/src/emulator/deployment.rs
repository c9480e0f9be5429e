//! Packs the functions and deploys the repository's own templates, with the repository's own program.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use failover::installation;
use serde_json::json;
use tokio::{process::Command, time::timeout};

use super::{ACCESS_KEY, ACCOUNT, Emulator, EmulatorError, SECRET_KEY, failed, io};

const PROGRAM_TIMEOUT: Duration = Duration::from_secs(300);
/// How often a stack is looked at that is being deleted; a look takes most of a second.
const DELETED_LOOKS_MAX: usize = 120;

/// What to deploy, and where.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// Folder with the functions' release binaries.
    pub binaries: PathBuf,
    /// Folder for the packages; it may be kept from run to run.
    pub packages: PathBuf,
    /// Regions with a member of a plan, the home Region first.
    pub members: Vec<String>,
    /// The file of answers that an operator would write.
    pub answers: String,
}

/// Answers for databases that are there: the members, the home Region first, the witness, and parameters of the templates in every
/// Region, in whose values `{region}` stands for the Region being deployed.
#[must_use]
pub fn answers(
    members: &[String],
    witness: Option<&str>,
    parameters: &BTreeMap<String, String>,
) -> String {
    let each = members.iter().map(|region| (region.clone(), json!({})));
    let mut answers = json!({
        "account": ACCOUNT,
        "prefix": installation::prefix(),
        "home_region": members.first(),
        "members": each.collect::<serde_json::Map<_, _>>(),
        "everywhere": parameters,
    });
    if let Some(witness) = witness {
        answers["witness_region"] = json!(witness);
    }
    answers.to_string()
}

impl Emulator {
    /// Packs the functions and deploys every Region, with what a failback may do in each that has a member.
    ///
    /// # Errors
    /// When a binary is missing or a stack fails; the error ends with what the program said last.
    pub async fn deploy(&self, deployment: &Deployment) -> Result<(), EmulatorError> {
        let mut pack = Command::new(self.config.python());
        pack.arg(self.config.root.join("tools/package.py"))
            .args([&deployment.binaries, &deployment.packages])
            // They are packed at every build, and unpacked on this machine.
            .args(["--level", "1"]);
        self.run(pack, "package").await?;
        let answers = self.config.folder.join("answers.yaml");
        tokio::fs::write(&answers, &deployment.answers)
            .await
            .map_err(io(format!("write {}", answers.display())))?;
        let mut all = self.deployer("deploy", &answers);
        all.arg("--yes").arg("--packages").arg(&deployment.packages);
        self.run(all, "deploy").await?;
        for region in &deployment.members {
            self.give_failback(region).await?;
        }
        Ok(())
    }

    /// Deploys to a Region what only a failback may do there, with the answers that everything was deployed with.
    ///
    /// # Errors
    /// When a stack fails; the error ends with what the program said last.
    pub async fn give_failback(&self, region: &str) -> Result<(), EmulatorError> {
        let answers = self.config.folder.join("answers.yaml");
        let mut failback = self.deployer("failback", &answers);
        failback.args(["--region", region]);
        self.run(failback, &format!("failback-{region}")).await
    }

    /// Deploys the same answers once more, changed as somebody changes the file; answers what the program said.
    ///
    /// # Errors
    /// When the program fails; the error ends with what it said last.
    pub async fn deploy_again(
        &self,
        change: impl FnOnce(String) -> String,
        words: &[&str],
    ) -> Result<String, EmulatorError> {
        let answers = self.config.folder.join("answers.yaml");
        let text = tokio::fs::read_to_string(&answers).await;
        let text = change(text.map_err(io(format!("read {}", answers.display())))?);
        tokio::fs::write(&answers, text)
            .await
            .map_err(io(format!("write {}", answers.display())))?;
        let mut again = self.deployer("deploy", &answers);
        // They lie beside the emulator's folder.
        let packages = self.config.folder.with_file_name("packages");
        again
            .arg("--yes")
            .arg("--packages")
            .arg(packages)
            .args(words);
        self.run(again, "deploy-again").await?;
        self.said("deploy-again").await
    }

    /// Gives back what was deployed before the last time; answers what the program said.
    ///
    /// # Errors
    /// When the program fails; the error ends with what it said last.
    pub async fn roll_back(&self) -> Result<String, EmulatorError> {
        self.deployed("rollback").await
    }

    /// Removes what was deployed, all that holds data left alone; answers what the program said.
    ///
    /// # Errors
    /// When the program fails; the error ends with what it said last.
    pub async fn undeploy(&self) -> Result<String, EmulatorError> {
        self.deployed("undeploy").await
    }

    /// Runs a command about what was deployed.
    async fn deployed(&self, command: &str) -> Result<String, EmulatorError> {
        let mut program = self.deployer(command, &self.config.folder.join("answers.yaml"));
        program.arg("--yes");
        self.run(program, command).await?;
        self.said(command).await
    }

    /// What a program said that was run.
    async fn said(&self, name: &str) -> Result<String, EmulatorError> {
        let log = self.config.folder.join(format!("{name}.log"));
        let text = tokio::fs::read_to_string(&log).await;
        text.map_err(io(format!("read {}", log.display())))
    }

    /// Deploys one of the repository's templates by itself, as somebody does by hand.
    ///
    /// # Errors
    /// When the stack fails; the error ends with what the program said last.
    pub async fn deploy_stack(
        &self,
        region: &str,
        (stack, template): (&str, &str),
        parameters: &[(&str, String)],
    ) -> Result<(), EmulatorError> {
        let file = self
            .config
            .root
            .join(format!("cloudformation/{template}.yaml"));
        let given = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut program = Command::new(self.config.root.join(".tools/venv/bin/aws"));
        self.as_operator(&mut program);
        program
            .args(["cloudformation", "deploy", "--no-fail-on-empty-changeset"])
            .args(["--region", region, "--stack-name", stack])
            .arg("--template-file")
            .arg(file)
            .arg("--parameter-overrides")
            .args(given);
        self.run(program, &format!("{stack}-{region}")).await
    }

    /// Deletes a stack and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub async fn delete_stack(&self, region: &str, stack: &str) -> Result<(), EmulatorError> {
        let call = |operation: &str| {
            let mut program = Command::new(self.config.root.join(".tools/venv/bin/aws"));
            self.as_operator(&mut program);
            program
                .args(["cloudformation", operation, "--region", region])
                .args(["--stack-name", stack]);
            program
        };
        self.run(call("delete-stack"), "delete-stack").await?;
        for _ in 0..DELETED_LOOKS_MAX {
            // A stack that is gone is not described any more.
            if self
                .run(call("describe-stacks"), "describe-stacks")
                .await
                .is_err()
            {
                return Ok(());
            }
        }
        Err(EmulatorError::Refused {
            call: "DeleteStack",
            region: region.to_owned(),
            reason: format!("{stack} is not gone"),
        })
    }

    /// What stacks asked the simulated RDS for, oldest first: Region, operation, identifier.
    #[must_use]
    pub fn rds_calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.config.folder.join("rds-calls.log"));
        let text = text.unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Has stacks reach a simulated RDS with their resources of that service.
    ///
    /// # Errors
    /// When the file cannot be written that tells the emulator.
    pub async fn know_rds(&self, simulator: SocketAddr) -> Result<(), EmulatorError> {
        let file = self.config.folder.join("rds-endpoint");
        tokio::fs::write(&file, format!("http://{simulator}"))
            .await
            .map_err(io(format!("write {}", file.display())))
    }

    /// The repository's program that deploys.
    fn deployer(&self, command: &str, answers: &Path) -> Command {
        let mut program = Command::new(self.config.python());
        program
            .arg(self.config.root.join("tools/deploy"))
            .arg(command)
            .arg(answers);
        self.as_operator(&mut program);
        program
    }

    /// Gives a program this emulator's credentials, and no others.
    pub(super) fn as_operator(&self, program: &mut Command) {
        program
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            // The user's own configuration has no say here.
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("TMPDIR", self.config.folder.join("tmp"));
    }

    /// Runs a program to its end, its output in a log of its own.
    pub(super) async fn run(&self, mut program: Command, name: &str) -> Result<(), EmulatorError> {
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
    use serde_json::{Value, json};

    #[test]
    fn the_answers_name_home_the_members_and_the_witness() {
        let members = ["us-west-2".to_owned(), "us-east-1".to_owned()];
        let clusters = "arn:aws:rds:*:1:cluster:o-*".to_owned();
        let parameters = [("MemberClusterArns".to_owned(), clusters)].into();
        let answers = super::answers(&members, Some("us-east-2"), &parameters);
        let answers: Value = serde_json::from_str(&answers).unwrap();
        assert_eq!(answers["home_region"], "us-west-2");
        assert_eq!(
            answers["members"],
            json!({"us-west-2": {}, "us-east-1": {}})
        );
        assert_eq!(answers["witness_region"], "us-east-2");
        assert_eq!(
            answers["everywhere"]["MemberClusterArns"],
            "arn:aws:rds:*:1:cluster:o-*"
        );
    }
}

//! A function of a plan's own, deployed as its owner does: it notes with what it was called, and fails where it is told to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{ACCOUNT, Emulator, EmulatorError, functions::refused, io};

/// What it does: notes the call, and answers or fails as a file says.
const PROGRAM: &str = r#"
import json, os, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
notes = os.environ["NOTES"]
while True:
    with urllib.request.urlopen(api + "next") as call:
        request = call.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(call)
    note = {"at_ms": int(time.time() * 1000), "region": os.environ["AWS_REGION"], "payload": event}
    with open(notes + "/calls", "a") as calls:
        calls.write(json.dumps(note) + "\n")
    with open(notes + "/fails") as fails:
        why = json.load(fails).get(event.get("phase"))
    kind, answer = "response", {"done": True}
    if why:
        kind, answer = "error", {"errorType": "HookFailed", "errorMessage": why}
    answer = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/" + kind, answer)).close()
"#;
/// The time-out of the function, in seconds.
const TIMEOUT: i32 = 10;

/// A function that a plan may name as a hook, in all Regions that it was made in.
#[derive(Debug)]
pub struct HookFunction {
    /// Where it notes its calls, and reads where to fail.
    notes: PathBuf,
}

/// One call of such a function.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HookCall {
    /// When it came, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The Region in which the function ran.
    pub region: String,
    /// What it was given.
    pub payload: Value,
}

impl HookFunction {
    /// Every call so far, oldest first.
    ///
    /// # Errors
    /// When the notes cannot be read.
    pub fn calls(&self) -> Result<Vec<HookCall>, EmulatorError> {
        let file = self.notes.join("calls");
        if !file.exists() {
            return Ok(Vec::new());
        }
        let unreadable = || io(format!("read {}", file.display()));
        let text = fs::read_to_string(&file).map_err(unreadable())?;
        let calls = text.lines().map(serde_json::from_str);
        let calls: Result<Vec<_>, serde_json::Error> = calls.collect();
        calls.map_err(std::io::Error::from).map_err(unreadable())
    }

    /// Lets it fail at a phase from now on, in these words, and at no other one.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn fails(&self, at: Option<(&str, &str)>) -> Result<(), EmulatorError> {
        let mut phases = json!({});
        if let Some((phase, words)) = at {
            phases[phase] = words.into();
        }
        let file = self.notes.join("fails");
        fs::write(&file, phases.to_string()).map_err(io(format!("write {}", file.display())))
    }
}

impl Emulator {
    /// Makes a function in some Regions, in each under a role that may do nothing. It stays as long as the emulator does.
    ///
    /// # Errors
    /// When it cannot be packed, or the emulator refuses a call, as it does where there is one of that name.
    pub async fn make_hook(
        &self,
        name: &str,
        regions: &[&str],
    ) -> Result<HookFunction, EmulatorError> {
        let notes = absolute(&self.config.folder.join(name))?;
        fs::create_dir_all(&notes).map_err(io(format!("create {}", notes.display())))?;
        let hook = HookFunction { notes };
        hook.fails(None)?;
        let package = self.packed(&hook.notes).await?;
        let notes = hook.notes.display().to_string();
        for region in regions {
            let role = self.role_of_nothing(name, region).await?;
            let code = FunctionCode::builder().zip_file(Blob::new(package.clone()));
            self.lambda(region)
                .create_function()
                .function_name(name)
                .runtime(Runtime::Providedal2023)
                .handler("bootstrap")
                .role(role)
                .timeout(TIMEOUT)
                .code(code.build())
                .environment(Environment::builder().variables("NOTES", &notes).build())
                .send()
                .await
                .map_err(refused("CreateFunction", region))?;
        }
        Ok(hook)
    }

    /// The program as Lambda wants it.
    async fn packed(&self, folder: &Path) -> Result<Vec<u8>, EmulatorError> {
        let python = absolute(&self.config.python())?;
        let (program, package) = (folder.join("bootstrap"), folder.join("package.zip"));
        let text = format!("#!{}{PROGRAM}", python.display());
        fs::write(&program, text).map_err(io(format!("write {}", program.display())))?;
        let mut pack = Command::new(&python);
        pack.args(["-m", "zipfile", "-c"])
            .args([&package, &program]);
        self.run(pack, "hook-package").await?;
        fs::read(&package).map_err(io(format!("read {}", package.display())))
    }

    /// Makes a role that Lambda may take and that allows nothing; answers its ARN.
    async fn role_of_nothing(&self, name: &str, region: &str) -> Result<String, EmulatorError> {
        let role = format!("{name}-{region}");
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let mut cli = Command::new(self.config.root.join(".tools/venv/bin/aws"));
        self.as_operator(&mut cli);
        cli.args(["iam", "create-role", "--region", region])
            .args(["--role-name", &role])
            .args(["--assume-role-policy-document", &trust.to_string()]);
        self.run(cli, &format!("role-{role}")).await?;
        Ok(format!("arn:aws:iam::{ACCOUNT}:role/{role}"))
    }
}

/// A path that holds wherever a function is started.
fn absolute(path: &Path) -> Result<PathBuf, EmulatorError> {
    std::path::absolute(path).map_err(io(format!("find {}", path.display())))
}

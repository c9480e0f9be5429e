//! The local AWS: starts the pinned emulator, deploys the repository's own templates to it, and loses its Regions.
//!
//! The emulator and every function it runs are one process group, which ends with the drill: on `stop`, on drop, and
//! when the drill itself is killed, because the launcher then reads the end of its standard input.

mod alarms;
mod browse;
mod deployment;
mod functions;
mod hooks;
mod processes;
#[cfg(test)]
mod tests;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

pub use browse::Page;
pub use deployment::{Deployment, answers};
pub use hooks::{HookCall, HookFunction};
pub use processes::peak_mb;

const ACCOUNT: &str = "123456789012";
const ACCESS_KEY: &str = "AKIAEXAMPLE";
const SECRET_KEY: &str = "example";
const START_ATTEMPTS: u32 = 3;
const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the emulator finds its program and leaves its files.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// The repository's root, which holds `.tools`, `tools` and `cloudformation`.
    pub root: PathBuf,
    /// A folder of its own inside the run's folder, for logs and temporary files.
    pub folder: PathBuf,
}

/// Why the emulator could not do as told.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The pinned tools are not installed.
    #[error("{0} is missing: run `make setup`")]
    NotInstalled(PathBuf),
    /// A file, a process or a socket failed.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The emulator did not come up.
    #[error("the emulator did not answer within {START_TIMEOUT:?}; see {0}")]
    Silent(PathBuf),
    /// A program that was run to its end failed.
    #[error("{program} failed ({outcome}); see {log}:\n{tail}", log = log.display())]
    Program {
        /// What was run.
        program: String,
        /// How it ended.
        outcome: String,
        /// Where all of its output is.
        log: PathBuf,
        /// The last lines of its output.
        tail: String,
    },
    /// The emulator refused a call.
    #[error("{call} in {region}: {reason}")]
    Refused {
        /// The operation.
        call: &'static str,
        /// The Region it was for.
        region: String,
        /// What the emulator answered.
        reason: String,
    },
    /// Processes of a lost Region, or of the stopped emulator, would not end.
    #[error("{0} processes would not end")]
    Undead(usize),
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> EmulatorError {
    let what = what.into();
    move |source| EmulatorError::Io { what, source }
}

/// A running emulator.
#[derive(Debug)]
pub struct Emulator {
    config: EmulatorConfig,
    address: SocketAddr,
    /// Leader of the process group; its standard input stays open as long as this lives.
    launcher: Child,
}

impl Emulator {
    /// Starts the emulator on a free loopback port and waits until it answers.
    ///
    /// # Errors
    /// When the tools are not installed or the emulator does not come up; nothing is left running then.
    pub async fn start(config: &EmulatorConfig) -> Result<Self, EmulatorError> {
        let python = config.python();
        if !python.is_file() {
            return Err(EmulatorError::NotInstalled(python));
        }
        for attempt in 1.. {
            let mut emulator = Self::launch(config, free_port().await?).await?;
            match emulator.answers().await {
                Ok(()) => return Ok(emulator),
                // Another program may have taken the port meanwhile.
                Err(error) if attempt >= START_ATTEMPTS => return Err(error),
                Err(_) => emulator.end().await?,
            }
        }
        Err(EmulatorError::Silent(config.log()))
    }

    async fn launch(config: &EmulatorConfig, port: u16) -> Result<Self, EmulatorError> {
        let temporary = config.folder.join("tmp");
        tokio::fs::create_dir_all(&temporary)
            .await
            .map_err(io(format!("create {}", temporary.display())))?;
        let log = std::fs::File::create(config.log())
            .map_err(io(format!("create {}", config.log().display())))?;
        let errors = log.try_clone().map_err(io("share the emulator's log"))?;
        let launcher = Command::new(config.python())
            .arg(config.root.join("tools/emulator.py"))
            .current_dir(&config.folder)
            // Functions inherit the emulator's environment, so it holds nothing but this.
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &config.folder)
            .env("TMPDIR", &temporary)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AUTH", "true")
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_ACCOUNT_ID", ACCOUNT)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(io("start the emulator"))?;
        Ok(Self {
            config: config.clone(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            launcher,
        })
    }

    async fn answers(&mut self) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            let ended = self
                .launcher
                .try_wait()
                .map_err(io("look after the emulator"))?;
            if let Some(status) = ended {
                return Err(failed("the emulator", status.to_string(), self.config.log()).await);
            }
            if healthy(self.address).await {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(EmulatorError::Silent(self.config.log()))
    }

    /// Where the emulator listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The administrator's credentials; functions get their roles' own.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "drill")
    }

    /// The variables with which the AWS CLI and any SDK call the emulator as administrator.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.into()),
        ]
    }

    /// What an SDK client needs to call the emulator in `region` as administrator.
    #[must_use]
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .endpoint_url(format!("http://{}", self.address))
            .build()
    }

    /// Ends the emulator with everything it runs, and removes its temporary files; its logs stay.
    ///
    /// # Errors
    /// When a process would not end or a file could not be removed.
    pub async fn stop(mut self) -> Result<(), EmulatorError> {
        self.end().await?;
        let temporary = self.config.folder.join("tmp");
        tokio::fs::remove_dir_all(&temporary)
            .await
            .map_err(io(format!("remove {}", temporary.display())))
    }

    async fn end(&mut self) -> Result<(), EmulatorError> {
        let Some(group) = self.group() else {
            return Ok(());
        };
        processes::kill_group(group);
        match timeout(STOP_TIMEOUT, self.launcher.wait()).await {
            Ok(status) => status.map_err(io("wait for the emulator")).map(drop)?,
            Err(_) => return Err(EmulatorError::Undead(1)),
        }
        processes::until_none(STOP_TIMEOUT, || processes::of_group(group)).await
    }

    /// The process group, as long as its leader has not been waited for.
    fn group(&self) -> Option<i32> {
        self.launcher.id().and_then(|id| i32::try_from(id).ok())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(group) = self.group() {
            processes::kill_group(group);
        }
    }
}

impl EmulatorConfig {
    fn python(&self) -> PathBuf {
        self.root.join(".tools/venv/bin/python")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("emulator.log")
    }
}

/// Ports that no system hands out by itself, so that nobody's free port of another drill is taken between finding and using one.
/// Source: `ip_local_port_range` of Linux, from 32,768 on.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// How many of them are tried.
const PORTS_TRIED: u32 = 50;

async fn free_port() -> Result<u16, EmulatorError> {
    let mut tried = 1;
    loop {
        let port = fastrand::u16(PORTS);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(_) => return Ok(port),
            Err(why) if tried == PORTS_TRIED => return Err(io("find a free port")(why)),
            Err(_) => tried += 1,
        }
    }
}

async fn healthy(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream
            .write_all(b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        Ok::<_, std::io::Error>(status.ends_with(b" 200"))
    };
    matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}

async fn failed(program: &str, outcome: String, log: PathBuf) -> EmulatorError {
    let tail = last_lines(&log, 12).await;
    EmulatorError::Program {
        program: program.to_owned(),
        outcome,
        log,
        tail,
    }
}

async fn last_lines(path: &Path, count: usize) -> String {
    let text = tokio::fs::read(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

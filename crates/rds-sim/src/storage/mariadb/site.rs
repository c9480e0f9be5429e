//! What every server needs to know of its surroundings: how it is made, started and asked.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mysql_async::{Conn, OptsBuilder, prelude::Queryable};
use rustix::process::Signal;
use tokio::time::{Instant, sleep, timeout};

use crate::storage::{
    StorageError,
    mariadb::{
        config::{ADMIN, Server, accounts, my_cnf},
        tree::Tree,
    },
    member::Member,
    process::Spawner,
    random_password,
    volume::{remove_file, write},
};

const FIRST_LIMIT: Duration = Duration::from_secs(120);
const START_LIMIT: Duration = Duration::from_secs(120);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
/// The kernel takes no longer path for a socket; a number comes behind this.
const SOCKETS_PATH_MAX: usize = 95;

/// Folders of sockets of this process, counted.
static SITES: AtomicU32 = AtomicU32::new(0);

/// The programs, and what all servers share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) tree: Tree,
    pub(crate) password: String,
    pub(crate) spawner: Arc<Spawner>,
    certificates: PathBuf,
    /// Its path is short enough for a socket.
    sockets: PathBuf,
}

impl Site {
    pub(crate) fn prepare(
        tree: &Path,
        data: &Path,
        spawner: Arc<Spawner>,
    ) -> Result<Self, StorageError> {
        let sockets = sockets_of(data);
        let certificates = data.join("tls");
        for folder in [&sockets, &certificates] {
            std::fs::create_dir_all(folder)
                .and_then(|()| {
                    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
                    std::fs::set_permissions(folder, private)
                })
                .map_err(StorageError::io(format!("creating {}", folder.display())))?;
        }
        certify(&certificates)?;
        Ok(Self {
            tree: Tree::find(tree)?,
            password: random_password()?,
            spawner,
            certificates,
            sockets,
        })
    }

    pub(crate) fn socket(&self, member: &Member) -> PathBuf {
        let name = format!("{}.sock", member.address().port());
        self.sockets.join(name)
    }

    /// Makes an empty volume with the accounts of RDS's own.
    pub(crate) async fn initialise(&self, member: &Member) -> Result<(), StorageError> {
        member.empty_folder().await?;
        member.forget_primary();
        let doing = || format!("making {}", member.data().display());
        tokio::fs::create_dir_all(member.data())
            .await
            .map_err(StorageError::io(doing()))?;
        let mut statements = self.tree.system_tables().await?;
        statements.push_str(&accounts(&self.password));
        let script = member.folder.join("first.sql");
        write(&script, &statements).await?;
        let made = self.run_first(member, &script).await;
        remove_file(&script).await?;
        made
    }

    async fn run_first(&self, member: &Member, script: &Path) -> Result<(), StorageError> {
        let settings = self.write_settings(member).await?;
        let input = std::fs::File::open(script)
            .map_err(StorageError::io(format!("opening {}", script.display())))?;
        let arguments = [settings.as_str(), "--bootstrap", "--skip-log-bin"];
        let environment = [("LD_LIBRARY_PATH", self.tree.libraries.as_str())];
        let (server, log) = (&self.tree.server, member.log());
        let first = self
            .spawner
            .spawn_reading(Stdio::from(input), server, &arguments, &environment, &log)
            .await?;
        first
            .succeed_within(FIRST_LIMIT, "mariadbd --bootstrap")
            .await
    }

    /// Writes the settings and answers the option that names them.
    async fn write_settings(&self, member: &Member) -> Result<String, StorageError> {
        let socket = self.socket(member);
        let server = Server {
            folder: &member.folder,
            socket: &socket,
            certificates: &self.certificates,
            port: member.address().port(),
            is_replica: member.follows().is_some(),
        };
        let more = member.folder.join("more");
        tokio::fs::create_dir_all(&more)
            .await
            .map_err(StorageError::io(format!("creating {}", more.display())))?;
        let file = member.folder.join("my.cnf");
        write(&file, &my_cnf(&self.tree, server)).await?;
        Ok(format!("--defaults-file={}", file.display()))
    }

    /// Starts the server; returns when it takes connections. A replica follows nothing yet.
    pub(crate) async fn start(&self, member: &Member) -> Result<(), StorageError> {
        let settings = self.write_settings(member).await?;
        let environment = [("LD_LIBRARY_PATH", self.tree.libraries.as_str())];
        member.release_port();
        let server = self
            .spawner
            .spawn(&self.tree.server, &[&settings], &environment, &member.log())
            .await?;
        member.seat(server, Signal::KILL).await?;
        self.wait_until_it_answers(member).await
    }

    async fn wait_until_it_answers(&self, member: &Member) -> Result<(), StorageError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let error = match self.connect(member).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if !member.is_running() {
                return Err(StorageError::Failed(format!(
                    "mariadbd of {} has ended; see its log",
                    member.key
                )));
            }
            if Instant::now() > deadline {
                return Err(error);
            }
            sleep(POLL).await;
        }
    }

    /// Connects as the administrator, who comes over the socket alone.
    pub(crate) async fn connect(&self, member: &Member) -> Result<Conn, StorageError> {
        let options = OptsBuilder::default()
            .socket(Some(self.socket(member).display().to_string()))
            .user(Some(ADMIN))
            .pass(Some(&self.password));
        open(options, member).await
    }

    /// Connects as an account of RDS's over a road that leads to a member.
    pub(crate) async fn connect_over(
        &self,
        road: std::net::SocketAddr,
        user: &str,
        member: &Member,
    ) -> Result<Conn, StorageError> {
        let options = OptsBuilder::default()
            .ip_or_hostname(road.ip().to_string())
            .tcp_port(road.port())
            .prefer_socket(false)
            .user(Some(user))
            .pass(Some(&self.password));
        open(options, member).await
    }
}

/// A folder for sockets with the data, or among the temporary files where the kernel would not take so long a path.
fn sockets_of(data: &Path) -> PathBuf {
    let near = data.join("sockets");
    if near.as_os_str().len() <= SOCKETS_PATH_MAX {
        return near;
    }
    let number = SITES.fetch_add(1, Ordering::Relaxed);
    let name = format!("rds-sim-{}-{number}", std::process::id());
    let far = std::env::temp_dir().join(&name);
    match far.as_os_str().len() <= SOCKETS_PATH_MAX {
        true => far,
        false => Path::new("/tmp").join(name),
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.sockets) {
            tracing::debug!(%error, "the folder of sockets stays");
        }
    }
}

async fn open(options: OptsBuilder, member: &Member) -> Result<Conn, StorageError> {
    let doing = format!("connecting to {}", member.key);
    match timeout(CONNECT_LIMIT, Conn::new(options)).await {
        Ok(opened) => opened.map_err(StorageError::mariadb(doing)),
        Err(_) => Err(StorageError::Failed(format!(
            "{doing}: no answer within {CONNECT_LIMIT:?}"
        ))),
    }
}

/// Runs a statement.
pub(crate) async fn run(conn: &mut Conn, statement: &str, doing: &str) -> Result<(), StorageError> {
    match timeout(STATEMENT_LIMIT, conn.query_drop(statement)).await {
        Ok(done) => done.map_err(StorageError::mariadb(doing)),
        Err(_) => Err(StorageError::Failed(format!(
            "{doing}: no answer within {STATEMENT_LIMIT:?}"
        ))),
    }
}

/// A certificate that nobody but itself vouches for: those who call come over roads, which have certificates of their own.
fn certify(folder: &Path) -> Result<(), StorageError> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
        .map_err(|error| StorageError::Failed(format!("making a certificate: {error}")))?;
    let texts = [
        ("server.pem", made.cert.pem()),
        ("server.key", made.signing_key.serialize_pem()),
    ];
    for (name, text) in texts {
        let file = folder.join(name);
        std::fs::write(&file, text)
            .map_err(StorageError::io(format!("writing {}", file.display())))?;
    }
    Ok(())
}

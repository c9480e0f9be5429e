//! The folder into which MariaDB's packages were unpacked: where in it the programs, the texts and the libraries are.

use std::path::{Path, PathBuf};

use crate::storage::StorageError;

/// What a server's first start reads to make the tables of its own, without their names' beginning, which changed.
const SCRIPTS: [&str; 3] = [
    "system_tables.sql",
    "performance_tables.sql",
    "system_tables_data.sql",
];

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) server: PathBuf,
    /// The folder of what the packages call `/usr`.
    pub(crate) base: PathBuf,
    /// The folder of the messages and of the scripts.
    pub(crate) share: PathBuf,
    scripts: Vec<PathBuf>,
    /// What `LD_LIBRARY_PATH` is for the programs.
    pub(crate) libraries: String,
}

impl Tree {
    pub(crate) fn find(folder: &Path) -> Result<Self, StorageError> {
        let folder = folder
            .canonicalize()
            .map_err(StorageError::io(format!("finding {}", folder.display())))?;
        let base = folder.join("usr");
        let there = |path: PathBuf| {
            let lacks = || StorageError::Failed(format!("{} is missing", path.display()));
            path.exists().then_some(()).ok_or_else(lacks)?;
            Ok::<_, StorageError>(path)
        };
        let shares = ["share/mysql", "share/mariadb"].map(|name| base.join(name));
        let share = shares
            .into_iter()
            .find(|share| share.join("english/errmsg.sys").is_file());
        let share = share.ok_or_else(|| {
            StorageError::Failed(format!(
                "{} has no messages of MariaDB",
                base.join("share").display()
            ))
        })?;
        let scripts = SCRIPTS.into_iter().map(|script| {
            let named = ["mysql_", "mariadb_"].map(|start| share.join(format!("{start}{script}")));
            let [old, new] = named;
            there(if old.exists() { old } else { new })
        });
        let architecture = std::env::consts::ARCH;
        let triplet = format!("lib/{architecture}-linux-gnu");
        let libraries = [base.join(&triplet), folder.join(&triplet)];
        let libraries = libraries.map(|folder| folder.display().to_string());
        Ok(Self {
            server: there(base.join("sbin/mariadbd"))?,
            scripts: scripts.collect::<Result<_, _>>()?,
            libraries: libraries.join(":"),
            share,
            base,
        })
    }

    /// The statements that make the tables of a server's own.
    pub(crate) async fn system_tables(&self) -> Result<String, StorageError> {
        let mut statements = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n\
                              SET @auth_root_socket=NULL;\n"
            .to_owned();
        for script in &self.scripts {
            let text = tokio::fs::read_to_string(script)
                .await
                .map_err(StorageError::io(format!("reading {}", script.display())))?;
            // No account for the name of this machine.
            for line in text
                .lines()
                .filter(|line| !line.contains("@current_hostname"))
            {
                statements.push_str(line);
                statements.push('\n');
            }
        }
        Ok(statements)
    }
}

//! Who may log in to the world's databases, and whether a password was told to anybody else.

use std::time::Duration;

use super::{Trouble, World, databases, resources};
use failover::plan::Engine;

use crate::{
    database::{Database, connect_postgres},
    profile::{PLAN, member},
};

impl World {
    /// How a role that holds a member's address logs in there, past every road: the administrator, or an application's.
    ///
    /// # Errors
    /// When the member has no database.
    pub fn login(&self, region: &str, role: &str) -> Result<tokio_postgres::Config, Trouble> {
        let password = if role == databases::admin_user() {
            &self.secrets.admin
        } else {
            &self.secrets.app
        };
        let backend = self
            .simulator
            .backend(region, &member(PLAN, region))
            .ok_or("there is no such database")?;
        let mut config = tokio_postgres::Config::new();
        config
            .hostaddr(backend.ip())
            .port(backend.port())
            .user(role)
            .password(password)
            .dbname(PLAN)
            .connect_timeout(Duration::from_secs(1));
        Ok(config)
    }

    /// An administrator's connection to the first plan's database in a Region, past every road, where that is PostgreSQL.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn admin(&self, region: &str) -> Result<tokio_postgres::Client, Trouble> {
        let backend = self
            .simulator
            .backend(region, &member(PLAN, region))
            .ok_or("there is no such database")?;
        let login = |password| connect_postgres(backend, (databases::admin_user(), password), PLAN);
        match login(&self.secrets.admin).await {
            // A writer may have been given the rotated password, and whatever followed it has that too.
            Err(why) if databases::is_wrong_password(&why) => {
                Ok(login(&self.secrets.rotated_in[1]).await?)
            }
            came => Ok(came?),
        }
    }

    /// The same of whatever engine it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn database(&self, region: &str) -> Result<Database, Trouble> {
        if matches!(self.profile.engine, Engine::Postgres | Engine::Sqlserver) {
            return Ok(self.admin(region).await?.into());
        }
        let backend = self.simulator.backend(region, &member(PLAN, region));
        let backend = backend.ok_or("there is no such database")?;
        let login = (databases::admin_user(), &*self.secrets.admin);
        Ok(Database::connect(self.profile.engine, backend, login, PLAN).await?)
    }

    /// Rotates the administrator's secret twice in every member Region, as a replicated secret is; only the writer in `region`
    /// gets the new passwords.
    ///
    /// # Errors
    /// When the writer or the emulator does not answer.
    pub async fn rotate_admin_twice(&self, region: &str) -> Result<(), Trouble> {
        let admin = self.admin(region).await?;
        for password in &self.secrets.rotated_in {
            let statement = format!("ALTER USER CURRENT_USER PASSWORD '{password}'");
            admin.batch_execute(&statement).await?;
            self.put_admin_secret(password).await?;
        }
        Ok(())
    }

    /// Puts the first password back into the administrator's secret, for the next world.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn put_first_admin_secret(&self) -> Result<(), Trouble> {
        self.put_admin_secret(&self.secrets.admin).await
    }

    async fn put_admin_secret(&self, password: &str) -> Result<(), Trouble> {
        let user = databases::admin_user();
        for region in self.endpoints.keys() {
            resources::put_login(&self.emulator, region, "orders/admin", (user, password)).await?;
        }
        Ok(())
    }

    /// Whether a password of this drill stands in a text.
    #[must_use]
    pub fn holds_a_secret(&self, text: &str) -> bool {
        self.secrets.stand_in(text.as_bytes())
    }

    /// How many logs there are, and where a password of this drill stands though it must not: logs of every process, and the
    /// timeline.
    #[must_use]
    pub fn secrets_told(&self) -> (usize, Vec<String>) {
        let events = self.timeline.events();
        let told = events
            .iter()
            .filter(|event| self.secrets.stand_in(event.text.as_bytes()));
        let mut found: Vec<_> = told
            .map(|event| format!("the timeline: {}", event.source))
            .collect();
        let mut files = 0;
        for folder in &self.folders {
            let (searched, told) = self.secrets.search(folder);
            files += searched;
            found.extend(told);
        }
        (files, found)
    }
}

//! Plans in whose databases no heart beats: RDS alone is asked, people decide, and nobody can stop or shut a writer.

use super::Plan;
use crate::Error;

impl Plan {
    /// Whether a heart beats in its database. Else nothing is noticed, and nothing is ever done by itself.
    #[must_use]
    pub const fn has_heart(&self) -> bool {
        self.database.engine.has_heart()
    }

    /// What people are asked to consider of an unplanned run beside what its topology says: what cannot be known without a login.
    #[must_use]
    pub const fn cannot_be_known(&self) -> Option<&'static str> {
        if self.has_heart() {
            return None;
        }
        Some(
            "What cannot be known here: whether the old writer still commits, how many rows the replica lacks beyond what CloudWatch calls \
             ReplicaLag, and whether the logins, jobs and linked servers that applications need exist at the replica. A ReplicaLag that is \
             missing or -1 is unknown, and not zero.",
        )
    }

    /// Lets its writer be moved as planned, or brought home.
    ///
    /// # Errors
    /// `NotReady` for a plan in whose database no heart beats.
    pub fn movable(&self) -> Result<(), Error> {
        if self.has_heart() {
            return Ok(());
        }
        Err(Error::NotReady(format!(
            "database.engine is {}, where nobody can stop the writer or show that the replica has every row: stop the application by hand, \
             wait until the replica has everything, and start an unplanned run, which a human approves",
            self.database.engine.name()
        )))
    }

    /// Why nobody shuts its deposed writer.
    #[must_use]
    pub fn cannot_be_fenced(&self) -> Option<String> {
        (!self.has_heart()).then(|| {
            format!(
                "database.engine is {}, to which nothing logs in, so that no fence shuts it; take the applications' access away by hand, by \
                 its logins or its security group",
                self.database.engine.name()
            )
        })
    }
}

#[cfg(test)]
mod tests;

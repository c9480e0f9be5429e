//! The databases, as ProveWriter's login meets them.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use failover::{
    Error,
    beat::{Reading, Write},
    domain::{Epoch, Region, RunId},
    plan::Plan,
    ports::{Credentials, Heart, Place, Rotation, Secrets, Spares},
};

use super::{Answer, Concerns, Seen, astray, aws};
use crate::state::index;

/// Secrets are no part of the model.
fn login() -> Credentials {
    Credentials {
        user: String::new(),
        password: String::new(),
    }
}

impl Secrets for Seen<'_> {
    async fn probe_login(
        &self,
        _: &Plan,
        _: &Region,
        _: &str,
        _: u16,
    ) -> Result<Credentials, Error> {
        Ok(login())
    }

    async fn other_probe_logins(&self, _: &Plan) -> Vec<Credentials> {
        Vec::new()
    }

    async fn admin_login(&self, _: &Plan) -> Result<Credentials, Error> {
        Ok(login())
    }

    /// Nothing is about to change by itself.
    async fn rotation(&self, _: &str) -> Result<Rotation, Error> {
        Ok(Rotation {
            next_at: None,
            primary_region: None,
        })
    }
}

impl Heart for Seen<'_> {
    type Session = ();

    /// What a member takes is asked when it is to open the epoch.
    async fn connect(&self, _: &Place, _: &Credentials, _: Duration) -> Result<(), Write> {
        Ok(())
    }

    fn is_closed(&self, (): &()) -> bool {
        false
    }

    fn spares(&self) -> &Spares<()> {
        &self.spares
    }

    async fn beat(&self, (): &(), _: &Region, _: Epoch) -> Write {
        Write::ReadOnly
    }

    /// Losses are no part of the model.
    async fn read(&self, (): &(), _: &Region) -> Result<Reading, Write> {
        Ok(Reading::default())
    }

    async fn open_epoch(&self, (): &(), vantage: &Region, epoch: Epoch, _: &RunId) -> Write {
        let (member, epoch) = (index(vantage), epoch.0);
        let answer = self.call(Concerns::Others, move |state, slot| {
            Answer::Beat(aws::prove(state, slot, member, epoch))
        });
        match answer.await {
            Answer::Beat(write) => write,
            _ => Write::ReadOnly,
        }
    }

    async fn set_up(
        &self,
        _: &Place,
        _: &Credentials,
        _: &Plan,
        _: Epoch,
        _: (Option<&str>, Duration),
    ) -> Result<Epoch, Error> {
        astray()
    }

    async fn leads_to(&self, _: &str) -> Result<Result<String, Write>, Error> {
        astray()
    }

    async fn addresses(&self, _: &str) -> Result<Result<BTreeSet<IpAddr>, Write>, Error> {
        astray()
    }
}

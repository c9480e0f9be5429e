//! A world in which a probe looks and never logs in, and a fence is answered one thing: what is tested is where they look and
//! what they make of it.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use jiff::Timestamp;

use crate::{
    Error,
    beat::{Beat, Reading, Vantage, Write},
    domain::{Epoch, Region, RunId},
    ledger::{KeptPlan, PlanState},
    plan::Plan,
    ports::{
        Access, Credentials, Fence, Fenced, Heart, Ledger, Place, Rights, Rotation, Runtime,
        Secrets, Spares, Unfenced, update_if,
    },
    testing::Books,
    topology::Forwarding,
};

/// What a Region's probe recorded then.
pub fn vantage(region: Region, at: Timestamp) -> Vantage {
    Vantage {
        region,
        writer_region: "us-west-2".into(),
        at,
        write: Write::Failed {
            why: "timed out".into(),
        },
        last_beat: None,
        failing_since: None,
        failures: 0,
        reading: None,
        moved_at: None,
        signs: Default::default(),
        version: None,
    }
}

impl Books {
    /// After so many looks this row lies in every ledger.
    pub fn after_looks(mut self, looks: usize, row: &PlanState) -> Self {
        self.turn = Some((looks, row.clone()));
        self
    }

    /// After so many looks no ledger answers a read or records a look.
    pub const fn hang_after_looks(mut self, looks: usize) -> Self {
        self.hangs_after = Some(looks);
        self
    }

    /// What the probe recorded.
    /// EventBridge takes so many suspicions not.
    pub fn refuse_suspicions(&self, times: u32) {
        *self.refuses.lock().unwrap() = times;
    }

    pub fn looks(&self) -> Vec<Vantage> {
        self.kept.lock().unwrap().looks.clone()
    }
}

impl Books {
    /// RDS shows this Region's member as a cluster of its own, and whoever fences it is answered so.
    pub fn alone(mut self, fence: Result<(), Error>) -> Self {
        self.cluster = Some(super::cluster(&["available"]));
        self.fence = fence;
        self
    }

    /// RDS shows that cluster with another status.
    pub fn in_status(mut self, status: &str) -> Self {
        if let Some(cluster) = &mut self.cluster {
            cluster.status = status.into();
        }
        self
    }
}

impl Books {
    /// While the doors are given back somebody else writes this row here.
    pub fn beside_reopening(mut self, row: &PlanState) -> Self {
        self.beside = Some(row.clone());
        self
    }

    /// How often somebody logged in as the administrator just to note what serves.
    pub fn logins(&self) -> u32 {
        self.kept.lock().unwrap().logins
    }
}

/// What fencing this Region's member sees and does.
pub struct Fencing {
    /// The access that a look sees.
    pub access: Access,
    /// What fencing does, and sees after it.
    pub fenced: Fenced,
    /// What never ends: the server lets in and stalls.
    pub stalls: Option<Stall>,
    /// What RDS shows of write forwarding to it.
    pub forwarding: Result<Forwarding, Error>,
}

/// Where a server stalls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    Looking,
    Shutting,
    /// Not the server: what is asked of it first does not end.
    Before,
}

impl Default for Fencing {
    /// One role may log in, under an epoch that is past, until that is taken.
    fn default() -> Self {
        let closed = Access {
            epoch: Some(Epoch(7)),
            ..Access::default()
        };
        Self {
            access: Access {
                roles: vec!["app".into()],
                ..closed.clone()
            },
            fenced: Fenced {
                roles: vec!["app".into()],
                after: Some(closed),
                ..Fenced::default()
            },
            stalls: None,
            forwarding: Ok(Forwarding::default()),
        }
    }
}

impl Books {
    /// Changes what fencing sees and does from now on.
    pub fn fencing(&self, change: impl FnOnce(&mut Fencing)) {
        change(&mut self.kept.lock().unwrap().fencing);
    }

    /// Ends never where the world stalls there.
    pub async fn stall(&self, at: Stall) {
        let stalls = self.kept.lock().unwrap().fencing.stalls;
        if stalls == Some(at) {
            std::future::pending::<()>().await;
        }
    }
}

impl Fence for Books {
    /// A look takes a while, and so does shutting.
    async fn access(&self, _: &KeptPlan) -> Result<Access, Error> {
        self.stall(Stall::Looking).await;
        tokio::task::yield_now().await;
        self.fence.clone()?;
        Ok(self.kept.lock().unwrap().fencing.access.clone())
    }

    async fn fence(&self, _: &KeptPlan, _: Epoch) -> Result<Option<Fenced>, Error> {
        self.stall(Stall::Shutting).await;
        tokio::task::yield_now().await;
        Ok(Some(self.kept.lock().unwrap().fencing.fenced.clone()))
    }

    async fn unfence(&self, _: &KeptPlan) -> Result<Unfenced, Error> {
        if let Some(row) = self.beside.clone() {
            let mut kept = self.kept.lock().unwrap();
            kept.rows.insert(self.here.clone(), row);
            return Ok(Unfenced::default());
        }
        Err(Error::Denied("given back".into()))
    }

    async fn log_in(&self, known: &KeptPlan) -> Result<(), Error> {
        self.kept.lock().unwrap().logins += 1;
        self.fence.clone()?;
        let now = self.now();
        update_if(self, self.region(), &known.plan.plan, |row| {
            row.serve("v3", now)
        })
        .await?;
        Ok(())
    }

    async fn rights(&self, _: &KeptPlan) -> Result<Rights, Error> {
        Err(Error::Denied("nobody tries".into()))
    }
}

/// What the probe meets at a member.
#[derive(Clone, Copy, Default)]
pub enum Beats {
    /// No login is to be had.
    #[default]
    NoLogin,
    /// Every beat is committed, also on a writer that is deposed.
    Commit,
    /// None is, after so many looks; at the second one a run's own look is recorded, which met a beat and then no free slot.
    FailBesideARun(u32),
}

impl Books {
    /// Changes what the probe meets from now on.
    pub fn meet(&self, heart: Beats) {
        self.kept.lock().unwrap().heart = heart;
    }
}

fn nothing_to_log_in_with() -> Error {
    Error::Unavailable("this world has no secrets".into())
}

impl Secrets for Books {
    async fn probe_login(
        &self,
        _: &Plan,
        _: &Region,
        _: &str,
        _: u16,
    ) -> Result<Credentials, Error> {
        if let Beats::NoLogin = self.kept.lock().unwrap().heart {
            return Err(nothing_to_log_in_with());
        }
        Ok(Credentials {
            user: "failover_probe".into(),
            password: String::new(),
        })
    }

    async fn other_probe_logins(&self, _: &Plan) -> Vec<Credentials> {
        Vec::new()
    }

    async fn admin_login(&self, _: &Plan) -> Result<Credentials, Error> {
        Err(nothing_to_log_in_with())
    }

    async fn rotation(&self, _: &str) -> Result<Rotation, Error> {
        Err(nothing_to_log_in_with())
    }
}

fn failed() -> Write {
    Write::Failed { why: String::new() }
}

impl Heart for Books {
    type Session = ();

    async fn connect(&self, _: &Place, _: &Credentials, _: Duration) -> Result<(), Write> {
        Ok(())
    }

    fn is_closed(&self, (): &()) -> bool {
        false
    }

    fn spares(&self) -> &Spares<()> {
        &self.spares
    }

    async fn beat(&self, (): &(), vantage: &Region, epoch: Epoch) -> Write {
        let at = self.now();
        let beat = |seq| Beat { seq, epoch, at };
        let heart = self.kept.lock().unwrap().heart;
        let looks = match heart {
            Beats::NoLogin => return failed(),
            Beats::Commit => return Write::Committed { beat: beat(1) },
            Beats::FailBesideARun(looks) => looks + 1,
        };
        self.meet(Beats::FailBesideARun(looks));
        if looks == 2 {
            let mut run = self::vantage(vantage.clone(), at);
            run.last_beat = Some(beat(9));
            run.signs.saturated_at = Some(at);
            let put = self.put_vantage(&"orders".into(), &run).await;
            assert_eq!(put, Ok(()));
        }
        failed()
    }

    async fn read(&self, (): &(), _: &Region) -> Result<Reading, Write> {
        Err(failed())
    }

    async fn open_epoch(&self, (): &(), _: &Region, _: Epoch, _: &RunId) -> Write {
        failed()
    }

    async fn set_up(
        &self,
        _: &Place,
        _: &Credentials,
        _: &Plan,
        _: Epoch,
        _: (Option<&str>, Duration),
    ) -> Result<Epoch, Error> {
        Err(nothing_to_log_in_with())
    }

    async fn leads_to(&self, _: &str) -> Result<Result<String, Write>, Error> {
        Ok(Err(failed()))
    }

    async fn addresses(&self, _: &str) -> Result<Result<BTreeSet<IpAddr>, Write>, Error> {
        Ok(Err(failed()))
    }
}

//! RDS at the port: what is asked of it comes to what its adapter would make of it.

use std::time::Duration;

use aurora_global::members::{Accepted, BlueGreen, Members, Quota};
use failover::{
    Error,
    domain::Region,
    evidence::Rds as Seen,
    topology::{Call, Cluster, Forwarding, GlobalCluster, ParameterGroup, Reach, Shape, Snapshot},
};
use jiff::Timestamp;

use super::Invocation;
use crate::{
    api::Api,
    caller::{Made, Missed},
    fault::Way,
    rds::{Asking, Rds, Taken},
};

/// How long a call that reads may take, with all its attempts.
const OPERATION: Duration = Duration::from_secs(6);
/// How long one attempt may.
const ATTEMPT: Duration = Duration::from_millis(2500);

/// The port of an invocation.
pub(super) struct Ports<'a>(pub(super) &'a Invocation);

impl Ports<'_> {
    /// As RDS shows it, unless that takes longer than the SDK waits.
    async fn read<T>(
        &self,
        (region, asked): (&Region, &str),
        limit: Duration,
        show: impl Fn(&Rds) -> T + Send + Sync,
    ) -> Result<T, Missed> {
        let show = |made: Made<'_>| show(made.state.rds_of(made.now, made.age));
        let read = self.0.read((Api::Rds, region), asked, show);
        let read = tokio::time::timeout(limit, read).await;
        read.unwrap_or(Err(Missed::Silent))
    }

    async fn shown<T>(
        &self,
        region: &Region,
        what: &str,
        show: impl Fn(&Rds) -> T + Send + Sync,
    ) -> Result<T, Error> {
        let asked = format!("{what} in {region}");
        let came = self.read((region, &asked), OPERATION, show).await;
        came.map_err(|missed| missed.error(&asked))
    }

    /// As it is shown; what RDS says it has no word of is not there.
    async fn found<T>(
        &self,
        region: &Region,
        what: &str,
        show: impl Fn(&Rds) -> Option<T> + Send + Sync,
    ) -> Result<Option<T>, Error> {
        let asked = format!("{what} in {region}");
        match self.read((region, &asked), OPERATION, show).await {
            Err(Missed::Refused(Way::NotThere)) => Ok(None),
            came => came.map_err(|missed| missed.error(&asked)),
        }
    }

    async fn asked(
        &self,
        region: &Region,
        (what, asking): (&'static str, Asking),
        change: impl Fn(&mut Rds, Timestamp) -> Taken + Send + Sync + 'static,
    ) -> Result<Accepted, Error> {
        let at = region.clone();
        let operation = what.trim_start_matches("RDS ");
        let asked = format!("{what} in {region}");
        let change = move |mut made: Made<'_>| {
            let taken = made.change(operation, &change);
            let came = asking.answer(taken, operation, &at);
            made.state
                .note(made.now, || format!("{what} in {at}: {came:?}"));
            came
        };
        let came = self.0.ask((Api::Rds, region), &asked, change).await;
        came.unwrap_or_else(|missed| missed.answer(asking, &asked))
    }
}

impl Missed {
    /// What the adapter makes of a change that was refused or unanswered.
    fn answer(self, asking: Asking, asked: &str) -> Result<Accepted, Error> {
        match (self, self.error(asked), asking) {
            (Self::Refused(Way::NotThere), why, _) => Ok(Accepted::NotNow(why.to_string())),
            (Self::Refused(Way::Throttled), why, Asking::Promotes) => {
                Ok(Accepted::Throttled(why.to_string()))
            }
            // It was answered: nothing was changed.
            (Self::Refused(Way::Invalid), why, Asking::Promotes) => {
                Err(Error::NotReady(why.to_string()))
            }
            (Self::Refused(_) | Self::Silent, why, _) => Err(why),
        }
    }
}

impl Members for Ports<'_> {
    async fn look(&self, region: &Region, identifier: &str) -> Seen {
        let asked = format!("RDS DescribeDBClusters, once in {region}");
        let show = |rds: &Rds| rds.look(region, identifier);
        match self.read((region, &asked), ATTEMPT, show).await {
            Ok(seen) => seen,
            Err(missed) => {
                let why = missed.error(&asked).to_string();
                match missed {
                    Missed::Silent => Seen::Silent { why },
                    // Whatever comes back is an answer.
                    Missed::Refused(_) => Seen::Other { why },
                }
            }
        }
    }

    async fn cluster(&self, region: &Region, identifier: &str) -> Result<Option<Cluster>, Error> {
        let what = "RDS DescribeDBClusters";
        self.found(region, what, |rds| rds.cluster(region, identifier))
            .await
    }

    async fn forwarding(&self, cluster: &Cluster) -> Result<Forwarding, Error> {
        let what = "RDS DescribeDBClusters for forwarding";
        let here = &self.0.region;
        self.shown(here, what, |rds| rds.forwarding(here, cluster))
            .await?
    }

    async fn global_cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalCluster>, Error> {
        let what = "RDS DescribeGlobalClusters";
        self.found(region, what, |rds| rds.global_cluster(region, identifier))
            .await
    }

    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        let what = "RDS DescribeBlueGreenDeployments";
        self.shown(region, what, |rds| rds.blue_green(region)).await
    }

    async fn account_quotas(&self, region: &Region) -> Result<Vec<Quota>, Error> {
        let what = "RDS DescribeAccountAttributes";
        self.shown(region, what, |rds| rds.quotas(region)).await
    }

    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn shape(&self, region: &Region, cluster: &str) -> Result<Option<Shape>, Error> {
        let what = "RDS DescribeDBClusters with all that belongs to it";
        self.found(region, what, |rds| rds.shape(region, cluster))
            .await
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let what = "RDS DescribeDBClusterSnapshots";
        self.found(region, what, |rds| rds.snapshot(region, snapshot))
            .await
    }

    async fn unplanned_snapshots(
        &self,
        region: &Region,
        cluster: &str,
    ) -> Result<Vec<Snapshot>, Error> {
        let what = "RDS DescribeDBClusterSnapshots of a managed failover";
        self.shown(region, what, |rds| rds.unplanned_snapshots(region, cluster))
            .await
    }

    async fn family(
        &self,
        region: &Region,
        group: &ParameterGroup,
    ) -> Result<Option<String>, Error> {
        let what = "RDS DescribeDBParameterGroups";
        self.found(region, what, |rds| rds.family(region, group))
            .await
    }

    async fn fail_over(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        let what = ("RDS FailoverGlobalCluster", Asking::Promotes);
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.fail_over(now, &at, &global, &arn)
        })
        .await
    }

    async fn detach(&self, region: &Region, global: &str, arn: &str) -> Result<Accepted, Error> {
        let what = ("RDS RemoveFromGlobalCluster", Asking::Promotes);
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.detach(now, &at, &global, &arn)
        })
        .await
    }

    async fn switch_over(
        &self,
        region: &Region,
        global: &str,
        arn: &str,
    ) -> Result<Accepted, Error> {
        let what = ("RDS SwitchoverGlobalCluster", Asking::Promotes);
        let (at, global, arn) = (region.clone(), global.to_owned(), arn.to_owned());
        self.asked(region, what, move |rds, now| {
            rds.switch_over(now, &at, &global, &arn)
        })
        .await
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let (at, made) = (region.clone(), call.clone());
        let what = (call.operation(), Asking::Rebuilds);
        self.asked(region, what, move |rds, now| rds.call(now, &at, &made))
            .await
    }
}

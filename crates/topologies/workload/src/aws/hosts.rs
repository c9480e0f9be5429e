//! The port [`Hosts`], carried out at EC2.

mod shapes;

use ::aws::{Aws, error, once_timeouts, retries, timeouts};
use ec2_client::{
    Answer, Client, Pages, Request, Trouble,
    answers::{Done, Launched, Taken},
    requests::{self, Copy, Cut, Disk, NewImage},
};
use failover::{Error, domain::Region, topology::Accepted};

use crate::hosts::{
    Call, Change, Checks, Host, Hosts, Image, Launch, LaunchDisk, Loading, Network, Snapshot, Tags,
    Volume,
};

/// What EC2 says of something that is in no state for a call, or has to wait for others. The next pass looks.
/// Source: <https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html>.
const NOT_NOW: [&str; 9] = [
    "IncorrectState",
    "IncorrectInstanceState",
    "IncorrectModificationState",
    "VolumeInUse",
    "ResourceLimitExceeded",
    "SnapshotCreationPerVolumeRateExceeded",
    "ConcurrentSnapshotLimitExceeded",
    "PendingSnapshotLimitExceeded",
    "InvalidAMIName.Duplicate",
];
/// What snapshots are described as.
const DESCRIPTION: &str = "aurora-failover";
/// Why EC2 turned a call away before it looked at it.
const THROTTLED: [&str; 3] = [
    "RequestLimitExceeded",
    "Throttling",
    "EC2ThrottledException",
];
/// That a zone has no room. It comes as a server's error, and no other try makes it right soon.
const NO_ROOM: [&str; 3] = [
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientCapacity",
];

/// EC2 of a Region.
fn client<K>(aws: &Aws<K>, region: &Region) -> Client {
    let config = aws.config().to_builder();
    let config = config
        .retry_config(retries())
        .timeout_config(timeouts())
        .build();
    let quotas = aws.quotas();
    Client::new(&config, region.as_str())
        .with_once_timeouts(once_timeouts())
        .with_partition(quotas.map(|quotas| quotas.of("aws_sdk_ec2", region)))
}

fn what<A>(request: &Request<A>, region: &Region) -> String {
    format!("EC2 {} in {region}", request.action())
}

async fn read<K, A: Answer>(
    aws: &Aws<K>,
    region: &Region,
    request: &Request<A>,
) -> Result<A, Error> {
    let answer = client(aws, region).read(request).await;
    answer.map_err(|why| error(&what(request, region), &why))
}

async fn all<K, P: Pages>(
    aws: &Aws<K>,
    region: &Region,
    request: &Request<P>,
) -> Result<Vec<P::Item>, Error>
where
    P::Item: Send,
{
    let answer = client(aws, region).all(request).await;
    answer.map_err(|why| error(&what(request, region), &why))
}

async fn once<K, A: Answer>(
    aws: &Aws<K>,
    region: &Region,
    request: Request<A>,
) -> Result<Accepted, Error> {
    match client(aws, region).once(&request).await {
        Ok(_) => Ok(Accepted::Yes),
        Err(why) => refused(&what(&request, region), &why),
    }
}

/// What a call came to that was not taken.
fn refused(what: &str, why: &Trouble) -> Result<Accepted, Error> {
    let code = why.as_service_error().map_or("", |said| &said.code);
    let said = error(what, why);
    // What is gone already is what a call to take it away wants.
    if code == "InvalidSnapshot.NotFound" || code == "InvalidAMIID.Unavailable" {
        return Ok(Accepted::Yes);
    }
    if THROTTLED.contains(&code) {
        return Ok(Accepted::Throttled(said.to_string()));
    }
    if NOT_NOW.contains(&code) {
        return Ok(Accepted::NotNow(said.to_string()));
    }
    if NO_ROOM.contains(&code) {
        return Err(Error::NotReady(format!(
            "{said}; wait for room, or let the plan give another type or zone"
        )));
    }
    // What EC2 turns down for its words it has answered: it changed nothing.
    let is_turned_down = !code.is_empty() && matches!(said, Error::InvalidRequest(_));
    Err(match is_turned_down {
        true => Error::NotReady(said.to_string()),
        false => said,
    })
}

impl<K> Hosts for Aws<K> {
    async fn host(&self, region: &Region, id: &str) -> Result<Option<Host>, Error> {
        let found = all(self, region, &requests::host(id)).await?;
        Ok(shapes::hosts(found).into_iter().next())
    }

    async fn hosts_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Host>, Error> {
        let found = all(self, region, &requests::hosts_with(tags)).await?;
        Ok(shapes::hosts(found))
    }

    async fn stop_protection(&self, region: &Region, id: &str) -> Result<bool, Error> {
        let asked = requests::attribute(id, "disableApiStop");
        let told = read(self, region, &asked).await?;
        Ok(told.disable_api_stop.is_some_and(|told| told.value))
    }

    async fn checks(&self, region: &Region, id: &str) -> Result<Option<Checks>, Error> {
        let found = all(self, region, &requests::checks(id)).await?;
        Ok(found.into_iter().next().map(shapes::checks))
    }

    async fn volumes(&self, region: &Region, ids: &[String]) -> Result<Vec<Volume>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = all(self, region, &requests::volumes(ids)).await?;
        Ok(found.into_iter().map(shapes::volume).collect())
    }

    async fn volumes_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Volume>, Error> {
        let found = all(self, region, &requests::volumes_with(tags)).await?;
        Ok(found.into_iter().map(shapes::volume).collect())
    }

    async fn loading(&self, region: &Region, ids: &[String]) -> Result<Vec<Loading>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = all(self, region, &requests::statuses(ids)).await?;
        Ok(found.into_iter().map(shapes::loading).collect())
    }

    async fn snapshots_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Snapshot>, Error> {
        let found = all(self, region, &requests::snapshots_with(tags)).await?;
        Ok(found.into_iter().map(shapes::snapshot).collect())
    }

    /// A figure that nobody tells holds up no round.
    async fn changed_bytes(
        &self,
        region: &Region,
        earlier: &str,
        later: &str,
    ) -> Result<Option<u64>, Error> {
        let told = client(self, region).changed_bytes(earlier, later).await;
        Ok(told.unwrap_or_else(|why| {
            let why = error(&format!("EBS ListChangedBlocks in {region}"), &why);
            tracing::info!(%region, earlier, later, %why, "nobody tells what changed");
            None
        }))
    }

    async fn image(&self, region: &Region, name: &str) -> Result<Option<Image>, Error> {
        let found = all(self, region, &requests::image(name)).await?;
        Ok(found.into_iter().next().map(shapes::image))
    }

    async fn network(&self, region: &Region) -> Result<Network, Error> {
        let (subnets, groups, tables) = (
            requests::subnets(),
            requests::groups(),
            requests::route_tables(),
        );
        let (subnets, groups, tables) = futures::try_join!(
            all(self, region, &subnets),
            all(self, region, &groups),
            all(self, region, &tables)
        )?;
        Ok(shapes::network(subnets, groups, tables))
    }

    async fn change_host(&self, change: &Change) -> Result<Accepted, Error> {
        let region = &change.region;
        match &change.call {
            Call::TakeSnapshots {
                host,
                without_root,
                without,
                tags,
            } => once(self, region, cut(host, *without_root, without, tags)).await,
            Call::CopySnapshot {
                from,
                snapshot,
                kms_key,
                tags,
            } => {
                once(
                    self,
                    region,
                    copy((from, snapshot), kms_key.as_deref(), tags),
                )
                .await
            }
            Call::DropSnapshot { snapshot } => {
                once(self, region, requests::delete_snapshot(snapshot)).await
            }
            Call::CreateVolume(new) => {
                let disk = disk(&new.disk);
                let made = requests::create_volume(&new.token, &new.zone, &disk, &new.tags);
                once(self, region, made).await
            }
            Call::Detach {
                host,
                volume,
                device,
            } => once(self, region, requests::detach(volume, host, device)).await,
            Call::Attach {
                host,
                volume,
                device,
            } => once(self, region, requests::attach(volume, host, device)).await,
            Call::SetDeleteOnTermination { host, devices } => {
                once(self, region, requests::delete_on_termination(host, devices)).await
            }
            Call::Stop { host } => once(self, region, requests::stop(host)).await,
            Call::Start { host } => once(self, region, requests::start(host)).await,
            Call::RegisterImage {
                name,
                root_device,
                snapshot,
                architecture,
                boot_mode,
                tags,
            } => {
                let boot_mode = boot_mode.as_deref();
                let new = NewImage {
                    name,
                    root_device,
                    snapshot,
                    architecture,
                    boot_mode,
                };
                once(self, region, requests::register(new, tags)).await
            }
            Call::DropImage { image } => once(self, region, requests::deregister(image)).await,
            Call::Launch(new) => once(self, region, launch(new)).await,
            Call::Terminate { host } => once(self, region, requests::terminate(host)).await,
            Call::Tag { id, tags } => once(self, region, requests::tag(id, tags)).await,
        }
    }
}

fn cut(host: &str, without_root: bool, without: &[String], tags: &Tags) -> Request<Taken> {
    let of = Cut {
        instance: host,
        exclude_boot_volume: without_root,
        exclude_data_volumes: without,
        description: DESCRIPTION,
    };
    requests::cut(of, tags)
}

fn copy((from, snapshot): (&Region, &str), kms_key: Option<&str>, tags: &Tags) -> Request<Done> {
    let of = Copy {
        source_region: from.as_str(),
        source_snapshot: snapshot,
        kms_key,
        description: DESCRIPTION,
    };
    requests::copy(of, tags)
}

fn disk(of: &LaunchDisk) -> Disk<'_> {
    Disk {
        snapshot: of.snapshot.as_deref(),
        size_gib: of.size_gib,
        volume_type: &of.volume_type,
        iops: of.iops,
        throughput: of.throughput,
        kms_key: of.kms_key.as_deref(),
        initialization_rate: of.initialisation_rate,
        delete_on_termination: of.delete_on_termination,
    }
}

fn launch(new: &Launch) -> Request<Launched> {
    let of = requests::Launch {
        client_token: &new.token,
        image: &new.image,
        instance_type: &new.instance_type,
        subnet: &new.subnet,
        security_groups: &new.security_groups,
        key_name: new.key_name.as_deref(),
        profile_arn: new.profile_arn.as_deref(),
        ebs_optimized: new.ebs_optimized,
        monitored: new.monitored,
        metadata: new
            .metadata
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        disks: new
            .disks
            .iter()
            .map(|(device, of)| (device.as_str(), disk(of)))
            .collect(),
    };
    requests::launch(&of, &new.tags, &new.volume_tags)
}

#[cfg(test)]
mod tests;

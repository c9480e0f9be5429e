//! `losses --download`: the rows that the loss ledgers listed, as files beside a script that puts them back.

mod put_back;

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    ledger::Losses,
};
use serde::Serialize;

use crate::{
    desk::Desk,
    ending::{Answer, Ending},
    survey::{PATIENCE, Survey, patiently},
    table::columns,
};

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The plan.
    pub plan: &'a PlanName,
    /// The Region of the member; every member Region where none is named.
    pub region: Option<&'a Region>,
    /// Another cluster than the member, as one that was restored from a snapshot.
    pub cluster: Option<&'a str>,
    /// The folder.
    pub folder: &'a Path,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Downloads {
    plan: PlanName,
    accounts: Vec<Downloaded>,
    /// Why there is nothing of a Region, or not all.
    notes: Vec<String>,
    unread: Vec<String>,
}

/// The account of one cluster, and its files.
#[derive(Debug, Serialize)]
struct Downloaded {
    region: Region,
    cluster: String,
    epoch: Epoch,
    says: String,
    tables: Vec<Table>,
    folder: PathBuf,
    files: usize,
    /// The script that puts rows back, where there are any.
    script: Option<PathBuf>,
}

/// What was found of one table.
#[derive(Debug, Serialize)]
struct Table {
    table: String,
    compared: u64,
    only_here: u64,
    differs: u64,
}

/// Downloads what is listed of every member, or of one.
pub async fn run(desk: &Desk<'_>, wanted: Wanted<'_>) -> Answer {
    let survey = match desk.survey(wanted.plan).await {
        Ok(survey) => survey,
        Err(why) => return why,
    };
    let regions = match regions(&survey, wanted.region) {
        Ok(regions) => regions,
        Err(why) => return why,
    };
    let mut found = Downloads {
        plan: wanted.plan.clone(),
        accounts: Vec::new(),
        notes: Vec::new(),
        unread: Vec::new(),
    };
    for region in &regions {
        match of_region(desk, &survey, region, wanted).await {
            Ok(one) => found.accounts.push(one),
            Err(Missing::Nothing(why)) => found.notes.push(why),
            Err(Missing::Unread(why)) => found.unread.push(why),
        }
    }
    let ending = match (found.unread.is_empty(), found.accounts.is_empty()) {
        (false, _) => Ending::Unknown,
        (true, true) => Ending::NotWell,
        (true, false) => Ending::Well,
    };
    let mut answer = Answer::new(desk.output, &found, || table(&found), ending);
    answer.complaints.clone_from(&found.unread);
    answer
}

fn regions(survey: &Survey, named: Option<&Region>) -> Result<Vec<Region>, Answer> {
    match named {
        None => Ok(survey.regions.keys().cloned().collect()),
        Some(_) => crate::by_hand::others(survey, named),
    }
}

/// Why there is nothing.
enum Missing {
    /// There is nothing to download.
    Nothing(String),
    /// It could not be read or written.
    Unread(String),
}

impl From<Error> for Missing {
    fn from(why: Error) -> Self {
        Self::Unread(why.to_string())
    }
}

async fn of_region(
    desk: &Desk<'_>,
    survey: &Survey,
    region: &Region,
    wanted: Wanted<'_>,
) -> Result<Downloaded, Missing> {
    let member = survey.plan.as_ref();
    let member = member.and_then(|plan| plan.members().get(region));
    let cluster = wanted
        .cluster
        .or(member.map(|member| member.identifier.as_str()));
    let Some(cluster) = cluster else {
        let why = format!("the member in {region} is not known; name it with --cluster");
        return Err(Missing::Nothing(why));
    };
    if survey.is_silent(region) {
        let why = format!("{region} is silent; ask again when it answers");
        return Err(Missing::Unread(why));
    }
    let asked = desk.account.losses(region, wanted.plan, cluster);
    let losses = patiently(region, PATIENCE, asked).await?;
    let (losses, place) = listed(losses, cluster, region).map_err(Missing::Nothing)?;
    let (bucket, below) = place;
    let keys = desk.account.lost_files(region, (&bucket, &below)).await?;
    let of_summary = keys.iter().filter_map(|key| {
        let name = key.strip_prefix(&below)?;
        counts(&losses, name).then_some((key, name))
    });
    let of_summary: Vec<_> = of_summary.collect();
    let last = below.trim_end_matches('/').rsplit('/').next();
    let folder = wanted.folder.join(last.unwrap_or(cluster));
    let mut names = Vec::new();
    for (key, name) in of_summary {
        let file = within(&folder, name)?;
        made(file.parent().unwrap_or(&folder))?;
        desk.terminal.spin(name);
        let copied = desk.account.lost_file(region, (&bucket, key), &file);
        copied.await?;
        names.push(name.to_owned());
    }
    let script = put_back::script(&losses, &folder, &names).map_err(Missing::Unread)?;
    Ok(Downloaded {
        region: region.clone(),
        says: losses.told(),
        epoch: losses.epoch,
        tables: losses.tables.iter().map(Table::from).collect(),
        cluster: losses.cluster,
        files: names.len(),
        folder,
        script,
    })
}

/// A complete account, and where its files lie: the bucket, and what their keys begin with.
fn listed(
    losses: Option<Losses>,
    cluster: &str,
    region: &Region,
) -> Result<(Losses, (String, String)), String> {
    let Some(losses) = losses else {
        return Err(format!(
            "nothing was compared of {cluster} in {region}; where it is deposed, list it with losses and --list"
        ));
    };
    let Some(summary) = losses.summary.clone() else {
        let done = losses.tables.iter().filter(|table| table.is_done).count();
        return Err(format!(
            "{cluster} in {region} is not compared to its end, {done} of {} table(s) are; go on with losses and --list",
            losses.tables.len()
        ));
    };
    let place = summary.strip_prefix("s3://");
    let place = place.and_then(|place| place.split_once('/'));
    let place = place.and_then(|(bucket, key)| Some((bucket, key.strip_suffix("summary.json")?)));
    let Some((bucket, below)) = place else {
        return Err(format!(
            "the summary of {cluster} in {region} is {summary}, which is no file in a bucket; look there by hand"
        ));
    };
    let place = (bucket.to_owned(), below.to_owned());
    Ok((losses, place))
}

/// Whether a file is of what the summary tells: a comparison that was begun anew has left another folder.
fn counts(losses: &Losses, name: &str) -> bool {
    name == "summary.json"
        || losses.tables.iter().any(|table| {
            let rest = name.strip_prefix(table.place());
            let file = rest.and_then(|rest| rest.strip_prefix('/'));
            file.is_some_and(|file| !file.contains('/'))
        })
}

/// A file below a folder; a name that leads out of it is none.
fn within(folder: &Path, name: &str) -> Result<PathBuf, Missing> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if Path::new(name).components().all(is_plain) {
        return Ok(folder.join(name));
    }
    let why =
        format!("the bucket has a file {name}, which leads out of its folder; look there by hand");
    Err(Missing::Unread(why))
}

fn made(folder: &Path) -> Result<(), Missing> {
    fs::create_dir_all(folder).map_err(|why| {
        let name = folder.display();
        Missing::Unread(format!(
            "--download: the folder {name} cannot be made ({why}); name one that you may write to"
        ))
    })
}

impl From<&failover::ledger::TableLoss> for Table {
    fn from(found: &failover::ledger::TableLoss) -> Self {
        Self {
            table: found.table.table.clone(),
            compared: found.compared,
            only_here: found.only_here,
            differs: found.differs,
        }
    }
}

fn table(found: &Downloads) -> String {
    let mut text = format!("{}:\n", found.plan);
    for one in &found.accounts {
        text += &format!(
            "  {} in {}, epoch {}: {}\n",
            one.cluster, one.region, one.epoch, one.says
        );
        let rows = one.tables.iter().map(|table| {
            vec![
                table.table.clone(),
                table.compared.to_string(),
                table.only_here.to_string(),
                table.differs.to_string(),
            ]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            text += &columns(&["TABLE", "COMPARED", "ONLY HERE", "DIFFERS"], &rows);
        }
        text += &format!("  {} file(s) in {}\n", one.files, one.folder.display());
        if let Some(script) = &one.script {
            text += &format!(
                "  look through them, then put rows back on the writer by {}\n",
                script.display()
            );
        }
    }
    let notes = found.notes.iter();
    text.extend(notes.map(|note| format!("  {note}\n")));
    text
}

#[cfg(test)]
mod tests;

//! What the kept world can be asked for.

use failover::ports::Ledger;

use super::Kept;
use crate::{
    client::Progress,
    profile::{PLAN, WITNESS, WRITER_NAME},
    report::{Told, seconds, words},
    timeline::now_ms,
};

/// Something that the kept world does or says.
#[derive(Debug, PartialEq, Eq)]
enum Request<'a> {
    Lose(&'a str),
    Return(&'a str),
    Messages,
    Status,
}

/// Reads a request; `regions` are those of the world, `lost` those of them that are lost.
fn read<'a>(request: &'a str, regions: &[&str], lost: &[String]) -> Result<Request<'a>, String> {
    let mut words = request.split_whitespace();
    let (what, region, more) = (words.next(), words.next(), words.next());
    let is_lost = |region: &str| lost.iter().any(|one| one == region);
    let of_the_world = |region: Option<&'a str>| {
        let there = regions.join(", ");
        match region {
            Some(region) if regions.contains(&region) => Ok(region),
            Some(region) => Err(format!(
                "there is no Region {region:?} in this world, it has {there}"
            )),
            None => Err(format!("name the Region, one of {there}")),
        }
    };
    match (what, more) {
        (Some("lose"), None) => match of_the_world(region)? {
            region if is_lost(region) => Err(format!(
                "{region} is lost already, `drill return {region}` gives it back"
            )),
            region => Ok(Request::Lose(region)),
        },
        (Some("return"), None) => match of_the_world(region)? {
            region if is_lost(region) => Ok(Request::Return(region)),
            region => Err(format!(
                "{region} is not lost, `drill lose {region}` loses it"
            )),
        },
        (Some("messages"), None) if region.is_none() => Ok(Request::Messages),
        (Some("status"), None) if region.is_none() => Ok(Request::Status),
        _ => Err(format!(
            "the kept world cannot {request:?}, it knows lose REGION, return REGION, messages and status"
        )),
    }
}

impl Kept<'_> {
    /// Does what is asked for; answers what to tell.
    pub(super) async fn answer(&self, request: &str) -> Result<String, String> {
        let world = self.world;
        match read(request, world.regions(), &world.lost())? {
            Request::Lose(region) => {
                let done = world.lose_region(region).await;
                done.map_err(|why| format!("{region} could not be lost: {why}"))?;
                Ok(format!(
                    "{region} is lost: databases, endpoints, roads and functions"
                ))
            }
            Request::Return(region) => {
                let done = world.return_region(region).await;
                done.map_err(|why| format!("{region} could not be given back: {why}"))?;
                Ok(format!(
                    "{region} is back as it was, its schedules go on within a minute"
                ))
            }
            Request::Messages => Ok(messages(&world.told())),
            Request::Status => Ok(self.status().await),
        }
    }

    async fn status(&self) -> String {
        let world = self.world;
        let lost = world.lost();
        let mut lines = Vec::new();
        for region in world.regions() {
            let state = if lost.iter().any(|one| one == region) {
                "lost".to_owned()
            } else if *region == WITNESS {
                "up, the witness".to_owned()
            } else {
                format!("up, {}", self.ledger(region).await)
            };
            lines.push(format!("{region}  {state}"));
        }
        let leads_to = world.leads_to(WRITER_NAME).await;
        let leads_to = leads_to.map_or("nowhere".into(), |to| words::cluster_of(&to).to_owned());
        lines.push(format!("{WRITER_NAME} leads to {leads_to}"));
        lines.push(application(&self.client.progress()));
        for run in self.runs.seen() {
            let outcome = run.outcome.unwrap_or_else(|| "no outcome yet".into());
            lines.push(format!(
                "run {} of {} in {}: {}, {outcome}",
                run.name, run.machine, run.region, run.status
            ));
        }
        lines.join("\n")
    }

    /// What a Region's ledger says of the plan.
    async fn ledger(&self, region: &str) -> String {
        let ledger = self.world.ledger_of(region);
        let row = match ledger.row(&region.into(), &PLAN.into()).await {
            Ok(row) => row,
            Err(why) => return format!("its ledger cannot be read: {why}"),
        };
        let writer = row.current.map_or("knows no writer".into(), |current| {
            format!(
                "names the writer in {}, epoch {}",
                current.writer, current.epoch
            )
        });
        let run = row.lease.map_or("no run holds the plan".into(), |lease| {
            format!("run {} holds the plan", lease.run_id)
        });
        format!("its ledger {writer}, {run}")
    }
}

fn application(progress: &Progress) -> String {
    let rows = words::number(u64::try_from(progress.acknowledged).unwrap_or(u64::MAX));
    let last = progress.last.as_ref().map_or("none".into(), |ack| {
        let ago = words::duration(Some(seconds((now_ms() - ack.acked_ms).max(0))));
        format!("the last {ago} ago by {}", words::cluster_of(&ack.endpoint))
    });
    format!("the application has {rows} rows acknowledged, {last}")
}

fn messages(told: &[Told]) -> String {
    if told.is_empty() {
        return "people were told nothing yet".into();
    }
    let one = |told: &Told| {
        let text: String = told
            .text
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect();
        format!(
            "{} {}  {}\n{text}",
            told.at.strftime("%H:%M:%S UTC"),
            told.region,
            told.subject
        )
    };
    told.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::timestamp;

    const REGIONS: [&str; 2] = ["us-west-2", "us-east-1"];

    fn refusal(request: &str) -> String {
        let lost = ["us-east-1".to_owned()];
        let why = read(request, &REGIONS, &lost).unwrap_err();
        assert_eq!(why.lines().count(), 1, "{why}");
        why
    }

    #[test]
    fn a_region_is_lost_once_and_given_back_once() {
        let lost = ["us-east-1".to_owned()];
        assert_eq!(
            read("lose us-west-2", &REGIONS, &lost),
            Ok(Request::Lose("us-west-2"))
        );
        assert_eq!(
            read("return us-east-1", &REGIONS, &lost),
            Ok(Request::Return("us-east-1"))
        );
        assert!(refusal("lose us-east-1").contains("is lost already"));
        assert!(refusal("return us-west-2").contains("is not lost"));
    }

    #[test]
    fn what_it_cannot_do_is_refused_in_one_sentence_with_what_it_can() {
        assert!(refusal("lose us-west-9").contains("it has us-west-2, us-east-1"));
        assert!(refusal("lose").contains("name the Region, one of us-west-2, us-east-1"));
        for request in [
            "",
            "dance",
            "lose us-west-2 us-east-1",
            "messages us-west-2",
        ] {
            assert!(
                refusal(request).contains("it knows lose REGION"),
                "{request}"
            );
        }
    }

    #[test]
    fn messages_are_told_with_time_region_subject_and_text() {
        let told = Told {
            at: timestamp(1_790_000_075_400),
            region: "us-east-1".into(),
            subject: "ACTION orders".into(),
            text: "one\ntwo".into(),
        };
        assert_eq!(
            messages(&[told]),
            "14:14:35 UTC us-east-1  ACTION orders\n    one\n    two\n"
        );
        assert_eq!(messages(&[]), "people were told nothing yet");
    }
}

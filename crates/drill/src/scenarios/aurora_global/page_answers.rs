//! A human agrees on a page, by the link in the message.

use failover::{evidence::Verdict, installation::named, plan::Strategy, ports::Ledger};
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, QUESTION, RETURN, SOON, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::stacks::deploy,
    timeline::{Kind, now_ms},
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "page-answers",
    summary: "The home Region dies, and the plan asks a human, who opens the link in the message, and answers on the page behind it.",
    comes_out: "following the link answers nothing, the plan's name does, once, and the standby takes over",
    plan: || json!({"unplanned": {"region_down": "approval"}}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::Recovered(Verdict::RegionDown, Some(Strategy::Detach)),
    told: Told::Once(&[SUSPECTED, QUESTION, RETURN, TOOK_OVER]),
    // It changes what is deployed, and the page is off in every other world.
    by_name_only: true,
    ..Scenario::USUAL
};

/// The function behind the link.
const PAGE: &str = "approval-page";
/// The partition of the ledger that the links are in.
const LINKS: &str = "_approvals";
/// What a form says.
const YES: &str = "answer=yes&plan=orders";
const NO: &str = "answer=no&plan=orders";
/// What the page says of a link that was used.
const USED: &str = "This link was used";

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    deploy(drill, "with the page", with_page, &[]).await?;
    drill.world.point_the_functions().await?;
    beats_again(drill).await?;
    let mut played = drill.lose(HOME).await?;
    let message = drill.asked(QUESTION).await.unwrap_or_default();
    let link = link(&message).ok_or("no message holds a link")?;
    scanned(drill, &mut played, (&message, link)).await?;
    harmless(drill, &mut played, link).await?;
    answered(drill, &mut played, link).await?;
    drill.ended(1).await;
    used(drill, &mut played, link).await?;
    Ok(played)
}

/// The answers with the page switched on.
fn with_page(answers: String) -> String {
    let mut answers: Value = serde_json::from_str(&answers).unwrap_or_default();
    answers["everywhere"]["ApprovalPage"] = json!("ENABLED");
    answers.to_string()
}

/// Waits until both probes commit beats again: a function that is configured anew ends in the middle of what it does.
async fn beats_again(drill: &Drill<'_>) -> Result<(), Trouble> {
    let since = now_ms();
    for region in [HOME, STANDBY] {
        drill.world.watch_now(region).await?;
    }
    let beats = async || {
        last_beat(drill, HOME).await >= Some(since)
            && last_beat(drill, STANDBY).await >= Some(since)
    };
    drill.until(SOON, "beats after the deployment", beats).await;
    Ok(())
}

/// When the probe of a Region last committed a beat, in milliseconds of Unix time.
async fn last_beat(drill: &Drill<'_>, region: &str) -> Option<i64> {
    let ledger = drill.world.ledger();
    let vantage = ledger.vantage(&region.into(), &PLAN.into()).await;
    let beat = vantage.ok().flatten()?.last_beat?;
    Some(beat.at.as_millisecond())
}

/// The link in a message, which stands alone on its line.
fn link(message: &str) -> Option<&str> {
    let mut lines = message.lines();
    lines.find(|line| line.starts_with("https://") && line.contains(".lambda-url."))
}

/// What a message rests on: the lines of its paragraph before the deadline.
fn evidence(message: &str) -> Vec<&str> {
    let paragraphs: Vec<_> = message.split("\n\n").collect();
    let deadline = paragraphs
        .iter()
        .position(|one| one.starts_with("Answer until: "));
    let before = deadline.and_then(|deadline| paragraphs.get(deadline.checked_sub(1)?));
    before.map_or_else(Vec::new, |paragraph| paragraph.lines().collect())
}

/// A line as the page has it: without the full stop that a message ends its lines with.
fn on_a_page(line: &str) -> String {
    let line = line.trim_end_matches('.').replace('&', "&amp;");
    line.replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What scans mail follows the link: it sees the evidence, and changes nothing.
async fn scanned(
    drill: &Drill<'_>,
    played: &mut Played,
    (message, link): (&str, &str),
) -> Result<(), Trouble> {
    let evidence = evidence(message);
    let before = links(drill).await?;
    for what in ["a scanner follows the link", "and follows it once more"] {
        let page = drill.world.emulator.browse(link, None).await?;
        let missing: Vec<_> = evidence
            .iter()
            .filter(|line| !page.text.contains(&on_a_page(line)))
            .collect();
        played.check(
            format!("{what}, and reads what the question rests on"),
            format!(
                "{}, {} lines of it",
                page.status,
                evidence.len() - missing.len()
            ),
            page.status == 200 && !evidence.is_empty() && missing.is_empty(),
        );
    }
    let calls = calls(drill);
    played.check(
        "the page has read for that, and done nothing else",
        calls.join(", "),
        !calls.is_empty() && calls.iter().all(|operation| operation == "GetItem"),
    );
    let after = links(drill).await?;
    played.check(
        "the link in the ledger is as it was before",
        format!(
            "{} links, and {}",
            after.len(),
            if after == before {
                "the same"
            } else {
                "others"
            }
        ),
        !after.is_empty() && after == before,
    );
    let run = drill.runs.that_entered("AwaitApproval");
    let status = run.map_or_else(|| "there is none".to_owned(), |run| run.status);
    played.check("the run waits on", &*status, status == "RUNNING");
    Ok(())
}

/// The links in the ledger of the Region that asks, and what it holds of each.
async fn links(drill: &Drill<'_>) -> Result<Vec<(String, String)>, Trouble> {
    let items = drill.world.ledger_items(STANDBY).await?.into_iter();
    let links = items.filter(|((partition, _), _)| partition == LINKS);
    Ok(links.map(|((_, link), row)| (link, row)).collect())
}

/// What the page has called, oldest first.
fn calls(drill: &Drill<'_>) -> Vec<String> {
    let calls = drill.world.front_door.calls().into_iter();
    let own = calls.filter(|call| call.function == named(PAGE));
    own.map(|call| call.operation).collect()
}

/// What somebody does at an address, and what must come of it.
struct Step<'a> {
    what: &'a str,
    url: &'a str,
    form: Option<&'a str>,
    status: u16,
    says: &'a str,
}

impl<'a> Step<'a> {
    /// A form is sent to an address.
    const fn sent(
        what: &'a str,
        (url, form): (&'a str, &'a str),
        (status, says): (u16, &'a str),
    ) -> Self {
        let form = Some(form);
        Self {
            what,
            url,
            form,
            status,
            says,
        }
    }
}

async fn taken(drill: &Drill<'_>, played: &mut Played, step: Step<'_>) -> Result<(), Trouble> {
    let Step {
        what,
        url,
        form,
        status,
        says,
    } = step;
    let page = drill.world.emulator.browse(url, form).await?;
    let is_said = page.text.contains(says);
    let found = if is_said { "said" } else { "not said" };
    played.check(
        format!("{what}: {status}, \"{says}\""),
        format!("{}, {found}", page.status),
        page.status == status && is_said,
    );
    Ok(())
}

/// What is sent and answers nothing.
async fn harmless(drill: &Drill<'_>, played: &mut Played, link: &str) -> Result<(), Trouble> {
    let forged = forged(link);
    let of_another = link.replace(&format!("/{STANDBY}/"), &format!("/{HOME}/"));
    let forged = (forged.as_str(), YES);
    let of_another = (of_another.as_str(), YES);
    let (button, other, empty) = ("answer=yes", "answer=yes&plan=payments", "");
    let steps = [
        Step::sent("a forged link", forged, (404, "opens no question")),
        Step::sent("another Region's", of_another, (404, "This link is of")),
        Step::sent("a button", (link, button), (200, "Approve this?")),
        Step::sent("another plan", (link, other), (400, "Nothing was changed")),
        Step::sent("no word", (link, empty), (400, "nothing was changed")),
    ];
    for step in steps {
        taken(drill, played, step).await?;
    }
    let calls = calls(drill);
    let is_read = calls.iter().all(|operation| operation == "GetItem");
    played.check(
        "until then the page has only read, and the run was told nothing",
        format!("{} calls", calls.len()),
        is_read,
    );
    Ok(())
}

/// The plan's name behind the right link answers.
async fn answered(drill: &Drill<'_>, played: &mut Played, link: &str) -> Result<(), Trouble> {
    let text = "approves on the page";
    drill.world.timeline.say(Kind::Run, "a human", text);
    let yes = Step::sent(
        "the plan's name",
        (link, YES),
        (200, "The run was told yes"),
    );
    taken(drill, played, yes).await
}

/// The link has taken its one answer, and shows its question no more.
async fn used(drill: &Drill<'_>, played: &mut Played, link: &str) -> Result<(), Trouble> {
    for (what, form) in [
        ("a second answer is refused", Some(NO)),
        ("the same one is, too", Some(YES)),
        ("and the link shows no question any more", None),
    ] {
        let step = Step {
            what,
            url: link,
            form,
            status: 410,
            says: USED,
        };
        taken(drill, played, step).await?;
    }
    let answers = calls(drill)
        .into_iter()
        .filter(|operation| operation.starts_with("SendTask"));
    let answers: Vec<_> = answers.collect();
    played.check(
        "the run was told yes once, and nothing else",
        answers.join(", "),
        answers == ["SendTaskSuccess"],
    );
    Ok(())
}

/// The same link with another last digit.
fn forged(link: &str) -> String {
    let (rest, last) = link.split_at(link.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    format!("{rest}{other}")
}

//! The examples of messages in `docs/reference/messages.md`: each is made by a test of the step that sends it.

use std::{fs, path::PathBuf, sync::Mutex};

use jiff::{SignedDuration, Timestamp};

use super::{Books, confirmed, row};
use crate::{
    domain::Epoch,
    evidence::Verdict,
    ledger::Run,
    notify::{Message, Severity, unreadable},
    plan::Plan,
};

/// The page.
const PAGE: &str = "docs/reference/messages.md";
/// What an example begins with. Its name follows, and the file that makes the message.
const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->\n";

/// One at a time writes the page.
static WRITES: Mutex<()> = Mutex::new(());

/// When every example is sent.
pub fn sent() -> Timestamp {
    "2026-01-31T02:14:05Z".parse().unwrap()
}

/// So many seconds before that.
pub fn before(seconds: i64) -> Timestamp {
    sent() - SignedDuration::from_secs(seconds)
}

/// An execution of a machine.
pub fn execution(region: &str, machine: &str) -> Option<String> {
    Some(format!(
        "arn:aws:states:{region}:123456789012:execution:aurora-failover-{machine}:8c5e"
    ))
}

/// The plan, whose people are told in us-east-1.
pub fn plan() -> Plan {
    let mut plan = super::run().plan;
    let topic = "arn:aws:sns:us-east-1:123456789012:orders-alerts";
    plan.notify.insert("us-east-1".into(), topic.into());
    plan
}

/// Its run to us-east-1, which leaves us-west-2 that nobody hears.
pub fn run() -> Run {
    let mut found = confirmed(Verdict::RegionDown);
    found.evidence.failing_since = Some(before(41));
    let mut run = Run {
        run_id: "8c5e".into(),
        execution: execution("us-east-1", "unplanned-failover"),
        plan: plan(),
        epoch: Epoch(1),
        opened_at: before(25),
        confirmed: Some(found),
        ..super::run()
    };
    let silent = "us-west-2 answers neither us-east-1 nor the witness, and replication has stopped";
    run.note(before(12), "confirm_outage", "region_down", silent);
    run
}

/// The ledgers of that plan, at the moment of the examples.
pub fn books() -> Books {
    let mut books = Books::with(&row("us-west-2", 1)).of_plan(plan());
    books.set_time(sent());
    books
}

/// Holds the example of this name on the page. `UPDATE_GOLDEN=1` writes it there.
pub fn is(name: &str, message: &Message) {
    shows(
        name,
        (&message.subject(&"orders".into()), &message.text(sent())),
    );
    let needs_one = message.severity == Severity::Critical;
    let is_led = !message.commands.is_empty() || message.next.contains("Stop what");
    assert!(is_led || !needs_one, "{name} leaves people alone");
}

/// The same of what was told last.
pub fn is_told(name: &str, books: &Books) {
    let told = books.messages();
    let (subject, text) = told.last().expect("nobody was told");
    shows(name, (subject, text));
}

fn shows(name: &str, (subject, text): (&str, &str)) {
    is_in_shape(name, (subject, text));
    holds(
        name,
        &format!("```message\nSubject: {subject}\n\n{text}```\n"),
    );
}

/// Compares what stands on the page under this name with what is made of the code.
pub fn holds(name: &str, made: &str) {
    let _writes = WRITES.lock().unwrap();
    let file = page();
    let page = fs::read_to_string(&file).unwrap();
    let begin = format!("{BEGIN}{name}, by ");
    let (before, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{PAGE} has no place for {name}: {begin}FILE -->"));
    let (by, rest) = rest.split_once('\n').unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, format!("{before}{begin}{by}\n{made}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == made,
        "UPDATE_GOLDEN=1 writes {name} into {PAGE}, which is now\n{made}"
    );
}

/// What holds for each: the subject is whole, and the lines come in their order.
fn is_in_shape(name: &str, (subject, text): (&str, &str)) {
    assert!(
        subject.is_ascii() && subject.len() < 100 && !subject.ends_with("..."),
        "{name}: {subject}"
    );
    let mut words = Severity::ALL.iter().map(|severity| severity.word());
    let severity = words.find(|word| subject.starts_with(&format!("{word} orders: ")));
    let what = text.lines().next().unwrap();
    assert!(severity.is_some(), "{name}: {subject}");
    assert!(subject.ends_with(&format!(": {what}")), "{name}: {subject}");
    let order = [
        "\n\nWhen: 2026-01-31 02:14:05 UTC\n",
        "\nWrites are out since: ",
        "\n\nAnswer until: ",
        "\n\nNext: ",
        "\n\n    ",
        "\n\nRun: https://",
    ];
    let places: Vec<_> = order.iter().map(|line| text.find(line)).collect();
    assert!(places[0].is_some() && places[3].is_some(), "{name}: {text}");
    assert!(places.iter().flatten().is_sorted(), "{name}: {text}");
    assert_eq!(unreadable(text), Vec::<&str>::new(), "{name}");
    for secret in [
        "password=",
        "secret=",
        "AKIA",
        "SecretString",
        "postgres://",
    ] {
        assert!(!text.contains(secret), "{name} tells a secret: {text}");
    }
}

/// Where the page is: above the folder of the crate that is tested.
fn page() -> PathBuf {
    let here = std::env::current_dir().unwrap();
    let mut above = here.ancestors().map(|folder| folder.join(PAGE));
    above.find(|page| page.exists()).expect("no page above")
}

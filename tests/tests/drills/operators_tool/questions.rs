//! Two questions that runs ask: a yes that comes when the Region is back, and a no while it is lost, behind which somebody forces it.

use tests::drill::until;

use super::{Operator, SOON, ended};

/// A question as people were told of it: the run, and the commands for both answers.
pub(super) struct Question {
    run: String,
    yes: String,
    no: String,
}

/// The Region comes back before anybody answers: the yes is confirmed again, and nothing moves.
pub(super) fn approved_too_late(operator: &Operator<'_>) -> Question {
    let writer = operator.writer();
    operator.drill(&["lose", "us-west-2"]);
    let question = asked(operator, None);
    let listed = operator.json("approvals", 3);
    let one = &listed["questions"][0];
    assert_eq!(one["run_id"], question.run.as_str(), "{listed:#}");
    assert_eq!(
        [&one["verdict"], &one["from"], &one["to"]],
        ["region_down", "us-west-2", "us-east-1"]
    );
    let unread = listed["unread"][0].as_str().unwrap();
    assert!(unread.contains("us-west-2"), "{listed:#}");
    let rows = acknowledged(operator);
    operator.drill(&["return", "us-west-2"]);
    until(SOON, || match acknowledged(operator) {
        now if now == rows => Err(format!("the application still has {now} rows")),
        _ => Ok(()),
    });
    refused(operator, &question);
    let said = operator.types(&format!("{} --yes", question.yes), 0);
    assert!(said.contains("was answered with yes"), "{said}");
    let shown = stood_down(operator, &question.run);
    for part in ["a human agreed at ", "the verdict was healthy"] {
        assert!(shown.contains(part), "{part} is missing from\n{shown}");
    }
    assert_eq!(operator.writer(), writer);
    let why = operator.types(&format!("{} --yes", question.yes), 2);
    assert!(why.contains("is not one that waits for an answer"), "{why}");
    question
}

/// What is no answer to the question leaves it open.
fn refused(operator: &Operator<'_>, question: &Question) {
    let run = &question.run;
    let listed = operator.types("approvals", 1);
    for part in [
        "orders: shall us-east-1 take over from us-west-2? (unplanned failover, run ",
        &format!("  yes: aurora-failover approve {run}\n"),
        &format!("  no:  aurora-failover decline {run}\n"),
    ] {
        assert!(listed.contains(part), "{part} is missing from\n{listed}");
    }
    let no_such = "is of no question that is open in us-east-1";
    for (words, code, part) in [
        (
            "approve nobody --token wrong --yes".to_owned(),
            2,
            format!("those that wait are {run}"),
        ),
        (
            format!("approve {run} --yes"),
            3,
            "give it as --token".to_owned(),
        ),
        (
            format!("approve {run} --token wrong --yes"),
            1,
            no_such.to_owned(),
        ),
        (
            format!("decline {run} --token wrong --yes"),
            1,
            no_such.to_owned(),
        ),
        (question.yes.clone(), 2, "add --yes".to_owned()),
    ] {
        let why = operator.types(&words, code);
        assert!(why.contains(&part), "{words}: {why}");
    }
    let still = operator.json("approvals", 1);
    assert_eq!(still["questions"][0]["run_id"], run.as_str(), "{still:#}");
}

/// While the Region is lost the next question gets a no, and its run is marked. Answers the run. No other one asks behind it.
pub(super) fn declined(operator: &Operator<'_>, before: &Question) -> String {
    let question = asked(operator, Some(before));
    let said = operator.types(&format!("{} --why storm --yes", question.no), 0);
    assert!(said.contains("was answered with no"), "{said}");
    let run = question.run;
    let said = until(SOON, || {
        let words = ["false-alarm", &run, "--why", "Ada: a drill", "--yes"];
        let answer = operator.tool().args(words).output().unwrap();
        let said = String::from_utf8_lossy(&answer.stdout);
        if said.contains("is not over") {
            return Err(said.into_owned());
        }
        Ok(ended("false-alarm", &answer, 0))
    });
    let marked =
        format!("  us-east-1: done: run {run} of plan orders is marked as a false alarm\n");
    assert!(said.contains(&marked), "{said}");
    run
}

/// What is kept of the no, and of the mark.
pub(super) fn remembered(operator: &Operator<'_>, run: &str) {
    let shown = stood_down(operator, run);
    for part in [
        "AwaitApproval: Refused storm",
        "the verdict was region down",
        "a human was asked at ",
        "marked as a false alarm ",
        ": Ada: a drill\n",
    ] {
        assert!(shown.contains(part), "{part} is missing from\n{shown}");
    }
    let history = operator.json("history orders --limit 100", 0);
    let runs = history["runs"].as_array().unwrap();
    let marked: Vec<_> = runs
        .iter()
        .filter(|one| !one["false_alarm"].is_null())
        .collect();
    assert_eq!(marked.len(), 1, "{history:#}");
    assert_eq!(marked[0]["run_id"], run, "{history:#}");
    assert_eq!(marked[0]["outcome"], "stood_down", "{history:#}");
    assert_eq!(
        marked[0]["false_alarm"]["why"], "Ada: a drill",
        "{history:#}"
    );
    // Its plan asks: it is none of those that only observed.
    assert_eq!(marked[0]["would_have_failed_over"], false, "{history:#}");
}

/// Types some words until this comes of them, with something left to do. A run that only looks holds the plan for seconds.
pub(super) fn insists(operator: &Operator<'_>, words: &str, part: &str) {
    until(SOON, || {
        let answer = operator.tool().args(words.split(' ')).output().unwrap();
        let why = String::from_utf8_lossy(&answer.stderr);
        if why.contains("nothing was changed") {
            return Err(format!("{words}: {answer:?}"));
        }
        let said = ended(words, &answer, 1);
        assert!(said.contains(part), "{said}\n{why}");
        Ok(())
    });
}

/// The newest question that people were told of, once it is another one than before.
fn asked(operator: &Operator<'_>, before: Option<&Question>) -> Question {
    until(SOON, || {
        let said = operator.drill(&["messages"]);
        let answers = printed(&said, "approve").zip(printed(&said, "decline"));
        let question = answers.map(|(yes, no)| Question {
            run: yes.split(' ').nth(1).unwrap().to_owned(),
            yes,
            no,
        });
        question
            .filter(|question| before.is_none_or(|before| before.run != question.run))
            .ok_or(said)
    })
}

/// The words of the command that was printed last for an answer.
fn printed(said: &str, answer: &str) -> Option<String> {
    let (_, words) = said.rsplit_once(&format!("    aurora-failover {answer} "))?;
    let words = words.lines().next()?.replace('\'', "");
    Some(format!("{answer} {words}"))
}

/// The run as it is shown once it has stood down.
fn stood_down(operator: &Operator<'_>, run: &str) -> String {
    until(SOON, || {
        let shown = operator.types(&format!("run {run}"), 0);
        if shown.contains("  stood down ") {
            Ok(shown)
        } else {
            Err(shown)
        }
    })
}

/// How many rows the application has acknowledged, as the world writes that.
fn acknowledged(operator: &Operator<'_>) -> String {
    let status = operator.drill(&["status"]);
    let (_, line) = status.split_once("the application has ").unwrap();
    line.split_once(" rows").unwrap().0.to_owned()
}

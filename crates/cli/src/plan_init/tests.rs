//! What `plan init` writes of what RDS shows, which guesses it names, and what it refuses.

use std::fs;

use super::*;
use crate::{
    arguments::Output,
    fake::{
        Fake, HOME, OTHER,
        rds::{global, instance, instances, of_orders, with_replica},
    },
    plan_check,
    terminal::Terminal,
};

/// What the database `orders-global-1` comes to.
const PLAN: &str = include_str!("../../tests/init/orders.json");
const ANSWERS: &str = include_str!("../../tests/init/orders.yaml");
const PRINTED: &str = include_str!("../../tests/init/printed.txt");

const ORDERS: Database<'_> = Database::GlobalCluster("orders-global-1");

/// What is typed: the database, whether files are written over, and how it is printed.
async fn typed(
    account: &Fake,
    folder: &Path,
    (database, force): (Database<'_>, bool),
    output: Output,
) -> Answer {
    let witness = "us-east-2".into();
    let wanted = Wanted {
        database,
        plan: None,
        witness: Some(&witness),
        folder,
        force,
    };
    let act = async |desk: &Desk<'_>| run(desk, wanted).await;
    account.at_desk(&Terminal::typed(&[]), output, act).await
}

async fn init(account: &Fake, database: Database<'_>) -> (Answer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let answer = typed(account, folder.path(), (database, false), Output::Table).await;
    (answer, folder)
}

/// That `plan check` finds no fault in the plan.
fn is_sound(folder: &Path) {
    let file = folder.join("orders.json").display().to_string();
    let checked = plan_check::run(&[file], Output::Table);
    assert_eq!(checked.ending, Ending::Well, "{checked:?}");
}

fn refusal(answer: &Answer) -> (Ending, &str) {
    assert_eq!(answer.text, "");
    assert_eq!(answer.complaints.len(), 1, "{answer:?}");
    (answer.ending, &answer.complaints[0])
}

#[tokio::test]
async fn a_global_database_comes_to_a_plan_without_a_fault_and_to_answers_with_their_guesses() {
    let (answer, folder) = init(&of_orders(), ORDERS).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    is_sound(folder.path());
    let here = format!("{}/", folder.path().display());
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    for (made, golden, name) in [
        (text("orders.json"), PLAN, "orders.json"),
        (text("orders.yaml"), ANSWERS, "orders.yaml"),
        (answer.text.replace(&here, ""), PRINTED, "printed.txt"),
    ] {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init");
            fs::write(file.join(name), &made).unwrap();
        } else {
            assert_eq!(made, golden, "{name}");
        }
    }
}

#[tokio::test]
async fn instances_that_are_not_called_after_their_cluster_are_named_one_by_one() {
    let mut account = of_orders();
    let strangers = ["blue-a", "orders-east-2"].map(|name| instance(OTHER, name, ""));
    let rds = &mut account.place(OTHER).rds;
    rds.insert(
        "DescribeDBInstances orders-east".into(),
        instances(&strangers),
    );
    let (_, folder) = init(&account, ORDERS).await;
    let answers = fs::read_to_string(folder.path().join("orders.yaml")).unwrap();
    let named = "  MemberInstanceArns:\n    - arn:aws:rds:us-east-1:123456789012:db:blue-a*\n    - arn:aws:rds:us-east-1:123456789012:db:orders-east-2*\n";
    assert!(answers.contains(named), "{answers}");
}

#[tokio::test]
async fn for_programs_every_guess_has_its_field_and_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let answer = typed(&of_orders(), folder.path(), (ORDERS, false), Output::Json).await;
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(
        (&said["plan"], &said["revision"]),
        (&"orders".into(), &1.into())
    );
    assert_eq!(said["members"][1]["identifier"], "orders-west");
    assert_eq!(said["members"][1]["is_writer"], true);
    let guesses = said["guesses"].as_array().unwrap();
    assert!(guesses.iter().all(|guess| guess["because"] != ""));
    assert_eq!(guesses[1]["field"], "home_region");
    let of_answers = said["answers"]["guesses"].as_array().unwrap();
    let subnets = of_answers
        .iter()
        .find(|guess| guess["field"] == "members.us-east-1.SubnetIds");
    assert!(subnets.is_some(), "{of_answers:?}");
}

#[tokio::test]
async fn files_that_are_there_are_left_alone_unless_it_is_forced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.yaml");
    fs::write(&file, "mine").unwrap();
    let account = of_orders();
    let answer = typed(&account, folder.path(), (ORDERS, false), Output::Table).await;
    let (ending, why) = refusal(&answer);
    assert_eq!(ending, Ending::Misused);
    assert!(
        why.contains("orders.yaml is there already") && why.contains("--force"),
        "{why}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert!(!folder.path().join("orders.json").exists());
    let answer = typed(&account, folder.path(), (ORDERS, true), Output::Table).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
    is_sound(folder.path());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named() {
    let folder = Path::new("/nowhere/at/all");
    let answer = typed(&of_orders(), folder, (ORDERS, false), Output::Table).await;
    let (ending, why) = refusal(&answer);
    assert_eq!(ending, Ending::Unknown);
    assert!(
        why.contains("/nowhere/at/all/orders.json cannot be written"),
        "{why}"
    );
}

#[tokio::test]
async fn a_plan_that_is_there_gets_the_next_revision() {
    let mut account = of_orders();
    let parameters = &mut account.place(OTHER).parameters;
    parameters.insert(
        "/aurora-failover/plans/orders".into(),
        PLAN.replace("\"revision\": 1", "\"revision\": 7"),
    );
    let (answer, folder) = init(&account, ORDERS).await;
    assert!(
        answer.text.contains(
            "guessed: revision = 8, because plan orders lies in a member Region with revision 7"
        ),
        "{}",
        answer.text
    );
    is_sound(folder.path());
}

#[tokio::test]
async fn with_a_region_dead_the_plan_is_whole_and_the_answers_say_what_is_missing() {
    let mut account = of_orders();
    account.dead.insert(HOME.into());
    let (answer, folder) = init(&account, ORDERS).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer.complaints[0].contains("RDS DescribeDBClusters in us-west-2"),
        "{answer:?}"
    );
    assert!(
        answer.text.contains("us-west-2  orders-west  writer"),
        "{}",
        answer.text
    );
    is_sound(folder.path());
    let answers = fs::read_to_string(folder.path().join("orders.yaml")).unwrap();
    for part in [
        "db:orders-west*\n",
        "  us-west-2: {}\n    # SubnetIds: left out: RDS showed none there",
    ] {
        assert!(answers.contains(part), "{part} is missing from\n{answers}");
    }
    let asked = account.asked();
    let of_dead = asked.iter().filter(|asked| asked.starts_with(HOME));
    assert_eq!(of_dead.count(), 1, "it is waited for once: {asked:?}");
}

#[tokio::test]
async fn a_global_cluster_that_nobody_knows_and_one_that_cannot_be_asked_about_are_two_things() {
    let (answer, _) = init(&of_orders(), Database::GlobalCluster("ordres")).await;
    let (ending, why) = refusal(&answer);
    assert_eq!(ending, Ending::Misused);
    assert!(
        why.contains("RDS in us-east-1 knows no global cluster ordres; correct the name"),
        "{why}"
    );
    let mut dead = of_orders();
    dead.dead.insert(OTHER.into());
    let mut denied = of_orders();
    denied.place(OTHER).denies = Some("RDS");
    for (account, part, fix) in [
        (dead, "timed out", "--regions"),
        (
            denied,
            "rds:DescribeGlobalClusters",
            "the right that is named",
        ),
    ] {
        let (answer, folder) = init(&account, ORDERS).await;
        let (ending, why) = refusal(&answer);
        assert_eq!(ending, Ending::Unknown);
        assert!(why.contains(part) && why.contains(fix), "{why}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn what_no_plan_can_protect_is_refused_by_name() {
    let alone = [(OTHER, "orders-east")];
    let both = [(OTHER, "orders-east"), (HOME, "orders-west")];
    for (engine, members, part) in [
        ("aurora-mysql", &both[..], "runs aurora-mysql"),
        (
            "aurora-postgresql",
            &alone[..],
            "has a member in us-east-1 alone",
        ),
        ("aurora-postgresql", &[], "has no writer"),
    ] {
        let mut account = of_orders();
        let shown = global("orders-global-1", engine, members);
        let rds = &mut account.place(OTHER).rds;
        rds.insert("DescribeGlobalClusters orders-global-1".into(), shown);
        let (answer, folder) = init(&account, ORDERS).await;
        let (ending, why) = refusal(&answer);
        assert_eq!(ending, Ending::NotWell);
        assert!(why.contains(part), "{why}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn an_instance_is_found_by_its_replica_and_one_beside_it_takes_no_part() {
    let (answer, folder) = init(&with_replica("mariadb"), Database::Instance("orders-east")).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    for part in [
        "  us-east-1  orders-east  standby\n  us-west-2  orders-west  writer\n",
        "guessed: database.name = mysql",
        "orders-near is in the writer's own Region and takes no part",
    ] {
        assert!(
            answer.text.contains(part),
            "{part} is missing from\n{}",
            answer.text
        );
    }
    is_sound(folder.path());
    let plan = fs::read_to_string(folder.path().join("orders.json")).unwrap();
    assert!(plan.contains("\"instance\": \"orders-west\""), "{plan}");
    let answers = fs::read_to_string(folder.path().join("orders.yaml")).unwrap();
    for part in [
        "  ReplicaInstanceArns:\n    - arn:aws:rds:us-east-1:123456789012:db:orders-east*\n",
        "  MemberInstanceArns:\n    - arn:aws:rds:*:123456789012:db:none\n",
    ] {
        assert!(answers.contains(part), "{part} is missing from\n{answers}");
    }
}

#[tokio::test]
async fn with_the_sources_region_dead_its_replica_is_known_all_the_same() {
    let mut account = with_replica("postgres");
    account.dead.insert(HOME.into());
    let (answer, folder) = init(&account, Database::Instance("orders-east")).await;
    assert_eq!(answer.ending, Ending::Unknown);
    assert!(
        answer.text.contains("us-west-2  orders-west  writer"),
        "{answer:?}"
    );
    is_sound(folder.path());
}

#[tokio::test]
async fn nothing_logs_in_to_sql_server_and_its_plan_names_no_secret() {
    let account = with_replica("sqlserver-ee");
    let (answer, folder) = init(&account, Database::Instance("orders-east")).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    is_sound(folder.path());
    let answers = fs::read_to_string(folder.path().join("orders.yaml")).unwrap();
    assert!(!answers.contains("SecretArns"), "{answers}");
}

#[tokio::test]
async fn an_engine_without_plans_is_refused_with_those_there_are() {
    let account = with_replica("oracle-ee");
    let (answer, _) = init(&account, Database::Instance("orders-east")).await;
    let (ending, why) = refusal(&answer);
    assert_eq!(ending, Ending::NotWell);
    assert!(
        why.contains("runs oracle-ee") && why.contains("mariadb"),
        "{why}"
    );
}

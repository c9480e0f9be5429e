//! What a loss ledger left is downloaded beside a script, and what is not there is said.

use failover::{
    ledger::{TableIn, TableLoss},
    plan::KeyedTable,
};

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, before, well},
    terminal::Terminal,
};

const FOLDER: &str = "orders/orders-west-2-20260131T015900Z-cluster-A1";

fn lost(table: &str, own_columns: &[&str]) -> TableLoss {
    TableLoss {
        table: KeyedTable {
            table: table.to_owned(),
            key: vec!["id".to_owned()],
        },
        folder: format!("{table}/20260131T015910Z"),
        after: None,
        rows_at_once: 20_000,
        compared: 400,
        only_here: 2,
        differs: 1,
        left_out: Vec::new(),
        own_columns: own_columns.iter().map(|&own| own.to_owned()).collect(),
        found_in: TableIn::Both,
        wide: 0,
        kept: 2,
        begun: Vec::new(),
        locked_seconds: 0,
        is_done: true,
    }
}

fn losses(tables: Vec<TableLoss>) -> Losses {
    Losses {
        cluster: "orders-west".to_owned(),
        resource_id: Some("cluster-A1".to_owned()),
        epoch: Epoch(2),
        fenced_at: Some(before(60)),
        begun_at: before(50),
        tables,
        beats: None,
        transactions: None,
        unknown: None,
        summary: Some(format!("s3://losses/{FOLDER}/summary.json")),
    }
}

/// A member at home that was listed, with its files.
fn listed() -> Fake {
    let mut account = well();
    let place = account.place(HOME);
    place.losses = Some(losses(vec![lost("app.rows", &["note"])]));
    for (name, text) in [
        ("summary.json", "{}"),
        (
            "app.rows/20260131T015910Z/only-here-000000000000.csv",
            "id,\"a \"\"b\"\", c\",note\n1,x,n\n2,y,n\n",
        ),
        ("app.rows/20260131T015910Z/only-here-000000000400.csv", ""),
        (
            "app.rows/20260131T015910Z/differs-000000000000.csv",
            "id,\"a \"\"b\"\", c\",note\n3,z,n\n",
        ),
        (
            "app.rows/20260130T000000Z/only-here-000000000000.csv",
            "id\n9\n",
        ),
    ] {
        let key = format!("{FOLDER}/{name}");
        place.objects.insert(key, text.to_owned());
    }
    account
}

async fn download(account: &Fake, folder: &Path, output: Output) -> Answer {
    let act = async |desk: &Desk<'_>| {
        let wanted = Wanted {
            plan: &"orders".into(),
            region: None,
            cluster: None,
            folder,
        };
        run(desk, wanted).await
    };
    account.at_desk(&Terminal::typed(&[]), output, act).await
}

#[tokio::test]
async fn what_the_summary_names_is_downloaded_beside_a_script_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let answer = download(&listed(), folder.path(), Output::Table).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    let below = folder
        .path()
        .join("orders-west-2-20260131T015900Z-cluster-A1");
    let rows = below.join("app.rows/20260131T015910Z/only-here-000000000000.csv");
    assert!(fs::read_to_string(rows).unwrap().ends_with("\n2,y,n\n"));
    assert!(!below.join("app.rows/20260130T000000Z").exists());
    for part in [
        "  orders-west in us-west-2, epoch 2: 2 row(s) are only in orders-west",
        "  app.rows  400       2          1\n",
        "  4 file(s) in ",
        "put-back.sql\n",
        "nothing was compared of orders-east in us-east-1",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert_eq!(
        fs::read_to_string(below.join("put-back.sql")).unwrap(),
        include_str!("../../tests/printed/put-back.sql")
    );
    let json = download(&listed(), folder.path(), Output::Json).await;
    let json: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!(json["accounts"][0]["tables"][0]["only_here"], 2);
    assert_eq!(json["accounts"][0]["files"], 4);
}

#[tokio::test]
async fn what_is_not_there_or_not_compared_to_its_end_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = download(&well(), folder.path(), Output::Table).await;
    assert_eq!(nothing.ending, Ending::NotWell);
    assert!(
        nothing
            .text
            .contains("nothing was compared of orders-west in us-west-2")
    );
    let mut account = listed();
    let half = account.place(HOME).losses.as_mut().unwrap();
    (half.summary, half.tables[0].is_done) = (None, false);
    let half = download(&account, folder.path(), Output::Table).await;
    assert_eq!(half.ending, Ending::NotWell);
    assert!(
        half.text
            .contains("0 of 1 table(s) are; go on with losses and --list")
    );
    account.dead.insert(HOME.into());
    let silent = download(&account, folder.path(), Output::Table).await;
    assert_eq!(silent.ending, Ending::Unknown);
    assert!(
        silent.complaints[0].starts_with("us-west-2 is silent"),
        "{silent:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn whoever_may_not_read_the_bucket_or_write_the_folder_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut account = listed();
    account.place(HOME).objects.clear();
    let denied = download(&account, folder.path(), Output::Table).await;
    assert_eq!(denied.ending, Ending::Unknown);
    let why = &denied.complaints[0];
    assert!(
        why.contains("S3 ListObjectsV2 s3://losses/") && why.contains("AccessDenied"),
        "{why}"
    );
    let file = folder.path().join("in-the-way");
    fs::write(&file, "").unwrap();
    let refused = download(&listed(), &file, Output::Table).await;
    let why = &refused.complaints[0];
    assert!(
        why.starts_with("--download: the folder ") && why.contains("cannot be made"),
        "{why}"
    );
}

#[test]
fn a_file_that_leads_out_of_its_folder_is_refused() {
    let folder = Path::new("/tmp/lost");
    for name in ["../x.csv", "/etc/x.csv", "app.rows/../../x.csv"] {
        assert!(within(folder, name).is_err(), "{name}");
    }
    let file = within(folder, "app.rows/1/x.csv").ok().unwrap();
    assert_eq!(file, folder.join("app.rows/1/x.csv"));
    let losses = losses(vec![lost("app.rows", &[])]);
    assert!(!counts(&losses, "app.rows/20260131T015910Z/../x.csv"));
}

#[test]
fn a_table_that_the_writer_lacks_and_rows_without_their_text_are_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let name = "app.rows/20260131T015910Z/only-here-000000000000.csv";
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "id\n1\n").unwrap();
    let script = |table: TableLoss| {
        let losses = losses(vec![table]);
        let written = put_back::script(&losses, folder.path(), &[name.to_owned()]).unwrap();
        fs::read_to_string(written.unwrap()).unwrap()
    };
    let mut gone = lost("app.rows", &[]);
    gone.found_in = TableIn::Deposed;
    let text = script(gone);
    assert!(
        text.contains("the writer has no such table") && !text.contains("INSERT"),
        "{text}"
    );
    let mut wide = lost("app.rows", &[]);
    wide.wide = 1;
    let text = script(wide);
    assert!(
        text.contains("1 row(s) are too wide to be listed"),
        "{text}"
    );
    let none = put_back::script(&losses(Vec::new()), folder.path(), &[]).unwrap();
    assert_eq!(none, None);
}

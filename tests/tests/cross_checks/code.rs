//! ARCHITECTURE.md's invariants that the compiler does not hold.

use tests::repository::{Package, functions, packages, root, sources, text};

/// What `clippy.toml` bans, by style and by invariant 3.
const BANNED: [&str; 5] = [
    "tokio::time::sleep",
    "std::thread::sleep",
    "std::time::SystemTime::now",
    "jiff::Timestamp::now",
    "std::env::var",
];

/// Ways to let time pass, and words of theirs that stand in no other sentence.
const PAUSES: [&str; 7] = [
    "sleep(",
    "sleep_until(",
    "time::interval(",
    "time::interval_at(",
    "park_timeout(",
    "recv_timeout(",
    "wait_timeout(",
];

/// Where the functions' code lives.
fn shipped() -> Vec<String> {
    let mut found = sources("crates/failover/src");
    let topologies = sources("crates/topologies").into_iter();
    found.extend(topologies.filter(|path| path.contains("/src/")));
    for folder in ["steps", "postgres", "aws"] {
        found.extend(sources(&format!("crates/{folder}/src")));
    }
    for function in functions() {
        found.extend(sources(&format!("{}/src", function.folder)));
    }
    found
}

/// The lines of a file that hold a piece of text: `path:line`.
fn lines_with(path: &str, piece: &str) -> Vec<String> {
    let holds = |(_, line): &(usize, &str)| line.contains(piece);
    let place = |(number, _)| format!("{path}:{}", number + 1);
    text(path)
        .lines()
        .enumerate()
        .filter(holds)
        .map(place)
        .collect()
}

#[test]
fn only_the_adapters_and_main_files_name_an_sdk() {
    let is_adapter = |path: &str| {
        let of_topology = path.strip_prefix("crates/topologies/");
        let within = of_topology.and_then(|path| path.split_once('/'));
        within.is_some_and(|(_, file)| {
            ["src/aws.rs", "src/aws/"]
                .iter()
                .any(|place| file.starts_with(place))
        })
    };
    let may = |path: &str| {
        path.starts_with("crates/aws/src/") || is_adapter(path) || path.ends_with("/src/main.rs")
    };
    let (adapters, others): (Vec<_>, Vec<_>) = shipped().into_iter().partition(|path| may(path));
    let named = |paths: &[String]| {
        paths
            .iter()
            .flat_map(|path| lines_with(path, "aws_sdk_"))
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&others), Vec::<String>::new());
    assert!(
        !named(&adapters).is_empty(),
        "this check finds no SDK at all"
    );
}

#[test]
fn only_the_adapters_the_operators_tool_and_test_tools_depend_on_an_sdk() {
    let mut needy: Vec<_> = packages()
        .into_iter()
        .filter(|package| {
            package
                .dependencies
                .iter()
                .any(|needed| needed.starts_with("aws-sdk-"))
        })
        .map(|package| package.name)
        .collect();
    let may = ["aws", "cli", "rds-sim", "testbed", "drill"];
    needy.retain(|name| !may.contains(&name.as_str()));
    // A topology has its adapter behind a feature, which is off where nobody asks for it.
    let has_a_feature = |name: &String| {
        let manifest = format!("crates/topologies/{name}/Cargo.toml");
        root().join(&manifest).exists() && text(&manifest).contains("\naws = [\"dep:aws\", ")
    };
    needy.retain(|name| !has_a_feature(name));
    assert_eq!(needy, Vec::<String>::new());
}

/// What the tool asks of AWS: what reads, and what acts.
const ASKED: [&str; 10] = [
    "query",
    "get_parameters_by_path",
    "describe_global_clusters",
    "describe_db_clusters",
    "describe_db_instances",
    "describe_execution",
    "get_execution_history",
    "provide_credentials",
    "list_objects_v2",
    "get_object",
];
const ACTS: [&str; 5] = [
    "invoke",
    "start_execution",
    "put_parameter",
    "send_task_success",
    "send_task_failure",
];

/// What the tool is made of, without the account of its tests, which answers as AWS does.
fn tool() -> Vec<String> {
    let all = sources("crates/cli/src").into_iter();
    all.filter(|path| !path.contains("/src/fake")).collect()
}

fn is_of_account(path: &str) -> bool {
    path.starts_with("crates/cli/src/account/") || path == "crates/cli/src/account.rs"
}

#[test]
fn the_operators_tool_names_an_sdk_in_one_place_and_acts_through_functions_and_switches_alone() {
    let (account, others): (Vec<_>, Vec<_>) =
        tool().into_iter().partition(|path| is_of_account(path));
    let lines = others.iter().flat_map(|path| lines_with(path, "aws_sdk_"));
    assert_eq!(lines.collect::<Vec<_>>(), Vec::<String>::new());
    let code: String = account.iter().map(|path| text(path)).collect();
    for call in ASKED.iter().chain(&ACTS) {
        assert!(
            code.contains(&format!(".{call}(")),
            "this check finds no {call}"
        );
    }
    // RDS is only asked: who names it describes, and does nothing else.
    let of_rds: Vec<_> = account
        .iter()
        .filter(|path| text(path).contains("aws_sdk_rds"))
        .collect();
    assert_eq!(of_rds, ["crates/cli/src/account/databases.rs"]);
    let rds = text(of_rds[0]);
    let (sent, described) = (
        rds.matches(".send()").count(),
        rds.matches(".describe_").count(),
    );
    assert!(
        sent > 0 && sent == described,
        "{sent} calls of RDS, of which {described} describe"
    );
    // Whatever changes something elsewhere begins so, in AWS's own words.
    for change in [
        "put_",
        "update_",
        "delete_",
        "start_",
        "send_",
        "create_",
        "batch_",
        "transact_",
        "stop_",
        "modify_",
        "failover_",
        "switchover_",
        "promote_",
        "remove_",
        "reboot_",
        "restore_",
    ] {
        let change = format!(".{change}");
        let begins = code.match_indices(&change).map(|(at, _)| {
            let call = &code[at + 1..];
            call.split('(').next().unwrap_or_default()
        });
        for call in begins {
            let is_ours = ["put_switch", "put_plan"].contains(&call);
            assert!(is_ours || ACTS.contains(&call), "it calls {call}");
        }
    }
}

/// The ledger's port can write, too.
#[test]
fn the_operators_tool_writes_no_ledger() {
    for write in [
        "replace_row",
        "put_run",
        "note_call",
        "put_vantage",
        "put_known",
        "end_known",
        "put_losses",
        "put_blueprint",
        "put_healthy",
        "put_workload_run",
        "put_row",
    ] {
        let writes = tool()
            .into_iter()
            .flat_map(|path| lines_with(&path, &format!(".{write}(")));
        assert_eq!(writes.collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[test]
fn the_tools_commands_that_read_change_nothing() {
    let reads = [
        "status",
        "ready",
        "history",
        "run",
        "approvals",
        "doctor",
        "plan_check",
        "plan_init",
        "plan_show",
        "survey",
        "attention",
        "watch",
        "download",
        "workloads/found",
        "workloads/status",
        "workloads/ready",
        "workloads/show",
        "workloads/would",
    ];
    let acting = [
        ".call(",
        ".put_switch(",
        ".put_plan(",
        ".answer_question(",
        "start(",
        "until_done(",
    ];
    for command in reads {
        let file = format!("crates/cli/src/{command}.rs");
        let folder = format!("crates/cli/src/{command}/");
        let files = tool().into_iter();
        let files: Vec<_> = files
            .filter(|path| *path == file || path.starts_with(&folder))
            .collect();
        assert!(files.contains(&file), "there is no {file}");
        for call in acting {
            let lines = files.iter().flat_map(|path| lines_with(path, call));
            assert_eq!(lines.collect::<Vec<_>>(), Vec::<String>::new());
        }
    }
    let acts = |path: &&String| acting.iter().any(|call| !lines_with(path, call).is_empty());
    assert!(
        tool().iter().filter(acts).count() >= 5,
        "this check finds nobody who acts"
    );
}

#[test]
fn the_tool_knows_reasons_about_secrets_by_how_readiness_begins_them() {
    let said = text("crates/steps/src/readiness/later.rs");
    let begun = said.matches("\"secret {name} ").count();
    assert_eq!((begun, said.matches("secret {name}").count()), (2, 2));
    let known = "const SECRET: &str = \"secret \";";
    assert!(text("crates/cli/src/doctor/of_plan.rs").contains(known));
}

#[test]
fn the_operators_tool_waits_in_one_place() {
    let pauses = tool().into_iter().flat_map(|path| {
        let pauses = PAUSES
            .iter()
            .flat_map(move |pause| lines_with(&path, pause));
        pauses.collect::<Vec<_>>()
    });
    let pauses: Vec<_> = pauses.collect();
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    assert!(
        pauses[0].starts_with("crates/cli/src/clock.rs:"),
        "{pauses:?}"
    );
}

#[test]
fn decisions_take_and_return_values() {
    let mut decisions = 0;
    for path in shipped() {
        let code = text(&path);
        for (at, _) in code.match_indices("fn next_action(") {
            decisions += 1;
            let line = code[..at].lines().next_back().unwrap_or_default();
            assert!(!line.contains("async"), "{path}: next_action is async");
            let body = body(&code[at..], line);
            for word in [
                "async ",
                ".await",
                "impl Future",
                "::now()",
                ".now()",
                "env::",
                "rand::",
                "Instant",
            ] {
                assert!(!body.contains(word), "{path}: next_action says {word}");
            }
        }
    }
    assert!(
        decisions >= 5,
        "this check finds only {decisions} decisions"
    );
}

/// A function from its name to the brace that closes it, as rustfmt indents it: as far as the line that it begins on.
fn body<'a>(code: &'a str, line: &str) -> &'a str {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let end = code.find(&format!("\n{indent}}}")).unwrap();
    &code[..end]
}

#[test]
fn nothing_sleeps_but_the_probes_pause() {
    let pauses: Vec<_> = shipped()
        .iter()
        .flat_map(|path| PAUSES.iter().flat_map(|pause| lines_with(path, pause)))
        .collect();
    let [pause] = pauses.as_slice() else {
        panic!("not one pause but {pauses:?}");
    };
    assert!(pause.starts_with("crates/aws/src/lib.rs:"), "{pause}");
    let code = text("crates/aws/src/lib.rs");
    let pause = body(&code[code.find("async fn pause(").unwrap()..], "    ");
    assert!(pause.contains("tokio::time::sleep("), "{pause}");
}

#[test]
fn clippy_bans_what_only_the_edges_may_do() {
    let configuration = text("clippy.toml");
    let missing: Vec<_> = BANNED
        .into_iter()
        .filter(|path| !configuration.contains(&format!("{{ path = \"{path}\", reason = \"")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_ban_is_lifted_only_at_the_edges() {
    let mut lifted: Vec<_> = shipped()
        .into_iter()
        .filter(|path| !lines_with(path, "clippy::disallowed_methods").is_empty())
        .collect();
    lifted.sort();
    // The environment and the clock are read there, and the probe pauses.
    assert_eq!(lifted, ["crates/aws/src/lib.rs"]);
}

/// The function that runs all of one topology.
const OF_ONE_TOPOLOGY: &str = "restore-home";

#[test]
fn a_function_is_its_main_file_and_a_step_of_the_library() {
    for function in functions() {
        let Package { name, folder, .. } = &function;
        let main = format!("{folder}/src/main.rs");
        assert_eq!(sources(&format!("{folder}/src")), [&*main]);
        let main = text(&main);
        let step = match &**name {
            OF_ONE_TOPOLOGY => "workload::".to_owned(),
            _ => function.module(),
        };
        assert!(main.contains(&step), "{name} runs another step");
        assert!(
            main.lines().count() < 40,
            "{name} holds more than its main function"
        );
    }
}

/// What may stand in a sentence as Rust shows it: texts, whose quotes tell where they begin and end, and times, such as `3s`.
const QUOTED: [&str; 15] = [
    "arn",
    "cluster",
    "force",
    "gid",
    "hosted_zone",
    "key",
    "limit",
    "name",
    "named",
    "parameter",
    "plan",
    "stands",
    "table",
    "text",
    "PASS",
];

#[test]
fn no_sentence_shows_a_rust_value() {
    let mut found = Vec::new();
    let mut seen = 0;
    for path in shipped() {
        // Tests say what they like.
        let of_tests = [
            "tests.rs",
            "/tests/",
            "evidence/exhaustive.rs",
            "evidence/outages.rs",
        ];
        if of_tests.iter().any(|part| path.contains(part)) {
            continue;
        }
        let code = text(&path);
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (number, line) in code.lines().enumerate() {
            for (at, _) in line.match_indices(":?}") {
                let from = line[..at].rfind('{').unwrap_or_default();
                let value = &line[from + 1..at];
                seen += 1;
                if !QUOTED.contains(&value) {
                    found.push(format!("{path}:{}: {{{value}:?}}", number + 1));
                }
            }
        }
    }
    assert!(seen > 5, "this check sees only {seen} values");
    assert_eq!(found, Vec::<String>::new());
}

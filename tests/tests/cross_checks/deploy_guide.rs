//! What `docs/how-to/deploy.md` says of deploying, held against the templates and the program that deploys.

use tests::{repository, template};

use crate::deploying::{program, python, said};

#[test]
fn the_guide_explains_every_parameter_and_its_examples_have_no_fault() {
    let guide = repository::text("docs/how-to/deploy.md");
    let output = python(
        &[
            "-c",
            "import answers, json; print(json.dumps(sorted(answers.DERIVED)))",
        ],
        "",
    );
    let derived: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    for stack in template::names() {
        let mut by_hand = template::BY_HAND.iter();
        let by_hand = by_hand.find(|(name, _)| *name == stack);
        let of_its_own = by_hand.map(|(_, page)| repository::text(page));
        let guide = of_its_own.as_ref().unwrap_or(&guide);
        let declared = template::read(&stack)["Parameters"].clone();
        for name in declared.as_object().unwrap().keys() {
            let explained = guide
                .lines()
                .any(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
            let set = derived.contains(name);
            let is_set = set && of_its_own.is_none();
            assert!(explained != is_set, "{name} of {stack}");
        }
    }
    let examples: Vec<_> = guide
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let output = program("deploy", example, &["--check"]);
        assert!(output.status.success(), "{}\n{example}", said(&output));
    }
}

/// What the operator's tool writes of a database, which its own tests hold it to, is taken by the program that deploys.
#[test]
fn the_answers_that_the_operators_tool_writes_are_without_a_fault_and_deploy_its_plan() {
    let made = repository::root().join("crates/cli/tests/init");
    let folder = tempfile::tempdir().unwrap();
    for file in ["orders.yaml", "orders.json"] {
        std::fs::copy(made.join(file), folder.path().join(file)).unwrap();
    }
    let program = repository::root().join("tools/deploy");
    let answers = folder.path().join("orders.yaml");
    let check = || {
        let words = [
            program.to_str().unwrap(),
            "deploy",
            answers.to_str().unwrap(),
            "--check",
        ];
        python(&words, "")
    };
    let output = check();
    assert!(output.status.success(), "{}", said(&output));
    std::fs::remove_file(folder.path().join("orders.json")).unwrap();
    assert!(said(&check()).contains("orders.json"), "it deploys no plan");
}

#[test]
fn from_nothing_to_a_protected_plan_there_are_twelve_commands_at_most_and_eight_with_a_database() {
    let guide = repository::text("docs/how-to/deploy.md");
    let (_, rest) = guide.split_once("## All commands").unwrap();
    let (_, block) = rest.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let commands = block.lines().count();
    let deploys = block
        .lines()
        .filter(|line| line.contains("make deploy"))
        .count();
    assert!(
        commands <= 12 && deploys == 2 && commands - 1 <= 8,
        "{block}"
    );
}

/// A security group names another one only within a Region.
#[test]
fn databases_admit_their_own_region_by_group_and_the_others_by_cidr() {
    let guide = repository::text("docs/how-to/deploy.md");
    let rule = |who: &str| {
        let row = guide
            .lines()
            .find(|line| line.starts_with('|') && line.contains("source:") && line.contains(who));
        row.unwrap_or_else(|| panic!("no rule for {who:?}"))
    };
    assert!(rule("of its own Region").contains("source: `SecurityGroupIds`"));
    let others = rule("of every other member Region");
    assert!(others.contains("CIDR blocks of `SubnetIds`"), "{others}");
    assert!(!others.contains("SecurityGroupIds"), "{others}");
    for stack in ["observe", "fence"] {
        let groups = template::read(stack)["Parameters"]["SecurityGroupIds"]["Description"].clone();
        assert!(
            groups.as_str().unwrap().contains("CIDR"),
            "{stack}: {groups}"
        );
    }
    let foundation = template::read("foundation");
    let rules =
        foundation["Resources"]["DatabaseSecurityGroup"]["Properties"]["SecurityGroupIngress"]
            .to_string();
    assert!(rules.contains("SourceSecurityGroupId") && !rules.contains("OtherRegionCidrs"));
    let loops = foundation["Resources"]["Fn::ForEach::OtherRegions"].to_string();
    assert!(loops.contains("OtherRegionCidrs") && !loops.contains("SourceSecurityGroupId"));
}

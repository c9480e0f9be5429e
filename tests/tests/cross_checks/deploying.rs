//! `deploy.sh` with a program in the AWS CLI's place that only writes down how it was called.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;
use tests::{repository, template};

/// What a file must say for a member Region.
pub(crate) const NEEDED: &str = "MemberRegions=us-east-1,us-west-2\n\
    MemberClusterArns=arn:aws:rds:*:123456789012:cluster:orders-*\n\
    MemberInstanceArns=arn:aws:rds:*:123456789012:db:orders-*\n\
    GlobalClusterArns=arn:aws:rds::123456789012:global-cluster:orders-global-*\n\
    SubnetIds=subnet-0123456789abcdef0\nSecurityGroupIds=sg-0123456789abcdef0\n";

/// A copy of what the script reads, and the stand-in for the CLI.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

/// One call of the CLI, word by word.
pub(crate) type Call = Vec<String>;

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for part in ["cloudformation", "statemachine"] {
            let to = folder.path().join(part);
            fs::create_dir(&to).unwrap();
            for entry in fs::read_dir(repository::root().join(part)).unwrap() {
                let from = entry.unwrap().path();
                fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
            }
        }
        let packages = folder.path().join("packages");
        fs::create_dir(&packages).unwrap();
        for function in repository::functions() {
            fs::write(packages.join(format!("{}.zip", function.name)), "packed").unwrap();
        }
        let stand_in = folder.path().join("aws");
        let script = "#!/usr/bin/env bash\nprintf '%s\\0' \"$@\" END >>\"$CALLS\"\n";
        fs::write(&stand_in, script).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Deploys a member Region with a file of parameters.
    pub(crate) fn deploy(&self, parameters: &str) -> Output {
        let packages = self.path("packages").into_os_string();
        let packages = packages.to_str().unwrap();
        let words = ["--bucket", "packages-here", "--packages", packages];
        self.run("member", &words, parameters)
    }

    /// Deploys something to a Region with some more words and a file of parameters.
    pub(crate) fn run(&self, kind: &str, words: &[&str], parameters: &str) -> Output {
        fs::write(self.path("parameters"), parameters).unwrap();
        Command::new(self.path("cloudformation/deploy.sh"))
            .args([kind, "--region", "us-east-1"])
            .args(words)
            .arg("--parameters")
            .arg(self.path("parameters"))
            .env("AWS", self.path("aws"))
            .env("CALLS", self.path("calls"))
            .output()
            .unwrap()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let words: Vec<_> = text.split_terminator('\0').map(str::to_owned).collect();
        words
            .split(|word| word == "END")
            .filter(|call| !call.is_empty())
            .map(<[String]>::to_vec)
            .collect()
    }

    /// The parameters that each stack was deployed with.
    pub(crate) fn deployed(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let stacks = self
            .calls()
            .into_iter()
            .filter(|call| call[0] == "cloudformation");
        stacks
            .map(|call| {
                let stack = after(&call, "--stack-name");
                let from = call
                    .iter()
                    .position(|word| word == "--parameter-overrides")
                    .unwrap();
                let given = call[from + 1..]
                    .iter()
                    .take_while(|word| !word.starts_with("--"))
                    .map(|word| word.split_once('=').unwrap())
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));
                (
                    stack.strip_prefix("aurora-failover-").unwrap().to_owned(),
                    given.collect(),
                )
            })
            .collect()
    }
}

fn after(call: &[String], option: &str) -> String {
    let place = call.iter().position(|word| word == option).unwrap();
    call[place + 1].clone()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_template_is_deployed_with_all_that_it_declares_as_the_file_or_its_default_says() {
    let desk = Desk::new();
    let output = desk.deploy(&format!("# east\n{NEEDED}\r\nWatch=DISABLED\r\n"));
    assert!(output.status.success(), "{}", said(&output));
    let deployed = desk.deployed();
    let elsewhere = ["artifacts", "witness", template::OF_FAILBACK];
    let mut expected = template::names();
    expected.retain(|name| !elsewhere.contains(&name.as_str()));
    assert_eq!(deployed.keys().cloned().collect::<Vec<_>>(), expected);
    for (stack, given) in &deployed {
        let declared = template::read(stack)["Parameters"].clone();
        let declared = declared.as_object().unwrap();
        assert_eq!(
            given.keys().collect::<Vec<_>>(),
            declared.keys().collect::<Vec<_>>(),
            "{stack}"
        );
        for (name, parameter) in declared {
            let wanted = match (name.as_str(), &parameter["Default"]) {
                ("Watch", _) => "DISABLED".to_owned(),
                (_, Value::String(text)) => text.clone(),
                (_, Value::Null) => continue,
                (_, other) => other.to_string(),
            };
            assert_eq!(given[name], wanted, "{name} of {stack}");
        }
    }
    assert_eq!(deployed["observe"]["MemberRegions"], "us-east-1,us-west-2");
    assert_eq!(deployed["observe"]["ArtifactBucket"], "packages-here");
}

/// The CLI keeps a stack's old value where it is given none.
#[test]
fn a_parameter_that_left_the_file_has_its_default_again() {
    let desk = Desk::new();
    let with = format!("{NEEDED}LogRetentionDays=7\nWitnessRegion=us-east-2\n");
    assert!(desk.deploy(&with).status.success());
    assert_eq!(desk.deployed()["observe"]["WitnessRegion"], "us-east-2");
    fs::remove_file(desk.path("calls")).unwrap();
    assert!(desk.deploy(NEEDED).status.success());
    let observe = &desk.deployed()["observe"];
    assert_eq!(
        observe.get("LogRetentionDays").map(String::as_str),
        Some("90")
    );
    assert_eq!(observe.get("WitnessRegion").map(String::as_str), Some(""));
}

#[test]
fn every_fault_of_a_parameter_file_is_named_and_nothing_is_deployed() {
    let desk = Desk::new();
    let output = desk.deploy(
        "MemberRegions=us-west-2\nMemberClusterArns=a\nMemberClusterArns=b\nGlobalClusterArn=c\n\
         ArtifactPrefix=d\nSubnetIds\nSecurityGroupIds=sg-1\nMemberInstanceArns=e\n",
    );
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    for fault in [
        "no template has a parameter GlobalClusterArn; it is misspelt or was removed",
        "MemberClusterArns stands there twice",
        "ArtifactPrefix is not for this file",
        "not NAME=VALUE: SubnetIds",
        "SubnetIds is missing and has no default",
        "GlobalClusterArns is missing and has no default",
        "MemberRegions is us-west-2; it names every member Region, us-east-1 included",
        "nothing was deployed",
    ] {
        assert!(said.contains(fault), "{fault:?} is not in\n{said}");
    }
    assert_eq!(desk.calls(), Vec::<Call>::new());
}

/// A larger one has two concerns, and is hard to review.
#[test]
fn no_template_is_larger_than_twenty_thousand_bytes() {
    for name in template::names() {
        let size = repository::text(&format!("cloudformation/{name}.yaml")).len();
        assert!(size <= 20_000, "{name} has {size} bytes");
    }
}

/// Parameters of the templates that no file sets.
const SET_BY_THE_SCRIPT: [&str; 2] = ["ArtifactBucket", "ArtifactPrefix"];

#[test]
fn the_guide_explains_every_parameter_and_its_example_deploys() {
    let guide = repository::text("docs/how-to/deploy.md");
    for stack in template::names() {
        let declared = template::read(&stack)["Parameters"].clone();
        for name in declared.as_object().unwrap().keys() {
            let explained = guide
                .lines()
                .any(|line| line.starts_with('|') && line.contains(&format!("`{name}`")));
            let set = SET_BY_THE_SCRIPT.contains(&name.as_str());
            assert!(explained != set, "{name} of {stack}");
        }
    }
    let from = guide.find("\nMemberRegions=").unwrap();
    let example = guide[from..].split("```").next().unwrap();
    let output = Desk::new().deploy(example);
    assert!(output.status.success(), "{}", said(&output));
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
}

//! `examples/game-day`: what a game day takes from some subnets comes back as it was, by one command. A program in the AWS CLI's
//! place keeps a network in a file.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use saphyr::{LoadableYamlNode, Yaml};
use tests::repository;

const FOLDER: &str = "examples/game-day";

/// Subnet, network ACL and association a line. Two subnets share an ACL, and one of them is none of the game's.
const BEFORE: &str =
    "subnet-a acl-1 aclassoc-1\nsubnet-b acl-2 aclassoc-2\nsubnet-c acl-1 aclassoc-3\n";

/// What EC2 and CloudFormation do, as far as the script needs it: an association that is replaced has a new id, and an ACL that
/// a subnet still has cannot be deleted.
const STAND_IN: &str = r#"#!/usr/bin/env bash
set -euo pipefail
cd "$DESK"
give() {
    awk -v subnet="$1" -v acl="$2" '$1 == subnet {$2 = acl; $3 = $3 "0"} {print}' network >new
    mv new network
}
echo "$1 $2" >>calls
case "$1 $2" in
    "ec2 describe-network-acls") tr ' ' '\t' <network ;;
    "ec2 describe-subnets") cat vpcs ;;
    "ec2 replace-network-acl-association")
        [[ ! -f no-replace ]] || { echo "UnauthorizedOperation" >&2; exit 254; }
        give "$(awk -v id="$4" '$3 == id {print $1}' network)" "$6"
        ;;
    "cloudformation describe-stacks")
        [[ ! -f denied ]] || { echo "AccessDenied" >&2; exit 254; }
        [[ -f stack ]] || { echo "Stack with id $4 does not exist" >&2; exit 254; }
        cat stack
        ;;
    "cloudformation deploy")
        for word in "$@"; do
            case $word in
                Originals=*) echo "${word#*=}" >stack ;;
                Subnet?=*) give "${word#*=}" acl-d ;;
            esac
        done
        ;;
    "cloudformation delete-stack")
        ! grep -q ' acl-d ' network || { echo "DependencyViolation" >&2; exit 254; }
        rm -f stack
        ;;
    "cloudformation wait") ;;
    *) echo "what is $*?" >&2; exit 2 ;;
esac
"#;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("network", BEFORE);
        desk.write("vpcs", "vpc-1\n");
        desk.write("aws", STAND_IN);
        let aws = desk.0.path().join("aws");
        fs::set_permissions(aws, fs::Permissions::from_mode(0o755)).unwrap();
        desk
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(repository::root().join(FOLDER).join("network.sh"))
            .args(words)
            .args(["--region", "us-west-2"])
            .current_dir(self.0.path())
            .env("AWS", self.0.path().join("aws"))
            .env("DESK", self.0.path())
            .output()
            .unwrap()
    }

    fn works(&self, words: &[&str]) {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    /// That it is refused, and with which words.
    fn refuses(&self, words: &[&str], why: &str) {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(why),
            "{words:?}: {said}"
        );
    }

    /// Which ACL each subnet has.
    fn network(&self) -> Vec<(String, String)> {
        let text = self.read("network");
        let words = text.lines().map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        });
        words.collect()
    }
}

const DENY: [&str; 3] = ["deny", "--subnets", "subnet-a,subnet-b"];

#[test]
fn each_subnet_gets_the_acl_back_that_it_had_and_then_the_stack_goes() {
    let desk = Desk::new();
    let before = desk.network();
    desk.works(&DENY);
    let denied: Vec<_> = desk.network().into_iter().map(|(_, acl)| acl).collect();
    assert_eq!(denied, ["acl-d", "acl-d", "acl-1"]);
    let note = "subnet-a=acl-1,subnet-b=acl-2\n";
    assert_eq!(desk.read("stack"), note);
    assert_eq!(desk.read("game-day-us-west-2.txt"), note);
    desk.works(&["give-back"]);
    assert_eq!(desk.network(), before);
    assert_eq!(desk.read("stack"), "", "the stack is gone");
}

#[test]
fn a_second_game_day_does_not_take_the_first_ones_acl_for_the_original() {
    let desk = Desk::new();
    desk.works(&DENY);
    desk.refuses(
        &DENY,
        "a game day is under way in us-west-2; give back first",
    );
    assert_eq!(desk.read("stack"), "subnet-a=acl-1,subnet-b=acl-2\n");
}

#[test]
fn what_could_not_be_given_back_keeps_the_stack_with_its_note_and_a_second_call_goes_on() {
    let desk = Desk::new();
    let before = desk.network();
    desk.works(&DENY);
    desk.write("no-replace", "");
    desk.refuses(&["give-back"], "UnauthorizedOperation");
    assert!(!desk.read("stack").is_empty());
    fs::remove_file(desk.0.path().join("no-replace")).unwrap();
    desk.works(&["give-back"]);
    assert_eq!(desk.network(), before);
}

#[test]
fn where_the_stack_is_gone_the_note_gives_back() {
    let desk = Desk::new();
    let before = desk.network();
    desk.works(&DENY);
    fs::remove_file(desk.0.path().join("stack")).unwrap();
    desk.refuses(&["give-back"], "name what to give back by --originals");
    let note = desk.read("game-day-us-west-2.txt");
    desk.works(&["give-back", "--originals", note.trim_end()]);
    assert_eq!(desk.network(), before);
}

#[test]
fn nothing_is_denied_where_it_is_not_clear_what_would_be_given_back() {
    let desk = Desk::new();
    for (words, why) in [
        ("subnet-a,subnet-a", "a subnet stands there twice"),
        (
            "subnet-a,subnet-e",
            "not each of the subnets has a network ACL",
        ),
        ("sg-1", "--subnets takes one to six subnets"),
    ] {
        desk.refuses(&["deny", "--subnets", words], why);
    }
    desk.write("vpcs", "vpc-1\tvpc-2\n");
    desk.refuses(&DENY, "the subnets are not of one VPC: vpc-1, vpc-2");
    desk.write("vpcs", "vpc-1\n");
    desk.write("denied", "");
    desk.refuses(&DENY, "cannot be told: AccessDenied");
    let calls = desk.read("calls");
    assert!(
        !calls.contains("deploy") && !calls.contains("replace"),
        "{calls}"
    );
}

/// EC2 gives a subnet whose association goes the default ACL of its VPC, or so it is said: AWS's reference does not tell. So the
/// stack leaves every association as it is.
#[test]
fn the_stack_takes_no_association_away_and_its_acl_has_no_rule() {
    let text = repository::text(&format!("{FOLDER}/deny-network.yaml"));
    let documents = Yaml::load_from_str(&text).unwrap();
    let resources = &documents[0]["Resources"];
    let mut associations = 0;
    for (name, resource) in resources.as_mapping().unwrap() {
        match resource["Type"].as_str().unwrap() {
            "AWS::EC2::SubnetNetworkAclAssociation" => {
                associations += 1;
                for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                    assert_eq!(resource[policy].as_str(), Some("Retain"), "{name:?}");
                }
            }
            kind => assert_eq!(kind, "AWS::EC2::NetworkAcl"),
        }
    }
    assert_eq!(associations, 6);
}

//! What IAM and Lambda take at most is named before anything is deployed, and counted as they count it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use tests::{filled::Filled, repository, template};

use crate::deploying::{Call, Desk, NEEDED, said};

/// The count may be so much too large: what only a deployment knows is taken for as long as it can be.
const TOO_MANY: usize = 150;

/// Parameters with so many plans, each member listed by its ARN.
fn listed(plans: usize) -> BTreeMap<&'static str, String> {
    let of = |part: &dyn Fn(usize, &str) -> String| {
        let regions = ["us-east-1", "us-west-2"];
        let all = (0..plans).flat_map(|plan| regions.map(|region| part(plan, region)));
        all.collect::<Vec<_>>().join(",")
    };
    let arn = |region: &str, rest: String| format!("arn:aws:rds:{region}:123456789012:{rest}");
    [
        ("MemberRegions", "us-east-1,us-west-2".to_owned()),
        (
            "MemberClusterArns",
            of(&|plan, region| arn(region, format!("cluster:orders-{plan}*"))),
        ),
        (
            "MemberInstanceArns",
            of(&|plan, region| arn(region, format!("db:orders-{plan}-1*"))),
        ),
        (
            "GlobalClusterArns",
            of(&|plan, region| arn("", format!("global-cluster:orders-{plan}-{region}-*"))),
        ),
        (
            "TopicArns",
            "arn:aws:sns:us-east-1:123456789012:orders-alerts".to_owned(),
        ),
        (
            "DatabaseRoleArns",
            "arn:aws:iam::123456789012:role/figures".to_owned(),
        ),
        ("SubnetIds", "subnet-0123456789abcdef0".to_owned()),
        ("SecurityGroupIds", "sg-0123456789abcdef0".to_owned()),
    ]
    .into()
}

fn file(parameters: &BTreeMap<&str, String>) -> String {
    let lines = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"));
    lines.collect()
}

#[test]
fn nine_plans_that_are_listed_by_arn_are_named_before_anything_is_deployed() {
    let desk = Desk::new();
    let output = desk.deploy(&file(&listed(3)));
    assert!(output.status.success(), "{}", said(&output));
    fs::remove_file(desk.path("calls")).unwrap();
    let output = desk.deploy(&file(&listed(9)));
    let told = said(&output);
    assert!(!output.status.success(), "{told}");
    for part in [
        "the policies of RebuildGlobalRole in aurora-global-rebuild.yaml would have",
        "IAM takes 10240",
        "MemberClusterArns",
        "nothing was deployed",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    assert_eq!(desk.calls(), Vec::<Call>::new());
}

/// A failback is no moment to learn it.
#[test]
fn what_a_failback_could_not_be_given_is_named_before_anything_is_deployed() {
    let desk = Desk::new();
    let told = said(&desk.deploy(&file(&listed(20))));
    for part in [
        "the policies of RebuildGlobalTakesAway in aurora-global-failback.yaml would have",
        "IAM takes 6144",
        "nothing was deployed",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    assert_eq!(desk.calls(), Vec::<Call>::new());
}

#[test]
fn what_a_functions_variables_cannot_hold_is_named_before_anything_is_deployed() {
    let desk = Desk::new();
    let arn = "arn:aws:iam::123456789012:role/figures";
    let roles = |count: usize| vec![arn; count].join(",");
    let output = desk.deploy(&format!("{NEEDED}DatabaseRoleArns={}\n", roles(20)));
    assert!(output.status.success(), "{}", said(&output));
    let output = desk.deploy(&format!("{NEEDED}DatabaseRoleArns={}\n", roles(100)));
    let told = said(&output);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("DatabaseRoleArns have"), "{told}");
    assert!(
        told.contains("3700 fit the variables of rebuild-global"),
        "{told}"
    );
}

/// A line of what is counted: a name, its characters, and what IAM takes.
fn counted(line: &str) -> (&str, (usize, usize)) {
    let words: Vec<_> = line.split(' ').collect();
    let [name, size, most] = words.as_slice() else {
        panic!("{line} is no name with two numbers");
    };
    (*name, (size.parse().unwrap(), most.parse().unwrap()))
}

#[test]
fn a_roles_policies_are_counted_as_iam_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let parameters = folder.path().join("parameters");
    for plans in [1, 6, 12] {
        let given = listed(plans);
        let others = ["witness", template::OF_FAILBACK];
        for stack in template::of_functions().into_iter().chain(others) {
            let template = template::read(stack);
            let filled = Filled::of(&template, &given);
            fs::write(&parameters, filled.lines()).unwrap();
            let output = Command::new("awk")
                .arg("-f")
                .arg(repository::root().join("cloudformation/policy-sizes.awk"))
                .arg(&parameters)
                .arg(repository::root().join(format!("cloudformation/{stack}.yaml")))
                .output()
                .unwrap();
            let told = String::from_utf8(output.stdout).unwrap();
            let counted: BTreeMap<_, _> = told.lines().map(counted).collect();
            for (kind, most) in [
                ("AWS::IAM::Role", 10_240),
                ("AWS::IAM::ManagedPolicy", 6_144),
            ] {
                for (id, _) in template::resources(&template, kind) {
                    let ((count, taken), size) = (counted[id], filled.policy_size(id));
                    let is_close = size <= count && count <= size + TOO_MANY;
                    assert!(is_close, "{id} of {stack}: {count} for {size}");
                    assert_eq!(taken, most, "{id} of {stack}");
                }
            }
            let ids: BTreeSet<_> = template::policies(&template)
                .into_iter()
                .map(|(id, _)| id)
                .collect();
            assert_eq!(counted.into_keys().collect::<BTreeSet<_>>(), ids, "{stack}");
        }
    }
}

"""What the templates declare, and how long their policies become."""

import functools
import json
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "cloudformation"

# In the order in which they are deployed to a Region. Those that call a function or name a role by its name come after the one
# that has it.
MEMBER = (
    "ledger", "observe", "runs", "approval-page", "services", "fence", "aurora-global", "aurora-global-rebuild", "aurora-global-machines",
    "rds-replica", "rds-replica-stop", "rds-replica-replace", "rds-replica-machines", "workload", "workload-hosts", "workload-machines",
    "triggers", "alarms", "function-alarms", "aurora-global-alarms", "rds-replica-alarms", "workload-alarms", "dashboard",
)
WITNESS = ("witness",)
FAILBACK = ("aurora-global-failback", "rds-replica-failback", "workload-failback")
# In the home Region alone, because IAM has no Regions.
OF_HOME = ("people",)
# What stands beneath, where it is not there already.
DATABASE = ("foundation", "global-cluster", "database", "dns")
# The ways of the functions in the VPC: to AWS, and to another member's VPC. The second one has a stack for each other member.
NETWORK = ("network",)
PEERING = "peering"
# What these functions call from there. RDS and DynamoDB they call in every member Region, the others in their own.
INTERFACE_SERVICES = ("rds", "ssm", "secretsmanager", "sns", "events")
GATEWAY_SERVICES = ("dynamodb", "s3")
ARTIFACTS = "artifacts"

# What IAM takes of a role's policies together, and of one managed policy, in characters without white space.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICY_CHARACTERS_MAX = {"AWS::IAM::Role": 10_240, "AWS::IAM::ManagedPolicy": 6_144}
# What the names of an installation begin with where the answers do not say.
PREFIX = "aurora-failover"
# What stands for an ARN that only a deployment knows: the longest of ours.
UNKNOWN_ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/aurora-failover-recovery-ledger:*"
NO_VALUE = object()


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {"Ref" if suffix == "Ref" else "Condition" if suffix == "Condition" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)
# A version such as 2010-09-09 is a text.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


def text_of(stack):
    return (FOLDER / f"{stack}.yaml").read_text(encoding="utf-8")


@functools.cache
def read(stack):
    return yaml.load(text_of(stack), Loader)  # a safe loader with a few tags more


def parameters_of(stack):
    """The parameters that a template declares, by name."""
    return read(stack).get("Parameters", {})


def pattern_of_prefix():
    return parameters_of("runs")["Prefix"]["AllowedPattern"]


def default_of(declared):
    """A parameter's default as text, or nothing where it has none."""
    return None if "Default" not in declared else as_text(declared["Default"])


def as_text(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(as_text(one) for one in value)
    return str(value)


def artifacts_of(stacks):
    """The files of the artifact bucket that these stacks take: packages and definitions."""
    found = set()

    def walk(value):
        if isinstance(value, dict):
            for name in ("S3Key", "Key"):
                key = value.get(name)
                if isinstance(key, dict) and str(key.get("Fn::Sub", "")).startswith("${ArtifactPrefix}/"):
                    found.add(key["Fn::Sub"].removeprefix("${ArtifactPrefix}/"))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    for stack in stacks:
        walk(read(stack).get("Resources"))
    return sorted(found)


# The property by whose value CloudFormation finds what is there already, of the kinds that outlive their stacks here.
NAMED_BY = {"AWS::DynamoDB::Table": "TableName", "AWS::Logs::LogGroup": "LogGroupName", "AWS::S3::Bucket": "BucketName"}


def with_names(body, values, account, region):
    """A template in which what outlives its stack bears its name as a text: only by that CloudFormation takes over what is there.

    One that refers to a parameter is made anew, which AWS refuses where it is there.
    """
    template = yaml.load(body, Loader)  # a safe loader with a few tags more
    filled = Filled(template, values, account, region)
    places = []
    for resource, node in _pairs(_value(yaml.compose(body, Loader), "Resources")):
        declared = template["Resources"][resource]
        if not isinstance(declared, dict):
            # A loop, of which nothing outlives its stack.
            continue
        name = NAMED_BY.get(declared["Type"])
        properties = declared.get("Properties", {})
        if not str(declared.get("DeletionPolicy", "")).startswith("Retain") or not isinstance(properties.get(name), dict):
            continue
        node = _value(_value(node, "Properties"), name)
        places.append((node.start_mark.index, node.end_mark.index, json.dumps(filled.resolve(properties[name]))))
    for start, end, text in reversed(places):
        body = body[:start] + text + body[end:]
    return body


def _pairs(node):
    return [(key.value, value) for key, value in node.value]


def _value(node, name):
    return dict(_pairs(node))[name]


class Filled:
    """A template with its parameters' values, as far as they are known before it is deployed."""

    def __init__(self, stack, values, account="123456789012", region="us-west-2"):
        self.template, self.values = read(stack) if isinstance(stack, str) else stack, values
        self.pseudo = {"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::Region": region, "AWS::StackName": "a" * 40}

    def value_of(self, name):
        if name in self.pseudo:
            return self.pseudo[name]
        declared = self.template.get("Parameters", {}).get(name)
        if declared is None:
            return UNKNOWN_ARN
        value = self.values.get(name)
        text = as_text(declared.get("Default", "")) if value is None else as_text(value)
        is_list = "List" in declared["Type"]
        return text.split(",") if is_list else text

    def condition(self, name):
        return bool(self.resolve(self.template["Conditions"][name]))

    def resolve(self, value):
        if isinstance(value, list):
            return [one for one in map(self.resolve, value) if one is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, inner), = value.items()
            function = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if name == "Ref" or name == "Condition" or name.startswith("Fn::"):
                return function(inner) if function else UNKNOWN_ARN
        resolved = {name: self.resolve(inner) for name, inner in value.items()}
        return {name: inner for name, inner in resolved.items() if inner is not NO_VALUE}

    def _ref(self, name):
        return NO_VALUE if name == "AWS::NoValue" else self.value_of(name)

    def _condition(self, name):
        return self.condition(name)

    def _if(self, inner):
        return self.resolve(inner[1] if self.condition(inner[0]) else inner[2])

    def _equals(self, inner):
        one, other = map(self.resolve, inner)
        return as_text(one) == as_text(other)

    def _not(self, inner):
        return not self.resolve(inner[0])

    def _and(self, inner):
        return all(map(self.resolve, inner))

    def _or(self, inner):
        return any(map(self.resolve, inner))

    def _join(self, inner):
        parts = self.resolve(inner[1])
        return inner[0].join(as_text(part) for part in parts)

    def _split(self, inner):
        return as_text(self.resolve(inner[1])).split(inner[0])

    def _select(self, inner):
        return self.resolve(inner[1])[int(inner[0])]

    def _getatt(self, _inner):
        return UNKNOWN_ARN

    def _sub(self, inner):
        text, given = (inner, {}) if isinstance(inner, str) else inner
        parts = text.split("${")
        for at, part in enumerate(parts[1:], 1):
            name, rest = part.split("}", 1)
            value = self.resolve(given[name]) if name in given else self.value_of(name)
            parts[at] = as_text(value) + rest
        return "".join(parts)

    def is_empty(self):
        """Whether these values leave it without any resource."""
        resources = self.template["Resources"].values()
        return not any("Condition" not in resource or self.condition(resource["Condition"]) for resource in resources)

    def policy_sizes(self):
        """The characters of each role's policies and of each managed policy, with what IAM takes: name, size, most."""
        for name, resource in self.template.get("Resources", {}).items():
            most = POLICY_CHARACTERS_MAX.get(resource["Type"])
            if most is None or ("Condition" in resource and not self.condition(resource["Condition"])):
                continue
            properties = resource["Properties"]
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            if "PolicyDocument" in properties:
                documents.append(properties["PolicyDocument"])
            text = [json.dumps(self.resolve(document), separators=(",", ":")) for document in documents]
            yield name, sum(len(one.replace(" ", "")) for one in text), most

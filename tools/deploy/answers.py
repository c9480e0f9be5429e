"""The answers file: one for all Regions of an installation. Everything that is wrong with it is said at once."""

import json
import pathlib
import re

import jsonschema
import yaml

import network
import templates
import topologies

REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
# It is the value of a tag.
INSTALLATION = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
# Set from the answers' own structure, from what the database's stacks made, or from the packages.
DERIVED = {
    "ArtifactBucket", "ArtifactPrefix", "MemberRegions", "WitnessRegion", "TableKeyArns", "HoldsSecrets", "ReplicaRegion",
    "ReplicaRegion2", "ReplicaRegion3", "IsFirstMember", "HomeRegion", "StandbyRegion", "ThirdRegion", "FourthRegion", "HomeVpcId",
    "StandbyVpcId", "ThirdVpcId", "FourthVpcId", "OtherRegionCidrs", "PeerRegion", "PeerVpcId", "PeerCidrs", "AsksForPeering",
    "PeeringId", "Prefix",
}
# What a member says of its place only where a database is built there.
PLACE_OF_DATABASE = ("VpcId", "FunctionCidrs", "DatabaseSubnetIds", "ClusterIdentifier")
# What a Lambda function's variables may hold of these lists, in characters. Source:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (4 KB for all of them).
VARIABLES_MAX = 3_700
IN_VARIABLES = {
    "rebuild-global": ("MemberClusterArns", "MemberInstanceArns", "CustomEndpointArns", "DatabaseRoleArns"),
    "replace-replica": ("ReplicaInstanceArns", "DatabaseRoleArns"),
}
MEMBERS_MAX = 4
# The customer's keys that a stack's own things are encrypted with. Each service takes a key of its own Region only.
KEYS = ("LogsKeyArn", "EnvironmentKeyArn", "TableKeyArn", "BucketKeyArn")


class Wrong(Exception):
    """Everything that is wrong, a sentence each."""

    def __init__(self, faults):
        super().__init__("\n".join(faults))
        self.faults = faults


def of_parameter(declared):
    """The schema of one parameter of a template."""
    one = {"type": ["string", "number", "boolean"]}
    if "AllowedValues" in declared:
        values = declared["AllowedValues"]
        # YAML reads a bare word as a number or as yes and no.
        bare = [value == "true" for value in values if value in ("true", "false")]
        one = {"enum": [*values, *(text for text in map(templates.as_text, values) if text not in values), *bare]}
    elif "AllowedPattern" in declared:
        one = {"type": "string", "pattern": f"^(?:{declared['AllowedPattern']})$"}
    elif declared["Type"] == "Number":
        one = {"type": "integer"}
        for limit, word in (("MinValue", "minimum"), ("MaxValue", "maximum")):
            if limit in declared:
                one[word] = declared[limit]
    if "List" in declared["Type"]:
        one = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    return {**one, "description": declared.get("Description", "")}


def parameters(stacks):
    found = {}
    for stack in stacks:
        for name, declared in templates.parameters_of(stack).items():
            if name not in DERIVED:
                found.setdefault(name, of_parameter(declared))
    return dict(sorted(found.items()))


def services(of_which, what):
    """The schema of a list of services that get an endpoint."""
    return {
        "type": "array", "items": {"enum": list(of_which)}, "uniqueItems": True,
        "description": f"The services of this Region that get {what}."}


def schema():
    """The published schema of an answers file, made of the templates."""
    of_member = parameters(templates.MEMBER + templates.OF_HOME + templates.FAILBACK)
    of_database = parameters(templates.DATABASE)
    region = {"type": "string", "pattern": REGION}
    own = {"type": "object", "additionalProperties": False}
    cidrs = {"type": "array", "items": {"type": "string", "pattern": r"^[0-9.]+/[0-9]{1,2}$"}, "minItems": 1}
    tables = {"type": "array", "items": {"type": "string", "pattern": "^rtb-[0-9a-f]{8,17}$"}, "minItems": 1}
    of_network = {
        "InterfaceEndpoints": services(templates.INTERFACE_SERVICES, "an interface endpoint, at a price by the hour"),
        "GatewayEndpoints": services(templates.GATEWAY_SERVICES, "a gateway endpoint, which costs nothing"),
        "EgressOnlyGateway": parameters(templates.NETWORK)["EgressOnlyGateway"],
    }
    place = {
        "VpcId": {"type": "string", "pattern": "^vpc-[0-9a-f]{8,17}$", "description": "The VPC of the database and the functions."},
        "FunctionCidrs": {**cidrs, "description": "CIDR blocks of the functions' subnets. The other Regions' databases admit them."},
        "VpcCidrs": {**cidrs, "description": "All IPv4 CIDR blocks of the VPC."},
        "RouteTableIds": {**tables, "description": "The route tables of the functions' subnets."},
        "DatabaseRouteTableIds": {**tables, "description": "The route tables of the database's subnets, where they have others."},
        "TransitGatewayId": {
            "type": "string", "pattern": "^tgw-[0-9a-f]{8,17}$",
            "description": "The transit gateway that leads from this VPC to the other members', in place of peering."},
        **of_network,
        "DatabaseSubnetIds": {
            "type": "array", "items": {"type": "string"}, "minItems": 2,
            "description": "Subnets of the database, in two availability zones at least."},
        "ClusterIdentifier": of_database["ClusterIdentifier"],
        "OnDeletion": of_database["OnDeletion"],
        "OnDeletionOfInstances": of_database["OnDeletionOfInstances"],
        "DeletionProtection": of_database["DeletionProtection"],
    }
    everywhere_of_database = {name: rule for name, rule in of_database.items() if name not in place and name != "SubnetIds"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers for a deployment of aurora-failover",
        "type": "object",
        "additionalProperties": False,
        "required": ["account", "home_region", "members"],
        "properties": {
            "$schema": {"type": "string"},
            "account": {"type": "string", "pattern": "^[0-9]{12}$", "description": "The account that is deployed to; quote it."},
            "home_region": {**region, "description": "The Region whose member is the writer on good days."},
            "witness_region": {**region, "description": "The Region that only observes; left out where there is none."},
            "installation": {
                "type": "string", "pattern": INSTALLATION,
                "description": "What this installation is called. Default: the database's name, or the file's."},
            "prefix": {
                "type": "string", "default": templates.PREFIX, "pattern": f"^(?:{templates.pattern_of_prefix()})$",
                "description": "What the names of its stacks, functions, roles, parameters and metrics begin with. Each installation of "
                               "an account has its own."},
            "bucket": {
                "type": "string", "default": "{prefix}-{account}-{region}",
                "description": "Each Region's bucket for packages and definitions, with {prefix}, {region} and {account} filled in."},
            "cloudformation_role": {
                "type": "string", "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
                "description": "The role that CloudFormation takes on; left out where it acts as whoever deploys."},
            "tags": {
                "type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 40,
                "description": "Tags of every stack, which its resources take over."},
            "everywhere": {**own, "properties": of_member, "description": "Parameters of the templates in every Region."},
            "members": {
                "type": "object", "minProperties": 2, "maxProperties": MEMBERS_MAX, "propertyNames": region,
                "description": "Each member Region with the parameters that differ there.",
                "additionalProperties": {**own, "properties": {**of_member, **place}}},
            "witness": {
                **own, "properties": parameters((*templates.WITNESS, templates.ARTIFACTS)), "description": "Parameters of the witness."},
            "database": {
                **own, "properties": everywhere_of_database,
                "required": ["DatabaseName", "GlobalCluster", "EngineVersion", "ZoneName", "ApplicationCidrs"],
                "description": "A database that is built, too. Left out where there is one."},
            "network": {
                **own, "properties": {
                    **of_network,
                    "Peering": {
                        "enum": ["true", "false", True, False],
                        "description": "Whether each two members' VPCs are peered, and their route tables lead to each other."}},
                "description": "The ways of the functions in the VPC that are built, too. Left out where they are there."},
            "plans": {
                "type": "array", "items": {"type": "string"},
                "description": "Files with plans, beside this one. They are written to every member Region that they name."},
        },
    }


def sentence(error):
    """One fault of form, with its place and the way out."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".") or "the file"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = set(error.schema.get("properties", {}))
        unknown = sorted(name for name in error.instance if name not in known)
        derived = [name for name in unknown if name in DERIVED]
        if derived:
            return f"{place}: {derived[0]} is not for this file; the deployment sets it"
        return f"{place}: nothing is called {', '.join(unknown)}; it is misspelt or was removed"
    if error.validator == "required":
        return f"{place}: {error.message.split(' is a ')[0].strip(chr(39))} is missing"
    return f"{place}: {error.message}"


def read(path):
    """The answers of a file, when nothing is wrong with their form."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as why:
        raise Wrong([f"{path}: {why.strerror}"]) from None
    except UnicodeDecodeError as why:
        raise Wrong([f"{path} is no text in UTF-8: {why.reason} at byte {why.start}; save it as UTF-8"]) from None
    try:
        found = yaml.load(text, Unambiguous)
    except yaml.YAMLError as why:
        raise Wrong([f"{path} is no YAML: {' '.join(str(why).split())}"]) from None
    except TypeError:
        raise Wrong([f"{path} has a list or an object where a name belongs; write a text before each colon"]) from None
    except RecursionError:
        raise Wrong([f"{path} is nested too deeply; three levels are enough"]) from None
    errors = jsonschema.Draft202012Validator(schema()).iter_errors(found)
    faults = sorted(sentence(error) for error in errors)
    if not faults:
        faults = sense(found)
    if faults:
        raise Wrong([f"{path}: {fault}" for fault in faults])
    return found


class Unambiguous(yaml.SafeLoader):
    """Refuses a name that stands twice in one place."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                raise yaml.YAMLError(f"{name} stands there twice, again in line {key.start_mark.line + 1}")
            seen.add(name)
        return super().construct_mapping(node, deep)


def sense(answers):
    """What no schema can say."""
    members, home, witness = answers["members"], answers["home_region"], answers.get("witness_region")
    faults = []
    if home not in members:
        faults.append(f"home_region: {home} is none of members; name one of {', '.join(members)}")
    if witness in members:
        faults.append(f"witness_region: {witness} has a member; a witness is a Region without one")
    if "{region}" not in answers.get("bucket", "{region}"):
        faults.append("bucket: it has no {region}; each Region needs a bucket of its own")
    source = answers.get("database", {}).get("SourceClusterArn")
    if source and (source.count(":") != 6 or source.split(":")[3] not in members):
        faults.append(f"database: SourceClusterArn is {source}; name the ARN of a cluster in one of {', '.join(members)}")
    built = [(part, names) for part, names in (("database", PLACE_OF_DATABASE), ("network", network.NEEDED)) if part in answers]
    needed = {name: part for part, names in reversed(built) for name in names}
    for region, own in members.items():
        faults += [f"members.{region}: {name} is missing; the {part} needs it" for name, part in needed.items() if name not in own]
        faults += [f"members.{region}: {name} is for a database that is built; say database, or leave it out"
                   for name in own if name in PLACE_OF_DATABASE and name not in needed]
        faults += [f"members.{region}: {name} is for a network that is built; say network, or leave it out"
                   for name in own if name in network.OF_ALONE and "network" not in answers]
    if "database" in answers and not faults:
        faults += network.of_rules(members, answers["database"]["ApplicationCidrs"])
    return faults + network.sense(answers)


def plans_of(answers, folder):
    """The plans by name, each with its text."""
    found, faults = {}, []
    for name in answers.get("plans", []):
        path = folder / name
        try:
            text = path.read_text(encoding="utf-8")
            plan = json.loads(text)
            # What is read of it once the stacks are there.
            if not isinstance(plan["home_region"], str):
                raise TypeError
            outside = sorted(set(topologies.members_of(plan)) - set(answers["members"]))
            found[plan["plan"]] = (plan, text)
            if outside:
                faults.append(f"plans: {name} has a member in {', '.join(outside)}, which is none of members")
        except OSError as why:
            faults.append(f"plans: {path}: {why.strerror}")
        except (ValueError, KeyError, TypeError, AttributeError):
            faults.append(f"plans: {path} is no plan; aurora-failover plan check {path} says why")
    return found, faults


def filled(value, region, account):
    """A value with its placeholders filled in."""
    if isinstance(value, list):
        return [filled(one, region, account) for one in value]
    if isinstance(value, str):
        return value.replace("{region}", region).replace("{account}", account)
    return value


def fault_of_key(arn, region, account):
    """What keeps a key from encrypting something in a Region, and the way out."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "kms" or not re.fullmatch(r"key/[A-Za-z0-9-]+", parts[5]):
        return f"which is no key's ARN; write one such as arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    if parts[3] != region:
        return f"which is a key of {parts[3]}; name one of {region}, or write {{region}} into the ARN of a multi-Region key"
    return None


def is_account_of(arn, account):
    """Whether an ARN is of this account, or of none."""
    parts = str(arn).split(":")
    return len(parts) < 5 or parts[4] in ("", account) or not re.fullmatch(r"[0-9]{12}", parts[4])

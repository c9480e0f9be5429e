"""What is deployed to which Region, in which order, and with which parameters."""

import dataclasses
import re
import typing

import answers as form
import network
import templates

# What fills the policies of a topology's templates, by the first word of their names: a kind of resource, and the list of such.
LONGEST = {"aurora": ("cluster", "MemberClusterArns"), "rds": ("db", "ReplicaInstanceArns"), "workload": ("db", "WorkloadDatabaseArns")}
# Says of every stack whose it is.
INSTALLATION_TAG = "aurora-failover-installation"


@dataclasses.dataclass(frozen=True)
class Stack:
    """One template in one Region, with the values that the answers give."""

    region: str
    template: str
    name: str
    given: dict = dataclasses.field(hash=False)
    kept_body: str | None = None

    def body(self):
        """The template, or what it was when this was deployed before."""
        return templates.text_of(self.template) if self.kept_body is None else self.kept_body

    def values(self, made):
        """All parameters that the template declares, as texts: what the file says, what was made before, or the default."""
        if self.kept_body is not None:
            return self.given
        found = {}
        for name, declared in templates.parameters_of(self.template).items():
            value = self.given.get(name)
            if callable(value):
                value = value(made)
            default = templates.default_of(declared)
            found[name] = templates.as_text(default if value is None else value)
        return found

    def known_values(self):
        """The same before anything is made: nothing stands for what is not known yet."""
        found = {}
        for name, declared in templates.parameters_of(self.template).items():
            value = self.given[name] if name in self.given else templates.default_of(declared)
            found[name] = None if value is None or callable(value) else templates.as_text(value)
        return found

    def unknown(self, made):
        """The peering connection, where it is needed and not there."""
        if self.template != templates.PEERING or self.kept_body is not None:
            return set()
        return {name for name, value in self.given.items() if callable(value) and value(made) is None}

    def missing(self):
        """The parameters that nobody gives a value."""
        declared = templates.parameters_of(self.template).items()
        return [name for name, rule in declared if self.given.get(name) is None and "Default" not in rule]


class Made(typing.Protocol):
    """What earlier stacks made."""

    def parameter(self, region: str, name: str) -> str:
        """The value of an SSM parameter."""

    def zone(self) -> str:
        """The id of the hosted zone."""

    def peering(self, region: str, vpc: str, asking: str) -> str | None:
        """The peering connection of two VPCs, as the one that was asked has it."""


class Deployment:
    """The answers of a file as stacks, stage by stage."""

    def __init__(self, answers, file_name):
        self.answers = answers
        self.account = answers["account"]
        self.home = answers["home_region"]
        self.witness = answers.get("witness_region")
        self.members = {region: own or {} for region, own in answers["members"].items()}
        self.database = answers.get("database")
        self.network = answers.get("network")
        self.installation = answers.get("installation") or (self.database or {}).get("DatabaseName") or file_name
        self.tags = {"application": "aurora-failover", **answers.get("tags", {}), INSTALLATION_TAG: self.installation}
        self.prefix = answers.get("prefix", templates.PREFIX)
        self.table = answers.get("everywhere", {}).get("LedgerTable", f"{self.prefix}-ledger")
        self.version = ""

    def regions(self):
        return [*self.members, *([self.witness] if self.witness else [])]

    def bucket(self, region):
        pattern = self.answers.get("bucket", "{prefix}-{account}-{region}")
        return form.filled(pattern.replace("{prefix}", self.prefix), region, self.account)

    def _stack(self, region, template, given, name=None):
        given = {"LedgerTable": self.table, **given, "Prefix": self.prefix}
        given = {name: form.filled(value, region, self.account) for name, value in given.items()}
        return Stack(region, template, f"{self.prefix}-{name or template}", given)

    def _common(self, region):
        """What every template of functions may take."""
        given = {
            "ArtifactBucket": self.bucket(region),
            "ArtifactPrefix": self.version or None,
            "MemberRegions": list(self.members),
            "WitnessRegion": self.witness,
            "TableKeyArns": self._table_keys() or None,
        }
        if self.database:
            given.update(self._of_database())
            given["SecurityGroupIds"] = lambda made: made.parameter(region, f"/{self.database['DatabaseName']}/sg/lambda-security-group")
            for name in ("SecretKeyArns", "TopicKeyArns"):
                given[name] = lambda made: made.parameter(region, f"/{self.database['DatabaseName']}/kmskey/arn")
            given["HostedZoneArns"] = lambda made: f"arn:aws:route53:::hostedzone/{made.zone()}"
        return {name: value for name, value in given.items() if value is not None}

    def _given(self, region):
        """What the file says for one Region."""
        own = self.answers.get("witness") or {} if region == self.witness else self.members[region]
        return {**self.answers.get("everywhere", {}), **own}

    def _table_keys(self):
        """The keys of all ledgers: the functions of each Region read and write those of the other members, too."""
        keys = [form.filled(self._given(region).get("TableKeyArn", ""), region, self.account) for region in self.members]
        return [key for key in dict.fromkeys(keys) if key]

    def _of_database(self):
        """Patterns for a database that these stacks built: of its members, under longer names too."""
        name = self.database["DatabaseName"]
        clusters = sorted(own["ClusterIdentifier"] for own in self.members.values())
        family = self.database["GlobalCluster"].rstrip("0123456789")
        topic = f"arn:aws:sns:{{region}}:{self.account}:{name}-alerts"
        return {
            "MemberClusterArns": [f"arn:aws:rds:*:{self.account}:cluster:{cluster}*" for cluster in clusters],
            "MemberInstanceArns": [f"arn:aws:rds:*:{self.account}:db:{cluster}*" for cluster in clusters],
            "GlobalClusterArns": f"arn:aws:rds::{self.account}:global-cluster:{family}*",
            "GlobalClusterParameterArns": f"arn:aws:ssm:*:{self.account}:parameter/{name}/global/cluster/name",
            "SecretArns": f"arn:aws:secretsmanager:{{region}}:{self.account}:secret:{name}/*",
            "TopicArns": topic,
            "AlarmTopicArn": topic,
        }

    def artifacts(self):
        """The buckets, which are there before everything else."""
        return [self._artifacts(region) for region in self.regions()]

    def _artifacts(self, region):
        return self._stack(region, templates.ARTIFACTS, {**self._given(region), "ArtifactBucket": self.bucket(region)})

    def networks(self):
        """The ways to AWS, in the Regions where any is asked for."""
        found, everywhere = [], self.answers.get("everywhere", {})
        for region, own in self.members.items():
            asked = network.asked_of_aws(self.answers, region)
            # A list that is empty here leaves out what the others have, and is the parameter's default: none.
            said = {name: value for name, value in own.items() if value != []}
            unique = {name: list(dict.fromkeys(own[name])) for name in ("RouteTableIds", "VpcCidrs")}
            given = {**everywhere, **said, **asked, **unique}
            found += [self._stack(region, template, given) for template in templates.NETWORK if asked]
        return found

    def peerings(self, asks):
        """The ways to the other members, of the side that asks for a peering connection or of the other one.

        Of two Regions the first in the alphabet asks, so that neither a new member nor another writer changes who did.
        """
        is_peered, found = network.is_peered(self.answers), []
        for region, own in self.members.items():
            tables = list(dict.fromkeys(own["RouteTableIds"] + own.get("DatabaseRouteTableIds", [])))
            for peer, its in self.members.items():
                if peer == region or (region < peer) != asks or not (is_peered or "TransitGatewayId" in own):
                    continue
                given = {
                    "VpcId": own["VpcId"], "RouteTableIds": tables, "PeerRegion": peer, "PeerVpcId": its["VpcId"],
                    "PeerCidrs": list(dict.fromkeys(its["VpcCidrs"])), "AsksForPeering": is_peered and asks,
                }
                if not is_peered:
                    given["TransitGatewayId"] = own["TransitGatewayId"]
                elif not asks:
                    given["PeeringId"] = lambda made, pair=(region, own["VpcId"], its["VpcId"]): made.peering(*pair)
                found.append(self._stack(region, templates.PEERING, given, f"{templates.PEERING}-{peer}"))
        return found

    def foundations(self, holds_secrets):
        """The foundations of the Regions that make the secrets, or of the others."""
        found = []
        for region, own in self.members.items():
            if (region == self.home) != holds_secrets:
                continue
            replicas = [other for other in self.members if other != self.home]
            names = ("ReplicaRegion", "ReplicaRegion2", "ReplicaRegion3")
            others = [cidr for other, its in self.members.items() if other != region for cidr in its["FunctionCidrs"]]
            given = {
                **self.database, "VpcId": own["VpcId"], "OtherRegionCidrs": others, "HoldsSecrets": holds_secrets,
                **(dict(zip(names, replicas)) if holds_secrets else {}),
            }
            found.append(self._stack(region, "foundation", given))
        return found

    def global_cluster(self):
        """At home, or in the Region of the writer that it is made over: RDS makes it nowhere else."""
        source = self.database.get("SourceClusterArn")
        return [self._stack(source.split(":")[3] if source else self.home, "global-cluster", self.database)]

    def is_first(self, region):
        """Whether this Region's member is made before the others: at home, where no cluster is there that the others follow."""
        return region == self.home and "SourceClusterArn" not in self.database

    def databases(self, is_first):
        found = []
        for region, own in self.members.items():
            if self.is_first(region) != is_first:
                continue
            given = {**self.database, **own, "SubnetIds": own["DatabaseSubnetIds"], "IsFirstMember": is_first}
            found.append(self._stack(region, "database", given))
        return found

    def dns(self):
        given, places = dict(self.database), ("Home", "Standby", "Third", "Fourth")
        in_order = [self.home, *(region for region in self.members if region != self.home)]
        for place, region in zip(places, in_order):
            given[f"{place}Region"], given[f"{place}VpcId"] = region, self.members[region]["VpcId"]
        return [self._stack(self.home, "dns", given)]

    def functions(self, region):
        """The stacks of one Region that run functions, in order."""
        given = {**self._common(region), **self._given(region)}
        if region == self.witness:
            return [self._stack(region, template, given) for template in templates.WITNESS]
        own = templates.OF_HOME if region == self.home else ()
        return [self._stack(region, template, given) for template in templates.MEMBER + own]

    def failback(self, region):
        """What only a failback may do, in the Region that it is started in."""
        given = {**self._common(region), **self._given(region)}
        return [self._stack(region, template, given) for template in templates.FAILBACK]

    def is_empty(self, stack):
        """Whether a stack would hold nothing with these answers."""
        return self._filled(stack).is_empty()

    def stages(self, only):
        """Lists of chains: what is in one stage goes side by side, what is in one chain goes in its order."""
        stages = [[[stack] for stack in self.artifacts()]]
        if self.network is not None:
            # First, because they are made in seconds, and refused where a VPC has such a way already.
            stages += [
                [[stack] for stack in self.networks() + self.peerings(True)],
                [[stack] for stack in self.peerings(False)],
            ]
        if self.database:
            stages += [
                [[stack] for stack in self.foundations(False)],
                [[stack] for stack in self.foundations(True)],
                [self.global_cluster() + self.databases(True), self.dns()],
                [[stack] for stack in self.databases(False)],
            ]
        stages.append([self.functions(region) for region in self.regions()])
        kept = [[[stack for stack in chain if only is None or stack.region in only] for chain in stage] for stage in stages]
        return [[chain for chain in stage if chain] for stage in kept if any(stage)]

    def named(self, region):
        """Every stack of a Region that has a name of ours, whether it is deployed today or not."""
        staged = [stack for stage in self.stages({region}) for chain in stage for stack in chain]
        return staged + (self.failback(region) if region in self.members else [])

    def locked_out(self, caller):
        """That whoever deploys could not administer the key that it makes, which KMS refuses as a lockout."""
        named = (self.database or {}).get("KeyAdministratorArn")
        deploys = self.answers.get("cloudformation_role") or caller
        # A role that was assumed is shown without its path, and with the name of the session.
        role = deploys.split("/")[1] if ":assumed-role/" in deploys else deploys.rpartition("/")[2]
        if not named or named == deploys or (":role/" in named and named.rpartition("/")[2] == role and ":user/" not in deploys):
            return []
        return [f"database: KeyAdministratorArn is {named}, and {deploys} deploys, which KMS would refuse to lock out; name the role that "
                "deploys, or deploy as the one that is named"]

    def faults(self):
        """What is wrong before anything is asked of AWS: missing values, policies that are too long, another account's ARNs."""
        faults = []
        if not re.fullmatch(form.INSTALLATION, self.installation):
            faults.append(f"installation is missing, and the file's name {self.installation!r} cannot be one; write one such as orders")
        for region in self.regions():
            stacks = self.functions(region)
            for stack in stacks:
                faults += [f"{self._place(region)}: {name} is missing and has no default" for name in stack.missing()
                           if name != "ArtifactPrefix"]
            counted = stacks + (self.failback(region) if region in self.members else [])
            faults += [fault for stack in counted for fault in self._too_long(stack)]
            faults += self._variables(region, stacks)
            faults += self._keys(region, stacks)
            faults += [
                f"{self._place(region)}: {name} has {arn}, which is of another account than {self.account}"
                for name, value in (stacks[0].given | {}).items() if name.endswith(("Arns", "Arn")) and not callable(value)
                for arn in templates.as_text(value).split(",") if not form.is_account_of(arn, self.account)]
        return list(dict.fromkeys(faults))

    def _keys(self, region, stacks):
        """The keys of this Region's stacks that could not encrypt anything here."""
        declared = {name for stack in [*stacks, self._artifacts(region)] for name in templates.parameters_of(stack.template)}
        for name in form.KEYS:
            arn = templates.as_text(stacks[0].given.get(name) or "")
            if name in declared and arn and (fault := form.fault_of_key(arn, region, self.account)):
                yield f"{self._place(region)}: {name} is {arn}, {fault}"

    def _place(self, region):
        return "witness" if region == self.witness else f"members.{region}"

    def _filled(self, stack):
        values = {name: value for name, value in stack.given.items() if not callable(value)}
        unknown = {name: templates.UNKNOWN_ARN for name, value in stack.given.items() if callable(value)}
        return templates.Filled(stack.template, {**values, **unknown}, self.account, stack.region)

    def _too_long(self, stack):
        kind, name_of_list = LONGEST.get(stack.template.split("-")[0], LONGEST["aurora"])
        for name, size, most in self._filled(stack).policy_sizes():
            if size > most:
                yield (f"the policies of {name} in {stack.template}.yaml would have {size} characters, and IAM takes {most}; write "
                       f"patterns that cover several plans, such as arn:aws:rds:*:123456789012:{kind}:orders-*, above all in "
                       f"{name_of_list}")

    def _variables(self, region, stacks):
        if region == self.witness:
            return
        given = stacks[0].given
        for function, names in form.IN_VARIABLES.items():
            lists = [templates.as_text(given[name]) for name in names if given.get(name) is not None]
            characters = sum(map(len, lists))
            if characters > form.VARIABLES_MAX:
                yield (f"{self._place(region)}: {', '.join(names)} have {characters} characters together, and "
                       f"{form.VARIABLES_MAX} fit the variables of {function}; write patterns that cover several plans")

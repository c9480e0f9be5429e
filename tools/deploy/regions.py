"""What is deployed to which Region, in which order, and with which parameters."""

import dataclasses
import typing

import answers as form
import templates

FAILBACK_STACK = templates.FAILBACK[0]


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


class Deployment:
    """The answers of a file as stacks, stage by stage."""

    def __init__(self, answers):
        self.answers = answers
        self.account = answers["account"]
        self.home = answers["home_region"]
        self.witness = answers.get("witness_region")
        self.members = {region: own or {} for region, own in answers["members"].items()}
        self.database = answers.get("database")
        self.tags = {"application": "aurora-failover", **answers.get("tags", {})}
        self.version = ""

    def regions(self):
        return [*self.members, *([self.witness] if self.witness else [])]

    def bucket(self, region):
        pattern = self.answers.get("bucket", "aurora-failover-{account}-{region}")
        return form.filled(pattern, region, self.account)

    def _stack(self, region, template, given):
        given = {name: form.filled(value, region, self.account) for name, value in given.items()}
        return Stack(region, template, f"aurora-failover-{template}", given)

    def _common(self, region):
        """What every template of functions may take."""
        given = {
            "ArtifactBucket": self.bucket(region),
            "ArtifactPrefix": self.version or None,
            "MemberRegions": list(self.members),
            "WitnessRegion": self.witness,
        }
        if self.database:
            given.update(self._of_database())
            given["SecurityGroupIds"] = lambda made: made.parameter(region, f"/{self.database['DatabaseName']}/sg/lambda-security-group")
            for name in ("SecretKeyArns", "TopicKeyArns"):
                given[name] = lambda made: made.parameter(region, f"/{self.database['DatabaseName']}/kmskey/arn")
            given["HostedZoneArns"] = lambda made: f"arn:aws:route53:::hostedzone/{made.zone()}"
        return {name: value for name, value in given.items() if value is not None}

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
            "SecretArns": f"arn:aws:secretsmanager:{{region}}:{self.account}:secret:{name}/*",
            "TopicArns": topic,
            "AlarmTopicArn": topic,
        }

    def artifacts(self):
        """The buckets, which are there before everything else."""
        return [self._stack(region, templates.ARTIFACTS, {"ArtifactBucket": self.bucket(region)}) for region in self.regions()]

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
        everywhere = self.answers.get("everywhere", {})
        if region == self.witness:
            of_witness = {**everywhere, **(self.answers.get("witness") or {})}
            return [self._stack(region, template, {**self._common(region), **of_witness}) for template in templates.WITNESS]
        given = {**self._common(region), **everywhere, **self.members[region]}
        own = templates.OF_HOME if region == self.home else ()
        return [self._stack(region, template, given) for template in templates.MEMBER + own]

    def failback(self, region):
        """What only a failback may do, in the Region that it is started in."""
        given = {**self._common(region), **self.answers.get("everywhere", {}), **self.members[region]}
        return [self._stack(region, template, given) for template in templates.FAILBACK]

    def stages(self, only):
        """Lists of chains: what is in one stage goes side by side, what is in one chain goes in its order."""
        stages = [[[stack] for stack in self.artifacts()]]
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

    def faults(self):
        """What is wrong before anything is asked of AWS: missing values, policies that are too long, another account's ARNs."""
        faults = []
        for region in self.regions():
            stacks = self.functions(region)
            for stack in stacks:
                faults += [f"{self._place(region)}: {name} is missing and has no default" for name in stack.missing()
                           if name != "ArtifactPrefix"]
            counted = stacks + (self.failback(region) if region in self.members else [])
            faults += [fault for stack in counted for fault in self._too_long(stack)]
            faults += self._variables(region, stacks)
            faults += [
                f"{self._place(region)}: {name} has {arn}, which is of another account than {self.account}"
                for name, value in (stacks[0].given | {}).items() if name.endswith(("Arns", "Arn")) and not callable(value)
                for arn in templates.as_text(value).split(",") if not form.is_account_of(arn, self.account)]
        return list(dict.fromkeys(faults))

    def _place(self, region):
        return "witness" if region == self.witness else f"members.{region}"

    def _too_long(self, stack):
        values = {name: value for name, value in stack.given.items() if not callable(value)}
        unknown = {name: templates.UNKNOWN_ARN for name, value in stack.given.items() if callable(value)}
        filled = templates.Filled(stack.template, {**values, **unknown}, self.account, stack.region)
        for name, size, most in filled.policy_sizes():
            if size > most:
                yield (f"the policies of {name} in {stack.template}.yaml would have {size} characters, and IAM takes {most}; write "
                       "patterns that cover several plans, such as arn:aws:rds:*:123456789012:cluster:orders-*, above all in "
                       "MemberClusterArns")

    def _variables(self, region, stacks):
        if region == self.witness:
            return
        given = stacks[0].given
        lists = [templates.as_text(given[name]) for name in form.IN_VARIABLES if given.get(name) is not None]
        characters = sum(map(len, lists))
        if characters > form.VARIABLES_MAX:
            yield (f"{self._place(region)}: {', '.join(form.IN_VARIABLES)} have {characters} characters together, and "
                   f"{form.VARIABLES_MAX} fit the variables of rebuild-global; write patterns that cover several plans")

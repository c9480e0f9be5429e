"""The account as these deployments see it: clients that do not wait for long, what earlier stacks made, and open runs."""

import datetime
import json

import boto3
import botocore.config
import botocore.exceptions

import regions
import stacks as cloudformation
import templates
import topologies

# Every question to a Region that is down ends within a minute.
PATIENCE = botocore.config.Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"})


class Aws:
    """The clients of an account, one of a kind and Region, and what earlier stacks made."""

    def __init__(self, deployment):
        self.deployment, self.session, self.known = deployment, boto3.Session(), {}

    def client(self, service, region):
        key = (service, region)
        if key not in self.known:
            self.known[key] = self.session.client(service, region_name=region, config=PATIENCE)
        return self.known[key]

    def stacks(self, region):
        role = self.deployment.answers.get("cloudformation_role")
        return cloudformation.Region(self.client("cloudformation", region), region, self.deployment.tags, role, self.deployment.account)

    def parameter(self, region, name):
        try:
            return self.client("ssm", region).get_parameter(Name=name)["Parameter"]["Value"]
        except self.client("ssm", region).exceptions.ParameterNotFound:
            raise cloudformation.Refused(f"the parameter {name} is not in {region}; the stack {self.deployment.prefix}-foundation makes it") from None

    def peering(self, region, vpc, asking):
        """The peering connection that another VPC asked this one for, or nothing. This Region knows it while the other is dead."""
        filters = {"accepter-vpc-info.vpc-id": vpc, "requester-vpc-info.vpc-id": asking, "status-code": "active"}
        answer = self.client("ec2", region).describe_vpc_peering_connections(
            Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()])
        return next((found["VpcPeeringConnectionId"] for found in answer["VpcPeeringConnections"]), None)

    def zone(self):
        """The hosted zone, asked of Route 53, which a dead Region does not keep from answering."""
        wanted = self.deployment.database["ZoneName"].rstrip(".") + "."
        answer = self.client("route53", "us-east-1").list_hosted_zones_by_name(DNSName=wanted)
        named = [zone for zone in answer["HostedZones"] if zone["Name"] == wanted]
        # A public zone may have the same name.
        private = [zone for zone in named if zone["Config"]["PrivateZone"]]
        found = [zone["Id"].removeprefix("/hostedzone/") for zone in private or named]
        if len(found) != 1:
            raise cloudformation.Refused(
                f"{len(found)} hosted zones are called {wanted}, and one is needed; the stack {self.deployment.prefix}-dns makes it, or "
                "name one in HostedZoneArns")
        return found[0]


def continued(aws, deployment, only):
    """Which installations begin with this one's prefix, or it with theirs: a right for all that begins with one reaches the other."""
    here, own = [region for region in deployment.regions() if not only or region in only], f"{deployment.prefix}-"

    def look(region):
        pages = aws.client("cloudformation", region).get_paginator("describe_stacks").paginate()
        named = [stack["StackName"] for page in pages for stack in page["Stacks"]
                 if any(tag["Key"] == regions.INSTALLATION_TAG for tag in stack.get("Tags", []))]
        others = {name.removesuffix(part) for name in named for part in ("-observe", "-witness") if name.endswith(part)}
        return [
            f"prefix: {deployment.prefix} stands beside the installation {other} in {region}, and what may be done to all that begins with "
            "the shorter one reaches the other; choose a prefix that does not go on from another"
            for other in sorted(others) if f"{other}-" != own and (own.startswith(f"{other}-") or other.startswith(own))]

    return list(dict.fromkeys(sum(cloudformation.side_by_side([lambda region=region: look(region) for region in here]), [])))


def attached(aws, deployment, here):
    """Who still has the policies for people, which IAM does not delete then: a sentence for each policy."""
    if deployment.home not in here or not aws.stacks(deployment.home).described(f"{deployment.prefix}-people"):
        return []
    resources = aws.client("cloudformation", deployment.home).describe_stack_resources(StackName=f"{deployment.prefix}-people")
    found = []
    for resource in resources["StackResources"]:
        if resource["ResourceType"] != "AWS::IAM::ManagedPolicy" or not resource.get("PhysicalResourceId", "").startswith("arn:"):
            continue
        answer = aws.client("iam", deployment.home).list_entities_for_policy(PolicyArn=resource["PhysicalResourceId"])
        have = [one[f"{kind}Name"] for kind in ("Role", "User", "Group") for one in answer.get(f"Policy{kind}s", [])]
        if have:
            found.append(f"{resource['PhysicalResourceId']} is attached to {', '.join(have)}; detach it there, then remove the software")
    return found


def other_engines(aws, deployment, only):
    """Databases whose version the answers would raise: RDS has its own order for that, which stacks do not keep."""
    found = []
    for stack in (stack for stage in deployment.stages(only) for chain in stage for stack in chain):
        there = aws.stacks(stack.region).described(stack.name) if stack.template in ("global-cluster", "database") else None
        has = {one["ParameterKey"]: one.get("ParameterValue") for one in (there or {}).get("Parameters", [])}.get("EngineVersion")
        wanted = stack.known_values().get("EngineVersion")
        if has and wanted and has != wanted and _version(aws, stack, has) != wanted:
            found.append(
                f"database: EngineVersion is {wanted}, and {stack.name} in {stack.region} has {has}; raise it in RDS, every other member "
                f"before the writer's, and deploy with {wanted} once all have it")
    return found


def _version(aws, stack, otherwise):
    """The version that RDS shows of a stack's cluster."""
    client = aws.client("rds", stack.region)
    if stack.template == "database":
        name = stack.known_values()["ClusterIdentifier"]
        clusters = client.describe_db_clusters(Filters=[{"Name": "db-cluster-id", "Values": [name]}])["DBClusters"]
    else:
        name = stack.known_values()["GlobalCluster"]
        clusters = [one for one in client.describe_global_clusters()["GlobalClusters"] if one["GlobalClusterIdentifier"] == name]
    return clusters[0]["EngineVersion"] if clusters else otherwise


def of_others(aws, deployment, only):
    """Which Regions hold another installation, whose stacks have the same names: a sentence for each."""
    here = [region for region in deployment.regions() if not only or region in only]

    def look(region):
        for stack in deployment.named(region):
            tags = (aws.stacks(region).described(stack.name) or {}).get("Tags", [])
            theirs = {tag["Key"]: tag["Value"] for tag in tags}.get(regions.INSTALLATION_TAG, deployment.installation)
            if theirs != deployment.installation:
                return (f"stack {stack.name} in {region} is of the installation {theirs}, and this file is of {deployment.installation}; "
                        f"write installation: {theirs} into it if it is that one, else give this one a prefix of its own, such as prefix: "
                        f"{deployment.installation}, or add its plans to that one's file")
        return None

    return [fault for fault in cloudformation.side_by_side([lambda region=region: look(region) for region in here]) if fault]


def open_runs(aws, deployment, only):
    """The runs that hold a plan, in words."""
    found = []
    for region in deployment.members:
        if only and region not in only:
            continue
        client = aws.client("dynamodb", region)
        try:
            pages = client.get_paginator("scan").paginate(
                TableName=deployment.table, ConsistentRead=True, FilterExpression="#item = :state",
                ExpressionAttributeNames={"#item": "item"}, ExpressionAttributeValues={":state": {"S": "state"}})
            for page in pages:
                for item in page["Items"]:
                    found += run_of(item, region)
        except client.exceptions.ResourceNotFoundException:
            continue
    return found


def run_of(item, region):
    body = item.get("body", {}).get("M", {})
    lease = body.get("lease", {}).get("M")
    if not lease:
        return []
    until = datetime.datetime.fromisoformat(lease["expires_at"]["S"].replace("Z", "+00:00"))
    if until <= datetime.datetime.now(datetime.timezone.utc):
        return []
    return [f"run {lease['run_id']['S']} holds plan {item['plan']['S']} in {region} until {until:%Y-%m-%d %H:%M:%S} UTC"]


def misplaced_buckets(aws, deployment, only):
    """The buckets of this name that lie in another Region, or belong to somebody else."""
    found = []
    for region in deployment.regions():
        if only and region not in only:
            continue
        bucket = deployment.bucket(region)
        try:
            answer = aws.client("s3", region).head_bucket(Bucket=bucket)
            lies_in = answer.get("BucketRegion") or region
        except botocore.exceptions.ClientError as why:
            headers = why.response["ResponseMetadata"]["HTTPHeaders"]
            if why.response["Error"]["Code"] in ("403", "AccessDenied"):
                found.append(f"bucket {bucket} for {region} belongs to somebody else; name others under bucket")
            lies_in = headers.get("x-amz-bucket-region", region)
        if lies_in != region:
            found.append(f"bucket {bucket} lies in {lies_in}, and {region} needs one of its own; put {{region}} into its name")
    return found


def missing_secrets(aws, name, plan, here):
    """The secrets of a plan that one of these Regions does not have."""
    database = plan.get("database", {})
    secrets = [database.get("admin_secret"), database.get("probe", {}).get("auth", {}).get("secret")]
    found = []
    for region in here:
        client = aws.client("secretsmanager", region)
        for secret in filter(None, secrets):
            try:
                client.describe_secret(SecretId=secret)
            except client.exceptions.ResourceNotFoundException:
                found.append(
                    f"plan {name}: the secret {secret} is not in {region}; in the Region that has it, run aws secretsmanager "
                    f"replicate-secret-to-regions --secret-id {secret} --add-replica-regions Region={region}")
    return found


def of_other_installations(aws, deployment, name, plan, here):
    """The plans of other prefixes over one of this plan's members: two installations would move one writer."""
    found, kind = [], plan["topology"]["kind"]
    for region in here:
        client, member = aws.client("ssm", region), topologies.members_of(plan)[region]
        pages = client.get_paginator("describe_parameters").paginate(
            ParameterFilters=[{"Key": "Name", "Option": "Contains", "Values": ["/plans/"]}])
        written = (one["Name"] for page in pages for one in page["Parameters"])
        others = [one for one in written if one.count("/") == 3 and not one.startswith(f"/{deployment.prefix}/")]
        for other in others:
            try:
                theirs = json.loads(client.get_parameter(Name=other)["Parameter"]["Value"])
                its_kind, its_member = theirs["topology"]["kind"], topologies.members_of(theirs)[region]
            except (ValueError, KeyError, TypeError, client.exceptions.ParameterNotFound):
                continue
            if (its_kind, its_member.lower()) == (kind, member.lower()):
                found.append(
                    f"plan {name}: another installation protects {member} in {region} by {other}; a database belongs to one "
                    "installation, so take the plan out of this file, or delete that parameter in every Region")
    return found


def upload(aws, deployment, region, files):
    """Puts what is not there yet into a Region's bucket, under the version."""
    client, bucket = aws.client("s3", region), deployment.bucket(region)
    own = templates.artifacts_of(stack.template for stack in deployment.functions(region))
    for name in own:
        key = f"{deployment.version}/{name}"
        try:
            client.head_object(Bucket=bucket, Key=key)
        except botocore.exceptions.ClientError as why:
            if why.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                raise
            client.put_object(Bucket=bucket, Key=key, Body=files[name].read_bytes())

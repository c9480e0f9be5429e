"""The members of a plan. Each kind of topology calls them by its own word."""

# By the kind in the plan.
WORDS = {"aurora_global": "cluster", "rds_replica": "instance"}


def members_of(plan):
    """What RDS calls the member of each Region.

    Raises KeyError or TypeError where this is no plan."""
    topology = plan["topology"]
    word = WORDS[topology["kind"]]
    found = {region: member[word] for region, member in topology["members"].items()}
    if not all(isinstance(identifier, str) for identifier in found.values()):
        raise TypeError
    return found


def endpoint(aws, plan, region, reads):
    """The name under which RDS reaches a member, for readers where one asks for that; nothing where RDS knows no such member."""
    identifier, client = members_of(plan)[region], aws.client("rds", region)
    if plan["topology"]["kind"] == "rds_replica":
        try:
            return client.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]["Endpoint"]["Address"]
        except client.exceptions.DBInstanceNotFoundFault:
            return None
    try:
        found = client.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except client.exceptions.DBClusterNotFoundFault:
        return None
    return found["ReaderEndpoint" if reads else "Endpoint"]

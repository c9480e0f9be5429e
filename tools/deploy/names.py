"""The names of a plan before its first day: written where there is none, and never touched again, because runs lead them."""

import stacks as cloudformation
import topologies


def write(aws, name, plan):
    """Leads each CNAME of a plan that is not there yet to the member at home, as long as no writer was adopted."""
    home = plan["home_region"]
    key = {"plan": {"S": name}, "item": {"S": "state"}}
    if "Item" in aws.client("dynamodb", home).get_item(TableName=aws.deployment.table, Key=key, ConsistentRead=True):
        return
    for route in plan.get("routes", []):
        if route.get("kind") == "cname" and not is_there(aws, route):
            create(aws, route, endpoint_of(aws, plan, route))


def is_there(aws, route):
    wanted = route["name"].rstrip(".") + "."
    answer = aws.client("route53", "us-east-1").list_resource_record_sets(
        HostedZoneId=route["hosted_zone"], StartRecordName=wanted, MaxItems="1")
    return any(found["Name"] == wanted for found in answer["ResourceRecordSets"])


def endpoint_of(aws, plan, route):
    home = plan["home_region"]
    found = topologies.endpoint(aws, plan, home, route.get("endpoint") == "reader")
    if not found:
        raise cloudformation.Refused(
            f"the name {route['name']} is not there, and neither is the {topologies.WORDS[plan['topology']['kind']]} {topologies.members_of(plan)[home]} in {home}")
    return found


def create(aws, route, endpoint):
    record = {"Name": route["name"], "Type": "CNAME", "TTL": route["ttl_seconds"], "ResourceRecords": [{"Value": endpoint}]}
    # CREATE is refused where somebody was faster.
    aws.client("route53", "us-east-1").change_resource_record_sets(
        HostedZoneId=route["hosted_zone"], ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})
    print(f"✓ {route['name']} leads to {endpoint}")

"""Health checks and failover records of Route 53 as they were given, and as AWS takes them.

MiniStack 1.5.33 answers a check's booleans as Python writes them, which clients cannot read, loses which checks a calculated one adds
up and which Regions' checkers look, and takes failover records that AWS refuses. Its stacks make none.
"""

import uuid

KIND = "AWS::Route53::HealthCheck"
# What AWS replaces a check for, by its resource reference.
REPLACING = ("MeasureLatency", "RequestInterval", "Type")
NUMBERS = ("FailureThreshold", "HealthThreshold", "Port", "RequestInterval")
BOOLEANS = ("Disabled", "EnableSNI", "Inverted", "MeasureLatency")


def from_template(given):
    """A check's configuration with its values as the API has them: CloudFormation hands on what a parameter says as text."""
    config = dict(given)
    config.update({name: int(config[name]) for name in NUMBERS if name in config})
    config.update({name: str(config[name]).lower() == "true" for name in BOOLEANS if name in config})
    return config


def handlers(route53):
    """What makes, changes and deletes the checks of stacks."""
    def create(_logical, properties, _stack):
        check = str(uuid.uuid4())
        config = from_template(properties["HealthCheckConfig"])
        route53._health_checks[check] = {"id": check, "caller_reference": check, "config": config, "version": 1}
        return check, {"HealthCheckId": check}

    def update(check, old, new, stack, *_rest, logical_id=None):
        before, after = old["HealthCheckConfig"], new["HealthCheckConfig"]
        if any(before.get(name) != after.get(name) for name in REPLACING):
            return create(logical_id, new, stack)
        known = route53._health_checks[check]
        known.update(config=from_template(after), version=known["version"] + 1)
        return check, {"HealthCheckId": check}

    def delete(check, _properties):
        route53._health_checks.pop(check, None)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def register(route53, provisioners):
    """Wraps what reads and writes a check's configuration, and what changes records, in place; and lets stacks make checks."""
    provisioners._RESOURCE_HANDLERS[KIND] = handlers(route53)
    known_parse, known_build = route53._parse_health_check_config, route53._build_health_check_el
    known_change = route53._change_resource_record_sets
    records = provisioners._RESOURCE_HANDLERS["AWS::Route53::RecordSet"]
    known_create = records["create"]

    def parse(element):
        config = known_parse(element)
        for name in ("ChildHealthChecks", "Regions"):
            if name in config:
                config[name] = [item.text for item in route53._find(element, name)]
        return config

    def build(parent, check):
        config = {name: str(value).lower() if isinstance(value, bool) else value for name, value in check["config"].items()}
        known_build(parent, {**check, "config": config})

    def create_record(logical, properties, stack):
        zone = str(properties.get("HostedZoneId", "")).rpartition("/")[2]
        before = list(route53._records.get(zone, []))
        made = known_create(logical, properties, stack)
        after = route53._records.get(zone, [])
        refusal = next(filter(None, (refused(record, after) for record in after if record not in before)), None)
        if refusal:
            route53._records[zone] = before
            raise ValueError(f"{refusal[0]}: {refusal[1]}")
        return made

    def change(zone, body):
        before = list(route53._records.get(zone, []))
        answer = known_change(zone, body)
        after = route53._records.get(zone, [])
        refusal = next(filter(None, (refused(record, after) for record in after if record not in before)), None)
        if refusal is None:
            return answer
        route53._records[zone] = before
        return route53._error_response(*refusal)

    def refused(record, all_records):
        """Why AWS would not take a record that is new."""
        check, named = record.get("HealthCheckId"), f"{record['Name']} {record['Type']} {record.get('SetIdentifier')}"
        if check and check not in route53._health_checks:
            return "NoSuchHealthCheck", f"No health check exists with the specified ID {check}.", 404
        if record.get("Failover") == "PRIMARY" and not check and not record.get("AliasTarget"):
            return "InvalidChangeBatch", f"{named}: a primary failover record that is no alias needs a health check.", 400
        alike = [other for other in all_records if record.get("Failover") and
                 all(other.get(part) == record[part] for part in ("Name", "Type", "Failover"))]
        return ("InvalidChangeBatch", f"{named}: there is another {record['Failover']} record.", 400) if len(alike) > 1 else None

    route53._parse_health_check_config, route53._build_health_check_el = parse, build
    route53._change_resource_record_sets = change
    records["create"] = create_record

"""Health checks and failover records of Route 53 as they were given, and as AWS takes them.

MiniStack 1.5.33 answers a check's booleans as Python writes them, which clients cannot read, loses which checks a calculated one adds
up and which Regions' checkers look, and takes failover records that AWS refuses.
"""


def register(route53):
    """Wraps what reads and writes a check's configuration, and what changes records, in place."""
    known_parse, known_build = route53._parse_health_check_config, route53._build_health_check_el
    known_change = route53._change_resource_record_sets

    def parse(element):
        config = known_parse(element)
        for name in ("ChildHealthChecks", "Regions"):
            if name in config:
                config[name] = [item.text for item in route53._find(element, name)]
        return config

    def build(parent, check):
        config = {name: str(value).lower() if isinstance(value, bool) else value for name, value in check["config"].items()}
        known_build(parent, {**check, "config": config})

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

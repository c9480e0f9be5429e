"""Health checks of Route 53 as they were given: MiniStack 1.5.33 answers their booleans as Python writes them, which clients read as
false, and loses which checks a calculated one adds up and which Regions' checkers look."""


def register(route53):
    """Wraps what reads and writes a check's configuration, in place."""
    known_parse, known_build = route53._parse_health_check_config, route53._build_health_check_el

    def parse(element):
        config = known_parse(element)
        for name in ("ChildHealthChecks", "Regions"):
            if name in config:
                config[name] = [item.text for item in route53._find(element, name)]
        return config

    def build(parent, check):
        config = {name: str(value).lower() if isinstance(value, bool) else value for name, value in check["config"].items()}
        known_build(parent, {**check, "config": config})

    route53._parse_health_check_config, route53._build_health_check_el = parse, build

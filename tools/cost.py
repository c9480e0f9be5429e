#!/usr/bin/env python3
"""Derives what aurora-failover costs from tools/cost.json and from the templates.

    python3 tools/cost.py                 the tables of docs/reference/cost.md
    python3 tools/cost.py --counted       what was counted in the templates and the code, as JSON
    python3 tools/cost.py --plans 12 --architecture arm64 --probe-memory 256

It calls nobody. Prices and what was not measured stand in tools/cost.json.
"""

import argparse
import json
import math
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What holds one parameter until the answers ask for more.
OFF_BY_DEFAULT = ("approval-page",)
HOURS = 730  # of a month, as AWS's price pages count
TARGETS = {"one plan": 12, "each further plan": 4}


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def number(pattern, path):
    found = re.search(pattern, text(path))
    if not found:
        raise SystemExit(f"cost.py: {path} has nothing like {pattern}")
    return int(found.group(1))


def counted():
    """What the templates of a member Region and the probe's code say, so that no figure stands a second time."""
    program = text("tools/deploy/templates.py")
    stacks = re.findall(r'"([^"]+)"', re.search(r"\nMEMBER = \(([^)]*)\)", program).group(1))
    templates = {stack: text(f"cloudformation/{stack}.yaml") for stack in stacks if stack not in OFF_BY_DEFAULT}
    every = "\n".join(templates.values())
    memory = {}
    for template in templates.values():
        for block in template.split("Type: AWS::Lambda::Function\n")[1:]:
            name = re.search(r"FunctionName: !Sub \${Prefix}-(\S+)", block).group(1)
            size = re.search(r"MemorySize: (\S+)", block).group(1)
            memory[name] = int(size) if size.isdigit() else None
    probe = number(r"ProbeMemoryMegabytes:\n    Type: Number\n    Default: (\d+)", "cloudformation/observe.yaml")
    memory = {name: size or probe for name, size in memory.items()}
    return {
        "alarms": every.count("Type: AWS::CloudWatch::Alarm\n"),
        "dashboards": every.count("Type: AWS::CloudWatch::Dashboard\n"),
        "functions": memory,
        "interface_services": len(re.findall(r'"([^"]+)"', re.search(r"\nINTERFACE_SERVICES = \(([^)]*)\)", program).group(1))),
        "schedules_a_minute": every.count("ScheduleExpression: rate(1 minute)\n"),
        "schedules_a_quarter": every.count("ScheduleExpression: rate(15 minutes)\n"),
        "schedules_an_hour": every.count("ScheduleExpression: rate(1 hour)\n"),
        "watch_seconds": number(r"const WATCH: SignedDuration = SignedDuration::from_secs\((\d+)\)",
                                "crates/steps/src/health_probe/watch.rs"),
    }


class Month:
    """A month on guard, with the choices that an operator has."""

    def __init__(self, data, found, architecture="x86_64", probe_memory=None, interval=None, shards=1):
        assumed = data["assumed"]
        self.data, self.architecture = data, architecture
        self.regions = assumed["member_regions"]
        interval = interval or assumed["interval_seconds"]
        probe_memory = probe_memory or found["functions"]["health-probe"]
        # A look begins at every interval as long as the watch lasts, and none after it.
        self.looks = math.ceil(found["watch_seconds"] / interval)
        self.billed = (self.looks - 1) * interval + assumed["begin_and_last_look_seconds"]
        gigabytes = {name: size / 1024 for name, size in found["functions"].items()}
        log = assumed["log_bytes_of_an_invocation"] / 1e9
        others = [size for name, size in gigabytes.items() if name not in ("health-probe", "fence-writer")]
        # Each function but the one that calls is called once, the witness's too, and four schedules call.
        scheduled = found["schedules_an_hour"] + 4 * found["schedules_a_quarter"]
        an_hour = scheduled + len(gigabytes)
        # A look at readiness asks the probe, the fence, the rebuild, and the witness about either Region.
        asked = [probe_memory / 1024] + [gigabytes[name] for name in ("fence-writer", "rebuild-global", "confirm-outage", "confirm-outage")]
        looks = 4 * found["schedules_a_quarter"]
        a_minute = found["schedules_a_minute"] - 1 + shards
        self.amounts = {
            "probe_gb_seconds": probe_memory / 1024 * self.billed * shards,
            "fence_gb_seconds": gigabytes["fence-writer"] * assumed["pass_seconds"],
            "stop_gb_seconds": gigabytes["stop-writes"] * assumed["pass_seconds"],
            "survey_gb_seconds": gigabytes["confirm-outage"] * assumed["pass_seconds"],
            "hourly_gb_seconds": (sum(others) + found["schedules_an_hour"] * max(others) + probe_memory / 1024) * assumed["pass_seconds"],
            "calls_a_minute": a_minute,
            "calls_an_hour": an_hour,
            "schedules_an_hour": scheduled,
            # One of the Regions has the writer, and looks at nothing.
            "readiness_gb_seconds": looks * (sum(asked) + gigabytes["planned-failover"]) * assumed["pass_seconds"] / self.regions,
            "readiness_calls": looks * len(asked) / self.regions,
            # Two secrets are described and the administrator's is read.
            "readiness_reads": looks * 3 / self.regions,
            "log_gb_a_minute": a_minute * log,
            "log_gb_an_hour": an_hour * log,
            "alarms": found["alarms"],
            "dashboards": found["dashboards"],
        }

    def price(self, name):
        return self.data["prices"]["list"][f"lambda_{self.architecture}" if name == "lambda" else name]["usd"]

    def times(self, per):
        return {"look": self.looks * HOURS * 60, "minute": HOURS * 60, "hour": HOURS, "month": 1}[per]

    def lines(self, of):
        """What a month costs in all member Regions, line by line."""
        for line in self.data["inputs"]:
            if line["of"] == of:
                amount = self.amounts.get(line["amount"], line["amount"])
                yield line["what"], amount * self.times(line["per"]) * self.price(line["price"]) * self.regions

    def region(self):
        return sum(usd for _, usd in self.lines("region"))

    def plan(self):
        return sum(usd for _, usd in self.lines("plan"))

    def without(self, words):
        return self.plan() - sum(usd for what, usd in self.lines("plan") if any(word in what for word in words))

    def each_of(self, plans):
        return (self.region() + plans * self.plan()) / plans


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def usd(value):
    return f"${value:.2f}" if value >= 0.005 or value == 0 else "under $0.01"


def grouped(lines):
    sums = {}
    for what, value in lines:
        sums[what] = sum((sums.get(what, 0), value))
    return sorted(sums.items(), key=lambda line: -line[1])


def holds(value, target):
    return "yes" if value <= target else "**no**"


def tables(data, found):
    month = Month(data, found)
    one = month.region() + month.plan()
    parts = [f"At the defaults one invocation of the probe is billed for {month.billed} s of each minute, and looks {month.looks} times."]
    parts.append(table(["", "a month", "target", "met"], [
        ["one plan on guard, on roads that are there", usd(one), "$12", holds(one, TARGETS["one plan"])],
        ["each further plan", usd(month.plan()), "$4", holds(month.plan(), TARGETS["each further plan"])],
        ["… whose administrator's secret is there anyway", usd(month.without(["administrator's secret"])), "$4",
         holds(month.without(["administrator's secret"]), TARGETS["each further plan"])],
        ["… and whose probe signs in with IAM", usd(month.without(["secret"])), "$4",
         holds(month.without(["secret"]), TARGETS["each further plan"])],
    ]))
    parts.append(table([f"what {month.regions} member Regions cost, whatever the number of plans", "a month"],
                       [[what, usd(value)] for what, value in grouped(month.lines("region"))]
                       + [["**together**", usd(month.region())]]))
    parts.append(table([f"what a plan costs in {month.regions} member Regions", "a month"],
                       [[what, usd(value)] for what, value in grouped(month.lines("plan"))]
                       + [["**together**", usd(month.plan())]]))
    choices = [("the defaults", {}), ("`Architecture=arm64`", {"architecture": "arm64"}),
               ("… and a look every 10 s", {"architecture": "arm64", "interval": 10}),
               ("`ProbeMemoryMegabytes=512`", {"probe_memory": 512})]
    rows = []
    for name, choice in choices:
        chosen = Month(data, found, **choice)
        enough = next((plans for plans in range(1, 51) if chosen.each_of(plans) <= TARGETS["one plan"]), None)
        rows.append([name, usd(chosen.each_of(1)), usd(chosen.plan()), usd(chosen.each_of(10)), enough or "never"])
    parts.append(table(["choice", "one plan", "each further plan", "each of ten", "each at $12 or less from"], rows))
    price = month.price
    parts.append(table(["road, where it has to be made", "a month"], [
        ["one NAT gateway with its address", usd(HOURS * (price("nat_hour") + price("address_hour")))],
        ["one in each of two zones of two Regions", usd(4 * HOURS * (price("nat_hour") + price("address_hour")))],
        ["each GB through it", f"${price('nat_gb'):.3f}"],
        ["one interface endpoint in two zones of one Region", usd(2 * HOURS * price("endpoint_hour"))],
        [f"{found['interface_services']} of them, for all that the functions call, in two zones of two Regions",
         usd(4 * found["interface_services"] * HOURS * price("endpoint_hour"))],
        ["one attachment of a transit gateway", usd(HOURS * price("attachment_hour"))],
        ["a peering of VPCs, an egress-only gateway, a gateway endpoint", usd(0)],
    ]))
    parts.append(table(["retired cluster, in its Region", "a month"], [
        ["each instance, as `db.r6g.large`", usd(HOURS * price("instance_hour"))],
        ["its volume, each 100 GB", usd(100 * price("aurora_gb"))],
        ["each snapshot that is kept, each 100 GB", usd(100 * price("snapshot_gb"))],
        ["two instances and 100 GB, with one snapshot of it",
         usd(2 * HOURS * price("instance_hour") + 100 * (price("aurora_gb") + price("snapshot_gb")))],
    ]))
    run = data["run"]
    transitions = run["passes"] * run["transitions_of_a_pass"]
    large = price("parameter") + HOURS * 60 * data["assumed"]["reads_of_a_plan_a_minute"] * price("parameter_call")
    parts.append(table(["now and then", "each"], [
        [f"a failover of {run['passes']} passes, {transitions} transitions",
         usd(transitions * price("transition"))],
        ["an hour of a rebuild that looks once a minute", usd(60 * run["transitions_of_a_pass"] * price("transition"))],
        ["a thousand messages on SNS, without what e-mail or SMS cost", usd(1000 * price("message"))],
        ["a customer's key, a month", usd(price("key"))],
        ["a plan of more than 4 KB, which is an Advanced parameter, a month", usd(month.regions * large)],
        ["a metric of one's own that is sent all month", usd(price("metric"))],
    ]))
    return "\n\n".join(parts)


def prices(data):
    pages = {}
    for entry in data["prices"]["list"].values():
        pages.setdefault(entry["page"], []).append(f"${entry['usd']:.10f}".rstrip("0").rstrip(".") + f" per {entry['unit']}")
    lines = [f"- <{page}>: " + ", ".join(sorted(set(found))) + "." for page, found in pages.items()]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counted", action="store_true")
    parser.add_argument("--plans", type=int)
    parser.add_argument("--architecture", choices=["x86_64", "arm64"], default="x86_64")
    parser.add_argument("--probe-memory", type=int)
    parser.add_argument("--interval", type=int)
    parser.add_argument("--shards", type=int, choices=[1, 2, 4], default=1)
    given = parser.parse_args()
    data, found = json.loads(text("tools/cost.json")), counted()
    if given.counted:
        print(json.dumps(found, indent=2))
    elif given.plans:
        month = Month(data, found, given.architecture, given.probe_memory, given.interval, given.shards)
        total = month.region() + given.plans * month.plan()
        print(f"{given.plans} plan(s): {usd(total)} a month, {usd(total / given.plans)} each")
    else:
        print(tables(data, found))
        print()
        print(prices(data))


if __name__ == "__main__":
    main()

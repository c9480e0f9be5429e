"""What answers say of the functions' ways out of the VPC, and what cannot be meant by them."""

import ipaddress
import itertools

import templates

# What every member says of its place where a network is built.
NEEDED = ("VpcId", "VpcCidrs", "RouteTableIds")
# What a member says of nothing else.
OF_ALONE = (
    "VpcCidrs", "RouteTableIds", "DatabaseRouteTableIds", "TransitGatewayId", "InterfaceEndpoints", "GatewayEndpoints",
    "EgressOnlyGateway",
)


def is_said(value):
    """Whether an answer of yes or no is yes."""
    return templates.as_text(value) == "true"


def is_peered(answers):
    return is_said(answers["network"].get("Peering", False))


def asked_of_aws(answers, region):
    """What the stack of a Region's network would make, by parameter. What a member says goes before what all say."""
    said = {**answers["network"], **answers["members"][region]}
    asked = {name: said[name] for name in ("InterfaceEndpoints", "GatewayEndpoints") if said.get(name)}
    return {**asked, **({"EgressOnlyGateway": "true"} if is_said(said.get("EgressOnlyGateway", False)) else {})}


def sense(answers):
    """What no schema can say."""
    members = answers["members"]
    if "network" not in answers or any(name not in own for own in members.values() for name in NEEDED):
        return []
    through, faults = [region for region, own in members.items() if "TransitGatewayId" in own], []
    if not through and not is_peered(answers) and not any(asked_of_aws(answers, region) for region in members):
        faults.append("network: it asks for nothing; name InterfaceEndpoints, GatewayEndpoints, EgressOnlyGateway or Peering, or leave "
                      "it out")
    for region, own in members.items():
        goes_out = "EgressOnlyGateway" in asked_of_aws(answers, region)
        if goes_out and not is_said({**answers.get("everywhere", {}), **own}.get("DualStack", False)):
            faults.append(f"members.{region}: EgressOnlyGateway is true and DualStack is not; the functions use IPv6 with DualStack: true")
        if region in through and is_peered(answers):
            faults.append(f"members.{region}: TransitGatewayId is there and network.Peering is true; leave one of them out")
        elif through and region not in through:
            faults.append(f"members.{region}: TransitGatewayId is missing; {', '.join(through)} leads to this Region through one")
    return faults + of_blocks(members, bool(through) or is_peered(answers))


def of_rules(members, applications):
    """Blocks of a database's rules that are none, that would make the same rule twice, or rules of one name."""
    faults, blocks = [], {}
    lists = {"database: ApplicationCidrs": applications}
    lists |= {f"members.{region}: FunctionCidrs": own["FunctionCidrs"] for region, own in members.items()}
    for place, texts in lists.items():
        for text in texts:
            try:
                blocks.setdefault(place, []).append(ipaddress.IPv4Network(text))
            except ValueError as why:
                faults.append(f"{place} has {text}, which is no CIDR block: {why}; name one such as 10.1.0.0/16")
    if faults:
        return faults
    for place, its in blocks.items():
        faults += one_name(place, its)
    of_applications = blocks.pop("database: ApplicationCidrs", [])
    return faults + [
        f"database: ApplicationCidrs has {block}, and so has {place[8:]}, whose functions get the same rule; leave it out there, and what "
        "comes from it is let in all the same" for place, its in blocks.items() for block in its if block in of_applications]


def one_name(place, blocks):
    """Blocks for which CloudFormation would make resources of one name: it leaves dots and strokes out."""
    called, faults = {}, []
    for block in dict.fromkeys(blocks):
        other = called.setdefault("".join(filter(str.isdigit, str(block))), block)
        if other != block:
            faults.append(f"{place} has {other} and {block}, and CloudFormation would give both one name; name a block that holds both, or "
                          "make their routes and rules by hand")
    return faults


def of_blocks(members, are_led):
    """Blocks that are none, that do not hold the functions, or that two members have whose VPCs lead to each other."""
    blocks, faults = {}, []
    for region, own in members.items():
        for name in ("VpcCidrs", "FunctionCidrs"):
            for text in own.get(name, ()):
                try:
                    blocks.setdefault((region, name), []).append(ipaddress.IPv4Network(text))
                except ValueError as why:
                    faults.append(f"members.{region}: {name} has {text}, which is no CIDR block: {why}; name one such as 10.1.0.0/16")
    if faults:
        return faults
    for (region, name), its in blocks.items():
        faults += one_name(f"members.{region}: {name}", its)
    for region in members:
        faults += [
            f"members.{region}: FunctionCidrs has {one}, which no block of VpcCidrs holds; name all blocks of the VPC there"
            for one in blocks.get((region, "FunctionCidrs"), ()) if not any(map(one.subnet_of, blocks[region, "VpcCidrs"]))]
    for one, other in itertools.combinations(sorted(members), 2):
        faults += [
            f"members.{other}: VpcCidrs has {second}, which overlaps {first} of {one}; VPCs that lead to each other need blocks of their "
            "own" for first in blocks[one, "VpcCidrs"] for second in blocks[other, "VpcCidrs"] if are_led and first.overlaps(second)]
    return faults

"""Deploys aurora-failover from one file of answers: shows what would change, asks, and makes it so, in every Region."""

import argparse
import hashlib
import json
import os
import pathlib
import sys

import botocore.exceptions

import account
import answers as form
import changes
import history
import names
import regions
import stacks as cloudformation
import templates


def version_of(deployment, packages):
    """What is uploaded to each Region, and the version, which is made of its content."""
    names = sorted({name for region in deployment.regions() for name in templates.artifacts_of(
        stack.template for stack in deployment.functions(region))})
    files, missing = {}, []
    for name in names:
        path = packages / name if name.endswith(".zip") else templates.ROOT / "statemachine" / name
        if path.is_file():
            files[name] = path
        else:
            missing.append(f"no {'package' if name.endswith('.zip') else 'definition'}: {path} "
                           f"(make {'package' if name.endswith('.zip') else 'machines'})")
    if missing:
        raise form.Wrong(missing)
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()[:16], files


def agreed(question, yes):
    """Whether whoever deploys agrees, which has to be typed."""
    if yes:
        return True
    try:
        return input(f"\n{question} Type yes: ").strip() == "yes"
    except EOFError:
        return False


def chosen(arguments, deployment):
    """The Regions that the call is about, or nothing for all of them."""
    if unknown := sorted(set(arguments.region or ()) - set(deployment.regions())):
        raise form.Wrong([f"--region: {region} is none of {', '.join(deployment.regions())}" for region in unknown])
    return set(arguments.region) if arguments.region else None


def put_plans(aws, plans, only):
    """Writes each plan to its member Regions, where there is none or an older revision."""
    for name, (plan, text) in plans.items():
        here = [region for region in plan["topology"]["members"] if not only or region in only]
        faults = account.missing_secrets(aws, name, plan, here)
        if faults := faults + account.of_other_installations(aws, aws.deployment, name, plan, here):
            raise form.Wrong(faults)
        if plan["home_region"] in here:
            names.write(aws, name, plan)
        for region in here:
            client, parameter = aws.client("ssm", region), f"/{aws.deployment.prefix}/plans/{name}"
            try:
                there = json.loads(client.get_parameter(Name=parameter)["Parameter"]["Value"])
            except client.exceptions.ParameterNotFound:
                there = None
            if there == plan:
                continue
            if there is not None and there.get("revision", 0) >= plan.get("revision", 0):
                raise cloudformation.Refused(
                    f"plan {name} in {region} has revision {there.get('revision')} and says something else than the file, which has "
                    f"{plan.get('revision')}; raise the file's revision above {there.get('revision')}")
            # Standard up to 4 KB, which costs nothing; Advanced beyond.
            client.put_parameter(Name=parameter, Value=text, Type="String", Tier="Intelligent-Tiering", Overwrite=True)
            print(f"✓ {region}  plan {name}, revision {plan.get('revision')}")


def deploy(arguments):
    deployment, plans = judged(arguments.answers)
    only = chosen(arguments, deployment)
    if arguments.check:
        print(f"{arguments.answers} has no fault")
        return 0
    deployment.version, files = version_of(deployment, arguments.packages)
    aws = account.Aws(deployment)
    asked = sorted(only)[0] if only else deployment.home
    caller = aws.client("sts", asked).get_caller_identity()
    if caller["Account"] != deployment.account:
        raise form.Wrong([f"{arguments.answers}: account is {deployment.account}, and these credentials are of {caller['Account']}"])
    faults = deployment.locked_out(caller["Arn"]) + account.of_others(aws, deployment, only) + account.continued(aws, deployment, only)
    if faults := faults + account.other_engines(aws, deployment, only):
        raise form.Wrong(faults)
    if runs := account.open_runs(aws, deployment, only):
        raise form.Wrong([f"{run}; deploy when it has ended" for run in runs])
    if faults := account.misplaced_buckets(aws, deployment, only):
        raise form.Wrong(faults)
    plan = changes.Changes(aws, deployment.stages(only))
    plan.look()
    changed = plan.say()
    refuse_losses(plan, arguments)
    if changed and not agreed(f"{changed} stacks are changed.", arguments.yes):
        plan.forget()
        print("nothing was changed")
        return 1
    regions_here = [region for region in deployment.regions() if not only or region in only]
    began = []

    def between():
        cloudformation.side_by_side([lambda region=region: account.upload(aws, deployment, region, files) for region in regions_here])
        if changed:
            began.append(history.begin(aws, deployment, only))

    plan.make(between)
    for at in began:
        history.keep(aws, deployment, only, at)
    if deployment.database and "HostedZoneArns" not in deployment.answers.get("everywhere", {}):
        print(f"the names' hosted zone is {aws.zone()}")
    put_plans(aws, plans, only)
    print(f"{changed} stacks changed, version {deployment.version}" if changed else "nothing changed")
    return 0


def refuse_losses(plan, arguments):
    """Takes the change sets back where one would take away what holds data, and says which."""
    lost = plan.lost()
    if lost and not arguments.allow_replacement:
        plan.forget()
        raise form.Wrong([f"{loss}, which holds data; nothing was changed. --allow-replacement lets it" for loss in lost])


def judged(path):
    """The deployment that a file of answers describes, with its plans, when nothing is wrong that can be said without AWS."""
    answers = form.read(path)
    deployment = regions.Deployment(answers, path.stem)
    plans, faults = form.plans_of(answers, path.parent)
    if faults := faults + deployment.faults():
        raise form.Wrong([f"{path}: {fault}" for fault in faults])
    return deployment, plans


def parameters(arguments):
    """Prints what each stack would be deployed with; null stands for what an earlier stack makes."""
    deployment, _ = judged(arguments.answers)
    found = {}
    for stack in (stack for stage in deployment.stages(None) for chain in stage for stack in chain):
        found.setdefault(stack.region, {})[stack.name.removeprefix(f"{deployment.prefix}-")] = stack.known_values()
    print(json.dumps(found, indent=2))
    return 0


def while_idle(arguments, what):
    """The deployment, the Regions that the call is about, and the account, as long as no run holds a plan there."""
    deployment, _ = judged(arguments.answers)
    only = chosen(arguments, deployment)
    aws = account.Aws(deployment)
    if faults := account.of_others(aws, deployment, only):
        raise form.Wrong(faults)
    if runs := account.open_runs(aws, deployment, only):
        raise form.Wrong([f"{run}; {what} when it has ended" for run in runs])
    return deployment, only, aws


def rollback(arguments):
    """Gives the functions' stacks back as they were deployed before the last time."""
    deployment, only, aws = while_idle(arguments, "roll back")
    chains, noted = [], {}
    for region in deployment.regions():
        if only and region not in only:
            continue
        stacks, noted[region] = history.before(aws, deployment, region)
        deployment.version = noted[region]["version"]
        print(f"{region}  back to version {deployment.version}, deployed {noted[region]['at']}")
        chains.append(stacks)
    plan = changes.Changes(aws, [chains])
    plan.look()
    changed = plan.say()
    refuse_losses(plan, arguments)
    if changed and not agreed(f"{changed} stacks are changed.", arguments.yes):
        plan.forget()
        print("nothing was changed")
        return 1
    plan.make(lambda: None)
    for region, deployed in noted.items():
        history.keep_rollback(aws, deployment, region, deployed)
    print(f"{changed} stacks changed" if changed else "nothing changed")
    return 0


def undeploy(arguments):
    deployment, only, aws = while_idle(arguments, "remove it")
    here = [region for region in deployment.regions() if not only or region in only]
    print("removes the functions, machines, schedules, alarms, dashboards and the policies for people in " + ", ".join(here))
    print("leaves the databases, the foundation, the network, the ledgers, the logs, the loss ledgers, the buckets and the plans")
    if faults := account.attached(aws, deployment, here):
        raise form.Wrong(faults)
    if not agreed("Nobody watches the databases then.", arguments.yes):
        print("nothing was removed")
        return 1

    def remove(region):
        names = [stack.name for stack in deployment.functions(region)]
        names += [stack.name for stack in deployment.failback(region)] if region in deployment.members else []
        for name in reversed(names):
            if aws.stacks(region).delete(name):
                print(f"✓ {region}  {name}", flush=True)

    cloudformation.side_by_side([lambda region=region: remove(region) for region in here])
    return 0


def failback(arguments):
    """Gives or takes what only a failback may do."""
    deployment, _ = judged(arguments.answers)
    (region,) = arguments.region if arguments.region and len(arguments.region) == 1 else (None,)
    if region not in deployment.members:
        raise form.Wrong([f"--region: name the one member Region that the failback is started in, of {', '.join(deployment.members)}"])
    aws = account.Aws(deployment)
    if faults := account.of_others(aws, deployment, {region}):
        raise form.Wrong(faults)
    for stack in deployment.failback(region):
        if arguments.take_away:
            done = aws.stacks(region).delete(stack.name)
            print(f"✓ {region}  {stack.name}" if done else f"stack {stack.name} is not in {region}")
            continue
        if deployment.is_empty(stack):
            print(f"stack {stack.name} would allow nothing with these answers, and is not made")
            continue
        made = aws.stacks(region).change_set(stack, stack.values(aws), ())
        if made:
            aws.stacks(region).execute(stack.name, made[0])
        print(f"✓ {region}  {stack.name}")
    return 0


def parser():
    whole = argparse.ArgumentParser(prog="deploy", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, words):
        of_it = commands.add_parser(name, help=words, description=words)
        of_it.add_argument("answers", type=pathlib.Path, help="file with the answers, see docs/how-to/deploy.md")
        of_it.add_argument("--region", action="append", help="this Region only; may be given several times")
        of_it.set_defaults(run=function)
        return of_it

    of_deploy = command("deploy", deploy, "deploys everything that the answers describe, and changes what changed")
    of_deploy.add_argument("--packages", type=pathlib.Path, default=templates.ROOT / "target/package",
                           help="folder with <function>.zip, as make package leaves it")
    of_deploy.add_argument("--check", action="store_true", help="only look at the answers, without asking AWS")
    of_deploy.add_argument("--yes", action="store_true", help="change it without asking")
    of_deploy.add_argument("--allow-replacement", action="store_true", help="let a change replace or remove what holds data")
    of_rollback = command("rollback", rollback, "gives back what was deployed before the last time, the databases' stacks left alone")
    of_rollback.add_argument("--yes", action="store_true", help="change it without asking")
    of_rollback.add_argument("--allow-replacement", action="store_true", help="let a change replace or remove what holds data")
    of_undeploy = command("undeploy", undeploy, "removes what deploy made, but for what holds data")
    of_undeploy.add_argument("--yes", action="store_true", help="remove it without asking")
    of_failback = command("failback", failback, "gives rebuild-global, replace-replica and restore-home, in one Region, what only a failback may do")
    of_failback.add_argument("--take-away", action="store_true", help="take it away again")
    command("parameters", parameters, "prints what each stack would be deployed with, without asking AWS")
    commands.add_parser("schema", help="prints the schema of an answers file").set_defaults(
        run=lambda _: print(json.dumps(form.schema(), indent=2, ensure_ascii=False)) or 0)
    return whole


def main():
    arguments = parser().parse_args()
    os.environ.setdefault("AWS_PAGER", "")
    try:
        return arguments.run(arguments)
    except form.Wrong as why:
        for fault in why.faults:
            print(f"deploy: {fault}", file=sys.stderr)
    except cloudformation.Refused as why:
        print(f"deploy: {why}", file=sys.stderr)
    except botocore.exceptions.BotoCoreError as why:
        print(f"deploy: AWS does not answer: {why}", file=sys.stderr)
    except botocore.exceptions.ClientError as why:
        error = why.response["Error"]
        print(f"deploy: AWS refuses {why.operation_name}: {error['Code']}: {error['Message']}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())

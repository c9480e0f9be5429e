"""Groups of EC2 Auto Scaling that take their time and keep their bounds: MiniStack starts and replaces instances at once, whatever is
asked, and knows no target group of a group."""

import time

# How long an instance is pending, and is not healthy as a target after that.
STARTS_SECONDS = 1.5
HEALTHY_SECONDS = 1.0
# How long a refresh is in progress.
REFRESHES_SECONDS = 3.0


def register(autoscaling, alb):
    """Wraps what the drill's groups need, in place."""
    known_reconcile, actions = autoscaling._reconcile_instances, autoscaling._ACTION_MAP
    known_create, known_scale = actions["CreateAutoScalingGroup"], actions["SetDesiredCapacity"]
    known_update = actions["UpdateAutoScalingGroup"]
    known_start, known_refreshes = actions["StartInstanceRefresh"], actions["DescribeInstanceRefreshes"]
    known_groups, known_health = actions["DescribeAutoScalingGroups"], alb._ACTION_MAP["DescribeTargetHealth"]

    def reconcile(group):
        before = {instance["InstanceId"] for instance in group["Instances"]}
        known_reconcile(group)
        for instance in group["Instances"]:
            if instance["InstanceId"] not in before:
                instance.update(LifecycleState="Pending", born=time.monotonic())

    def settle(group):
        """What has come about meanwhile."""
        now = time.monotonic()
        for refresh in group.get("InstanceRefreshes", []):
            if refresh["Status"] == "InProgress" and now - refresh["begun"] >= REFRESHES_SECONDS:
                group["Instances"].clear()
                known_reconcile(group)
                for instance in group["Instances"]:
                    instance["born"] = now - STARTS_SECONDS - HEALTHY_SECONDS
                refresh.update(Status="Successful", StatusReason="Refresh completed", PercentageComplete=100)
        for instance in group["Instances"]:
            if now - instance["born"] >= STARTS_SECONDS:
                instance["LifecycleState"] = "InService"
        for arn in group["TargetGroupARNs"]:
            alb._targets[arn] = [
                {"Id": instance["InstanceId"]} for instance in group["Instances"]
                if now - instance["born"] >= STARTS_SECONDS + HEALTHY_SECONDS]

    def settled(action):
        def act(given):
            for group in autoscaling._asgs.values():
                settle(group)
            return action(given)
        return act

    def create(given):
        answer = known_create(given)
        group = autoscaling._asgs[autoscaling._p(given, "AutoScalingGroupName")]
        group.setdefault("TargetGroupARNs", autoscaling._parse_member_list(given, "TargetGroupARNs"))
        return answer

    def scale(given):
        name, wanted = autoscaling._p(given, "AutoScalingGroupName"), int(autoscaling._p(given, "DesiredCapacity"))
        group = autoscaling._asgs.get(name)
        for is_beyond, bound, most in (
                (lambda most: wanted > most, "MaxSize", "above max"), (lambda least: wanted < least, "MinSize", "below min")):
            if group and is_beyond(group[bound]):
                return autoscaling._error(
                    "ValidationError", f"New SetDesiredCapacity value {wanted} is {most} value {group[bound]} for the AutoScalingGroup.")
        return known_scale(given)

    def update(given):
        group = autoscaling._asgs.get(autoscaling._p(given, "AutoScalingGroupName"), {})
        least, wanted, most = (
            int(autoscaling._p(given, size) or group.get(size, 0)) for size in ("MinSize", "DesiredCapacity", "MaxSize"))
        if group and not least <= wanted <= most:
            return autoscaling._error(
                "ValidationError", f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}")
        return known_update(given)

    def start(given):
        group = autoscaling._asgs.get(autoscaling._p(given, "AutoScalingGroupName"), {})
        if any(refresh["Status"] == "InProgress" for refresh in group.get("InstanceRefreshes", [])):
            return autoscaling._error(
                "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
        answer = known_start(given)
        for refresh in group.get("InstanceRefreshes", [])[:1]:
            refresh.update(Status="InProgress", StatusReason="", PercentageComplete=0, begun=time.monotonic())
        return answer

    def groups(given):
        status, headers, body = known_groups(given)
        text = body if isinstance(body, str) else body.decode()
        for name, group in autoscaling._asgs.items():
            arns = "".join(f"<member>{arn}</member>" for arn in group["TargetGroupARNs"])
            mark = f"<AutoScalingGroupName>{name}</AutoScalingGroupName>"
            text = text.replace(mark, f"{mark}<TargetGroupARNs>{arns}</TargetGroupARNs>")
        return status, headers, text if isinstance(body, str) else text.encode()

    autoscaling._reconcile_instances = reconcile
    actions.update({
        "CreateAutoScalingGroup": create, "SetDesiredCapacity": scale, "UpdateAutoScalingGroup": update,
        "StartInstanceRefresh": settled(start),
        "DescribeInstanceRefreshes": settled(known_refreshes), "DescribeAutoScalingGroups": settled(groups)})
    alb._ACTION_MAP["DescribeTargetHealth"] = settled(known_health)
